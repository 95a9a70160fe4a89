// What is counted, by what, and on which day: against the plainest way to count.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { isFromPerson, textOf } from "../../../lib/history/payload";
import { GROUPS, type GroupBy } from "../../../lib/log-index/group-by";
import { percentile, Statistics, type StatisticsRow } from "../../../lib/log-index/statistics";
import type { EventRecord } from "../../../lib/log/record";
import { recordedSession, STARTED_MS } from "../../support/recorded-session";
import { indexesOf, statisticsOf } from "../../support/indexed";

const records = await recordedSession();
const HOUR_MS = 3_600_000;

/** A place whose clock is some hours ahead of UTC. */
const clock = (hoursEast: number) => (epochMs: number) =>
  new Date(epochMs + hoursEast * HOUR_MS).toISOString();

function count(by: GroupBy, hoursEast = 0) {
  return statisticsOf(records, { by, localTimeOf: clock(hoursEast) });
}

test("a day is the reader's, not the log's", () => {
  expect(count("day", 0).rows.map(({ key }) => key)).toEqual(["2026-11-22"]);
  expect(count("day", 23).rows.map(({ key }) => key)).toEqual(["2026-11-23"]);
  expect(count("hour", 2).rows.map(({ key }) => key)).toEqual(["11"]);
});

test("all rows together are what the events add up to", () => {
  for (const by of GROUPS)
    expect(count(by).total).toEqual({
      key: "all",
      sessions: 2,
      prompts: 5,
      calls: 8,
      failed: 1,
      failureRate: 0.2,
      p50Ms: 15,
      p95Ms: 2345,
      events: records.length,
      byDay: [records.length],
    });
});

test("tools are in the order of their calls, and events without a tool are in no row", () => {
  const { rows } = count("tool");
  expect(rows[0]?.key).toBe("Bash");
  expect(rows.reduce((sum, { events }) => sum + events, 0)).toBeLessThan(records.length);
});

test("the span and the heatmap are those of the events", () => {
  const { firstMs, lastMs, heatmap } = count("project", 5);
  expect(firstMs).toBe(STARTED_MS);
  expect(lastMs).toBe(STARTED_MS + (records.length - 1) * 1000);
  // 22 November 2026 is a Sunday.
  expect(heatmap[6]?.[14]).toBe(records.length);
  expect(heatmap.flat().reduce((sum, events) => sum + events)).toBe(records.length);
});

/** The same numbers, from the records, by what the names of the numbers say. */
function plainRows(by: GroupBy, chosen: readonly EventRecord[]): Omit<StatisticsRow, "byDay">[] {
  const models = new Map<string, string>();
  for (const record of chosen) {
    const model = record.event === "SessionStart" ? textOf(record, "model") : undefined;
    if (model !== undefined) models.set(record.session_id, model);
  }
  const keyOf = ({ tool = "", project, user = "", timestamp, session_id }: EventRecord) => {
    if (by === "tool") return tool;
    if (by === "project") return project;
    if (by === "user") return user || "unknown";
    if (by === "model") return models.get(session_id) ?? "unknown";
    return by === "day" ? timestamp.slice(0, 10) : timestamp.slice(11, 13);
  };
  const groups = Map.groupBy(chosen, keyOf);
  if (by === "tool") groups.delete("");
  return Array.from(groups, ([key, own]) => {
    const ofEvent = (...names: string[]) => own.filter(({ event }) => names.includes(event));
    const ended = ofEvent("PostToolUse", "PostToolUseFailure");
    const failed = ofEvent("PostToolUseFailure").length;
    const times = ended.flatMap(({ duration_ms }) => duration_ms ?? []).toSorted((a, b) => a - b);
    const nearest = (share: number) => times[Math.max(Math.ceil(times.length * share) - 1, 0)];
    return {
      key,
      events: own.length,
      sessions: new Set(own.map(({ session_id }) => session_id)).size,
      prompts: ofEvent("UserPromptSubmit").filter(isFromPerson).length,
      calls: Math.max(ofEvent("PreToolUse").length, ended.length),
      failed,
      failureRate: ended.length === 0 ? 0 : failed / ended.length,
      p50Ms: nearest(0.5),
      p95Ms: nearest(0.95),
    };
  });
}

const anyRecord = fc
  .record({
    base: fc.constantFrom(...records),
    atMs: fc.integer({ min: 0, max: 3 * 24 * HOUR_MS }),
    session_id: fc.integer({ min: 0, max: 80 }).map((n) => `session-${n}`),
    project: fc.constantFrom("shop", "api", ""),
    user: fc.constantFrom("ann", "bob", ""),
    // Short ones are counted, long ones and fractions are kept.
    duration_ms: fc.option(
      fc.oneof(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 2000, max: 2100 }),
        fc.constantFrom(0.5, 7.25, 2047.5, 1e9),
      ),
      { nil: undefined },
    ),
  })
  .map(({ base, atMs, duration_ms, ...fields }): EventRecord => {
    const { duration_ms: _, ...rest } = base;
    const timestamp = new Date(STARTED_MS + atMs).toISOString();
    return Object.assign(rest, fields, { timestamp }, duration_ms !== undefined && { duration_ms });
  });

test("counts what the plainest way counts, by anything, of any part", () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 150 }),
      fc.constantFrom(...GROUPS),
      fc.integer({ min: 0, max: 3 }),
      (some, by, days) => {
        const sorted = some.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
        const sinceMs = STARTED_MS + days * 24 * HOUR_MS;
        const [indexer, indexes] = indexesOf(sorted);
        const statistics = new Statistics(indexer.names, {
          by,
          sinceMs,
          localTimeOf: clock(0),
        });
        for (const index of indexes) statistics.add(index);
        const { rows, total } = statistics.result();
        const chosen = sorted.filter(({ timestamp }) => Date.parse(timestamp) >= sinceMs);
        const byKey = (a: { readonly key: string }, b: { readonly key: string }) =>
          a.key < b.key ? -1 : 1;
        // A model is that of the session, wherever that began.
        const expected = by === "model" ? undefined : plainRows(by, chosen).toSorted(byKey);
        const found = rows.map(({ byDay, ...row }) => {
          expect(byDay.reduce((sum, events) => sum + events, 0)).toBe(row.events);
          return row;
        });
        if (expected !== undefined) expect(found.toSorted(byKey)).toEqual(expected);
        expect(total.events).toBe(chosen.length);
        expect(total.sessions).toBe(new Set(chosen.map(({ session_id }) => session_id)).size);
      },
    ),
  );
});

test("a model is that of the session", () => {
  const { byDay: _, ...row } = count("model").rows.find(({ key }) => key.startsWith("claude-"))!;
  expect(row).toEqual(plainRows("model", records).find(({ key }) => key === row.key)!);
});

test("of any numbers, a share stays within the one that sorting finds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (numbers, share) => {
        const sorted = numbers.toSorted((a, b) => a - b);
        expect(percentile(Float64Array.from(numbers), share)).toBe(
          sorted[Math.max(Math.ceil(numbers.length * share) - 1, 0)],
        );
      },
    ),
  );
  expect(percentile(new Float64Array(0), 0.5)).toBeUndefined();
});

test("percentiles are those of the sorted durations, short, long and with fractions", () => {
  const ended = records.find(({ event }) => event === "PostToolUse")!;
  const duration = fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 2040, max: 2060 }),
    fc.double({ min: 0, max: 3000, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 30 }), (durations) => {
      const own = durations.map((duration_ms) => ({ ...ended, duration_ms }));
      const { p50Ms, p95Ms } = statisticsOf(own, { by: "tool", localTimeOf: clock(0) }).total;
      const sorted = durations.toSorted((a, b) => a - b);
      const nearest = (share: number) => sorted[Math.ceil(durations.length * share) - 1];
      expect([p50Ms, p95Ms]).toEqual([nearest(0.5), nearest(0.95)]);
    }),
  );
});
