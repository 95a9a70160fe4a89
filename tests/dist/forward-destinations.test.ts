// What a configuration can say about destinations, right or wrong.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import type { EventRecord } from "../../lib/log/record";
import type { Collector } from "../support/collector";
import { configure } from "../support/forwarder";
import { ledger } from "../support/ledger";
import { recordedSession } from "../support/recorded-session";
import {
  forwardOnce,
  statusOf,
  toLake,
  toTeam,
  TwoDestinations,
} from "../support/two-destinations";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();
const ids = records.map(({ id }) => id);

describe("a fault in one destination is reported, and the other gets its events", () => {
  const host = ({ url }: Collector) => new URL(url).host;
  test.concurrent.each([
    [
      "a percent sign in its password",
      (to: Collector) => ({ url: `http://a:100%25%@${host(to)}` }),
    ],
    ["the name of the lock", () => ({ name: "lock" })],
    ["the name of the heartbeat", () => ({ name: "heartbeat" })],
    ["a name that leaves its folder", () => ({ name: "../lake" })],
    ["the name of the other, in another case", () => ({ name: "Lake" })],
    ["an invalid header", () => ({ headers: { "X Y": "z" } })],
    ["an invalid URL", () => ({ url: "127.0.0.1:4000" })],
    ["a file in place of its folder", () => ({ name: "file" })],
    ["a link to nowhere in place of its folder", () => ({ name: "link" })],
  ] as [string, (to: Collector) => object][])("%s", async (_, toOdd) => {
    await using both = new TwoDestinations();
    const { sandbox, team, lake } = both;
    const odd = toTeam(team.collector, toOdd(team.collector));
    configure(sandbox, toLake(lake.collector), odd);
    mkdirSync(`${sandbox.state}/forward`, { mode: 0o700 });
    writeFileSync(`${sandbox.state}/forward/file`, "mine", { mode: 0o600 });
    symlinkSync("/nowhere/at/all", `${sandbox.state}/forward/link`);
    writeRecords(sandbox, records);
    // Twice, because the first run may leave something behind.
    for (const { code, stderr } of [await forwardOnce(sandbox), await forwardOnce(sandbox)]) {
      expect(stderr).not.toMatch(/\bbug\b/);
      expect(code).toBe(team.collector.ids.length === ids.length ? 0 : 1);
    }
    expect((await ledger(sandbox, "lake", ids, lake.collector)).undelivered).toEqual([]);
    if (team.collector.ids.length === ids.length) return;
    const { faults, destinations } = await statusOf(sandbox);
    const { last_error = null } = destinations.find(({ name }) => name === odd.name) ?? {};
    expect(faults.length > 0 || last_error !== null).toBe(true);
  });
});

describe("a destination gets", () => {
  const first = records[0] as EventRecord;
  const other = { ...first, project: "other", id: "01a202c9-d2a3-702d-85be-888888888888" };
  const all = [...records, other];
  const isOf =
    (...events: readonly string[]) =>
    ({ event }: EventRecord) =>
      events.includes(event);
  test.concurrent.each([
    ["everything by default", {}, () => true],
    ["some events", { events: ["Stop", "SessionEnd"] }, isOf("Stop", "SessionEnd")],
    ["some projects", { projects: ["other"] }, ({ project }: EventRecord) => project === "other"],
    [
      "some events of some projects",
      { events: ["UserPromptSubmit"], projects: ["shop"] },
      (record: EventRecord) => isOf("UserPromptSubmit")(record) && record.project === "shop",
    ],
    ["nothing where the list is empty", { events: [] }, () => false],
    ["nothing that only resembles a name in the list", { events: ["stop"] }, () => false],
  ] as const)("%s", async (_, choice, isWanted) => {
    await using both = new TwoDestinations(choice);
    writeRecords(both.sandbox, all);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    const wanted = all.filter(isWanted).map(({ id }) => id);
    const status = await statusOf(both.sandbox);
    for (const { name, arrived } of await both.ledgers(wanted)) {
      expect(arrived.toSorted()).toEqual(wanted.toSorted());
      expect(status.of(name).undelivered).toEqual({ events: 0, bytes: 0 });
    }
  });
});
