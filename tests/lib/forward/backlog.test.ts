// The backlog in batches: no event is missing and none comes twice, whatever the limits.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, rmSync } from "node:fs";
import fc from "fast-check";
import { addLostEvents, Backlog, countBacklog, type Batch } from "../../../lib/forward/backlog";
import type { Cursor } from "../../../lib/forward/cursor";
import { dayPath, expireDay, expiredDays } from "../../../lib/log/log";
import { Sandbox } from "../../../scripts/harness/sandbox";
import { writeDay } from "../../support/written-log";

// A property writes hundreds of logs.
setDefaultTimeout(60_000);

const DAYS = ["2026-11-20", "2026-11-21", "2026-11-22"] as const;
const NOW = Date.UTC(2026, 10, 23);
const wants = ({ event }: { event: string }) => event !== "Noise";

/** A line of a log: wanted, not wanted, or not a record. */
const line = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("Stop", "PreToolUse") },
  { weight: 2, arbitrary: fc.constant("Noise") },
  { weight: 1, arbitrary: fc.constantFrom("torn", "blank", "foreign", "torn tail of a good head") },
);
const log = fc.tuple(fc.array(line), fc.array(line), fc.array(line));

function render(kind: string, id: string): string {
  switch (kind) {
    case "torn":
      return '{"v":1,"id":"to';
    case "blank":
      return "   ";
    case "foreign":
      return '{"not":"ours"}';
    case "torn tail of a good head":
      return recordLine(id, "Stop").replace("{}", '{"a":"}');
    default:
      return recordLine(id, kind);
  }
}

function recordLine(id: string, event: string): string {
  return `{"v":1,"id":"${id}","timestamp":"2026-11-22T09:58:01.123Z","event":"${event}","session_id":"s","session_id_source":"payload","project":"shop","project_dir":"/shop","user":"you","pid":1,"should_notify":false,"payload":{}}`;
}

/** Writes a log and returns the ids of the wanted records, in order. */
function write(sandbox: Sandbox, days: readonly (readonly string[])[]): string[] {
  const wanted: string[] = [];
  for (const [i, kinds] of days.entries()) {
    const lines = kinds.map((kind, n) => render(kind, `${i}-${n}`));
    writeDay(sandbox, DAYS[i] ?? "", lines.map((text) => `${text}\n`).join(""));
    for (const [n, kind] of kinds.entries())
      if (kind === "Stop" || kind === "PreToolUse") wanted.push(`${i}-${n}`);
  }
  return wanted;
}

function fresh(): Cursor {
  return { days: new Map(), counted: new Set(), lost: 0, skipped: 0, repeated: 0, refused: 0 };
}

function advance(cursor: Cursor, { end, skipped }: Batch): void {
  for (const [day, position] of end) cursor.days.set(day, position);
  cursor.skipped += skipped;
}

const limits = fc.record({
  events: fc.integer({ min: 1, max: 7 }),
  bytes: fc.integer({ min: 1, max: 1500 }),
});

test("every wanted record comes once and in order, whatever the limits and restarts", () => {
  fc.assert(
    fc.property(log, fc.array(fc.tuple(limits, fc.boolean())), (days, turns) => {
      using sandbox = new Sandbox();
      const wanted = write(sandbox, days);
      const cursor = fresh();
      let backlog = new Backlog(sandbox.events, wants);
      const seen: string[] = [];
      for (let turn = 0; ; turn++) {
        const [most, restarts] = turns[turn] ?? [{ events: 3, bytes: 600 }, false];
        const batch = backlog.next(cursor, most);
        expect(batch.events.length).toBeLessThanOrEqual(most.events);
        // A single event may exceed the limit.
        const bytes = batch.events.reduce((sum, event) => sum + event.bytes, 0);
        if (batch.events.length > 1) expect(bytes).toBeLessThanOrEqual(most.bytes);
        // A batch that the cursor has not passed comes again after a restart.
        if (restarts) {
          backlog = new Backlog(sandbox.events, wants);
          if (turn < turns.length) continue;
        }
        seen.push(...batch.events.map(({ id }) => id));
        advance(cursor, batch);
        expect(countBacklog(sandbox.events, cursor, wants).events).toBe(
          wanted.length - seen.length,
        );
        if (batch.isLast) break;
      }
      expect(seen).toEqual(wanted);
      const bad = days.flat().filter((kind) => /^(torn|foreign)/.test(kind)).length;
      expect(cursor.skipped).toBe(bad);
    }),
    { numRuns: 300 },
  );
});

test("a cursor at any event leaves exactly the events after it", () => {
  fc.assert(
    fc.property(log, fc.nat(), (days, cut) => {
      using sandbox = new Sandbox();
      const wanted = write(sandbox, days);
      const cursor = fresh();
      const all = new Backlog(sandbox.events, wants).next(cursor, { events: 1000, bytes: 1e9 });
      const first = cut % (wanted.length + 1);
      for (const { day, position } of all.events.slice(0, first)) cursor.days.set(day, position);
      const rest = new Backlog(sandbox.events, wants).next(cursor, { events: 1000, bytes: 1e9 });
      expect(rest.events.map(({ id }) => id)).toEqual(wanted.slice(first));
    }),
    { numRuns: 200 },
  );
});

describe("a line that a hook is still writing", () => {
  const whole = recordLine("whole", "Stop");

  test.each(Array.from({ length: 12 }, (_, i) => Math.floor((whole.length * i) / 12)))(
    "is waited for when it has %d bytes",
    (bytes) => {
      using sandbox = new Sandbox();
      const path = writeDay(
        sandbox,
        DAYS[0],
        `${recordLine("first", "Stop")}\n${whole.slice(0, bytes)}`,
      );
      const cursor = fresh();
      const backlog = new Backlog(sandbox.events, wants);
      const batch = backlog.next(cursor, { events: 9, bytes: 1e6 });
      expect(batch.events.map(({ id }) => id)).toEqual(["first"]);
      advance(cursor, batch);
      appendFileSync(path, `${whole.slice(bytes)}\n`);
      const next = backlog.next(cursor, { events: 9, bytes: 1e6 });
      expect(next.events.map(({ id }) => id)).toEqual(["whole"]);
      expect(cursor.skipped).toBe(0);
    },
  );

  test("is waited for when its head is complete and it ends in a brace", () => {
    using sandbox = new Sandbox();
    const text = recordLine("whole", "Stop").replace("{}", '{"a":{"b":1},"c":2}');
    const path = writeDay(sandbox, DAYS[0], text.slice(0, text.indexOf('},"c"') + 1));
    const cursor = fresh();
    const backlog = new Backlog(sandbox.events, wants);
    const batch = backlog.next(cursor, { events: 9, bytes: 1e6 });
    expect(batch).toMatchObject({ events: [], skipped: 0 });
    expect(batch.end.size).toBe(0);
    appendFileSync(path, `${text.slice(text.indexOf('},"c"') + 1)}\n`);
    expect(backlog.next(cursor, { events: 9, bytes: 1e6 }).events).toHaveLength(1);
  });

  test("is delivered when only its newline is missing", () => {
    using sandbox = new Sandbox();
    const path = writeDay(sandbox, DAYS[0], whole);
    const cursor = fresh();
    const backlog = new Backlog(sandbox.events, wants);
    advance(cursor, backlog.next(cursor, { events: 9, bytes: 1e6 }));
    appendFileSync(path, `\n${recordLine("next", "Stop")}\n`);
    const { events } = backlog.next(cursor, { events: 9, bytes: 1e6 });
    expect(events.map(({ id }) => id)).toEqual(["next"]);
  });
});

test("a line that is appended to an earlier day is delivered", () => {
  using sandbox = new Sandbox();
  write(sandbox, [["Stop"], ["Stop"], ["Stop"]]);
  const cursor = fresh();
  const backlog = new Backlog(sandbox.events, wants);
  advance(cursor, backlog.next(cursor, { events: 9, bytes: 1e6 }));
  appendFileSync(dayPath(sandbox.events, DAYS[0]), `${recordLine("late", "Stop")}\n`);
  const { events } = backlog.next(cursor, { events: 9, bytes: 1e6 });
  expect(events.map(({ id }) => id)).toEqual(["late"]);
});

describe("a day that retention takes", () => {
  test("counts its undelivered events as lost, once", () => {
    fc.assert(
      fc.property(fc.array(line), fc.nat(), (kinds, cut) => {
        using sandbox = new Sandbox();
        const wanted = write(sandbox, [kinds]);
        const cursor = fresh();
        const first = cut % (wanted.length + 1);
        const all = new Backlog(sandbox.events, wants).next(cursor, { events: 1000, bytes: 1e9 });
        for (const { day, position } of all.events.slice(0, first)) cursor.days.set(day, position);
        expireDay(sandbox.events, DAYS[0], NOW);
        expect(addLostEvents(cursor, sandbox.events, wants)).toBe(true);
        expect(addLostEvents(cursor, sandbox.events, wants)).toBe(false);
        expect(cursor.lost).toBe(wanted.length - first);
      }),
      { numRuns: 200 },
    );
  });

  test("is forgotten when its file is gone, and starts over if a late line comes", () => {
    using sandbox = new Sandbox();
    write(sandbox, [["Stop", "Stop"]]);
    const cursor = fresh();
    const backlog = new Backlog(sandbox.events, wants);
    advance(cursor, backlog.next(cursor, { events: 9, bytes: 1e6 }));
    expireDay(sandbox.events, DAYS[0], NOW);
    writeDay(sandbox, DAYS[0], `${recordLine("late", "Stop")}\n`);
    addLostEvents(cursor, sandbox.events, wants);
    expect(cursor.lost).toBe(0);
    expect(backlog.next(cursor, { events: 9, bytes: 1e6 }).events).toHaveLength(1);
    for (const { path } of expiredDays(sandbox.events)) rmSync(path);
    expect(addLostEvents(cursor, sandbox.events, wants)).toBe(true);
    expect(cursor.counted.size).toBe(0);
  });
});
