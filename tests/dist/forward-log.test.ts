// Logs and cursors at their worst: what is a record is delivered, and the rest is counted.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { EventRecord } from "../../lib/log/record";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
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
import { writeDay, writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();
const ids = records.map(({ id }) => id);
const first = records[0] as EventRecord;
const DAY = "2026-11-22";

describe("in the log", () => {
  const [one = "", two = "", three = ""] = records.map((record) => `${JSON.stringify(record)}\n`);

  test.concurrent.each([
    ["that is torn", "its writer died", `${one.slice(0, 80)}\n`, 1],
    ["that is torn at its end", "its head is complete", `${one.slice(0, -20)}\n`, 1],
    ["that is not JSON", "another program wrote it", "hello\n", 1],
    ["that is not a record", "another program wrote JSON", '{"v":1,"id":7}\n', 1],
    ["of another version", "an older program reads it", `${one.replace('"v":1', '"v":2')}`, 1],
    ["that is too long to be ours", "no record is so long", `${"x".repeat(300_000)}\n`, 1],
    ["that is longer than a window", "it must not fill memory", `${"x".repeat(2_500_000)}\n`, 1],
    ["of zero bytes", "the power was cut", `${"\0".repeat(100)}\n`, 1],
    ["that is empty", "a writer was careful", "\n", 0],
    ["that is blank", "it was erased", `${" ".repeat(one.length)}\n`, 0],
  ] as const)("a line %s is skipped: %s", async (_, __, line, skipped) => {
    await using both = new TwoDestinations();
    writeDay(both.sandbox, DAY, `${line}${one}${line}${two}${line}`);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    // A skipped line is counted once.
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    const status = await statusOf(both.sandbox);
    for (const { name, collector, undelivered } of await both.ledgers(ids.slice(0, 2))) {
      expect(undelivered).toEqual([]);
      expect(collector.arrivals.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      expect(status.of(name).skipped).toBe(3 * skipped);
    }
  });

  test.concurrent.each([
    ["within its head", 30],
    ["within its payload", -30],
    ["before its newline", -1],
  ] as const)("a last line that ends %s is delivered when it is complete", async (_, end) => {
    await using both = new TwoDestinations();
    const path = writeDay(both.sandbox, DAY, `${one}${two.slice(0, end)}`);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    appendFileSync(path, `${two.slice(end)}${three}`);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    const status = await statusOf(both.sandbox);
    for (const { name, collector, undelivered } of await both.ledgers(ids.slice(0, 3))) {
      expect(undelivered).toEqual([]);
      expect(collector.arrivals.map(({ id }) => id)).toEqual(ids.slice(0, 3));
      expect(status.of(name).skipped).toBe(0);
    }
  });
});

describe("delivery starts over with the oldest day where the cursor is", () => {
  const early = {
    ...first,
    id: "01a202c9-0000-702d-85be-000000000000",
    timestamp: "2026-11-20T00:00:00.000Z",
  };
  const all = [early.id, ...ids];
  const at = (position: object) => JSON.stringify({ v: 1, days: { [DAY]: position }, lost: 0 });
  const cursors: Record<string, string | ((path: string) => void)> = {
    "empty, after a power cut": "",
    truncated: at({ offset: 100, id: ids[0] }).slice(0, 40),
    "zero bytes": "\0".repeat(100),
    "not an object": "[]",
    "of another shape": '{"v":1,"days":[]}',
    "without days": '{"v":1}',
    "of another version": '{"v":2,"days":{},"lost":0}',
    "with an offset that is text": at({ offset: "1", id: ids[0] }),
    "with a negative offset": at({ offset: -1, id: ids[0] }),
    "with an offset past the end, and no id": at({ offset: 999_999_999, id: "" }),
    "with an offset in the middle of a line, and no id": at({ offset: 300, id: "" }),
    "of another log": at({ offset: Buffer.byteLength(JSON.stringify(first)) + 1, id: early.id }),
    "too large to be ours": `{"v":1,"days":{},"lost":0}${" ".repeat(2_000_000)}`,
    "a link to another file": (path) => symlinkSync("/etc/hostname", path),
    "a link to nowhere": (path) => symlinkSync("/nowhere/at/all", path),
    "a folder": (path) => mkdirSync(path),
  };
  test.concurrent.each(Object.entries(cursors))("%s", async (_, damage) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, toLake(collector));
    writeRecords(sandbox, [early, ...records]);
    const folder = `${sandbox.state}/forward/lake`;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (typeof damage === "string") writeFileSync(`${folder}/cursor.json`, damage, { mode: 0o600 });
    else damage(`${folder}/cursor.json`);
    await forwardOnce(sandbox);
    const { arrived } = await ledger(sandbox, "lake", all, collector);
    expect(arrived).toEqual(all);
    const { restarted } = (await statusOf(sandbox)).of("lake");
    expect(restarted).toEqual({ at: expect.any(String), reason: expect.any(String) });
    // The screen wraps lines.
    const { stdout } = await runCli(sandbox, "forward --status");
    expect(stdout.replace(/\s+/g, " ")).toContain(restarted?.reason ?? "-");
  });

  test.concurrent("removed, and every event comes again under the same id", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, toTeam(collector));
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    rmSync(`${sandbox.state}/forward/team/cursor.json`);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    const { arrived, undelivered } = await ledger(sandbox, "team", ids, collector);
    expect([arrived.toSorted(), undelivered]).toEqual([ids.toSorted(), []]);
    expect(collector.arrivals.length).toBe(2 * ids.length);
  });
});
