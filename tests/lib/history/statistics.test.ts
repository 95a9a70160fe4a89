// What is counted, by what, and on which day.
import { expect, test } from "bun:test";
import {
  percentile,
  Stats,
  statsRows,
  toStatsRow,
  type GroupBy,
} from "../../../lib/history/statistics";
import { toCounted } from "../../support/counted-event";
import { recordedSession, STARTED_MS } from "../../support/recorded-session";

const records = await recordedSession();
const HOUR_MS = 3_600_000;

/** A place whose clock is some hours ahead of UTC. */
function count(groupBy: GroupBy, hoursEast = 0): Stats {
  const dayOf = (epochMs: number) =>
    new Date(epochMs + hoursEast * HOUR_MS).toISOString().slice(0, 10);
  const stats = new Stats(groupBy, dayOf);
  for (const record of records) stats.add(toCounted(record));
  return stats;
}

test("a day is the reader's, not the log's", () => {
  expect(statsRows(count("day", 0)).map(({ key }) => key)).toEqual(["2026-11-22"]);
  expect(statsRows(count("day", 23)).map(({ key }) => key)).toEqual(["2026-11-23"]);
});

test("a row has what its events add up to", () => {
  expect(toStatsRow("all", count("tool").total)).toEqual({
    key: "all",
    sessions: 2,
    prompts: 5,
    calls: 8,
    failed: 1,
    failureRate: 0.2,
    p50Ms: 15,
    p95Ms: 2345,
    events: records.length,
  });
});

test("tools are in the order of their calls, and events without a tool are in no row", () => {
  const rows = statsRows(count("tool"));
  expect(rows.map(({ key }) => key)[0]).toBe("Bash");
  expect(rows.reduce((sum, { events }) => sum + events, 0)).toBeLessThan(records.length);
});

test("the span is that of the events", () => {
  const { firstMs, lastMs } = count("project");
  expect(firstMs).toBe(STARTED_MS);
  expect(lastMs).toBe(STARTED_MS + (records.length - 1) * 1000);
});

test.each([
  [[], 0.5, undefined],
  [[7], 0.5, 7],
  [[7], 0.95, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.95, 4],
])("of %j, the share %d stays within %p", (sorted, share, expected) => {
  expect(percentile(sorted, share)).toBe(expected);
});
