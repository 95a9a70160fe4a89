// Events that a server will never take: kept apart with its answer, and sent again on request.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import type { EventRecord } from "../../lib/log/record";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector, type Behavior } from "../support/collector";
import { configure } from "../support/forwarder";
import { ledger, rejectedOf } from "../support/ledger";
import { recordedSession } from "../support/recorded-session";
import { forwardOnce, statusOf, TwoDestinations, type Side } from "../support/two-destinations";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();
const ids = records.map(({ id }) => id);

/** Answers a request with any of these events with 400. */
function rejecting(...bad: string[]): Behavior {
  return ({ arrivals }) => (arrivals.some(({ id }) => bad.includes(id)) ? 400 : "healthy");
}

describe("an event that the server will never take", () => {
  const bad = records[7] as EventRecord;
  // The 500th byte is in the middle of a letter.
  const longAnswer = `x${"é".repeat(1000)}`;
  const rejectBad = ({ collector }: Side) => {
    collector.statusText = longAnswer;
    collector.behavior = rejecting(bad.id);
  };

  test.concurrent(
    "is rejected with the beginning of the answer, and the others are delivered",
    async () => {
      await using both = new TwoDestinations();
      writeRecords(both.sandbox, records);
      both.sides.forEach(rejectBad);
      expect((await forwardOnce(both.sandbox)).code).toBe(0);
      const status = await statusOf(both.sandbox);
      for (const { name, arrived, undelivered, rejected } of await both.ledgers(ids)) {
        expect({ undelivered, rejected }).toEqual({ undelivered: [], rejected: [bad.id] });
        expect(arrived.toSorted()).toEqual(ids.filter((id) => id !== bad.id).toSorted());
        const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        const line = { at, status: 400, answer: longAnswer.slice(0, 250), record: bad };
        expect(await rejectedOf(both.sandbox, name)).toEqual([line]);
        expect(status.of(name)).toMatchObject({ rejected: 1 });
      }
    },
  );

  test.concurrent("stays in the log as long as rejected.jsonl cannot be written", async () => {
    await using both = new TwoDestinations();
    writeRecords(both.sandbox, records);
    both.sides.forEach(rejectBad);
    const folders = both.sides.map(
      ({ name }) => `${both.sandbox.state}/forward/${name}/rejected.jsonl`,
    );
    for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
    expect((await forwardOnce(both.sandbox)).code).toBe(1);
    const status = await statusOf(both.sandbox);
    for (const { name, collector } of both.sides) {
      expect(status.of(name).last_error?.message).toContain("rejected.jsonl cannot be written");
      // Three tries send no event twice, even those that were under way when the first one failed.
      expect(collector.arrivals.length).toBe(collector.ids.length);
    }
    for (const folder of folders) rmSync(folder, { recursive: true });
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    for (const { undelivered, rejected } of await both.ledgers(ids))
      expect({ undelivered, rejected }).toEqual({ undelivered: [], rejected: [bad.id] });
  });

  test.concurrent("may only be in too large a batch, which is halved", async () => {
    await using both = new TwoDestinations();
    const { sandbox, lake } = both;
    lake.collector.behavior = ({ arrivals }) => (arrivals.length > 5 ? 413 : "healthy");
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    expect(await ledger(sandbox, "lake", ids, lake.collector)).toMatchObject({
      arrived: ids,
      undelivered: [],
      rejected: [],
    });
  });
});

test.concurrent.each(["observability", "http"])(
  "%s: rejected events are sent again on request, and stay if they are rejected again",
  async (type) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, { name: "team", type, url: collector.url });
    writeRecords(sandbox, records);
    const [one = "", two = "", three = ""] = ids;
    collector.behavior = rejecting(one, two, three);
    expect(await forwardOnce(sandbox)).toMatchObject({
      code: 0,
      stdout: "team: 34 events delivered, 3 events rejected\n",
    });

    collector.behavior = rejecting(two);
    expect(await retryRejected(sandbox)).toMatchObject({
      code: 0,
      stdout: "team: 2 events delivered\n",
    });
    expect(collector.ids.toSorted()).toEqual(ids.filter((id) => id !== two).toSorted());
    const left = await rejectedOf(sandbox, "team");
    expect(left).toMatchObject([{ status: 400, record: records[1] }]);

    collector.behavior = 500;
    expect(await retryRejected(sandbox)).toMatchObject({ code: 1 });
    expect(await rejectedOf(sandbox, "team")).toEqual(left);

    collector.behavior = "healthy";
    expect(await retryRejected(sandbox)).toMatchObject({ code: 0 });
    expect(await rejectedOf(sandbox, "team")).toEqual([]);
    expect(collector.ids.toSorted()).toEqual(ids.toSorted());
    expect(collector.arrivals).toHaveLength(ids.length);
  },
);

function retryRejected(sandbox: Sandbox) {
  return runCli(sandbox, "forward --once --rejected");
}
