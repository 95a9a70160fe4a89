// `claude-session doctor` as a compiled program, in homes that are well and not.
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { programFor } from "../../lib/events";
import { run } from "../../scripts/harness/commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli, runProgram } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";

interface Finding {
  level: "ok" | "warn" | "fail";
  topic: string;
  what: string;
  fix?: string;
}

test("where nothing is installed it fails, says how to begin, and makes nothing", async () => {
  using sandbox = new Sandbox();
  const { code, stdout, stderr } = await runCli(sandbox, "doctor");
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout).toContain("✗ The hooks are not registered with Claude Code");
  expect(stdout).toContain("→ Run claude-session install, then restart Claude Code.");
  expect(readdirSync(sandbox.home)).toEqual([]);
  expect(readdirSync(sandbox.pointers)).toEqual([]);
});

test("where all is well it says so, and changes nothing", async () => {
  using sandbox = new Sandbox();
  await wellIn(sandbox);
  const before = listing(sandbox.root);
  const { code, stdout, stderr } = await runCli(sandbox, "doctor");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toEndWith("checks fine\n");
  expect(stdout).not.toMatch(/[✗!] /);
  expect(stdout).toMatch(/Last events: .*PreToolUse now/s);
  expect(listing(sandbox.root)).toEqual(before);
});

describe("it finds", () => {
  test.each([
    [
      "what is wrong in config.json, and what is used instead",
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
      /switches all hooks off/,
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
      "a program that is not there any more",
      "fail",
      /\/gone\/session-end: missing/,
      (sandbox) =>
        writeFileSync(
          settings(sandbox),
          read(sandbox).replace(/"[^"]*session-end"/, '"/gone/session-end"'),
        ),
    ],
    [
      "a dangerous variable in the settings, by its name only",
      "warn",
      /LD_PRELOAD is set in/,
      (sandbox) =>
        writeFileSync(
          settings(sandbox),
          `{"env":{"LD_PRELOAD":"/the/secret.so"},${read(sandbox).slice(1)}`,
        ),
    ],
    [
      "a folder that others may look into",
      "warn",
      /Others may look into .*events/,
      (sandbox) => chmodSync(sandbox.events, 0o755),
    ],
    [
      "a day that others may read",
      "warn",
      /Others may read 1 file/,
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
      /2020-01-01\.jsonl is a link/,
      (sandbox) => symlinkSync("/etc/hostname", `${sandbox.events}/2020-01-01.jsonl`),
    ],
    [
      "a fault that a hook wrote down, without its escape sequences",
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
      "a folder of pointers that is not there",
      "fail",
      /Session pointers cannot be kept/,
      (sandbox) => run("rm", "-r", sandbox.pointers),
    ],
    [
      "Claude Code's own files being newer than the log",
      "warn",
      /Claude Code worked now, and nothing of that is recorded/,
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
        });
        writeFileSync(`${sandbox.events}/2026-01-01.jsonl`, `${old}\n`, { mode: 0o600 });
      },
    ],
  ] as [string, Finding["level"], RegExp, (sandbox: Sandbox) => unknown][])(
    "%s",
    async (_, level, what, spoil) => {
      using sandbox = new Sandbox();
      await wellIn(sandbox);
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

  test.each([
    ["LD_AUDIT", "/none.so"],
    ["BUN_CRASH_REPORT_URL", "http://127.0.0.1:9"],
    ["CLAUDE_CODE_SIMPLE", "true-enough"],
  ])("the variable %s where it is set", async (name, value) => {
    using sandbox = new Sandbox();
    await wellIn(sandbox);
    const { stdout } = await runCli(sandbox, "doctor", { env: { [name]: value } });
    expect(stdout).toContain(`${name} is set here`);
    expect(stdout).not.toContain(value);
  });

  test("that nothing of the session it runs in is recorded", async () => {
    using sandbox = new Sandbox();
    await wellIn(sandbox);
    const { stdout } = await runCli(sandbox, "doctor", {
      env: { CLAUDE_CODE_SESSION_ID: "other-1" },
    });
    expect(stdout).toContain("Nothing is recorded of other-1");
  });
});

test("escape sequences in the settings are not printed", async () => {
  using sandbox = new Sandbox();
  await wellIn(sandbox);
  const planted = JSON.stringify("/gone/\u001B[31m\u009B2J/session-end");
  writeFileSync(
    settings(sandbox),
    read(sandbox).replace(/"[^"]*session-end"/, () => planted),
  );
  const { code, stdout } = await runCli(sandbox, "doctor");
  expect(code).toBe(1);
  expect(stdout.replace(/\s+/g, " ")).toContain("/session-end: missing");
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(stdout.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
});

test.each([
  ["doctor --help", 0, "stdout", "claude-session doctor --json"],
  ["doctor --jsn", 2, "stderr", "there is no flag --jsn; did you mean --json?"],
] as const)("%s ends with %i, and %s says: %s", async (words, code, stream, piece) => {
  using sandbox = new Sandbox();
  const ended = await runCli(sandbox, words);
  expect(ended.code).toBe(code);
  expect(ended[stream]).toContain(piece);
  expect(readdirSync(sandbox.home)).toEqual([]);
});

async function wellIn(sandbox: Sandbox): Promise<void> {
  expect((await runCli(sandbox, "install")).code).toBe(0);
  for (const event of ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"]) {
    const { payload } = await capturedPayload(event);
    expect((await runProgram(programFor(event), sandbox, payload)).code).toBe(0);
  }
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

/** Everything below a folder, with what would tell of a change. */
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
