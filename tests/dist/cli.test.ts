// `claude-session` as a compiled program: what all of its commands have in common, and the views.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs";
import { programFor } from "../../lib/events";
import type { EventRecord } from "../../lib/log/record";
import { generateLog } from "../../scripts/bench/generate-log";
import { run } from "../../scripts/harness/system-commands";
import { capturedPayloads, type Captured } from "../../scripts/harness/payloads";
import { programPath, runCli, runProgram } from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import {
  HOSTILE,
  NEXT_SESSION,
  recordedSession,
  recordsFrom,
  SESSION,
  type Moment,
} from "../support/recorded-session";
import { limit } from "../support/limit";
import { BUG_REPORT } from "../support/terminal-output";
import { placeForAll } from "../support/users";
import { writeDay, writeRecords } from "../support/written-log";

// Rows run at the same time, so each takes longer than alone.
setDefaultTimeout(120_000);

const VIEWS = ["list", "show", "tail", "stats"];
const COMMANDS = [...VIEWS, "install", "uninstall", "doctor", "id", "forward", "prune", "redact"];
// C0 except newlines, DEL, C1, marks of direction, separators of lines.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/;
const isRoot = process.geteuid?.() === 0;
const records = await recordedSession();

// For everything that only reads.
const empty = new Sandbox();
const recorded = withLog(records);
// For users that are not we.
const programsForAll = await placeForAll(recorded);
const noReader = closedPipe(recorded);
afterAll(() => {
  closeSync(noReader);
  empty[Symbol.dispose]();
  recorded[Symbol.dispose]();
});

describe("every command", () => {
  test.concurrent.each(
    COMMANDS.flatMap((name) =>
      [`${name} --help`, `${name} -h`, `help ${name}`].map((words) => [words, name]),
    ),
  )("%s prints the usage and examples of %s", async (words, name) => {
    const { code, stdout, stderr } = await runCli(empty, words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: claude-session ${name}`);
    expect(stdout).toContain(`Examples:\n  claude-session ${name}`);
  });

  test.concurrent.each([
    "install --dry-run",
    "uninstall --dry-run",
    "id",
    "list",
    "show",
    "tail",
    "stats",
    "doctor",
    "prune --dry-run",
    "forward --status",
    "--help",
    "--self-test",
  ])(
    "%s works with an empty environment, with only HOME, and in a deleted folder",
    async (words) => {
      using sandbox = new Sandbox();
      const command = [programPath("claude-session", programsForAll), ...words.split(" ")];
      const gone = `${sandbox.root}/gone`;
      // Without HOME, the home folder of the account counts; root's is real, so a user without one runs it.
      // None of these writes.
      const homeless = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const script = `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$@"`;
      const starts: [Record<string, string>, string[]][] = [
        [{}, isRoot ? [...homeless, ...command] : command],
        [{ HOME: sandbox.home }, command],
        [{ HOME: sandbox.home }, ["/bin/sh", "-c", script, "sh", ...command]],
      ];
      for (const [env, start] of starts) {
        const { code, stdout, stderr } = await outcomeOf(
          Bun.spawn(start, { env, cwd: "/", stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
        );
        expect([0, 1]).toContain(code);
        expect(stdout + stderr).not.toMatch(BUG_REPORT);
      }
      expect(readdirSync(sandbox.home)).toEqual([]);
    },
  );

  const NOT_A_DURATION = "is not a duration or a date, such as 7d, 12h or 2026-11-20";
  test.concurrent.each([
    ["lst", 'unknown command "lst"; did you mean list?', "--help"],
    ["--lst", "unknown option --lst", "--help"],
    ["--vers", "unknown option --vers; did you mean --version?", "--help"],
    ["constructor", 'unknown command "constructor"', "--help"],
    ["help lst", 'unknown command "lst"; did you mean list?', "--help"],
    ["list --projct x", "unknown option --projct; did you mean --project?", "list --help"],
    ["list --sesion x", "unknown option --sesion", "list --help"],
    ["tail --sesion x", "unknown option --sesion; did you mean --session?", "tail --help"],
    ["list --since", "--since needs a value", "list --help"],
    ["list --limit", "--limit needs a value", "list --help"],
    ["list --project=", "--project needs a value", "list --help"],
    ["list --json=yes", "--json takes no value", "list --help"],
    ["id --project", "--project needs a value", "id --help"],
    ["prune --session", "--session needs a value", "prune --help"],
    ["list --since 2026-13-45", `--since: "2026-13-45" ${NOT_A_DURATION}`, "list --help"],
    ["list --since 7", `--since: "7" ${NOT_A_DURATION}`, "list --help"],
    ["stats --since 999999999999d", `--since: "999999999999d" ${NOT_A_DURATION}`, "stats --help"],
    ["list --since soon", `--since: "soon" ${NOT_A_DURATION}`, "list --help"],
    ["list --limit few", '--limit: "few" is not a whole number', "list --help"],
    ["list --limit -1", '--limit: "-1" is not a whole number', "list --help"],
    ["list --_", "unknown option --_", "list --help"],
    ["id here", 'unexpected argument "here"', "id --help"],
    ["list -- --json", 'unexpected argument "--json"', "list --help"],
    ["list this", 'unexpected argument "this"', "list --help"],
    ["show a b", 'unexpected argument "b"', "show --help"],
    ["tail -n few", '--lines: "few" is not a whole number', "tail --help"],
    ["tail -x", "unknown option -x", "tail --help"],
    [
      "stats --by week",
      '--by: "week" is not one of tool, project, day, hour, user, time, model, agent, outcome',
      "stats --help",
    ],
    [
      "stats --by tol",
      '--by: "tol" is not one of tool, project, day, hour, user, time, model, agent, outcome; did you mean tool?',
      "stats --help",
    ],
    ["stats --by", "--by needs a value", "stats --help"],
    [
      "install --scope all",
      '--scope: "all" is not one of user, project, local, managed',
      "install --help",
    ],
    [
      "prune --older-than 7d --session x",
      "--older-than and --session cannot be combined",
      "prune --help",
    ],
    ["doctor --fix", "unknown option --fix", "doctor --help"],
    ["forward --json", "--json needs --status", "forward --help"],
    ["forward --rejected", "--rejected needs --once", "forward --help"],
    [
      "forward --once --status",
      "--once, --status, --sql and --grafana cannot be combined",
      "forward --help",
    ],
    [
      "forward --sql duckdb --grafana clickhouse",
      "--once, --status, --sql and --grafana cannot be combined",
      "forward --help",
    ],
    [
      "forward --sql clickhous",
      '--sql: "clickhous" is not one of clickhouse, clickhouse-18, duckdb; did you mean clickhouse?',
      "forward --help",
    ],
    ["list \u001B[31m", 'unexpected argument "\\u001b[31m"', "list --help"],
  ])(
    "%s is answered in one line, %j, and a second one with the help to try",
    async (words, message, help) => {
      expect(await runCli(empty, words)).toMatchObject({
        code: 2,
        stdout: "",
        stderr: `claude-session: ${message}\nTry claude-session ${help}\n`,
      });
    },
  );

  test.concurrent("the program prints its version and tests itself", async () => {
    expect((await runCli(empty, "--version")).stdout).toMatch(/^claude-session \d+\.\d+\.\d+\n$/);
    const { code, stdout } = await runCli(empty, "--self-test");
    expect(code).toBe(0);
    expect(stdout).toContain("ok    runs no code from strings");
  });
});

describe("without a log", () => {
  test.concurrent.each([...VIEWS, "prune"])("%s explains how to begin", async (name) => {
    const { code, stdout, stderr } = await runCli(empty, name);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("claude-session install");
  });
});

describe("with all captured payloads, recorded by the programs", () => {
  // Not next to other tests: a hook waits only a second for its input.
  test("each view has as JSON what was recorded", async () => {
    using sandbox = new Sandbox();
    const captured = await capturedPayloads();
    const play = limit(4, async ({ name, event, payload }: Captured) => {
      // Some say the same; in one session, at one moment, they would be one event that was recorded twice.
      const sent = { ...payload, session_id: SESSION, cwd: sandbox.project, captured_as: name };
      expect((await runProgram(programFor(event), sandbox, sent)).code).toBe(0);
    });
    await Promise.all(captured.map(play));
    const all = await recordsOf(sandbox);
    expect(all).toHaveLength(captured.length);
    const count = (event: string) => all.filter((record) => record.event === event).length;
    const counts = {
      events: all.length,
      sessions: 1,
      // Of some calls, only the end was captured.
      calls: Math.max(count("PreToolUse"), count("PostToolUse") + count("PostToolUseFailure")),
      failed: count("PostToolUseFailure"),
    };
    const json = async (words: string) => JSON.parse((await runCli(sandbox, words)).stdout);

    const { stdout } = await runCli(sandbox, "tail -n 999 --json");
    expect(JSON.parse(`[${stdout.trimEnd().replaceAll("\n", ",")}]`)).toEqual(all);
    expect(await json("list --json")).toMatchObject([
      {
        session_id: SESSION,
        project: "shop",
        project_dir: sandbox.project,
        started_at: all[0]?.timestamp,
        last_at: all
          .map(({ timestamp }) => timestamp)
          .toSorted()
          .at(-1),
        tools: counts.calls,
        failures: counts.failed,
      },
    ]);
    for (const by of ["tool", "project", "day"])
      expect((await json(`stats --json --by ${by}`)).total).toMatchObject(counts);
    const shown = JSON.stringify(await json("show --json"));
    for (const { event, tool_use_id } of all)
      if (event === "PreToolUse") expect(shown).toContain(JSON.stringify(tool_use_id));
  });

  test.concurrent("no control character in any text or name reaches a terminal", async () => {
    using sandbox = new Sandbox();
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    const evil = `\u001B]0;title\u0007\u001B[31m${all.filter((text) => UNSAFE.test(text)).join("")}\n\u001B`;
    const project = `${sandbox.root}/e\u001B[2Jvil\u202E`;
    mkdirSync(`${project}/.git`, { recursive: true });
    const env = { CLAUDE_PROJECT_DIR: project, COLUMNS: "80" };
    const moments = (await capturedPayloads()).map(({ name, event, payload }): Moment => [
      name === event ? name : `variants/${name}`,
      { ...poison(payload, evil), session_id: SESSION },
    ]);
    const place = {
      project: project.slice(sandbox.root.length + 1),
      project_dir: project,
      timestamp: new Date().toISOString(),
    };
    writeRecords(
      sandbox,
      (await recordsFrom(moments)).map((record) => Object.assign(record, place)),
    );
    const odd = { session_id: SESSION, tool_name: evil, agent_id: evil, prompt: evil };
    await runProgram("session-event", sandbox, { ...odd, hook_event_name: evil }, { env });
    const views = [...VIEWS, "show --full", "tail -n 999", "stats --by project"];
    const others = ["prune --session latest --dry-run", "id", "doctor"];
    await Promise.all(
      [...views, ...views.map((view) => `${view} --json`), ...others].map(async (words) => {
        const { stdout, stderr } = await runCli(sandbox, words, { env });
        expect([words, UNSAFE.exec(stdout + stderr)]).toEqual([words, null]);
        expect(stdout).not.toBe("");
        if (!words.includes("--json"))
          for (const line of stdout.split("\n"))
            expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
      }),
    );
  });
});

describe("with a log", () => {
  test.concurrent("list --json has each session as it was recorded, the latest first", async () => {
    const rows = JSON.parse((await runCli(recorded, "list --json")).stdout) as Record<
      string,
      unknown
    >[];
    expect(rows.map(({ session_id }) => session_id)).toEqual([NEXT_SESSION, SESSION]);
    expect(rows[1]).toMatchObject({
      project: "shop",
      state: "ended",
      prompts: 4,
      tools: 7,
      failures: 1,
      agents: 2,
    });
    expect(rows[1]?.["first_prompt"]).toBe(`Fix the test in cart.ts\n${HOSTILE}`);
  });

  const now = new Date();
  const at = (hoursAgo: number) => new Date(now.getTime() - hoursAgo * 3_600_000).toISOString();
  test.concurrent.each([
    ["list", ["c", "b", "a"]],
    ["list --project shop", ["c", "a"]],
    ["list --project sho", []],
    ["list --active", ["c", "b"]],
    ["list --since 2h", ["c", "b"]],
    [`list --since ${at(2)}`, ["c", "b"]],
    ["list --since 2020-01-01", ["c", "b", "a"]],
    ["list --since 9999-01-01", []],
    ["list --limit 1", ["c"]],
    ["list --limit 0 --project website", ["b"]],
  ])("%s shows %j", async (words, expected) => {
    const [prompt, stop, end] = await recordsFrom([["UserPromptSubmit"], ["Stop"], ["SessionEnd"]]);
    const of = (record: EventRecord | undefined, id: string, hoursAgo: number, project: string) =>
      ({ ...record, session_id: id, timestamp: at(hoursAgo), project }) as EventRecord;
    using sandbox = withLog([
      of(prompt, "a", 30, "shop"),
      of(end, "a", 29, "shop"),
      of(stop, "b", 1, "website"),
      of(prompt, "c", 0.01, "shop"),
    ]);
    const rows = JSON.parse((await runCli(sandbox, `${words} --json`)).stdout) as {
      session_id: string;
    }[];
    expect(rows.map(({ session_id }) => session_id)).toEqual(expected);
  });

  const before = [{ session_id: SESSION, by: "clear" }];
  const after = [{ session_id: NEXT_SESSION, by: "clear" }];
  test.concurrent.each([
    ["latest", NEXT_SESSION, { continues: before, continued_by: [] }],
    ["1111", SESSION, { continues: [], continued_by: after }],
    [SESSION, SESSION, { continues: [], continued_by: after }],
  ])("show %s --json is session %s, with its links", async (wanted, id, links) => {
    const { stdout } = await runCli(recorded, `show ${wanted} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ session_id: id, ...links });
  });

  test.concurrent(
    "show lists the candidates of an ambiguous id, and fails for one that is not there",
    async () => {
      using sandbox = withLog([
        ...records,
        ...records.map((record) => ({ ...record, session_id: "1111-2" })),
      ]);
      const ambiguous = await runCli(sandbox, "show 1111");
      expect(ambiguous).toMatchObject({ code: 1, stdout: "" });
      for (const id of [SESSION, "1111-2"]) expect(ambiguous.stderr).toContain(id);
      expect(await runCli(sandbox, "show nothing")).toMatchObject({
        code: 1,
        stdout: "",
        stderr: 'claude-session: no session "nothing" in the log; see claude-session list\n',
      });
    },
  );

  test.concurrent.each([
    ["tool", "Bash", { calls: 3, failed: 1 }],
    ["project", "shop", { sessions: 2, prompts: 5, events: 37 }],
    ["day", "2026-11-22", { calls: 8, failed: 1 }],
  ])("stats --by %s counts %s", async (by, name, expected) => {
    const { stdout } = await runCli(recorded, `stats --json --by ${by}`, { env: { TZ: "UTC" } });
    const { rows, total } = JSON.parse(stdout) as {
      rows: Record<string, unknown>[];
      total: object;
    };
    expect(rows.find((row) => row["name"] === name)).toMatchObject(expected);
    expect(total).toMatchObject({
      events: 37,
      sessions: 2,
      calls: 8,
      failed: 1,
      p50_ms: 15,
      p95_ms: 2345,
    });
  });

  test.concurrent("tail --json has the newest records as they were recorded", async () => {
    const { stdout } = await runCli(recorded, "tail -n 4 --json");
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as EventRecord),
    ).toEqual(records.slice(-4));
  });

  const renamed = withLog(
    records.map((record) => ({
      ...record,
      project: "カート".repeat(20),
      agent_type: "a".repeat(99),
      ...(record.tool !== undefined && { tool: `mcp__${"t".repeat(99)}` }),
    })),
  );
  afterAll(() => renamed[Symbol.dispose]());
  test.concurrent.each([
    ["list", [40, 80, 140]],
    ["show 1111", [40, 80, 140]],
    // In a deep tree, some of the text is shown in any case.
    ["show 1111 --full", [80, 140]],
    ["tail -n 99", [40, 80, 140]],
    ["stats", [40, 80, 140]],
    ["stats --by project", [40, 80, 140]],
    ["stats --by day", [40, 80, 140]],
  ])("%s is no wider than %j columns, however long the names are", async (words, widths) => {
    for (const sandbox of [recorded, renamed])
      for (const columns of widths)
        for (const color of [{}, { FORCE_COLOR: "1" }]) {
          const env = { COLUMNS: String(columns), ...color };
          const { code, stdout, stderr } = await runCli(sandbox, words, { env });
          expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
          for (const line of stdout.split("\n"))
            expect([columns, line, Bun.stringWidth(line) <= columns]).toEqual([
              columns,
              line,
              true,
            ]);
        }
  });

  const environments: readonly (readonly [object, boolean, string])[] = [
    [{}, false, "it is not a terminal"],
    [{ FORCE_COLOR: "1" }, true, "color is asked for"],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, "NO_COLOR counts more"],
    [{ FORCE_COLOR: "0" }, false, "0 means no"],
  ];
  test.concurrent.each(
    ["list", "show", "tail", "stats", "doctor", "list --help"].flatMap((words) =>
      environments.map(([env, isColored, why]) => [words, { ...env }, isColored, why] as const),
    ),
  )("%s with %j has color: %p, because %s", async (words, env, isColored) => {
    const { stdout } = await runCli(recorded, words, { env });
    expect(stdout).not.toBe("");
    expect(stdout.includes("\u001B[")).toBe(isColored);
  });
});

describe("a log with other lines in it", () => {
  const own = `"session_id":"${SESSION}"`;
  const good = records.map((record) => JSON.stringify(record));
  const bad = [
    `{"v":1,${own},"torn`,
    `for humans: ${own}`,
    "[1]",
    "{}",
    "x".repeat(300_000),
    "y".repeat(2_000_000),
  ];
  const lines = [...good.slice(0, 9), ...bad, "", "   ", ...good.slice(9), good[0]?.slice(0, 200)];
  const mixed = new Sandbox();
  writeDay(mixed, "2026-11-22", lines.join("\n"));
  afterAll(() => mixed[Symbol.dispose]());

  test.concurrent.each(
    (
      [
        ["list", "Skipped lines of the log: 3 cut short, 4 not ours.\n"],
        ["stats", "Skipped lines of the log: 3 cut short, 4 not ours.\n"],
        ["tail -n 99", "Skipped lines of the log: 3 cut short, 4 not ours.\n"],
        // These look only at lines that name the session.
        ["show 1111", /^\nSkipped \d+ lines/],
        ["tail -n 99 --session 1111", /^Skipped lines of the log: /],
      ] as const
    ).flatMap(([words, note]) => [[words, note] as const, [`${words} --json`, note] as const]),
  )(
    "%s shows the records, and counts the torn, foreign and huge lines: %p",
    async (words, note) => {
      const [clean, ended] = await Promise.all([runCli(recorded, words), runCli(mixed, words)]);
      expect({ code: ended.code, stdout: withoutSkipped(ended.stdout) }).toEqual({
        code: 0,
        stdout: withoutSkipped(clean.stdout),
      });
      expect(clean.stderr).toBe("");
      if (words === "show 1111 --json") expect(ended.stdout).toMatch(/"skipped_lines": [1-9]/);
      else expect(ended.stderr).toMatch(note);
    },
  );

  test.concurrent("pipes, links and folders with the name of a day are ignored", async () => {
    using sandbox = withLog(records);
    run("mkfifo", `${sandbox.events}/2020-01-01.jsonl`);
    symlinkSync("/etc/passwd", `${sandbox.events}/2020-01-02.jsonl`);
    mkdirSync(`${sandbox.events}/2020-01-03.jsonl`);
    for (const words of ["list", "show", "tail", "stats"])
      expect(await runCli(sandbox, words)).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("with a reader that stops", () => {
  const long = new Sandbox();
  generateLog(long.events, { records: 20_000, days: 2 });
  afterAll(() => long[Symbol.dispose]());

  test.concurrent.each(["list --limit 0", "tail -n 9999", "tail -n 9999 --json", "show --full"])(
    "%s ends quietly",
    async (words) => {
      const child = Bun.spawn(
        [
          "/bin/sh",
          "-c",
          'exec 3>&1; { "$@"; echo "$?" >&3; } | head -c 10 >/dev/null',
          "sh",
          programPath("claude-session"),
          ...words.split(" "),
        ],
        { env: long.env(), stdin: "ignore", stdout: "pipe", stderr: "pipe" },
      );
      expect(await outcomeOf(child)).toMatchObject({ stdout: "0\n", stderr: "" });
    },
  );

  const changing = ["install", "uninstall", "prune"].map((name) => `${name} --dry-run`);
  test.concurrent.each([
    ...VIEWS,
    ...VIEWS.map((view) => `${view} --json`),
    ...changing,
    ...COMMANDS.map((name) => `${name} --help`),
    "tail -f",
    "id",
    "doctor",
    "forward --status",
    "--help",
    "--version",
    "--self-test",
  ])("%s ends quietly if the pipe is closed from the beginning", async (words) => {
    expect(await runIntoClosedPipe(recorded, words)).toEqual({ code: 0, stderr: "" });
  });

  test.concurrent.each(["prune --older-than 1d", `prune --session ${SESSION}`])(
    "%s reports success only if it removed the records",
    async (words) => {
      using sandbox = new Sandbox();
      const path = writeDay(sandbox, "2026-01-01", `${JSON.stringify(records[0])}\n`);
      const { code } = await runIntoClosedPipe(sandbox, words);
      const isGone = !existsSync(path) || !readFileSync(path, "utf8").includes(SESSION);
      expect({ code, isGone }).toEqual({ code, isGone: code === 0 });
    },
  );

  test.skipIf(process.platform !== "linux")("a full disk is reported, and not as a bug", () => {
    const ended = Bun.spawnSync([programPath("claude-session"), "list"], {
      env: recorded.env(),
      stdout: openSync("/dev/full", "w"),
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr.toString()).toMatch(/^claude-session: ENOSPC[^\n]*\n$/);
  });
});

/** Waits for the end of a process whose output comes through pipes. */
async function outcomeOf(child: Bun.Subprocess<"ignore", "pipe", "pipe">) {
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Runs `claude-session` with a stdout that has no reader. */
async function runIntoClosedPipe(sandbox: Sandbox, words: string) {
  const child = Bun.spawn([programPath("claude-session"), ...words.split(" ")], {
    env: sandbox.env(),
    cwd: sandbox.project,
    stdin: "ignore",
    stdout: noReader,
    stderr: "pipe",
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { code, stderr };
}

/** The output of `show --json` counts the lines that it skipped. */
function withoutSkipped(output: string): string {
  return output.replace(/"skipped_lines": \d+/, "");
}

/** A JSON value with a suffix on every text, and on every key except the outermost. */
function poison(value: object, evil: string): object {
  const inner = (part: unknown): unknown => {
    if (typeof part === "string") return part + evil;
    if (Array.isArray(part)) return part.map(inner);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, own]) => [key + evil, inner(own)]));
  };
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, inner(own)]));
}

/** The writing end of a pipe whose reader is gone. */
function closedPipe(sandbox: Sandbox): number {
  const path = `${sandbox.root}/pipe`;
  run("mkfifo", path);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  closeSync(reader);
  return writer;
}

function withLog(all: readonly EventRecord[]): Sandbox {
  const sandbox = new Sandbox();
  writeRecords(sandbox, all);
  return sandbox;
}

describe("redact", () => {
  const secret = `S3cret-${Math.random().toString(36).slice(2, 10)}x`;

  test.each([
    ["a text", `DB_HOST=db\nDB_PASSWORD=${secret}\n`, "assigned-secret"],
    ["a payload", JSON.stringify({ tool_input: { password: secret } }), "named-secret"],
    ["a command", `curl -u bob:${secret} https://x.test`, "argument-secret"],
  ])("masks %s and names the rule", async (_what, input, rule) => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await runProgram("claude-session", sandbox, input, {
      args: ["redact"],
    });
    expect([code, stdout.includes(`[redacted:${rule}]`), stdout.includes(secret)]).toEqual([
      0,
      true,
      false,
    ]);
    expect(stderr).toContain(`1 mask: ${rule}.`);
  });

  test("keeps what redact.allow has", async () => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
    await Bun.write(
      `${sandbox.state}/config.json`,
      JSON.stringify({ redact: { allow: [secret] } }),
    );
    const input = `DB_PASSWORD=${secret}\n`;
    const { stdout, stderr } = await runProgram("claude-session", sandbox, input, {
      args: ["redact"],
    });
    expect([stdout, stderr]).toEqual([input, "Nothing would be masked.\n"]);
  });
});
