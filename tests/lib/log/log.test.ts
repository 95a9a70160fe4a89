import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { reportFaults } from "../../../lib/hook/error-log";
import { appendRecord, expiredDays, listDays, pruneDays } from "../../../lib/log/log";
import { faultCode } from "../../../lib/os/fault";
import { Sandbox } from "../../../scripts/harness/sandbox";

const isRoot = process.geteuid?.() === 0;
const DAY = "2026-11-22";
const TIME = `${DAY}T09:58:01.123Z`;

describe("appending", () => {
  test("creates private folders, and a private file for each UTC day", () => {
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

  test("makes a file private that is not, and leaves folders that are there as they are", () => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.events, { recursive: true });
    for (const path of [sandbox.state, sandbox.events]) chmodSync(path, 0o755);
    writeFileSync(`${sandbox.events}/${DAY}.jsonl`, "", { mode: 0o644 });
    appendRecord(sandbox.events, TIME, "{}");
    expect(permissions(`${sandbox.events}/${DAY}.jsonl`)).toBe(0o600);
    for (const path of [sandbox.state, sandbox.events]) expect(permissions(path)).toBe(0o755);
  });

  test("fails on a day that is a link, and writes nothing through it", () => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.events, { recursive: true });
    writeFileSync(`${sandbox.root}/victim`, "");
    symlinkSync(`${sandbox.root}/victim`, `${sandbox.events}/${DAY}.jsonl`);
    expect(codeOf(() => appendRecord(sandbox.events, TIME, "{}"))).toBe("ELOOP");
    expect(statSync(`${sandbox.root}/victim`).size).toBe(0);
  });

  test("loses nothing when twenty processes create the log together", async () => {
    using sandbox = new Sandbox();
    const script = `import { appendRecord } from "${import.meta.dir}/../../../lib/log/log.ts";
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

describe("pruning", () => {
  const now = Date.parse("2026-03-31T00:00:00.000Z");
  const days = ["2025-03-31", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-30", "2026-03-31"];

  test.each([
    [3650, 6, "all days are younger"],
    [365, 6, "a year to the day"],
    [31, 4, "a month"],
    [30, 3, "30 days before the end of March"],
    [1, 2, "today and yesterday"],
  ])("to %p days leaves %p (%s)", (retentionDays, left) => {
    using sandbox = new Sandbox();
    for (const day of days) appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
    expect(pruneDays(sandbox.events, retentionDays, now)).toEqual([]);
    expect(listDays(sandbox.events)).toEqual(days.slice(days.length - left));
  });

  test.each([
    ["2036-03-31", days, "ten years ahead, when the whole log seems old"],
    ["2016-03-31", days, "ten years behind, when none of it does"],
    ["2026-06-30", days.slice(1), "after a pause, when age counts from the last logged day"],
  ])("with the clock at %s leaves %j (%s)", (today, left) => {
    using sandbox = new Sandbox();
    for (const day of days) appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
    // The record of this session's start has the time of the same clock.
    appendRecord(sandbox.events, `${today}T00:00:00.000Z`, "{}");
    expect(pruneDays(sandbox.events, today === "2026-06-30" ? 60 : 366, Date.parse(today))).toEqual(
      [],
    );
    expect(listDays(sandbox.events)).toEqual([...left, today].toSorted());
  });

  // Root can remove any file, except one with the immutable attribute.
  test.skipIf(!isRoot || Bun.which("chattr") === null)(
    "continues after a day that it cannot remove, and reports it",
    () => {
      using sandbox = new Sandbox();
      for (const day of ["2020-01-01", "2020-01-02", "2026-03-30"])
        appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
      const { exitCode } = Bun.spawnSync(["chattr", "+i", `${sandbox.events}/2020-01-01.jsonl`]);
      try {
        if (exitCode !== 0) return; // Not every file system has the attribute.
        expect(pruneDays(sandbox.events, 30, now)).toEqual(["EPERM 2020-01-01.jsonl"]);
        expect(listDays(sandbox.events)).toEqual(["2020-01-01", "2026-03-30"]);
      } finally {
        Bun.spawnSync(["chattr", "-i", `${sandbox.events}/2020-01-01.jsonl`]);
      }
    },
  );

  test("does not remove what is not one of our days", () => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.events}/2020-01-01.jsonl`, { recursive: true });
    writeFileSync(`${sandbox.events}/notes.txt`, "");
    writeFileSync(`${sandbox.root}/victim`, "");
    symlinkSync(`${sandbox.root}/victim`, `${sandbox.events}/2020-01-02.jsonl`);
    expect(pruneDays(sandbox.events, 1, now)).toEqual([]);
    expect(readdirSync(sandbox.events)).toHaveLength(3);
  });

  describe("if a forwarder must count the days first", () => {
    const prune = (sandbox: Sandbox, nowMs: number) => pruneDays(sandbox.events, 30, nowMs, true);
    const waiting = (sandbox: Sandbox) => expiredDays(sandbox.events).map(({ name }) => name);
    const dayMs = 86_400_000;

    test("takes days out of the log and keeps them for a day", () => {
      using sandbox = new Sandbox();
      for (const day of days) appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
      expect(prune(sandbox, now)).toEqual([]);
      expect(listDays(sandbox.events)).toEqual(days.slice(-3));
      const names = days.slice(0, 3).map((day) => `${day}.expired-${now}`);
      expect(waiting(sandbox).toSorted()).toEqual(names);
      prune(sandbox, now + dayMs);
      expect(waiting(sandbox)).toEqual(expect.arrayContaining(names));
      prune(sandbox, now + dayMs + 1);
      expect(waiting(sandbox).filter((name) => names.includes(name))).toEqual([]);
    });

    test("removes waiting days immediately if nothing is forwarded any more", () => {
      using sandbox = new Sandbox();
      for (const day of days) appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
      prune(sandbox, now);
      expect(pruneDays(sandbox.events, 30, now)).toEqual([]);
      expect(waiting(sandbox)).toEqual([]);
    });

    test("does not overwrite a waiting day by the day of a late line", () => {
      using sandbox = new Sandbox();
      for (const day of days) appendRecord(sandbox.events, `${day}T00:00:00.000Z`, "{}");
      prune(sandbox, now);
      appendRecord(sandbox.events, "2026-02-27T00:00:00.000Z", '{"late":1}');
      prune(sandbox, now);
      expect(listDays(sandbox.events)).toContain("2026-02-27");
      prune(sandbox, now + 1);
      expect(listDays(sandbox.events)).not.toContain("2026-02-27");
      expect(waiting(sandbox).at(-1)).toBe(`2026-02-27.expired-${now + 1}`);
      expect(waiting(sandbox)).toHaveLength(4);
    });
  });

  test("removes nothing if there is no log", () => {
    using sandbox = new Sandbox();
    expect(pruneDays(sandbox.events, 1, now)).toEqual([]);
  });
});

describe("the error log", () => {
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

  test("is not created if nothing failed", () => {
    using sandbox = new Sandbox();
    reportFaults("session-start", [], logOf(sandbox));
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test.each([
    ["a newline, which would forge a line", "a\nb", "a b"],
    ["a tab, which would forge a column", "a\r\n\tb", "a b"],
    ["an escape sequence", "a\u001B[31mb", "a [31mb"],
    ["an escape sequence in its C1 form", "a\u009B31mb", "a 31mb"],
    ["invisible characters", "a\0b\u007F", "a b "],
    ["line ends of some programs", "a\u2028b\u2029c", "a b c"],
    ["characters that change the text's direction", "a\u202Eb\u2066c", "a b c"],
    ["only letters", "ñ日🙂", "ñ日🙂"],
    ["too many characters", "x".repeat(9999), "x".repeat(500)],
  ])("makes a fault safe to print that has %s", (_, fault, written) => {
    using sandbox = new Sandbox();
    reportFaults("p", [fault], logOf(sandbox));
    expect(readFileSync(logOf(sandbox), "utf8")).toEndWith(`\tp\t${written}\n`);
  });

  test("stays under a megabyte, and keeps the newest faults", () => {
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

  const unusable: [string, (sandbox: Sandbox) => string][] = [
    ["a link", (sandbox) => (symlinkSync("nowhere", `${sandbox.root}/l`), `${sandbox.root}/l`)],
    ["a folder", (sandbox) => sandbox.project],
    [
      "a path under a file",
      (sandbox) => (writeFileSync(`${sandbox.root}/f`, ""), `${sandbox.root}/f/log`),
    ],
    ["an invalid path", () => "/\0/log"],
    ["a name that is too long", (sandbox) => `${sandbox.root}/${"n".repeat(300)}/log`],
  ];
  test.each(unusable)("that cannot be written does not throw: %s", (_, pathIn) => {
    using sandbox = new Sandbox();
    const path = pathIn(sandbox);
    expect(() => reportFaults("p", ["fault"], path)).not.toThrow();
    expect(readdirSync(sandbox.root)).not.toContain("nowhere");
  });
});

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
