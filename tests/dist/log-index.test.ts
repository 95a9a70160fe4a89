// The index of days that are over: views say the same with it as without it, whatever happens to the log or to it, and
// it goes where its day goes.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { Catalog } from "../../lib/dashboard/catalog";
import type { EventRecord } from "../../lib/log/record";
import { generateLog } from "../../scripts/bench/generate-log";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";

setDefaultTimeout(120_000);

const DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"];
/** About 1.4 MB a day: smaller days get no index. */
const RECORDS = 6000;

// Lines that are no records, or not ours, and records that say less or more than ours do.
const ODD_LINES = [
  '{"v":1,"id":"torn","timestamp":"2026-01-02T10:00:00.000Z","event":"PreToolUse","sess',
  "not JSON",
  '{"v":2}',
  "",
  "   ",
  `{"v":1,"id":"a","timestamp":"2026-01-02T10:00:00Z","event":"PostToolUse","session_id":"odd","project":"","tool":"Bash","duration_ms":20000000.5}`,
  `{"v":1,"id":"b","timestamp":"2026-01-02T10:00:01Z","event":"UserPromptSubmit","session_id":"unknown","project":"shop","payload":{"prompt":"who?"}}`,
  `{"v":1,"id":"c","timestamp":"2026-01-02T10:00:02Z","event":"PreToolUse","session_id":"c","project":"shop","client":"cursor","tool":"Shell"}`,
];

const QUESTIONS = [
  "list --json --limit 0",
  "list --json --limit 0 --since 2026-01-02",
  "list --json --limit 0 --since 2026-01-02T09:30:00Z",
  "list --json --limit 0 --project shop",
  "stats --json",
  "stats --json --by project",
  "stats --json --by day --since 2026-01-02T09:30:00Z",
  "stats --json --by hour",
  "stats --json --by time",
  "stats --json --by time --since 2026-01-02T09:30:00Z",
  "stats --json --by user",
  "stats",
];

function sandboxWithLog(): Sandbox {
  const sandbox = new Sandbox();
  const [, second = ""] = generateLog(sandbox.events, { records: RECORDS, days: DAYS.length });
  writeFileSync(second, doubled(readFileSync(second, "utf8")));
  appendFileSync(second, `${ODD_LINES.join("\n")}\n`);
  return sandbox;
}

/** A day of which every fifth event was recorded twice. */
function doubled(day: string): string {
  const lines = day.trimEnd().split("\n");
  const both = lines.flatMap((line, i) => {
    const record = JSON.parse(line) as EventRecord;
    const timestamp = new Date(Date.parse(record.timestamp) + 3).toISOString();
    return i % 5 === 0
      ? [line, JSON.stringify({ ...record, id: `again ${i}`, timestamp })]
      : [line];
  });
  return `${both.join("\n")}\n`;
}

function indexOf(sandbox: Sandbox, day = ""): string {
  return `${sandbox.state}/index/${day}`;
}

async function answersOf(sandbox: Sandbox): Promise<string[]> {
  const ended = await Promise.all(
    QUESTIONS.map((words) => runCli(sandbox, words, { env: { TZ: "Europe/Berlin" } })),
  );
  for (const { code } of ended) expect(code).toBe(0);
  return ended.map(({ stdout, stderr }) => stdout + stderr);
}

/** What views say of the log alone. */
async function answersWithoutIndex(sandbox: Sandbox): Promise<string[]> {
  rmSync(indexOf(sandbox), { recursive: true, force: true });
  // A file in its place, so that none is made.
  writeFileSync(indexOf(sandbox).slice(0, -1), "");
  const answers = await answersOf(sandbox);
  rmSync(indexOf(sandbox).slice(0, -1));
  return answers;
}

describe("views say the same with an index as without it", () => {
  test("of days that are over", async () => {
    using sandbox = sandboxWithLog();
    const expected = await answersWithoutIndex(sandbox);
    expect(expected.join("")).toMatch(/\b400 events recorded twice, shown once/);
    expect(await answersOf(sandbox)).toEqual(expected);
    expect(readdirSync(indexOf(sandbox)).toSorted()).toEqual(DAYS);
    const made = DAYS.map((day) => statSync(indexOf(sandbox, day)));
    expect(await answersOf(sandbox)).toEqual(expected);
    // They were read, not made again.
    for (const [at, day] of DAYS.entries()) {
      const now = statSync(indexOf(sandbox, day));
      expect([now.ino, now.mode & 0o777]).toEqual([made[at]?.ino ?? 0, 0o600]);
    }
    expect(statSync(indexOf(sandbox)).mode & 0o777).toBe(0o700);
  });

  test("also the dashboard, of every event and session", async () => {
    using sandbox = sandboxWithLog();
    const [without, made, kept] = [
      await catalogOf(sandbox),
      await catalogOf(sandbox),
      await catalogOf(sandbox),
    ];
    expect(existsSync(indexOf(sandbox, DAYS[1]))).toBeTrue();
    expect(made).toEqual(without);
    expect(kept).toEqual(without);
  });

  test.each([
    ["the day grew", (sandbox: Sandbox) => appendToDay(sandbox)],
    ["the day is gone", ({ events }: Sandbox) => rmSync(`${events}/${DAYS[1]}.jsonl`)],
    [
      "the day is another file of the same size",
      ({ events }: Sandbox) => {
        const path = `${events}/${DAYS[1]}.jsonl`;
        const text = readFileSync(path, "utf8").replaceAll('"Bash"', '"Dash"');
        rmSync(path);
        writeFileSync(path, text, { mode: 0o600 });
      },
    ],
  ])("after %s", async (_, change) => {
    using sandbox = sandboxWithLog();
    const before = await answersOf(sandbox);
    change(sandbox);
    const after = await answersOf(sandbox);
    expect(after).not.toEqual(before);
    expect(after).toEqual(await answersWithoutIndex(sandbox));
  });

  test("however the index was damaged", async () => {
    using sandbox = sandboxWithLog();
    const words = "stats --json --by project";
    const expected = (await runCli(sandbox, words)).stdout;
    const path = indexOf(sandbox, DAYS[1]);
    const whole = readFileSync(path);
    const flip = fc.record({ at: fc.nat(whole.length - 1), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ at, bit }) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        writeFileSync(path, bytes);
        expect((await runCli(sandbox, words)).stdout).toBe(expected);
      }),
      { numRuns: 15 },
    );
    for (const size of [0, 7, 8, 16, 17, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, size));
      expect((await runCli(sandbox, words)).stdout).toBe(expected);
    }
    // Another day's, another version's.
    writeFileSync(path, readFileSync(indexOf(sandbox, DAYS[0])));
    expect((await runCli(sandbox, words)).stdout).toBe(expected);
    expect(readFileSync(path)).toEqual(whole);
  });

  test.each([
    ["a link", (path: string, root: string) => symlinkSync(`${root}/elsewhere`, path)],
    ["a folder", (path: string) => mkdirSync(path)],
    ["in a folder that cannot be made", (path: string) => spoilFolder(path)],
  ])("where the index is %s", async (_, put) => {
    using sandbox = sandboxWithLog();
    const expected = await answersWithoutIndex(sandbox);
    mkdirSync(indexOf(sandbox), { mode: 0o700 });
    put(indexOf(sandbox, DAYS[1]), sandbox.root);
    expect(await answersOf(sandbox)).toEqual(expected);
    expect(existsSync(`${sandbox.root}/elsewhere`)).toBeFalse();
  });
});

describe("there is no index", () => {
  test("of a small day, and of today", async () => {
    using sandbox = new Sandbox();
    generateLog(sandbox.events, { records: 300, days: 1 });
    const [first = ""] = generateLog(`${sandbox.root}/other`, { records: 3000, days: 1 });
    const today = new Date().toISOString().slice(0, 10);
    writeFileSync(`${sandbox.events}/${today}.jsonl`, readFileSync(first), { mode: 0o600 });
    await answersOf(sandbox);
    expect(existsSync(indexOf(sandbox))).toBeFalse();
  });

  test("of a day that was pruned", async () => {
    using sandbox = sandboxWithLog();
    await answersOf(sandbox);
    expect((await runCli(sandbox, "prune --older-than 1d")).code).toBe(0);
    expect(readdirSync(indexOf(sandbox))).toEqual([]);
  });

  test("of a day that a session start removed", async () => {
    using sandbox = sandboxWithLog();
    await answersOf(sandbox);
    writeFileSync(`${sandbox.state}/config.json`, '{"retention_days":1}');
    await runProgram("session-start", sandbox, capturedPayload("SessionStart"));
    await runProgram("session-start", sandbox, capturedPayload("SessionStart"));
    const left = readdirSync(sandbox.events).map((name) => name.slice(0, 10));
    expect(left).not.toContain(DAYS[0] as string);
    expect(readdirSync(indexOf(sandbox)).every((day) => left.includes(day))).toBeTrue();
  });

  test("with the words of a session that was erased", async () => {
    using sandbox = sandboxWithLog();
    const { stdout: all } = await runCli(sandbox, "list --json --limit 1");
    const [session] = JSON.parse(all) as [{ session_id: string; first_prompt: string }];
    const { session_id: id, first_prompt: words } = session;
    const holds = () =>
      readdirSync(indexOf(sandbox)).filter((day) =>
        readFileSync(indexOf(sandbox, day)).includes(id),
      );
    expect(words).toStartWith("Turn");
    expect(holds()).not.toBeEmpty();
    expect((await runCli(sandbox, `prune --session ${id}`)).code).toBe(0);
    expect(holds()).toBeEmpty();
    const [left = ""] = await answersOf(sandbox);
    expect(left).not.toContain(id);
    expect(holds()).toBeEmpty();
  });
});

function appendToDay({ events }: Sandbox): void {
  const record = {
    v: 1,
    id: "late",
    timestamp: "2026-01-02T23:59:59.999Z",
    event: "UserPromptSubmit",
    session_id: "late",
    project: "late",
    payload: { prompt: "late" },
  };
  appendFileSync(`${events}/${DAYS[1]}.jsonl`, `${JSON.stringify(record)}\n`);
}

// Root may write anywhere, but not below a file.
function spoilFolder(path: string): void {
  const folder = path.slice(0, path.lastIndexOf("/"));
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
}

/** What a dashboard knows of a log. */
async function catalogOf({ events }: Sandbox): Promise<unknown> {
  const catalog = new Catalog(events);
  const running = catalog.run();
  while (catalog.share < 1) await catalog.changed(new AbortController().signal); // oxlint-disable-line no-await-in-loop
  catalog.close();
  await running;
  const { texts } = catalog.names;
  const placeOf = (head: Parameters<Catalog["placeOf"]>[0] | undefined) =>
    head && [head.id, catalog.placeOf(head)];
  return {
    days: catalog.days.map(({ day, columns, doubles, tally, end }) => ({
      day,
      end,
      doubles: Array.from(doubles.offset.subarray(0, doubles.length)),
      tally: tally.toState(day),
      events: Array.from({ length: columns.length }, (_, at) => [
        columns.offset[at],
        columns.atMs[at],
        columns.durationMs[at],
        columns.flags[at],
        texts[columns.session[at] as number],
        texts[columns.project[at] as number],
        texts[columns.event[at] as number],
        texts[columns.tool[at] as number],
        texts[columns.user[at] as number],
      ]),
    })),
    sessions: Array.from(catalog.sessions.values())
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, summary, user, events: count, doubles, days, pids }) => ({
        id,
        user,
        count,
        doubles,
        days: Array.from(days).toSorted(),
        pids: Array.from(pids).toSorted(),
        summary: { ...summary.toState(), waitsSince: undefined, running: undefined },
        waitsSince: placeOf(summary.waitsSince),
        running: summary.running.map(placeOf),
      })),
  };
}
