// `claude-session tail -f`, while hooks write.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import type { EventRecord } from "../../lib/log/record";
import { capturedPayload } from "../../scripts/harness/payloads";
import { programPath, runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { limit } from "../support/limit";
import { recordedSession, SESSION } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

const PATIENCE_MS = 30_000;
// Longer, so that a wait in vain ends with what came.
setDefaultTimeout(4 * PATIENCE_MS);
const records = await recordedSession();

describe("following", () => {
  test.concurrent("shows what hooks write, in order and each record once", async () => {
    using sandbox = new Sandbox();
    const { payload } = await capturedPayload("PreToolUse");
    // A hook waits a second for its input, which a busy machine needs for thirty at a time.
    const record = limit(8, (id: string) =>
      runProgram("pre-tool-use", sandbox, { ...payload, tool_use_id: id }),
    );
    await record("before");
    using tail = follow(sandbox, "tail -f --json");
    expect(await tail.ids(1)).toEqual(["before"]);
    const ids = Array.from({ length: 30 }, (_, i) => `call-${i}`);
    // Some one after the other, and some at the same time.
    for (const id of ids.slice(0, 5)) await record(id);
    await Promise.all(ids.slice(5).map(record));
    const seen = await tail.ids(31);
    expect(seen.slice(0, 6)).toEqual(["before", ...ids.slice(0, 5)]);
    expect(seen.slice(6).toSorted()).toEqual(ids.slice(5).toSorted());
    const { stdout } = await runCli(sandbox, "tail -n 99 --json");
    expect(seen).toEqual(idsIn(stdout));
  });

  test.concurrent(
    "begins before there is a log, and continues from one day to the next",
    async () => {
      using sandbox = new Sandbox();
      using tail = follow(sandbox, "tail -f --json");
      const days = ["2026-11-22", "2026-11-23", "2027-01-01"];
      for (const [i, day] of days.entries()) {
        writeRecords(sandbox, [numbered(day, `${day}T12:00:00.000Z`)]);
        expect(await tail.ids(i + 1)).toEqual(days.slice(0, i + 1));
      }
    },
  );

  test.concurrent(
    "waits for the rest of a line, and skips lines that are not records",
    async () => {
      using sandbox = new Sandbox();
      writeRecords(sandbox, [numbered("first")]);
      using tail = follow(sandbox, "tail -f --json");
      await tail.ids(1);
      const path = `${sandbox.events}/2026-11-22.jsonl`;
      const line = JSON.stringify(numbered("slow"));
      const huge = "x".repeat(300_000);
      // Once it shows the record before the half line, it has seen that, too.
      const seen = JSON.stringify(numbered("seen"));
      appendFileSync(path, `torn\n\n${huge}\n${seen}\n${line.slice(0, 50)}`);
      expect(await tail.ids(2)).toEqual(["first", "seen"]);
      appendFileSync(path, `${line.slice(50)}\n`);
      expect(await tail.ids(3)).toEqual(["first", "seen", "slow"]);
    },
  );

  test.concurrent("shows what a hook writes late into yesterday's file", async () => {
    using sandbox = new Sandbox();
    const today = "2026-11-23T00:00:00.00";
    writeRecords(sandbox, [numbered("first")]);
    using tail = follow(sandbox, "tail -f --json");
    await tail.ids(1);
    // Two hooks around midnight: the one that began later writes first.
    writeRecords(sandbox, [numbered("second", `${today}1Z`)]);
    await tail.ids(2);
    writeRecords(sandbox, [
      numbered("late", "2026-11-22T23:59:59.999Z"),
      numbered("third", `${today}2Z`),
    ]);
    await tail.ids(3);
    writeRecords(sandbox, [numbered("last", `${today}3Z`)]);
    expect(await tail.idsUntil("last")).toEqual(["first", "second", "late", "third", "last"]);
  });

  test.concurrent("shows a line that was half written when it began", async () => {
    using sandbox = new Sandbox();
    const line = JSON.stringify(numbered("slow"));
    writeRecords(sandbox, [numbered("first")]);
    const path = `${sandbox.events}/2026-11-22.jsonl`;
    appendFileSync(path, line.slice(0, 50));
    using tail = follow(sandbox, "tail -f --json");
    await tail.ids(1);
    appendFileSync(path, `${line.slice(50)}\n`);
    expect(await tail.ids(2)).toEqual(["first", "slow"]);
  });

  test.concurrent.each<[string, (path: string) => void, string[]]>([
    ["is emptied", (path) => truncateSync(path), ["new"]],
    ["is removed", (path) => rmSync(path), ["new"]],
    [
      "is replaced by its later half",
      (path) => replaceLines(path, (lines) => lines.slice(1)),
      ["new"],
    ],
    ["loses its last record", (path) => replaceLines(path, (lines) => lines.slice(0, -1)), ["new"]],
    [
      "is edited in place",
      (path) => writeFileSync(path, readFileSync(path, "utf8").replaceAll("startup", "start")),
      ["new"],
    ],
  ])("shows what comes when a day %s, and nothing twice", async (_, change, expected) => {
    using sandbox = new Sandbox();
    writeRecords(
      sandbox,
      ["a1", "a2", "a3"].map((id) => numbered(id)),
    );
    using tail = follow(sandbox, "tail -f --json");
    await tail.ids(3);
    change(`${sandbox.events}/2026-11-22.jsonl`);
    for (const id of expected) writeRecords(sandbox, [numbered(id)]);
    expect(await tail.idsUntil("new")).toEqual(["a1", "a2", "a3", ...expected]);
  });

  test.concurrent.each([
    [`--session ${SESSION.slice(0, 4)}`, { session_id: SESSION }, { session_id: "other" }],
    ["--project shop", { project: "shop" }, { project: "shopping" }],
    [
      "--session s --project shop",
      { session_id: "s1", project: "shop" },
      { session_id: "s1", project: "x" },
    ],
  ])("with %s shows only matching records", async (options, wanted, unwanted) => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, [
      { ...numbered("old-no"), ...unwanted },
      { ...numbered("old-yes"), ...wanted },
    ]);
    using tail = follow(sandbox, `tail -f --json ${options}`);
    await tail.ids(1);
    writeRecords(sandbox, [
      { ...numbered("new-no"), ...unwanted },
      { ...numbered("new-yes"), ...wanted },
    ]);
    expect(await tail.ids(2)).toEqual(["old-yes", "new-yes"]);
  });

  test.concurrent.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "ends quietly by %s",
    async (signal) => {
      using sandbox = new Sandbox();
      writeRecords(sandbox, records);
      const child = Bun.spawn([programPath("claude-session"), "tail", "-f"], {
        env: sandbox.env(),
        stdout: "pipe",
        stderr: "pipe",
      });
      await child.stdout.getReader().read();
      child.kill(signal);
      await child.exited;
      expect([child.signalCode, await child.stderr.text()]).toEqual([signal, ""]);
    },
  );

  test.concurrent("ends quietly when its reader is gone", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    const child = Bun.spawn([programPath("claude-session"), "tail", "-f"], {
      env: sandbox.env(),
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    // The next line fails.
    writeRecords(sandbox, records);
    expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
  });

  test.concurrent("shows only new records with -n 0", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, [numbered("old")]);
    using tail = follow(sandbox, "tail -f -n 0 --json");
    // Nothing shows that it has begun, so records are written until one is shown.
    for (let i = 0; (await tail.ids(0)).length === 0; i++) {
      writeRecords(sandbox, [numbered(`new-${i}`)]);
      await Bun.sleep(20);
    }
    expect(await tail.ids(1)).not.toContain("old");
  });
});

test.concurrent.each([
  ["tail -n 3", 3],
  ["tail -n 0", 0],
  ["tail", 20],
  ["tail -n 999", records.length],
])("%s shows %p lines", async (words, expected) => {
  using sandbox = new Sandbox();
  writeRecords(sandbox, records);
  const { stdout } = await runCli(sandbox, `${words} --json`);
  expect(idsIn(stdout)).toEqual(expected === 0 ? [] : records.slice(-expected).map(({ id }) => id));
});

/** A follower, and what it has shown so far: the ids of tool calls, else of records. */
interface Follower extends Disposable {
  /** Waits until it has shown so many. */
  ids(least: number): Promise<string[]>;
  /** Waits until it has shown this one. */
  idsUntil(id: string): Promise<string[]>;
}

function follow(sandbox: Sandbox, words: string): Follower {
  const child = Bun.spawn([programPath("claude-session"), ...words.split(" ")], {
    env: sandbox.env(),
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  const reading = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  const shown = async (isEnough: (ids: readonly string[]) => boolean) => {
    const deadline = performance.now() + PATIENCE_MS;
    while (!isEnough(idsIn(text))) {
      if (performance.now() > deadline) throw new Error(`only this came: ${text}`);
      await Bun.sleep(5);
    }
    return idsIn(text);
  };
  return {
    ids: (least) => shown(({ length }) => length >= least),
    idsUntil: (id) => shown((ids) => ids.includes(id)),
    [Symbol.dispose]() {
      child.kill();
      void reading;
    },
  };
}

function idsIn(text: string): string[] {
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  return lines.map((line) => {
    const { id, tool_use_id } = JSON.parse(line) as EventRecord;
    return line.includes('"tool_use_id":"call-') || tool_use_id === "before"
      ? String(tool_use_id)
      : id;
  });
}

function numbered(id: string, timestamp = "2026-11-22T12:00:00.000Z"): EventRecord {
  const [first] = records;
  return { ...(first as EventRecord), id, timestamp };
}

// As `sed -i` does: another file takes its place.
function replaceLines(path: string, edit: (lines: string[]) => string[]): void {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(`${path}.new`, `${edit(lines).join("\n")}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
