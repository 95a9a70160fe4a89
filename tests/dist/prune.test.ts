// `claude-session prune`: what it removes, and that it removes nothing else.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { run } from "../../scripts/harness/system-commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { limit } from "../support/limit";
import { recordedSession, SESSION } from "../support/recorded-session";
import { writeDay, writeRecords } from "../support/written-log";

// Rows run at the same time, so each takes longer than alone.
setDefaultTimeout(120_000);

const DAY_MS = 86_400_000;
const records = await recordedSession();
const day = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);

describe("days", () => {
  test.concurrent.each([
    ["prune --older-than 7d", [8, 30, 31, 400], "only days that are older as a whole"],
    ["prune --older-than 24h", [2, 7, 8, 30, 31, 400], "other units work as well"],
    ["prune", [31, 400], "retention_days is the default"],
    ["prune --older-than 900d", [], "nothing is that old"],
    ["prune --older-than 7d --dry-run", [], "a dry run removes nothing"],
  ])("%s removes the days of %j days ago: %s", async (words, removed) => {
    using sandbox = new Sandbox();
    const ages = [0, 1, 2, 7, 8, 30, 31, 400];
    for (const age of ages) writeDay(sandbox, day(age), `${JSON.stringify(records[0])}\n`);
    const { code, stdout, stderr } = await runCli(sandbox, words);
    expect(code).toBe(0);
    // It says how many before it begins.
    expect(stderr).toBe(
      removed.length > 0 ? stdout.replace("Removed", "Removing").replace(/\.$/m, " …") : "",
    );
    const left = ages.filter((age) => !removed.includes(age)).map((age) => `${day(age)}.jsonl`);
    expect(readdirSync(sandbox.events).toSorted()).toEqual(left.toSorted());
    if (removed.length > 0)
      expect(stdout).toMatch(
        new RegExp(
          `^Removed ${removed.length} days, ${day(400)} to ${day(removed[0] ?? 0)}, \\d+ kB\\.\n$`,
        ),
      );
    else if (words.includes("--dry-run")) expect(stdout).toStartWith("Would remove 4 days");
    else expect(stdout).toStartWith("The log has nothing before");
  });

  test.concurrent("are removed, and everything else in the folder stays", async () => {
    using sandbox = new Sandbox();
    writeDay(sandbox, "2020-01-01", "{}\n");
    const others = ["2020-01-01.jsonl.bak", "2020-1-1.jsonl", "notes.txt"];
    for (const name of others) writeFileSync(`${sandbox.events}/${name}`, "mine");
    run("mkfifo", `${sandbox.events}/2020-01-02.jsonl`);
    symlinkSync("notes.txt", `${sandbox.events}/2020-01-03.jsonl`);
    mkdirSync(`${sandbox.events}/2020-01-04.jsonl`);
    const odd = ["2020-01-02.jsonl", "2020-01-03.jsonl", "2020-01-04.jsonl"];
    expect((await runCli(sandbox, "prune --older-than 1d")).code).toBe(0);
    expect(readdirSync(sandbox.events).toSorted()).toEqual([...others, ...odd].toSorted());
  });

  test.concurrent.each([
    ["30", "it has no unit"],
    ["soon", "it is not a duration"],
    ["-7d", "it is negative"],
    ["7d-ish", "only its start is a duration"],
    ["999999999999d", "it is longer than a century"],
  ])("stay with --older-than %s, because %s", async (age) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, day(1), "{}\n");
    expect(await runCli(sandbox, `prune --older-than ${age}`)).toMatchObject({
      code: 2,
      stdout: "",
    });
    expect(readdirSync(sandbox.events)).toEqual([`${day(1)}.jsonl`]);
  });
});

describe("a session", () => {
  const lines = records.map((record) => JSON.stringify(record));
  const isOwn = (line: string) => line.includes(`"session_id":"${SESSION}"`);

  test.concurrent.each([
    ["with", "\n"],
    ["without", ""],
  ])(
    "is blanked in place, and no other byte moves, in a file %s a newline at the end",
    async (_, end) => {
      using sandbox = new Sandbox();
      const quoting = JSON.stringify({
        ...records[0],
        session_id: "other",
        payload: { session_id: SESSION },
      });
      const before = [...lines, quoting, "torn", lines[1]].join("\n") + end;
      const path = writeDay(sandbox, "2026-11-22", before);
      expect((await runCli(sandbox, `prune --session ${SESSION} --dry-run`)).stdout).toStartWith(
        "Would remove 35 records",
      );
      expect(readFileSync(path, "utf8")).toBe(before);
      const { code, stdout } = await runCli(sandbox, `prune --session ${SESSION}`);
      expect(code).toBe(0);
      expect(stdout).toStartWith(`Removed 35 records of ${SESSION} on 2026-11-22; `);
      const blank = (line: string) =>
        isOwn(line) && line !== quoting ? " ".repeat(Buffer.byteLength(line)) : line;
      const after = before.split("\n").map(blank).join("\n");
      expect(readFileSync(path, "utf8")).toBe(end === "" ? `${after.slice(0, -1)}\n` : after);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const listed = JSON.parse((await runCli(sandbox, "list --json")).stdout) as {
        session_id: string;
      }[];
      expect(listed.map(({ session_id }) => session_id)).not.toContain(SESSION);
      expect(await runCli(sandbox, `prune --session ${SESSION}`)).toMatchObject({
        code: 1,
        stdout: "",
      });
    },
  );

  test("is removed while hooks write, and none of their records is lost", async () => {
    using sandbox = new Sandbox();
    const { payload } = await capturedPayload("PreToolUse");
    writeRecords(
      sandbox,
      records.map((record) => ({ ...record, timestamp: new Date().toISOString() })),
    );
    const ids = Array.from({ length: 40 }, (_, i) => `call-${i}`);
    // A hook waits a second for its input, which a busy machine needs for forty at a time.
    const record = limit(8, (id: string) =>
      runProgram("pre-tool-use", sandbox, { ...payload, session_id: "busy-1", tool_use_id: id }),
    );
    const [pruned] = await Promise.all([
      runCli(sandbox, `prune --session ${SESSION}`),
      ...ids.map(record),
    ]);
    expect(pruned).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Removing 34 records[^\n]*\n$/),
    });
    const left = await recordsOf(sandbox);
    expect(left.filter(({ session_id }) => session_id === SESSION)).toEqual([]);
    expect(
      left
        .flatMap(({ session_id, tool_use_id }) => (session_id === "busy-1" ? [tool_use_id] : []))
        .toSorted(),
    ).toEqual(ids.toSorted());
  });

  test.concurrent("is removed from all of its days, and other days stay as they are", async () => {
    using sandbox = new Sandbox();
    const days = ["2026-11-20", "2026-11-21", "2026-11-22"];
    const first = `${lines.slice(0, 2).join("\n")}\n`;
    const other = `${lines.slice(-2).join("\n")}\n`;
    const paths = [first, other, first].map((text, i) => writeDay(sandbox, days[i] ?? "", text));
    const { stdout } = await runCli(sandbox, `prune --session ${SESSION}`);
    expect(stdout).toStartWith(`Removed 4 records of ${SESSION} on 2026-11-20, 2026-11-22; `);
    const blank = first.replace(/[^\n]/gu, (character) => " ".repeat(Buffer.byteLength(character)));
    expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual([blank, other, blank]);
  });

  test.concurrent("is removed with its torn lines", async () => {
    using sandbox = new Sandbox();
    const torn = lines[1]?.slice(0, -40);
    const path = writeDay(
      sandbox,
      "2026-11-22",
      [...lines.slice(0, 2), torn, ...lines.slice(2)].join("\n"),
    );
    expect((await runCli(sandbox, `prune --session ${SESSION}`)).code).toBe(0);
    expect(readFileSync(path, "utf8").includes("Fix the test in cart.ts")).toBe(false);
  });

  test.concurrent("may be the latest", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    const { stdout } = await runCli(sandbox, "prune --session latest --dry-run");
    expect(stdout).toStartWith("Would remove 3 records of 22222222");
  });

  test.concurrent.each(["1111", "nothing", "\u001B[2J"])(
    "is not found by %j: a whole id is needed",
    async (id) => {
      using sandbox = new Sandbox();
      writeRecords(sandbox, records);
      const { code, stderr } = await runCli(sandbox, `prune --session ${id}`);
      expect(code).toBe(1);
      expect(stderr).toContain("--session needs a whole session id");
      expect(stderr).not.toContain("\u001B");
      expect(await recordsOf(sandbox)).toHaveLength(records.length);
    },
  );
});

describe("with a destination", () => {
  const folder = (sandbox: Sandbox) => `${sandbox.state}/forward/team`;

  // Nothing listens there.
  function forwarding(sandbox: Sandbox): void {
    mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
    const destination = { name: "team", type: "http", url: "http://127.0.0.1:9", events: ["Stop"] };
    const config = JSON.stringify({ destinations: [destination] });
    writeFileSync(`${sandbox.state}/config.json`, config, { mode: 0o600 });
  }

  async function lost(sandbox: Sandbox): Promise<number> {
    const { stdout } = await runCli(sandbox, "forward --status --json");
    return (JSON.parse(stdout) as { destinations: { lost: number }[] }).destinations[0]?.lost ?? -1;
  }

  test.concurrent("days are removed after their undelivered events are counted once", async () => {
    using sandbox = new Sandbox();
    forwarding(sandbox);
    writeRecords(sandbox, records);
    const stops = records.filter(({ event }) => event === "Stop").length;
    expect(stops).toBeGreaterThan(1);
    const ended = await runCli(sandbox, "prune --older-than 1s");
    expect(ended).toMatchObject({ code: 0 });
    expect(readdirSync(sandbox.events)).toEqual([]);
    expect(await lost(sandbox)).toBe(stops);
    await runCli(sandbox, "prune --older-than 1s");
    expect(await lost(sandbox)).toBe(stops);
  });

  test.concurrent("a session is removed from the events that a server rejected, too", async () => {
    using sandbox = new Sandbox();
    forwarding(sandbox);
    writeRecords(sandbox, records);
    mkdirSync(folder(sandbox), { recursive: true, mode: 0o700 });
    const lines = records.map((record) =>
      JSON.stringify({ at: record.timestamp, status: 400, answer: "no", record }),
    );
    const path = `${folder(sandbox)}/rejected.jsonl`;
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    expect(await runCli(sandbox, `prune --session ${SESSION}`)).toMatchObject({ code: 0 });
    const left = readFileSync(path, "utf8");
    expect(left).not.toContain(SESSION);
    expect(left.split("\n").filter((line) => line.trim() !== "")).toEqual(
      lines.filter((line) => !line.includes(SESSION)),
    );
    expect(Buffer.byteLength(left)).toBe(Buffer.byteLength(lines.join("\n")) + 1);
  });
});
