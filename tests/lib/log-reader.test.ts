import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { DEFAULTS } from "../../lib/config";
import { appendRecord, listDays } from "../../lib/log";
import {
  glanceAt,
  readDays,
  type Glance,
  type GlanceOptions,
  type LogEntry,
  type ReadFrom,
  type RecordHead,
} from "../../lib/log-reader";
import { projectAt } from "../../lib/project";
import { renderRecord, toRecord } from "../../lib/record";
import { redactionRules } from "../../lib/redact";
import { capturedPayloads } from "../support/payloads";
import { Sandbox } from "../support/sandbox";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const DAY = "2026-11-22";
const TIME = `${DAY}T09:58:01.123Z`;

describe("reading", () => {
  test("gives every record, the oldest day first", () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-11-23", "2025-12-31", "2026-02-01"])
      for (const id of ["a", "b"])
        appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: `${day}${id}` }));
    expect(read(sandbox).map(nameOf)).toEqual([
      "2025-12-31a",
      "2025-12-31b",
      "2026-02-01a",
      "2026-02-01b",
      "2026-11-23a",
      "2026-11-23b",
    ]);
    const later = read(sandbox, { day: "2026-01-01", offset: 1e6 });
    expect(later.map(nameOf)).toEqual(["2026-02-01a", "2026-02-01b", "2026-11-23a", "2026-11-23b"]);
  });

  test("gives nothing where there is no log", () => {
    using sandbox = new Sandbox();
    expect(read(sandbox)).toEqual([]);
    mkdirSync(sandbox.events, { recursive: true });
    expect(read(sandbox)).toEqual([]);
    writeFileSync(`${sandbox.events}/${DAY}.jsonl`, "");
    expect(read(sandbox)).toEqual([]);
  });

  test.each([
    ["JSON, but no object", "7", "foreign"],
    ["the object that is none", "null", "foreign"],
    ["a list", "[]", "foreign"],
    ["an object of nothing", "{}", "foreign"],
    ["a later version", line({ v: 2 }), "foreign"],
    ["a field of another type", line({ session_id: 7 }), "foreign"],
    ["all but the last character", line().slice(0, -1), "torn"],
    ["the first character", "{", "torn"],
    ["somebody's words", "not JSON", "torn"],
    ["what a crash of the system leaves of a file", "\0\0\0\0", "torn"],
    ["a megabyte", "x".repeat(1_048_576), "foreign"],
    ["a record twice as long as any of ours", line({ payload: "x".repeat(300_000) }), "foreign"],
  ])("skips, counts and passes by %s", (_, bad, reason) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line({ id: "before" })}\n${bad}\n${line({ id: "after" })}\n`);
    expect(read(sandbox).map(nameOf)).toEqual(["before", reason, "after"]);
  });

  test("takes records as long as ours can be, and those with a Windows line end", () => {
    using sandbox = new Sandbox();
    const long = line({ id: "long", payload: "ñ".repeat(100_000) });
    writeDay(sandbox, `${long}\n${line({ id: "crlf" })}\r\n`);
    expect(read(sandbox).map(nameOf)).toEqual(["long", "crlf"]);
  });

  test("takes a last record of which only the newline is missing, and not twice", () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, line({ id: "last" }));
    const [entry] = read(sandbox);
    expect(nameOf(entry as LogEntry)).toBe("last");
    appendFileSync(dayFile(sandbox), `\n${line({ id: "next" })}\n`);
    const rest = read(sandbox, { day: DAY, offset: (entry as LogEntry).end });
    expect(rest.map(nameOf)).toEqual(["next"]);
  });

  test("does not lose a record that was half there when it looked", () => {
    using sandbox = new Sandbox();
    const record = line({ id: "slow" });
    writeDay(sandbox, `${line({ id: "first" })}\n${record.slice(0, 40)}`);
    const seen = read(sandbox);
    expect(seen.map(nameOf)).toEqual(["first", "torn"]);
    appendFileSync(dayFile(sandbox), `${record.slice(40)}\n`);
    const rest = read(sandbox, { day: DAY, offset: (seen[1] as LogEntry).end });
    expect(rest.map(nameOf)).toEqual(["slow"]);
  });

  test("reads no day that is a link, a folder, another name, or another user's", () => {
    using sandbox = new Sandbox();
    appendRecord(sandbox.events, TIME, line({ id: "ours" }));
    const at = (day: string) => `${sandbox.events}/${day}`;
    writeFileSync(`${sandbox.root}/other`, `${line({ id: "planted" })}\n`);
    symlinkSync(`${sandbox.root}/other`, at("2026-01-01.jsonl"));
    mkdirSync(at("2026-01-02.jsonl"));
    for (const name of ["2026-01-03.jsonl.gz", "x2026-01-03.jsonl", "2026-1-3.jsonl", ".jsonl"])
      writeFileSync(at(name), `${line({ id: "planted" })}\n`);
    if (isRoot) {
      writeFileSync(at("2026-01-04.jsonl"), `${line({ id: "planted" })}\n`);
      chownSync(at("2026-01-04.jsonl"), NOBODY, NOBODY);
    }
    expect(listDays(sandbox.events)).toEqual([DAY]);
    expect(read(sandbox).map(nameOf)).toEqual(["ours"]);
  });

  test("goes on after a day that it must not read, and says so", () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-01-01", "2026-01-02", "2026-01-03"])
      appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: day }));
    linkSync(`${sandbox.events}/2026-01-02.jsonl`, `${sandbox.root}/second`);
    expect(read(sandbox).map(nameOf)).toEqual(["2026-01-01", "unreadable", "2026-01-03"]);
  });

  test.skipIf(process.platform !== "linux")("keeps no file open, read whole or left early", () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line()}\n`.repeat(5000));
    const open = () =>
      readdirSync("/proc/self/fd").filter((fd) => targetOf(fd) === dayFile(sandbox));
    for (let at = 0; at < 5; at++) {
      read(sandbox);
      for (const entry of readDays(sandbox.events)) if (entry.end > 0) break;
    }
    expect(open()).toEqual([]);
  });

  // What a log may be made of: the bytes, and what a reader must make of them.
  const whole = fc
    .record({ id: fc.string(), payload: fc.jsonValue() })
    .map((fields) => ({ text: line(fields), gives: fields.id }));
  const part = fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 1, arbitrary: fc.constant({ text: "", gives: undefined }) },
    {
      weight: 2,
      arbitrary: fc.tuple(whole, fc.nat()).map(([{ text }, at]) => ({
        text: text.slice(0, 1 + (at % (text.length - 1))),
        gives: "torn",
      })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom("7", "[]", "{}", '"text"', "true", '{"v":1}')
        .map((text) => ({ text, gives: "foreign" })),
    },
    {
      weight: 1,
      arbitrary: fc
        .integer({ min: 262_145, max: 1_100_000 })
        .map((length) => ({ text: "x".repeat(length), gives: "foreign" })),
    },
    {
      weight: 1,
      // Bytes that are no UTF-8 and no JSON, whatever follows.
      arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => ({
        text: Buffer.from([0xff, ...bytes.filter((byte) => byte !== 0x0a)]),
        gives: "torn",
      })),
    },
  );

  test("finds exactly the records in any bytes, and can go on from any entry", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, isEnded) => {
        using sandbox = new Sandbox();
        const chunks: Buffer[] = [];
        const expected: { gives: string; end: number }[] = [];
        // Of the last entry: half a line, which is looked at again.
        let isLastHalf = false;
        let end = 0;
        for (const [at, { text, gives }] of parts.entries()) {
          const bytes = Buffer.from(text as string);
          const newline = isEnded || at < parts.length - 1 ? "\n" : "";
          const begin = end;
          end += bytes.length + newline.length;
          chunks.push(bytes, Buffer.from(newline));
          isLastHalf = newline === "" && ["torn", "foreign"].includes(gives ?? "");
          if (gives !== undefined) expected.push({ gives, end: isLastHalf ? begin : end });
        }
        writeDay(sandbox, Buffer.concat(chunks));
        const entries = read(sandbox);
        expect(entries.map((entry) => ({ gives: nameOf(entry), end: entry.end }))).toEqual(
          expected,
        );
        for (const [at, { end: offset }] of entries.entries()) {
          const rest = read(sandbox, { day: DAY, offset });
          const next = isLastHalf && at === entries.length - 1 ? at : at + 1;
          expect(rest.map(nameOf)).toEqual(entries.slice(next).map(nameOf));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("glancing", () => {
  test("sees of every captured event what reading it whole sees", async () => {
    using sandbox = new Sandbox();
    const rules = redactionRules({}, DEFAULTS.redact);
    for (const { event, payload, text } of await capturedPayloads()) {
      const record = toRecord(
        { kind: "event", payload, text },
        {
          startedMs: Date.parse(TIME),
          event,
          session: { id: String(payload["session_id"]), source: "payload" },
          project: projectAt("/home/you/café"),
          user: "you",
          pid: 42,
        },
        DEFAULTS.capture,
        rules,
      );
      appendRecord(sandbox.events, TIME, renderRecord(record, DEFAULTS.limits));
    }
    const records = read(sandbox).map((entry) => (entry.kind === "record" ? entry.record : entry));
    const glances = glance(sandbox);
    expect(glances.map(({ record }) => record)).toEqual(records);
    // That nothing of the rest is there shows that it was not read.
    expect(glances.map(({ head }) => head)).toEqual(
      read(sandbox).map((entry) => headOf(entry) as RecordHead),
    );
    expect(records.length).toBeGreaterThan(60);
  });

  test.each([
    ["our own order", line({ tool: "Bash", parameters: { a: 1 } })],
    ["the payload first", `{"payload":{"parameters":{"v":1}},${line().slice(1)}`],
    ["texts with escapes", line({ project: 'a","payload":{"v":2', user: "\u001b\\" })],
    ["other letters", line({ project: "カート", project_dir: "/home/ñ/🛒" })],
    ["a head longer than what is looked at first", line({ project_dir: `/${"x".repeat(3000)}` })],
    ["a fraction of a millisecond", line({ duration_ms: 1.5 })],
    ["fields that we do not know", line({ later: { payload: 1 } })],
  ])("sees the same in a line with %s", (_, text) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${text}\n`);
    const [seen] = glance(sandbox);
    const [entry] = read(sandbox);
    expect(seen?.head).toMatchObject(headOf(entry as LogEntry));
    expect(seen?.record).toEqual(entry?.kind === "record" ? entry.record : undefined);
  });

  test.each([
    ["half a record", line().slice(0, 60), ["torn"]],
    ["a record whose end is missing", line({ payload: { a: "b" } }).slice(0, -3), ["torn"]],
    ["another's JSON", '{"v":1}', ["foreign"]],
    ["a line that is too long", "x".repeat(300_000), ["foreign"]],
    ["a blank line, which was erased", " ".repeat(300), []],
    ["an empty line", "", []],
  ])("skips %s, and counts it with its reason", (_, bad, reasons) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line({ id: "before" })}\n${bad}\n${line({ id: "after" })}\n`);
    const entries = Array.from(glanceAt(sandbox.events));
    expect(entries.map(idOf)).toEqual(["before", ...reasons, "after"]);
    expect(read(sandbox).map(nameOf)).toEqual(["before", ...reasons, "after"]);
  });

  const ids = ["2025-12-31a", "2025-12-31b", "2026-02-01a", "2026-02-01b", "2026-11-23a"];
  test.each([
    [{}, ids, "everything"],
    [{ newestFirst: true }, ids.toReversed(), "from the end"],
    [{ since: "2026-02-01" }, ids.slice(2), "from a day on"],
    [{ until: "2026-02-01" }, ids.slice(0, 4), "until a day"],
    [
      { since: "2026-01-01", until: "2026-11-01", newestFirst: true },
      ["2026-02-01b", "2026-02-01a"],
      "both",
    ],
    [{ containing: '01a"' }, ["2026-02-01a"], "with a text in it"],
    [
      { containing: 'a"', newestFirst: true },
      ["2026-11-23a", "2026-02-01a", "2025-12-31a"],
      "the same from the end",
    ],
    [{ containing: "nowhere" }, [], "with a text that is in none"],
  ] as [GlanceOptions, string[], string][])("goes through %j: %j (%s)", (options, expected) => {
    using sandbox = new Sandbox();
    for (const id of ids)
      appendRecord(sandbox.events, `${id.slice(0, 10)}T00:00:00.000Z`, line({ id }));
    expect(Array.from(glanceAt(sandbox.events, options)).map(idOf)).toEqual(expected);
  });

  test("goes on after a day that it must not read, in either direction", () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-01-01", "2026-01-02", "2026-01-03"])
      appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: day }));
    linkSync(`${sandbox.events}/2026-01-02.jsonl`, `${sandbox.root}/second`);
    const expected = ["2026-01-01", "unreadable", "2026-01-03"];
    for (const newestFirst of [false, true])
      expect(Array.from(glanceAt(sandbox.events, { newestFirst })).map(idOf)).toEqual(
        newestFirst ? expected.toReversed() : expected,
      );
  });

  test.each([false, true])("says how much it has read, newest first or not: %p", (newestFirst) => {
    using sandbox = new Sandbox();
    const day = `${line({ payload: "x".repeat(1000) })}\n`.repeat(3000);
    writeDay(sandbox, day);
    let sum = 0;
    for (const _ of glanceAt(sandbox.events, {
      newestFirst,
      onRead: (bytes) => void (sum += bytes),
    }));
    expect(sum).toBeGreaterThanOrEqual(day.length);
    expect(sum).toBeLessThan(day.length * 1.1);
  });
});

/** A record as one line of JSON, with some fields of choice. */
function line(fields: object = {}): string {
  return JSON.stringify({
    v: 1,
    id: "01a202c9-d2a3-702d-85be-255794ed817c",
    timestamp: TIME,
    event: "Stop",
    session_id: "04e66903",
    payload: {},
    ...fields,
  });
}

function writeDay(sandbox: Sandbox, content: string | Uint8Array): void {
  mkdirSync(sandbox.events, { recursive: true });
  writeFileSync(dayFile(sandbox), content);
}

function dayFile(sandbox: Sandbox): string {
  return `${sandbox.events}/${DAY}.jsonl`;
}

function read(sandbox: Sandbox, from?: ReadFrom): LogEntry[] {
  return Array.from(readDays(sandbox.events, from));
}

function nameOf(entry: LogEntry): string {
  return entry.kind === "record" ? entry.record.id : entry.reason;
}

function glance(sandbox: Sandbox): { head: RecordHead; record: unknown }[] {
  const seen: { head: RecordHead; record: unknown }[] = [];
  for (const one of glanceAt(sandbox.events))
    if (one.kind === "head") seen.push({ head: one.head, record: one.record() });
  return seen;
}

function idOf(one: Glance): string {
  return one.kind === "head" ? one.head.id : one.reason;
}

/** What a head has of a record read whole. */
function headOf(entry: LogEntry): object {
  if (entry.kind !== "record") throw new Error(entry.reason);
  const rest = new Set(["parameters", "payload", "redacted", "truncated"]);
  return Object.fromEntries(Object.entries(entry.record).filter(([name]) => !rest.has(name)));
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was the one that listed the folder.
    return undefined;
  }
}
