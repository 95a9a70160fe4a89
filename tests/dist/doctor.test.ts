// `claude-session doctor` as a compiled program: a good installation, and what can be wrong with one.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { programFor } from "../../lib/events";
import { run } from "../../scripts/harness/system-commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli as startCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { limit } from "../support/limit";

// Rows run at the same time, so each takes longer than alone.
setDefaultTimeout(120_000);

// Each starts five other programs, which have ten seconds for their self-test.
const runCli = limit(4, startCli);

interface Finding {
  level: "ok" | "warn" | "fail";
  topic: string;
  what: string;
  fix: string | null;
}

// Installing and recording start eleven programs, so they are done once, and the result is copied.
const original = new Sandbox();
beforeAll(async () => {
  expect((await runCli(original, "install")).code).toBe(0);
  for (const event of ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"]) {
    const { payload } = await capturedPayload(event);
    expect((await runProgram(programFor(event), original, payload)).code).toBe(0);
  }
});
afterAll(() => original[Symbol.dispose]());

test.concurrent(
  "without an installation it fails, explains how to begin, and creates nothing",
  async () => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await runCli(sandbox, "doctor");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toContain("✗ The hooks are not registered with Claude Code");
    expect(stdout).toContain("→ Run claude-session install, then restart Claude Code.");
    expect(readdirSync(sandbox.home)).toEqual([]);
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  },
);

test.concurrent("a good installation passes every check, and nothing is changed", async () => {
  using sandbox = goodInstallation();
  const before = listing(sandbox.root);
  const { code, stdout, stderr } = await runCli(sandbox, "doctor");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toEndWith("checks passed\n");
  expect(stdout).not.toMatch(/[✗!] /);
  expect(stdout).toMatch(/Last events: .*PreToolUse (just now|\d+s ago)/s);
  expect(listing(sandbox.root)).toEqual(before);
});

describe("it finds", () => {
  test.concurrent.each([
    [
      "a value in config.json that cannot be used, and the default that is used instead",
      "warn",
      /retention_days: not a whole number from 1 to 3650; using 30/,
      (sandbox) => write(sandbox, "config.json", '{"retention_days":0}'),
    ],
    [
      "a config.json that is a pipe",
      "warn",
      /config\.json: not a regular file/,
      (sandbox) => run("mkfifo", `${sandbox.state}/config.json`),
    ],
    [
      "settings that switch all hooks off",
      "fail",
      /turns off all hooks/,
      (sandbox) =>
        writeFileSync(settings(sandbox), `{"disableAllHooks":true,${read(sandbox).slice(1)}`),
    ],
    [
      "settings that do not parse",
      "fail",
      /settings\.json: line 1, column 2: not JSON|settings\.json.*not JSON/,
      (sandbox) => writeFileSync(settings(sandbox), "{oops"),
    ],
    [
      "settings that are a pipe",
      "fail",
      /not a regular file/,
      (sandbox) => {
        run("rm", settings(sandbox));
        run("mkfifo", settings(sandbox));
      },
    ],
    [
      "an event that is not registered",
      "warn",
      /Not registered: Stop/,
      (sandbox) => writeFileSync(settings(sandbox), read(sandbox).replace('"Stop"', '"Stopped"')),
    ],
    [
      "a program that is gone",
      "fail",
      /\/gone\/session-end: missing/,
      (sandbox) => registerGone(sandbox, "/gone/session-end"),
    ],
    [
      "a dangerous variable in the settings, without its value",
      "warn",
      /LD_PRELOAD is set in/,
      (sandbox) =>
        writeFileSync(
          settings(sandbox),
          `{"env":{"LD_PRELOAD":"/the/secret.so"},${read(sandbox).slice(1)}`,
        ),
    ],
    [
      "a folder that other users can read",
      "warn",
      /Other users can see which files are in \S*events\b/,
      (sandbox) => chmodSync(sandbox.events, 0o755),
    ],
    [
      "a day that other users can read",
      "warn",
      /Other users can read 1 file/,
      (sandbox) => chmodSync(today(sandbox), 0o644),
    ],
    [
      "a line that was cut short",
      "warn",
      /1 line of the log cut short/,
      (sandbox) => writeFileSync(today(sandbox), '{"v":1,"id"', { flag: "a" }),
    ],
    [
      "a day that is a link",
      "warn",
      /2020-01-01\.jsonl is not a regular file of yours/,
      (sandbox) => symlinkSync("/etc/hostname", `${sandbox.events}/2020-01-01.jsonl`),
    ],
    [
      "a fault that a hook reported, without its escape sequences",
      "warn",
      /session-start: ENOSPC red/,
      (sandbox) =>
        write(
          sandbox,
          "hook-errors.log",
          `${new Date().toISOString()}\tsession-start\tENOSPC \u001B[31mred\u009B2J\n`,
        ),
    ],
    [
      "a missing folder for session pointers",
      "fail",
      /Session pointers cannot be kept/,
      (sandbox) => run("rm", "-r", sandbox.pointers),
    ],
    [
      "a transcript of Claude Code that is newer than the log",
      "warn",
      /Claude Code was active (just now|\d+s ago), but that was not recorded/,
      (sandbox) => {
        mkdirSync(`${sandbox.home}/.claude/projects/x`, { recursive: true });
        writeFileSync(`${sandbox.home}/.claude/projects/x/y.jsonl`, "");
        run("rm", today(sandbox));
        const old = JSON.stringify({
          v: 1,
          id: "a",
          timestamp: "2026-01-01T00:00:00.000Z",
          event: "Stop",
          session_id: "s",
          project: "shop",
        });
        writeFileSync(`${sandbox.events}/2026-01-01.jsonl`, `${old}\n`, { mode: 0o600 });
      },
    ],
  ] as [string, Finding["level"], RegExp, (sandbox: Sandbox) => unknown][])(
    "%s",
    async (_, level, what, spoil) => {
      using sandbox = goodInstallation();
      spoil(sandbox);
      const before = listing(sandbox.root);
      const { code, stdout } = await runCli(sandbox, "doctor --json");
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      const found = findings.filter((finding) => what.test(finding.what));
      expect(found.map((finding) => finding.level)).toEqual([level]);
      expect(found[0]?.fix).toBeString();
      expect(code).toBe(findings.some((finding) => finding.level === "fail") ? 1 : 0);
      const { stdout: screen } = await runCli(sandbox, "doctor", { env: { COLUMNS: "300" } });
      expect(screen).toMatch(what);
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      expect(screen.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
      expect(screen).not.toContain("secret");
      expect(listing(sandbox.root)).toEqual(before);
    },
  );

  test.concurrent.each([
    ["LD_AUDIT", "/none.so"],
    ["BUN_CRASH_REPORT_URL", "http://127.0.0.1:9"],
    ["CLAUDE_CODE_SIMPLE", "true-enough"],
  ])("the variable %s in its own environment, without its value", async (name, value) => {
    const { stdout } = await runCli(original, "doctor", { env: { [name]: value } });
    expect(stdout).toContain(`${name} is set here`);
    expect(stdout).not.toContain(value);
  });

  test.concurrent("that nothing was recorded of the session that runs it", async () => {
    const { stdout } = await runCli(original, "doctor", {
      env: { CLAUDE_CODE_SESSION_ID: "other-1" },
    });
    expect(stdout).toContain("Nothing was recorded for other-1");
  });
});

test.concurrent("escape sequences in the settings are not printed", async () => {
  using sandbox = goodInstallation();
  registerGone(sandbox, "/gone/\u001B[31m\u009B2J/session-end");
  const { code, stdout } = await runCli(sandbox, "doctor");
  expect(code).toBe(1);
  expect(stdout.replace(/\s+/g, " ")).toContain("/session-end: missing");
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(stdout.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
});

test.concurrent.each([
  ["doctor --help", 0, "stdout", "claude-session doctor --json"],
  ["doctor --jsn", 2, "stderr", "unknown option --jsn; did you mean --json?"],
] as const)(
  "%s ends with exit status %i, %s has %j, and nothing is created",
  async (words, code, stream, piece) => {
    using sandbox = new Sandbox();
    const ended = await runCli(sandbox, words);
    expect(ended.code).toBe(code);
    expect(ended[stream]).toContain(piece);
    expect(readdirSync(sandbox.home)).toEqual([]);
  },
);

function goodInstallation(): Sandbox {
  const sandbox = new Sandbox();
  run("cp", "-a", `${original.home}/.`, sandbox.home);
  run("cp", "-a", `${original.pointers}/.`, sandbox.pointers);
  return sandbox;
}

/** Makes the settings name a program that was installed once and is gone. */
function registerGone(sandbox: Sandbox, program: string): void {
  write(sandbox, "installed.json", JSON.stringify([program]));
  const command = JSON.stringify(program);
  writeFileSync(
    settings(sandbox),
    read(sandbox).replace(/"[^"]*session-end"/, () => command),
  );
}

function settings(sandbox: Sandbox): string {
  return `${sandbox.home}/.claude/settings.json`;
}

function read(sandbox: Sandbox): string {
  return run("cat", settings(sandbox));
}

function write(sandbox: Sandbox, name: string, content: string): void {
  writeFileSync(`${sandbox.state}/${name}`, content, { mode: 0o600 });
}

function today(sandbox: Sandbox): string {
  return `${sandbox.events}/${readdirSync(sandbox.events)[0]}`;
}

/** Everything in a folder, with what a change would change. */
function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      try {
        const { mtimeMs, mode, size } = statSync(`${folder}/${name}`);
        return `${name} ${mode} ${size} ${mtimeMs}`;
      } catch {
        return name; // A link to nothing.
      }
    });
}
