// Folders whose names a terminal would obey, or that are no text, and folders that are gone: what every command makes
// of them.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { programPath } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { BUG_REPORT, controlsIn } from "../support/terminal-output";
import { recordedSession } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);
const records = await recordedSession();

const COMMANDS = [
  "id",
  "list",
  "show latest",
  "show nothing",
  "tail",
  "stats",
  "doctor",
  "forward --status",
  "forward --once",
  "prune --dry-run",
  "prune --session nothing",
  "redact nothing",
  "install --dry-run",
  "install --scope project",
  "install --scope local --settings other.json",
  "install",
  "uninstall --dry-run",
  "uninstall --scope project",
  "uninstall",
  "help",
];

describe("a name that a terminal would obey reaches no screen:", () => {
  test.concurrent.each([
    ["a sequence that writes to the clipboard", "x\u001B]52;c;YQ==\u0007"],
    ["a line end and a color", "x\nDone.\u001B[31m"],
    ["one byte that begins a sequence", "x\u009B2J"],
    ["hidden words", "x\u{E0068}\u{E0069}\u200B\u202Ey"],
  ])("%s", async (_, name) => {
    using sandbox = new Sandbox();
    const home = `${sandbox.root}/${name}`;
    mkdirSync(`${home}/.git`, { recursive: true });
    const env = { ...environmentOf(sandbox), HOME: home };
    for (const words of COMMANDS) {
      const { output } = await run(words, home, env);
      // `diff` puts a tab behind a path.
      expect({ words, controls: controlsIn(output.replaceAll("\t", " ")) }).toEqual({
        words,
        controls: [],
      });
    }
  });
});

test.concurrent(
  "a folder whose name is not UTF-8 gets no settings, and no other folder in its place",
  async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    const enter = String.raw`mkdir "$(printf 'n\377x')" && cd "$(printf 'n\377x')" && exec "$@"`;
    const before = readdirSync(sandbox.root, "buffer").length;
    for (const [words, status] of [
      ["install --scope project", 1],
      ["install --settings s.json", 1],
      ["uninstall --scope local", 1],
      ["list", 0],
      ["id", 1],
      ["doctor", undefined],
    ] as const) {
      const { output, exitCode } = await run(words, sandbox.root, folders(sandbox), enter);
      expect(output).not.toMatch(BUG_REPORT);
      if (status !== undefined) expect({ words, exitCode }).toEqual({ words, exitCode: status });
      if (words.includes("install")) expect(output).toContain("not UTF-8");
      await run(
        "--version",
        sandbox.root,
        folders(sandbox),
        String.raw`rmdir "$(printf 'n\377x')"`,
      );
    }
    expect(readdirSync(sandbox.root, "buffer")).toHaveLength(before);
  },
);

test.concurrent("a home whose name is not UTF-8 gets no hooks", async () => {
  using sandbox = new Sandbox();
  const env = environmentOf(sandbox);
  const enter = String.raw`mkdir "$(printf 'n\377x')"; HOME="$PWD/$(printf 'n\377x')" exec "$@"`;
  const { output, exitCode } = await run("install", sandbox.root, env, enter);
  expect(output).toContain("not UTF-8");
  expect(exitCode).toBe(1);
});

test.concurrent(
  "in a folder that is gone, only what needs the folder fails, and says so",
  async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    const enter = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    for (const words of COMMANDS) {
      const { output, exitCode } = await run(words, sandbox.root, folders(sandbox), enter);
      expect({ words, bug: BUG_REPORT.exec(output) }).toEqual({ words, bug: null });
      const needsFolder = /project|other\.json|redact/.test(words);
      if (needsFolder) {
        expect(output).toContain("the working folder no longer exists");
        expect({ words, exitCode }).toEqual({ words, exitCode: 1 });
      } else if (!/nothing|id|doctor/.test(words))
        expect({ words, exitCode }).toEqual({ words, exitCode: 0 });
    }
  },
);

/** Without a project folder. */
function folders(sandbox: Sandbox): Record<string, string> {
  const { CLAUDE_PROJECT_DIR: _, ...env } = sandbox.env();
  return env;
}

/** Without any of our folders. */
function environmentOf(sandbox: Sandbox): Record<string, string> {
  const { CLAUDE_CONFIG_DIR: _, CLAUDE_SESSION_HOME: __, ...env } = folders(sandbox);
  return env;
}

async function run(words: string, cwd: string, env: Record<string, string>, script = 'exec "$@"') {
  const child = Bun.spawn(
    ["/bin/sh", "-c", script, "sh", programPath("claude-session"), ...words.split(" ")],
    { cwd, env, stdout: "pipe", stderr: "pipe" },
  );
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { output: stdout + stderr, exitCode };
}
