import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { reportFaults } from "../../lib/error-log";
import { faultCode } from "../../lib/fault";
import {
  appendRecord,
  listDays,
  pruneDays,
  readDays,
  type LogEntry,
  type ReadFrom,
} from "../../lib/log";
import { Sandbox } from "../support/sandbox";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const DAY = "2026-11-22";
const TIME = `${DAY}T09:58:01.123Z`;

describe("appending", () => {
  test("makes private folders, and a private file for each UTC day", () => {
    using sandbox = new Sandbox();
    const before = process.umask(0);
    try {
      appendRecord(sandbox.events, "2026-11-22T23:59:59.999Z", "{}");
      appendRecord(sandbox.events, "2026-11-23T00:00:00.000Z", "[]");
      appendRecord(sandbox.events, "2026-11-22T00:00:00.000Z", "7");
    } finally {
      process.umask(before);
    }
    expect(permissions(sandbox.state)).toBe(0o700);
    expect(permissions(sandbox.events)).toBe(0o700);
    expect(readdirSync(sandbox.events).toSorted()).toEqual([
      "2026-11-22.jsonl",
      "2026-11-23.jsonl",
    ]);
    expect(permissions(`${sandbox.events}/2026-11-22.jsonl`)).toBe(0o600);
    expect(readFileSync(`${sandbox.events}/2026-11-22.jsonl`, "utf8")).toBe("{}\n7\n");
    expect(readFileSync(`${sandbox.events}/2026-11-23.jsonl`, "utf8")).toBe("[]\n");
  });

  test("closes to others what is open to them", () => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.events, { recursive: true });
    for (const path of [sandbox.state, sandbox.events]) chmodSync(path, 0o755);
    writeFileSync(`${sandbox.events}/${DAY}.jsonl`, "", { mode: 0o644 });
    appendRecord(sandbox.events, TIME, "{}");
    for (const path of [sandbox.state, sandbox.events, `${sandbox.events}/${DAY}.jsonl`])
      expect(statSync(path).mode & 0o077).toBe(0);
  });

  test("refuses a day that is a link, and writes nothing through it", () => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.events, { recursive: true });
    writeFileSync(`${sandbox.root}/victim`, "");
    symlinkSync(`${sandbox.root}/victim`, `${sandbox.events}/${DAY}.jsonl`);
    expect(codeOf(() => appendRecord(sandbox.events, TIME, "{}"))).toBe("ELOOP");
    expect(statSync(`${sandbox.root}/victim`).size).toBe(0);
  });

  test("loses nothing where twenty processes are the first", async () => {
    using sandbox = new Sandbox();
    const script = `import { appendRecord } from "${import.meta.dir}/../../lib/log.ts";
      for (let n = 0; n < 20; n++)
        appendRecord("${sandbox.events}", "${TIME}", process.env.LINES + n + " " + "x".repeat(9000));`;
    const children = Array.from({ length: 20 }, (_, at) =>
      Bun.spawn([process.execPath, "-e", script], {
        env: sandbox.env({ LINES: `${at} ` }),
        cwd: "/",
        stderr: "pipe",
      }),
    );
    for (const child of children)
      expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
    const lines = readFileSync(`${sandbox.events}/${DAY}.jsonl`, "utf8").split("\n");
    expect(new Set(lines.filter((text) => /^\d+ \d+ x{9000}$/.test(text))).size).toBe(400);
  });
});

describe("reading", () => {
  test("gives every record, the oldest day first", async () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-11-23", "2025-12-31", "2026-02-01"])
      for (const id of ["a", "b"])
        appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: `${day}${id}` }));
    expect((await read(sandbox)).map(nameOf)).toEqual([
      "2025-12-31a",
      "2025-12-31b",
      "2026-02-01a",
      "2026-02-01b",
      "2026-11-23a",
      "2026-11-23b",
    ]);
    const later = await read(sandbox, { day: "2026-01-01", offset: 1e6 });
    expect(later.map(nameOf)).toEqual(["2026-02-01a", "2026-02-01b", "2026-11-23a", "2026-11-23b"]);
  });

  test("gives nothing where there is no log", async () => {
    using sandbox = new Sandbox();
    expect(await read(sandbox)).toEqual([]);
    mkdirSync(sandbox.events, { recursive: true });
    expect(await read(sandbox)).toEqual([]);
    writeFileSync(`${sandbox.events}/${DAY}.jsonl`, "");
    expect(await read(sandbox)).toEqual([]);
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
  ])("skips, counts and passes by %s", async (_, bad, reason) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, `${line({ id: "before" })}\n${bad}\n${line({ id: "after" })}\n`);
    expect((await read(sandbox)).map(nameOf)).toEqual(["before", reason, "after"]);
  });

  test("takes records as long as ours can be, and those with a Windows line end", async () => {
    using sandbox = new Sandbox();
    const long = line({ id: "long", payload: "ñ".repeat(100_000) });
    writeDay(sandbox, `${long}\n${line({ id: "crlf" })}\r\n`);
    expect((await read(sandbox)).map(nameOf)).toEqual(["long", "crlf"]);
  });

  test("takes a last record of which only the newline is missing, and not twice", async () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, line({ id: "last" }));
    const [entry] = await read(sandbox);
    expect(nameOf(entry as LogEntry)).toBe("last");
    appendFileSync(dayFile(sandbox), `\n${line({ id: "next" })}\n`);
    const rest = await read(sandbox, { day: DAY, offset: (entry as LogEntry).end });
    expect(rest.map(nameOf)).toEqual(["next"]);
  });

  test("does not lose a record that was half there when it looked", async () => {
    using sandbox = new Sandbox();
    const record = line({ id: "slow" });
    writeDay(sandbox, `${line({ id: "first" })}\n${record.slice(0, 40)}`);
    const seen = await read(sandbox);
    expect(seen.map(nameOf)).toEqual(["first", "torn"]);
    appendFileSync(dayFile(sandbox), `${record.slice(40)}\n`);
    const rest = await read(sandbox, { day: DAY, offset: (seen[1] as LogEntry).end });
    expect(rest.map(nameOf)).toEqual(["slow"]);
  });

  test("reads no day that is a link, a folder, another name, or another user's", async () => {
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
    expect((await read(sandbox)).map(nameOf)).toEqual(["ours"]);
  });

  test("goes on after a day that it must not read, and says so", async () => {
    using sandbox = new Sandbox();
    for (const day of ["2026-01-01", "2026-01-02", "2026-01-03"])
      appendRecord(sandbox.events, `${day}T00:00:00.000Z`, line({ id: day }));
    linkSync(`${sandbox.events}/2026-01-02.jsonl`, `${sandbox.root}/second`);
    expect((await read(sandbox)).map(nameOf)).toEqual(["2026-01-01", "unreadable", "2026-01-03"]);
  });

  test.skipIf(process.platform !== "linux")(
    "keeps no file open, read whole or left early",
    async () => {
      using sandbox = new Sandbox();
      writeDay(sandbox, `${line()}\n`.repeat(5000));
      const open = () =>
        readdirSync("/proc/self/fd").filter((fd) => targetOf(fd) === dayFile(sandbox));
      for (let at = 0; at < 5; at++) {
        await read(sandbox);
        for await (const entry of readDays(sandbox.events)) if (entry.end > 0) break;
      }
      expect(open()).toEqual([]);
    },
  );

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

  test("finds exactly the records in any bytes, and can go on from any entry", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.boolean(), async (parts, isEnded) => {
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
        const entries = await read(sandbox);
        expect(entries.map((entry) => ({ gives: nameOf(entry), end: entry.end }))).toEqual(
          expected,
        );
        for (const [at, { end: offset }] of entries.entries()) {
          const rest = await read(sandbox, { day: DAY, offset });
          const next = isLastHalf && at === entries.length - 1 ? at : at + 1;
          expect(rest.map(nameOf)).toEqual(entries.slice(next).map(nameOf));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("pruning", () => {
  const now = Date.parse("2026-03-31T00:00:00.000Z");
  const days = ["2025-03-31", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-30", "2026-03-31"];

  test.each([
    [3650, 6, "everything is younger"],
    [365, 6, "a year to the day"],
    [31, 4, "a month"],
    [30, 3, "30 days before the end of March"],
    [1, 2, "today and yesterday"],
  ])("to %p days leaves %p (%s)", (retentionDays, left) => {
    using sandbox = new Sandbox();
    for (const day of days) appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
    expect(pruneDays(sandbox.events, retentionDays, now)).toBe(days.length - left);
    expect(listDays(sandbox.events)).toEqual(days.slice(days.length - left));
  });

  test("leaves what is not a day of ours", () => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.events}/2020-01-01.jsonl`, { recursive: true });
    writeFileSync(`${sandbox.events}/notes.txt`, "");
    writeFileSync(`${sandbox.root}/victim`, "");
    symlinkSync(`${sandbox.root}/victim`, `${sandbox.events}/2020-01-02.jsonl`);
    expect(pruneDays(sandbox.events, 1, now)).toBe(0);
    expect(readdirSync(sandbox.events)).toHaveLength(3);
  });

  test("of no log removes nothing", () => {
    using sandbox = new Sandbox();
    expect(pruneDays(sandbox.events, 1, now)).toBe(0);
  });
});

describe("the log of faults", () => {
  test("has a line for each fault: time, program, fault", () => {
    using sandbox = new Sandbox();
    reportFaults(
      "session-start",
      ["ENOSPC claude_session_shop", "config.json: not JSON"],
      logOf(sandbox),
    );
    reportFaults("pre-tool-use", ["input: late, 0 bytes"], logOf(sandbox));
    const lines = readFileSync(logOf(sandbox), "utf8").split("\n");
    expect(lines.map((text) => text.split("\t").slice(1))).toEqual([
      ["session-start", "ENOSPC claude_session_shop"],
      ["session-start", "config.json: not JSON"],
      ["pre-tool-use", "input: late, 0 bytes"],
      [],
    ]);
    for (const text of lines.slice(0, -1))
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t/);
    expect(statSync(logOf(sandbox)).mode & 0o777).toBe(0o600);
    expect(statSync(sandbox.state).mode & 0o777).toBe(0o700);
  });

  test("is not made where nothing failed", () => {
    using sandbox = new Sandbox();
    reportFaults("session-start", [], logOf(sandbox));
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test.each([
    ["a line of its own would be a forged one", "a\nb", "a b"],
    ["as would a column", "a\r\n\tb", "a b"],
    ["an escape drives the terminal", "a\u001B[31mb", "a [31mb"],
    ["so does its C1 form", "a\u009B31mb", "a 31mb"],
    ["what no terminal shows", "a\0b\u007F", "a b "],
    ["line ends to some programs", "a\u2028b\u2029c", "a b c"],
    ["turns the direction of what follows", "a\u202Eb\u2066c", "a b c"],
    ["only letters", "ñ日🙂", "ñ日🙂"],
    ["too long", "x".repeat(9999), "x".repeat(500)],
  ])("makes a fault fit to be shown: %s", (_, fault, written) => {
    using sandbox = new Sandbox();
    reportFaults("p", [fault], logOf(sandbox));
    expect(readFileSync(logOf(sandbox), "utf8")).toEndWith(`\tp\t${written}\n`);
  });

  test("stays under a megabyte, and keeps the newest", () => {
    using sandbox = new Sandbox();
    const fault = "x".repeat(500);
    for (let at = 0; at < 3000; at++) reportFaults("p", [`${at} ${fault}`], logOf(sandbox));
    const files = [`${logOf(sandbox)}.old`, logOf(sandbox)];
    const sizes = files.map((path) => statSync(path).size);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(1.01 * 1_048_576);
    const all = files.map((path) => readFileSync(path, "utf8")).join("");
    const numbers = [...all.matchAll(/\tp\t(\d+) /g)].map(([, number]) => Number(number));
    expect(numbers.at(-1)).toBe(2999);
    expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] as number) + at));
    expect(readdirSync(sandbox.state)).toHaveLength(2);
  });

  const hard: [string, (sandbox: Sandbox) => string][] = [
    ["a link", (sandbox) => (symlinkSync("nowhere", `${sandbox.root}/l`), `${sandbox.root}/l`)],
    ["a folder", (sandbox) => sandbox.project],
    [
      "under a file",
      (sandbox) => (writeFileSync(`${sandbox.root}/f`, ""), `${sandbox.root}/f/log`),
    ],
    ["no path", () => "/\0/log"],
    ["beyond any name", (sandbox) => `${sandbox.root}/${"n".repeat(300)}/log`],
  ];
  test.each(hard)("that is %s is nobody's fault any more", (_, pathIn) => {
    using sandbox = new Sandbox();
    const path = pathIn(sandbox);
    expect(() => reportFaults("p", ["fault"], path)).not.toThrow();
    expect(readdirSync(sandbox.root)).not.toContain("nowhere");
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

function read(sandbox: Sandbox, from?: ReadFrom): Promise<LogEntry[]> {
  return Array.fromAsync(readDays(sandbox.events, from));
}

function nameOf(entry: LogEntry): string {
  return entry.kind === "record" ? entry.record.id : entry.reason;
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was the one that listed the folder.
    return undefined;
  }
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return faultCode(error);
  }
}

function permissions(path: string): number {
  return statSync(path).mode & 0o777;
}

function logOf(sandbox: Sandbox): string {
  return `${sandbox.state}/hook-errors.log`;
}
