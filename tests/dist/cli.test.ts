// `claude-session` as a compiled program: what all of its verbs have in common, and the views.
import { describe, expect, test } from "bun:test";
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
import { run } from "../../scripts/harness/commands";
import { capturedPayloads } from "../../scripts/harness/payloads";
import { programPath, runCli, runProgram } from "../../scripts/harness/programs";
import { recordsOf } from "../../scripts/harness/records";
import { Sandbox } from "../../scripts/harness/sandbox";
import {
  HOSTILE,
  NEXT_SESSION,
  recordedSession,
  recordsFrom,
  SESSION,
} from "../support/recorded-session";
import { writeDay, writeRecords } from "../support/written-log";

const VIEWS = ["list", "show", "tail", "stats"];
const VERBS = ["install", "uninstall", "id", "list", "show", "tail", "stats", "doctor", "prune"];
// C0 but for newlines, DEL, C1, marks of direction, separators of lines.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/;
const isRoot = process.geteuid?.() === 0;
const records = await recordedSession();

describe("every verb", () => {
  test.each(VERBS)("%s has a help with an example", async (verb) => {
    using sandbox = new Sandbox();
    for (const words of [`${verb} --help`, `${verb} -h`, `help ${verb}`]) {
      const { code, stdout, stderr } = await runCli(sandbox, words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`USAGE claude-session ${verb}`);
      expect(stdout).toContain(`EXAMPLES\n\n  claude-session ${verb}`);
    }
  });

  test.each([
    "install --dry-run",
    "uninstall --dry-run",
    "id",
    "list",
    "show",
    "tail",
    "stats",
    "doctor",
    "prune --dry-run",
    "--help",
    "--self-test",
  ])(
    "%s runs with an empty environment, with a home alone, and in a folder that is gone",
    (words) => {
      using sandbox = new Sandbox();
      const command = [programPath("claude-session"), ...words.split(" ")];
      const gone = `${sandbox.root}/gone`;
      // Without a HOME it is the account's own that counts, so where it can be, somebody runs it who
      // has none. None of these writes.
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const starts: [object, string[]][] = [
        [{}, isRoot ? [...nobody, ...command] : command],
        [{ HOME: sandbox.home }, command],
        [
          { HOME: sandbox.home },
          [
            "/bin/sh",
            "-c",
            `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$@"`,
            "sh",
            ...command,
          ],
        ],
      ];
      for (const [env, start] of starts) {
        const ended = Bun.spawnSync(start, { env: env as Record<string, string>, cwd: "/" });
        expect([0, 1]).toContain(ended.exitCode);
        expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/a bug of ours| at .*\(|^setpriv/);
      }
      expect(readdirSync(sandbox.home)).toEqual([]);
    },
  );

  test.each([
    ["lst", /there is no verb "lst"; did you mean list\?/, /COMMANDS/],
    ["--lst", /there is no verb "--lst"/, /COMMANDS/],
    ["constructor", /there is no verb "constructor"/, /COMMANDS/],
    ["help lst", /there is no verb "lst"; did you mean list\?/, /COMMANDS/],
    ["list --projct x", /there is no flag --projct; did you mean --project\?/, /EXAMPLES/],
    ["list --since", /--since needs a value/, /EXAMPLES/],
    ["list --limit", /--limit needs a value/, /EXAMPLES/],
    ["list --project=", /--project needs a value/, /EXAMPLES/],
    ["id --project", /--project needs a value/, /EXAMPLES/],
    ["prune --session", /--session needs a value/, /EXAMPLES/],
    ["list --since 2026-13-45", /"2026-13-45" is no duration/, /EXAMPLES/],
    ["list --since 7", /"7" is no duration/, /EXAMPLES/],
    ["stats --since 999999999999d", /--since: "999999999999d"/, /EXAMPLES/],
    ["list --since soon", /--since: "soon" is no duration/, /EXAMPLES/],
    ["list --limit few", /--limit: "few" is no whole number/, /EXAMPLES/],
    ["list --limit -1", /--limit: "-1" is no whole number/, /EXAMPLES/],
    ["list --_", /there is no flag --_/, /EXAMPLES/],
    ["id here", /"here" is one word too many/, /EXAMPLES/],
    ["list -- --json", /"--json" is one word too many/, /EXAMPLES/],
    ["list this", /"this" is one word too many/, /EXAMPLES/],
    ["show a b", /"b" is one word too many/, /EXAMPLES/],
    ["tail -n few", /"few" is no whole number/, /EXAMPLES/],
    ["tail -x", /there is no flag -x/, /EXAMPLES/],
    ["stats --by hour", /expected one of: tool, project, day/i, /EXAMPLES/],
    ["stats --by", /expected one of: tool, project, day/i, /EXAMPLES/],
    ["install --scope all", /expected one of: user, project, local/i, /EXAMPLES/],
    ["prune --older-than 7d --session x", /either --older-than or --session/, /EXAMPLES/],
    ["doctor --fix", /there is no flag --fix/, /EXAMPLES/],
  ])("%s is a mistake that is named, with the help", async (words, message, help) => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await runCli(sandbox, words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(help);
  });

  test("tells its version and tests itself", async () => {
    using sandbox = new Sandbox();
    expect((await runCli(sandbox, "--version")).stdout).toMatch(/^claude-session \d+\.\d+\.\d+\n$/);
    const { code, stdout } = await runCli(sandbox, "--self-test");
    expect(code).toBe(0);
    expect(stdout).toContain("ok    runs no code from strings");
  });
});

describe("without a log", () => {
  test.each([...VIEWS, "prune"])("%s says how to begin", async (verb) => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await runCli(sandbox, verb);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("claude-session install");
  });

  test.each(["list", "show", "stats"])("%s --json is an empty list", async (verb) => {
    using sandbox = new Sandbox();
    expect(JSON.parse((await runCli(sandbox, `${verb} --json`)).stdout)).toEqual([]);
  });

  test("tail --json is no line", async () => {
    using sandbox = new Sandbox();
    expect(await runCli(sandbox, "tail --json")).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });
});

describe("of all captured payloads, played through the programs", () => {
  test("each view says as JSON what was recorded", async () => {
    using sandbox = new Sandbox();
    await play(sandbox, (payload) => payload);
    const recorded = await recordsOf(sandbox);
    const count = (event: string) => recorded.filter((record) => record.event === event).length;
    const counts = {
      events: recorded.length,
      sessions: 1,
      // Of some of them, only the end was captured.
      calls: Math.max(count("PreToolUse"), count("PostToolUse") + count("PostToolUseFailure")),
      failed: count("PostToolUseFailure"),
    };
    const json = async (words: string) => JSON.parse((await runCli(sandbox, words)).stdout);

    const { stdout } = await runCli(sandbox, "tail -n 999 --json");
    expect(JSON.parse(`[${stdout.trimEnd().replaceAll("\n", ",")}]`)).toEqual(recorded);
    expect(await json("list --json")).toMatchObject([
      {
        session_id: SESSION,
        project: "shop",
        project_dir: sandbox.project,
        started: recorded[0]?.timestamp,
        last: recorded.at(-1)?.timestamp,
        tools: counts.calls,
        failures: counts.failed,
      },
    ]);
    for (const by of ["tool", "project", "day"])
      expect((await json(`stats --json --by ${by}`)).total).toMatchObject(counts);
    const story = JSON.stringify(await json("show --json"));
    for (const { event, tool_use_id } of recorded)
      if (event === "PreToolUse") expect(story).toContain(JSON.stringify(tool_use_id));
  });

  test("no control character of any text or name in them reaches a terminal", async () => {
    using sandbox = new Sandbox();
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    const evil = `\u001B]0;title\u0007\u001B[31m${all.filter((text) => UNSAFE.test(text)).join("")}\n\u001B`;
    const project = `${sandbox.root}/e\u001B[2Jvil\u202E`;
    mkdirSync(`${project}/.git`, { recursive: true });
    const env = { CLAUDE_PROJECT_DIR: project, COLUMNS: "80" };
    await play(sandbox, (payload) => poison(payload, evil), env);
    const odd = { session_id: SESSION, tool_name: evil, agent_id: evil, prompt: evil };
    await runProgram("session-event", sandbox, { ...odd, hook_event_name: evil }, { env });
    const views = [...VIEWS, "show --full", "tail -n 999", "stats --by project"];
    const others = ["prune --session latest --dry-run", "id", "doctor"];
    for (const words of [...views, ...views.map((view) => `${view} --json`), ...others]) {
      const { stdout, stderr } = await runCli(sandbox, words, { env });
      expect([words, UNSAFE.exec(stdout + stderr)]).toEqual([words, null]);
      expect(stdout).not.toBe("");
      if (!words.includes("--json"))
        for (const line of stdout.split("\n"))
          expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
    }
  });
});

describe("with a log", () => {
  test("list --json has a session each, the latest first, as it was recorded", async () => {
    using sandbox = withLog(records);
    const rows = JSON.parse((await runCli(sandbox, "list --json")).stdout) as Record<
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
  test.each([
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

  test.each([
    ["show", "latest", NEXT_SESSION],
    ["show", "1111", SESSION],
    ["show", SESSION, SESSION],
  ])("%s %s --json is the story of %s", async (verb, wanted, id) => {
    using sandbox = withLog(records);
    const story = JSON.parse((await runCli(sandbox, `${verb} ${wanted} --json`)).stdout) as Record<
      string,
      unknown
    >;
    expect(story).toMatchObject({
      sessionId: id,
      links: [{ parent: SESSION, child: NEXT_SESSION, by: "clear" }],
    });
  });

  test("show of what is not one session names the candidates, or says so", async () => {
    using sandbox = withLog([
      ...records,
      ...records.map((record) => ({ ...record, session_id: "1111-2" })),
    ]);
    const ambiguous = await runCli(sandbox, "show 1111");
    expect(ambiguous).toMatchObject({ code: 1, stdout: "" });
    for (const id of [SESSION, "1111-2"]) expect(ambiguous.stderr).toContain(id);
    expect(await runCli(sandbox, "show nothing")).toMatchObject({ code: 1, stdout: "" });
  });

  test.each([
    ["tool", "Bash", { calls: 3, failed: 1 }],
    ["project", "shop", { sessions: 2, prompts: 5, events: 37 }],
    ["day", "2026-11-22", { calls: 8, failed: 1 }],
  ])("stats --by %s counts %s", async (by, key, expected) => {
    using sandbox = withLog(records);
    const { stdout } = await runCli(sandbox, `stats --json --by ${by}`, { env: { TZ: "UTC" } });
    const { rows, total } = JSON.parse(stdout) as {
      rows: Record<string, unknown>[];
      total: object;
    };
    expect(rows.find((row) => row[by] === key)).toMatchObject(expected);
    expect(total).toMatchObject({
      events: 37,
      sessions: 2,
      calls: 8,
      failed: 1,
      p50_ms: 15,
      p95_ms: 2345,
    });
  });

  test("tail --json has the newest records as they were recorded", async () => {
    using sandbox = withLog(records);
    const { stdout } = await runCli(sandbox, "tail -n 4 --json");
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as EventRecord),
    ).toEqual(records.slice(-4));
  });

  test.each([
    ["list", [40, 80, 140]],
    ["show 1111", [40, 80, 140]],
    // In a deep tree, some of the text is shown in any case.
    ["show 1111 --full", [80, 140]],
    ["tail -n 99", [40, 80, 140]],
    ["stats", [40, 80, 140]],
    ["stats --by project", [40, 80, 140]],
    ["stats --by day", [40, 80, 140]],
  ])("%s keeps to a width of %j, whatever the names are", async (words, widths) => {
    const long = { project: "カート".repeat(20), agent_type: "a".repeat(99) };
    const renamed = records.map((record) => {
      const tool = record.tool === undefined ? {} : { tool: `mcp__${"t".repeat(99)}` };
      return { ...record, ...long, ...tool };
    });
    for (const all of [records, renamed]) {
      using sandbox = withLog(all);
      for (const columns of widths)
        for (const colour of [{}, { FORCE_COLOR: "1" }]) {
          const env = { COLUMNS: String(columns), ...colour };
          const { code, stdout, stderr } = await runCli(sandbox, words, { env });
          expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
          for (const line of stdout.split("\n"))
            expect([columns, line, Bun.stringWidth(line) <= columns]).toEqual([
              columns,
              line,
              true,
            ]);
        }
    }
  });

  test.each([
    [{}, false, "it is no terminal"],
    [{ FORCE_COLOR: "1" }, true, "it was asked for"],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, "it was asked not to"],
    [{ FORCE_COLOR: "0" }, false, "it was asked for by 0"],
  ])("with %j there is colour: %p (%s)", async (env, isColored) => {
    using sandbox = withLog(records);
    for (const words of ["list", "show", "tail", "stats", "doctor", "list --help"]) {
      const { stdout } = await runCli(sandbox, words, { env });
      expect([words, stdout.includes("\u001B[")]).toEqual([words, isColored]);
    }
  });
});

describe("a log with something else in it", () => {
  const own = `"session_id":"${SESSION}"`;
  test.each([
    ["list", "Skipped lines of the log: 3 cut short, 4 not ours.\n"],
    ["stats", "Skipped lines of the log: 3 cut short, 4 not ours.\n"],
    ["tail -n 99", "Skipped lines of the log: 3 cut short, 4 not ours.\n"],
    // These look only at lines that name the session.
    ["show 1111", /^\nSkipped \d+ lines/],
    ["tail -n 99 --session 1111", /^Skipped lines of the log: /],
  ])(
    "%s passes by what is torn, foreign or huge among the records, and says so",
    async (words, note) => {
      using sandbox = new Sandbox();
      const good = records.map((record) => JSON.stringify(record));
      const whole = `${good.join("\n")}\n`;
      const bad = [
        `{"v":1,${own},"torn`,
        `for humans: ${own}`,
        "[1]",
        "{}",
        "x".repeat(300_000),
        "y".repeat(2_000_000),
      ];
      const mixed = [
        ...good.slice(0, 9),
        ...bad,
        "",
        "   ",
        ...good.slice(9),
        good[0]?.slice(0, 200),
      ];
      for (const line of [words, `${words} --json`]) {
        writeDay(sandbox, "2026-11-22", whole);
        const clean = await runCli(sandbox, line);
        writeDay(sandbox, "2026-11-22", mixed.join("\n"));
        const { code, stdout, stderr } = await runCli(sandbox, line);
        expect({ code, stdout }).toEqual({ code: 0, stdout: clean.stdout });
        expect(clean.stderr).toBe("");
        expect(stderr).toMatch(note);
      }
    },
  );

  test("does not hang on pipes, follow links or enter folders that are called like days", async () => {
    using sandbox = withLog(records);
    run("mkfifo", `${sandbox.events}/2020-01-01.jsonl`);
    symlinkSync("/etc/passwd", `${sandbox.events}/2020-01-02.jsonl`);
    mkdirSync(`${sandbox.events}/2020-01-03.jsonl`);
    for (const words of ["list", "show", "tail", "stats"])
      expect(await runCli(sandbox, words)).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("where nobody reads on", () => {
  test.each(["list --limit 0", "tail -n 9999", "tail -n 9999 --json", "show --full"])(
    "%s ends quietly",
    async (words) => {
      using sandbox = new Sandbox();
      generateLog(sandbox.events, { records: 20_000, days: 2 });
      const child = Bun.spawn(
        [
          "/bin/sh",
          "-c",
          'exec 3>&1; { "$@"; echo "$?" >&3; } | head -c 10 >/dev/null',
          "sh",
          programPath("claude-session"),
          ...words.split(" "),
        ],
        { env: sandbox.env(), stdout: "pipe", stderr: "pipe" },
      );
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
    },
  );

  const changing = ["install", "uninstall", "prune"].map((verb) => `${verb} --dry-run`);
  test.each([
    ...VIEWS,
    ...VIEWS.map((view) => `${view} --json`),
    ...changing,
    ...VERBS.map((verb) => `${verb} --help`),
    "tail -f",
    "id",
    "doctor",
    "--help",
    "--version",
    "--self-test",
  ])("%s ends quietly before it began", (words) => {
    using sandbox = withLog(records);
    const ended = Bun.spawnSync([programPath("claude-session"), ...words.split(" ")], {
      env: sandbox.env(),
      cwd: sandbox.project,
      stdout: closedPipe(sandbox),
    });
    expect([ended.exitCode, ended.stderr.toString()]).toEqual([0, ""]);
  });

  test.each(["prune --older-than 1d", `prune --session ${SESSION}`])(
    "%s does not say that it is done unless it is",
    (words) => {
      using sandbox = new Sandbox();
      const path = writeDay(sandbox, "2026-01-01", `${JSON.stringify(records[0])}\n`);
      const { exitCode } = Bun.spawnSync([programPath("claude-session"), ...words.split(" ")], {
        env: sandbox.env(),
        stdout: closedPipe(sandbox),
      });
      const isGone = !existsSync(path) || !readFileSync(path, "utf8").includes(SESSION);
      expect({ exitCode, isGone }).toEqual({ exitCode, isGone: exitCode === 0 });
    },
  );

  test.skipIf(process.platform !== "linux")("a full disk is told, and is no bug of ours", () => {
    using sandbox = withLog(records);
    const ended = Bun.spawnSync([programPath("claude-session"), "list"], {
      env: sandbox.env(),
      stdout: openSync("/dev/full", "w"),
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr.toString()).toMatch(/^claude-session: ENOSPC[^\n]*\n$/);
  });
});

/** Plays every captured payload through its program, all as one session. */
async function play(
  sandbox: Sandbox,
  change: (payload: object) => object,
  env: Record<string, string> = {},
): Promise<void> {
  for (const { event, payload } of await capturedPayloads()) {
    const own = { session_id: SESSION, hook_event_name: event, cwd: sandbox.project };
    const sent = { ...change(payload), ...own };
    const { code } = await runProgram(programFor(event), sandbox, sent, { env });
    expect(code).toBe(0);
  }
}

/** A value of JSON with something at the end of every text and every name but the outermost. */
function poison(value: object, evil: string): object {
  const inner = (part: unknown): unknown => {
    if (typeof part === "string") return part + evil;
    if (Array.isArray(part)) return part.map(inner);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, own]) => [key + evil, inner(own)]));
  };
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, inner(own)]));
}

/** The writing end of a pipe that has no reader any more. */
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
