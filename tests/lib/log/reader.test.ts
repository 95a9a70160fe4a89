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
import { DEFAULT_CONFIG } from "../../../lib/config";
import { renderRecord, buildRecord } from "../../../lib/hook/build-record";
import { redactionRules } from "../../../lib/hook/redact";
import { appendRecord, listDays } from "../../../lib/log/log";
import {
  readHeads,
  readRecords,
  readRecordsAt,
  type HeadEntry,
  type HeadOptions,
  type LogEntry,
  type ReadFrom,
} from "../../../lib/log/reader";
import type { RecordHead } from "../../../lib/log/record";
import { Fault } from "../../../lib/os/fault";
import { projectAt } from "../../../lib/project";
import { capturedPayloads } from "../../../scripts/harness/payloads";
import { Sandbox } from "../../../scripts/harness/sandbox";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const DAY = "2026-11-22";
const TIME = `${DAY}T09:58:01.123Z`;
// The optional fields of a head, in our writer's order, and what follows them.
const FULL = {
  prompt_id: "p1",
  agent_id: "a1",
  agent_type: "Explore",
  tool: "Bash",
  tool_use_id: "t1",
  duration_ms: 12,
  parameters: { a: 1 },
};

describe("reading records", () => {
  test("gives every record, oldest day first", () => {
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

  test("gives nothing if there is no log", () => {
    using sandbox = new Sandbox();
    expect(read(sandbox)).toEqual([]);
    mkdirSync(sandbox.events, { recursive: true });
    expect(read(sandbox)).toEqual([]);
    writeFileSync(`${sandbox.events}/${DAY}.jsonl`, "");
    expect(read(sandbox)).toEqual([]);
  });

  test.each([
    ["a number", "7", "foreign"],
    ["null", "null", "foreign"],
    ["a list", "[]", "foreign"],
    ["an empty object", "{}", "foreign"],
    ["a later version", line({ v: 2 }), "foreign"],
    ["a field of another type", line({ session_id: 7 }), "foreign"],
    ["a tool of another type", line({ tool: { name: "Bash" } }), "foreign"],
    ["a duration of another type", line({ duration_ms: "12" }), "foreign"],
    ["a project of another type", line({ project: undefined }), "foreign"],
    ["a time that is none", line({ timestamp: "yesterday" }), "foreign"],
    ["a time that no clock shows", line({ timestamp: "2026-13-01T00:00:00.000Z" }), "foreign"],
    ["our fields with a time that is none", usual({ timestamp: "2026-99-99T10:00Z" }), "foreign"],
    ["all but the last character", line().slice(0, -1), "torn"],
    ["the first character", "{", "torn"],
    ["plain words", "not JSON", "torn"],
    ["NULs, as a system crash may leave them", "\0\0\0\0", "torn"],
    ["a megabyte", "x".repeat(1_048_576), "foreign"],
    ["a record twice as long as any of ours", line({ payload: "x".repeat(300_000) }), "foreign"],
  ])("skips a line that is %s, and reports it", (_, bad, reason) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line({ id: "before" })}\n${bad}\n${line({ id: "after" })}\n`);
    expect(read(sandbox).map(nameOf)).toEqual(["before", reason, "after"]);
  });

  test("accepts records as long as ours can be, and those with a Windows line end", () => {
    using sandbox = new Sandbox();
    const long = line({ id: "long", payload: "ñ".repeat(100_000) });
    writeDay(sandbox, `${long}\n${line({ id: "crlf" })}\r\n`);
    expect(read(sandbox).map(nameOf)).toEqual(["long", "crlf"]);
  });

  test("gives a last record without a newline once, not again when the newline follows", () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, line({ id: "last" }));
    const [entry] = read(sandbox);
    expect(nameOf(entry as LogEntry)).toBe("last");
    appendFileSync(dayFile(sandbox), `\n${line({ id: "next" })}\n`);
    const rest = read(sandbox, { day: DAY, offset: (entry as LogEntry).end });
    expect(rest.map(nameOf)).toEqual(["next"]);
  });

  test("does not lose a record that was half written when it was read", () => {
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

  test("continues after a day that it must not read, and reports it", () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-01-01", "2026-01-02", "2026-01-03"])
      appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: day }));
    linkSync(`${sandbox.events}/2026-01-02.jsonl`, `${sandbox.root}/second`);
    expect(read(sandbox).map(nameOf)).toEqual(["2026-01-01", "unreadable", "2026-01-03"]);
  });

  test("gives the records at offsets, and nothing for what was removed", () => {
    using sandbox = new Sandbox();
    for (const id of ["a", "b"]) appendRecord(sandbox.events, TIME, line({ id }));
    const second = Buffer.byteLength(line({ id: "a" })) + 1;
    const idsAt = (offsets: number[], day = DAY) =>
      readRecordsAt(sandbox.events, day, offsets).map((record) => record?.id);
    expect(idsAt([second, 0, 1e6])).toEqual(["b", "a", undefined]);
    expect(idsAt([0, second], "2026-11-21")).toEqual([undefined, undefined]);
    linkSync(dayFile(sandbox), `${sandbox.root}/second`);
    expect(() => idsAt([0])).toThrow(Fault);
  });

  test("keeps the offset of a day that it cannot read now", () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line({ id: "a" })}\n${line({ id: "b" })}\n`);
    const [{ end: offset } = { end: 0 }] = read(sandbox);
    linkSync(dayFile(sandbox), `${sandbox.root}/second`);
    expect(read(sandbox, { day: DAY, offset })).toEqual([
      { kind: "skipped", reason: "unreadable", day: DAY, begin: offset, end: offset },
    ]);
  });

  test.skipIf(process.platform !== "linux")(
    "leaves no file open, even if the caller stops early",
    () => {
      using sandbox = new Sandbox();
      writeDay(sandbox, `${line()}\n`.repeat(5000));
      const open = () =>
        readdirSync("/proc/self/fd").filter((fd) => targetOf(fd) === dayFile(sandbox));
      for (let at = 0; at < 5; at++) {
        read(sandbox);
        for (const entry of readRecords(sandbox.events)) if (entry.end > 0) break;
        for (const entry of readHeads(sandbox.events, { newestFirst: true }))
          if (entry.end > 0) break;
      }
      expect(open()).toEqual([]);
    },
  );

  // Parts of a log: their bytes, and what a reader must report.
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
      // Bytes that are neither UTF-8 nor JSON.
      arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => ({
        text: Buffer.from([0xff, ...bytes.filter((byte) => byte !== 0x0a)]),
        gives: "torn",
      })),
    },
  );

  test("finds exactly the records in any bytes, and can continue from any entry", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, isEnded) => {
        using sandbox = new Sandbox();
        const chunks: Buffer[] = [];
        const expected: { gives: string; end: number }[] = [];
        // Whether the last entry is half a line, which is read again.
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
        for (const newestFirst of [false, true]) {
          const seen = Array.from(readHeads(sandbox.events, { newestFirst }), (one) => ({
            gives: idOf(one),
            end: one.end,
          }));
          expect(seen).toEqual(newestFirst ? expected.toReversed() : expected);
        }
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

describe("reading heads", () => {
  test("gives the same fields of every captured event as reading it whole", async () => {
    using sandbox = new Sandbox();
    const rules = redactionRules({}, DEFAULT_CONFIG.redact);
    for (const { event, payload, text } of await capturedPayloads()) {
      const record = buildRecord(
        { kind: "event", payload, text },
        {
          startedMs: Date.parse(TIME),
          event,
          session: { id: String(payload["session_id"]), source: "payload" },
          project: projectAt("/home/you/café"),
          user: "you",
          pid: 42,
        },
        DEFAULT_CONFIG.capture,
        rules,
      );
      appendRecord(sandbox.events, TIME, renderRecord(record, DEFAULT_CONFIG.limits));
    }
    const records = read(sandbox).map((entry) => (entry.kind === "record" ? entry.record : entry));
    const entries = heads(sandbox);
    expect(entries.map(({ record }) => record)).toEqual(records);
    // Without any other field, which shows that the rest was not parsed.
    expect(entries.map(({ head }) => head)).toEqual(
      read(sandbox).map((entry) => headOf(entry) as RecordHead),
    );
    expect(records.length).toBeGreaterThan(60);
    expect(heads(sandbox, { newestFirst: true })).toEqual(entries.toReversed());
  });

  test.each([
    ["all the fields of a head", usual(FULL)],
    ["the payload first", `{"payload":{"parameters":{"v":1}},${usual().slice(1)}`],
    ["parameters in the payload", usual({ payload: { parameters: { event: "Other" } } })],
    ["an escape that is not a quote", usual({ user: "\u001b\\" })],
    [
      "what looks like the end of the head",
      usual({ project: 'a","payload":{"v":2', user: "\u001b\\" }),
    ],
    ["letters beyond ASCII", usual({ project: "カート", project_dir: "/home/ñ/🛒" })],
    ["a head longer than what is decoded first", usual({ project_dir: `/${"x".repeat(3000)}` })],
    ["a character where that ends", usual({ project_dir: `/${"🛒".repeat(600)}` })],
    ["a fraction of a millisecond", usual({ duration_ms: 1.5 })],
    ["fields that we do not know", usual({ later: { payload: 1 } })],
    ["few of the fields", line()],
    ["a Windows line end", `${usual(FULL)}\r`],
  ])("gives the same fields of a line with %s", (_, text) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${text}\n`);
    expectSame(sandbox);
  });

  test("gives the same fields for any order and any text of the fields", () => {
    const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom('","payload":{', "\\"));
    const fields = fc
      .record({ project: text, user: text, tool: text, payload: fc.jsonValue() })
      .map((some) => Object.entries({ ...JSON.parse(usual(FULL)), ...some }))
      .chain((all) =>
        fc.oneof(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      )
      .map(Object.fromEntries);
    fc.assert(
      fc.property(fields, (shuffled) => {
        using sandbox = new Sandbox();
        writeDay(sandbox, `${JSON.stringify(shuffled)}\n`);
        expectSame(sandbox);
      }),
      { numRuns: 100 },
    );
  });

  test("gives the head of a line that is torn after a brace, without a record", () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${usual({ id: "torn", payload: { a: {} } }).slice(0, -1)}\n`);
    const seen = heads(sandbox);
    expect(seen).toMatchObject([{ head: { id: "torn" } }]);
    expect(seen[0]?.record).toBeUndefined();
    expect(read(sandbox).map(nameOf)).toEqual(["torn"]);
  });

  test.each([
    ["half a record", usual().slice(0, 60), ["torn"]],
    ["a record whose end is missing", usual({ payload: { a: "b" } }).slice(0, -3), ["torn"]],
    ["one of our records with a whole head", ours().slice(0, -3), ["torn"]],
    ["another's JSON", '{"v":1}', ["foreign"]],
    ["a line that is too long", "x".repeat(300_000), ["foreign"]],
    ["a blank line, which was erased", " ".repeat(300), []],
    ["an empty line", "", []],
  ] as [string, string, string[]][])("skips %s, and reports the reason", (_, bad, reasons) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line({ id: "before" })}\n${bad}\n${line({ id: "after" })}\n`);
    const expected = ["before", ...reasons, "after"];
    expect(read(sandbox).map(nameOf)).toEqual(expected);
    expect(headIds(sandbox)).toEqual(expected);
    expect(headIds(sandbox, { newestFirst: true })).toEqual(expected.toReversed());
  });

  test.each([false, true])(
    "gives the offsets of each line, newest first or not: %p",
    (newestFirst) => {
      using sandbox = new Sandbox();
      const texts = ["a", "ñ", "🛒"].map((id) => `${usual({ id })}\n`);
      const day = Buffer.from(texts.join(`\ntorn\n`));
      writeDay(sandbox, day);
      const found: string[] = [];
      for (const one of readHeads(sandbox.events, { newestFirst }))
        if (one.kind === "head") found.push(day.toString("utf8", one.begin, one.end));
      expect(found).toEqual(newestFirst ? texts.toReversed() : texts);
    },
  );

  const ids = ["2025-12-31a", "2025-12-31b", "2026-02-01a", "2026-02-01b", "2026-11-23a"];
  test.each([
    [{}, ids, "everything"],
    [{ newestFirst: true }, ids.toReversed(), "newest first"],
    [{ since: "2026-02-01" }, ids.slice(2), "from a day on"],
    [{ until: "2026-02-01" }, ids.slice(0, 4), "up to a day"],
    [{ since: "2026-02-01", until: "2026-02-01" }, ids.slice(2, 4), "a single day"],
    [{ since: "2026-02-02", until: "2026-02-01" }, [], "no day"],
    [{ onRead: () => false }, [], "stopped by the caller"],
    [
      { since: "2026-01-01", until: "2026-11-01", newestFirst: true },
      ["2026-02-01b", "2026-02-01a"],
      "between two days, newest first",
    ],
    [{ containing: '01a"' }, ["2026-02-01a"], "containing a text"],
    [
      { containing: 'a"', newestFirst: true },
      ["2026-11-23a", "2026-02-01a", "2025-12-31a"],
      "containing a text, newest first",
    ],
    [{ containing: "nowhere" }, [], "containing a text that no line has"],
  ] as [HeadOptions, string[], string][])(
    "with the options %j gives %j (%s)",
    (options, expected) => {
      using sandbox = new Sandbox();
      for (const id of ids)
        appendRecord(sandbox.events, `${id.slice(0, 10)}T00:00:00.000Z`, line({ id }));
      expect(headIds(sandbox, options)).toEqual(expected);
    },
  );

  test("continues after a day that it must not read, in either direction", () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-01-01", "2026-01-02", "2026-01-03"])
      appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: day }));
    linkSync(`${sandbox.events}/2026-01-02.jsonl`, `${sandbox.root}/second`);
    const expected = ["2026-01-01", "unreadable", "2026-01-03"];
    for (const newestFirst of [false, true])
      expect(headIds(sandbox, { newestFirst })).toEqual(
        newestFirst ? expected.toReversed() : expected,
      );
  });

  test.each([false, true])(
    "reports how much it has read, newest first or not: %p",
    (newestFirst) => {
      using sandbox = new Sandbox();
      const day = `${line({ payload: "x".repeat(1000) })}\n`.repeat(3000);
      writeDay(sandbox, day);
      const sum = bytesRead(sandbox, { newestFirst });
      expect(sum).toBeGreaterThanOrEqual(day.length);
      expect(sum).toBeLessThan(day.length * 1.1);
    },
  );

  const unusual: [string, string][] = [
    ["a last line without its newline", line()],
    ["a line longer than a window", `${"x".repeat(3_000_000)}\n`],
  ];
  test.each(unusual)("counts %s as read, in either direction", (_, day) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, day);
    for (const newestFirst of [false, true])
      expect(bytesRead(sandbox, { newestFirst })).toBeGreaterThanOrEqual(day.length);
  });
});

/** A record as one line of JSON, with the given fields. */
function line(fields: object = {}): string {
  return JSON.stringify({
    v: 1,
    id: "01a202c9-d2a3-702d-85be-255794ed817c",
    timestamp: TIME,
    event: "Stop",
    session_id: "04e66903",
    project: "shop",
    payload: {},
    ...fields,
  });
}

/** A record with its head in the order of our writer. */
function usual(fields: object = {}): string {
  const { payload, project, ...head } = JSON.parse(line()) as Record<string, unknown>;
  return JSON.stringify({
    ...head,
    session_id_source: "payload",
    project,
    project_dir: "/home/you/shop",
    user: "you",
    pid: 42,
    should_notify: true,
    ...fields,
    ...("payload" in fields ? {} : { payload }),
  });
}

/** A record exactly as our writer writes it. */
function ours(): string {
  const circumstances = { project: "shop", project_dir: "/shop", user: "you", pid: 1 };
  const head = JSON.parse(line({ payload: undefined })) as object;
  const whole = { ...head, session_id_source: "payload", ...circumstances, should_notify: false };
  return JSON.stringify({ ...whole, payload: { a: "b" } });
}

function writeDay(sandbox: Sandbox, content: string | Uint8Array): void {
  mkdirSync(sandbox.events, { recursive: true });
  writeFileSync(dayFile(sandbox), content);
}

function dayFile(sandbox: Sandbox): string {
  return `${sandbox.events}/${DAY}.jsonl`;
}

function read(sandbox: Sandbox, from?: ReadFrom): LogEntry[] {
  return Array.from(readRecords(sandbox.events, from));
}

function nameOf(entry: LogEntry): string {
  return entry.kind === "record" ? entry.record.id : entry.reason;
}

function heads(sandbox: Sandbox, options?: HeadOptions): { head: RecordHead; record: unknown }[] {
  const seen: { head: RecordHead; record: unknown }[] = [];
  for (const one of readHeads(sandbox.events, options))
    if (one.kind === "head") seen.push({ head: one.head, record: one.record() });
  return seen;
}

/** Expects that reading the head and reading the whole line give the same fields. */
function expectSame(sandbox: Sandbox): void {
  const [entry] = read(sandbox) as [LogEntry];
  const [seen] = heads(sandbox);
  expect(seen?.head).toMatchObject(headOf(entry));
  expect(seen?.record).toEqual(entry.kind === "record" ? entry.record : undefined);
}

function headIds(sandbox: Sandbox, options?: HeadOptions): string[] {
  return Array.from(readHeads(sandbox.events, options), idOf);
}

function bytesRead(sandbox: Sandbox, options: HeadOptions): number {
  let sum = 0;
  const onRead = (bytes: number) => void (sum += bytes);
  for (const _ of readHeads(sandbox.events, { ...options, onRead }));
  return sum;
}

function idOf(one: HeadEntry): string {
  return one.kind === "head" ? one.head.id : one.reason;
}

/** The fields of a whole record that its head has too. */
function headOf(entry: LogEntry): object {
  if (entry.kind !== "record") throw new Error(entry.reason);
  const rest = new Set(["parameters", "payload", "redacted", "truncated"]);
  return Object.fromEntries(Object.entries(entry.record).filter(([name]) => !rest.has(name)));
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was the descriptor by which the folder was listed.
    return undefined;
  }
}
