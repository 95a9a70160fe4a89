// `claude-session` as a compiled program: what all of its verbs have in common, and the views.
import { describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, openSync, symlinkSync } from "node:fs";
import type { EventRecord } from "../../lib/schema";
import { generateLog } from "../../scripts/generate-log";
import { run } from "../support/commands";
import { programPath, runCli } from "../support/programs";
import {
  HOSTILE,
  NEXT_SESSION,
  recordedSession,
  recordsFrom,
  SESSION,
} from "../support/recorded-session";
import { Sandbox } from "../support/sandbox";
import { writeRecords } from "../support/written-log";

const VERBS = ["install", "uninstall", "id", "list", "show", "tail", "stats", "doctor", "prune"];
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u2028-\u202E]/;
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
      // Without a HOME it is the account's own that counts, so somebody runs it who has none.
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const starts: [object, string[]][] = [
        ...(isRoot ? [[{}, [...nobody, ...command]] as [object, string[]]] : []),
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
        expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/a bug of ours| at .*\(/);
      }
    },
  );

  test.each([
    ["lst", /there is no verb "lst"; did you mean list\?/, /COMMANDS/],
    ["--lst", /there is no verb "--lst"/, /COMMANDS/],
    ["constructor", /there is no verb "constructor"/, /COMMANDS/],
    ["list --projct x", /there is no flag --projct; did you mean --project\?/, /EXAMPLES/],
    ["list --since", /--since needs a value/, /EXAMPLES/],
    ["list --since soon", /--since: "soon" is no duration/, /EXAMPLES/],
    ["list --limit few", /--limit: "few" is no whole number/, /EXAMPLES/],
    ["list this", /"this" is one word too many/, /EXAMPLES/],
    ["show a b", /"b" is one word too many/, /EXAMPLES/],
    ["tail -n few", /"few" is no whole number/, /EXAMPLES/],
    ["tail -x", /there is no flag -x/, /EXAMPLES/],
    ["stats --by hour", /expected one of: tool, project, day/i, /EXAMPLES/],
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
  test.each(["list", "show", "tail", "stats", "prune"])("%s says how to begin", async (verb) => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await runCli(sandbox, verb);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("claude-session install");
  });

  test.each(["list", "show", "stats"])("%s --json is an empty list", async (verb) => {
    using sandbox = new Sandbox();
    expect(JSON.parse((await runCli(sandbox, `${verb} --json`)).stdout)).toEqual([]);
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
    ["list --since 2020-01-01", ["c", "b", "a"]],
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
    "list",
    "show 1111",
    "show 1111 --full",
    "show 1111 --json",
    "list --json",
    "tail -n 99",
    "tail -n 99 --json",
    "stats",
    "stats --json",
  ])(
    "%s prints nothing of a payload that a terminal would obey, and keeps to its width",
    async (words) => {
      using sandbox = withLog(records);
      for (const columns of [40, 80, 140]) {
        const { code, stdout, stderr } = await runCli(sandbox, words, {
          env: { COLUMNS: String(columns) },
        });
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout.replaceAll("\n", "")).not.toMatch(UNSAFE);
        if (!words.includes("--json") && columns > 40)
          for (const line of stdout.split("\n"))
            expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
      }
    },
  );

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
  test.each(["list --json", "stats --json", "tail -n 99 --json", "show 1111 --json"])(
    "%s passes by what is torn, foreign or huge, and says so",
    async (words) => {
      using sandbox = withLog(records);
      const clean = await runCli(sandbox, words);
      appendFileSync(
        `${sandbox.events}/2026-11-22.jsonl`,
        `{"v":1,"session_id":"${SESSION}","torn\nfor humans: "session_id":"${SESSION}"\n${"x".repeat(300_000)}\n${"y".repeat(2_000_000)}\n`,
      );
      const { code, stdout, stderr } = await runCli(sandbox, words);
      expect({ code, stdout }).toEqual({ code: 0, stdout: clean.stdout });
      if (words.startsWith("list") || words.startsWith("stats"))
        expect(stderr).toBe("Skipped lines of the log: 2 cut short, 2 not ours.\n");
      if (words.startsWith("show")) expect(stderr).toContain("Skipped");
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

describe("id", () => {
  test.each([
    ["id", { CLAUDE_CODE_SESSION_ID: "here-1" }, "here-1", 0, "in a session, its own"],
    ["id", {}, "stored-1", 0, "elsewhere the one that the project was last in"],
    ["id", { CLAUDE_CODE_SESSION_ID: "../x" }, "stored-1", 0, "what is no id does not count"],
    [
      "id --project .",
      { CLAUDE_CODE_SESSION_ID: "here-1" },
      "stored-1",
      0,
      "of a project that is named, that project's",
    ],
    ["id --project /", { CLAUDE_CODE_SESSION_ID: "here-1" }, "unknown", 1, "of another one, none"],
  ])("%s with %j is %s, exit status %p (%s)", async (words, env, id, code) => {
    using sandbox = new Sandbox();
    const [start] = await recordsFrom([["SessionStart"]]);
    const hook = Bun.spawnSync([programPath("session-start")], {
      env: sandbox.env(),
      cwd: sandbox.project,
      stdin: Buffer.from(
        JSON.stringify({ ...start, session_id: "stored-1", hook_event_name: "SessionStart" }),
      ),
    });
    expect(hook.exitCode).toBe(0);
    expect(await runCli(sandbox, words, { env })).toMatchObject({
      code,
      stdout: `${id}\n`,
      stderr: "",
    });
  });
});

function withLog(all: readonly EventRecord[]): Sandbox {
  const sandbox = new Sandbox();
  writeRecords(sandbox, all);
  return sandbox;
}
