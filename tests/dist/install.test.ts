// `claude-session install` and `uninstall`, as compiled programs on real settings files.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { ALL_EVENTS, CORE_EVENTS, PROGRAMS, programFor } from "../../lib/cli/programs";
import { register } from "../../lib/cli/settings";
import { programNames } from "../../scripts/build";
import { run } from "../support/commands";
import { capturedPayload } from "../support/payloads";
import { programPath, runCli, runProgram, type Ended } from "../support/programs";
import { onlyRecordOf } from "../support/records";
import { Sandbox } from "../support/sandbox";

const isRoot = process.geteuid?.() === 0;
const CORE = new Map(CORE_EVENTS.map((event) => [event, programPath(programFor(event))]));
const FORMERLY = new Map(CORE_EVENTS.map((event) => [event, `/old/${programFor(event)}`]));

const OTHERS = `{
  // what I like
  "model": "opus",
  "hooks": {
    "PreToolUse": [
      { "matcher": "Bash", "hooks": [{ "type": "command", "command": "check.sh" }] } /* mine */
    ]
  }
}
`;

describe("install, then uninstall", () => {
  test.each([
    ["no file", undefined],
    ["a file of no bytes", ""],
    ["an empty object", "{}"],
    ["an empty object over two lines", "{\n}\n"],
    ["comments and others' hooks", OTHERS],
    ["tabs", OTHERS.replaceAll("  ", "\t")],
    ["the line ends of Windows", OTHERS.replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFF${OTHERS}`],
    ["one line without an end", '{"a":[1,{"b":"ñ🛒"}],"hooks":{"Stop":[]}}'],
    ["commas at the end", '{\n  "hooks": {\n    "Stop": [],\n  },\n}'],
  ])("gives back the same bytes: %s", async (_, before) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, before);
    expect(await runCli(sandbox, "install")).toMatchObject({ code: 0, stderr: "" });
    expect(read(path)).toBe(register(before ?? "", CORE).text);
    const first = statSync(path).mtimeMs;
    const again = await runCli(sandbox, "install");
    expect(again.stdout).toContain("Already installed");
    expect(statSync(path).mtimeMs).toBe(first);
    expect(await runCli(sandbox, "uninstall")).toMatchObject({ code: 0, stderr: "" });
    expect(read(path)).toBe(before);
    expect(leftovers(sandbox)).toEqual([]);
  });

  test("takes out only ours where something else has changed meanwhile", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    await runCli(sandbox, "install");
    writeFileSync(path, (read(path) ?? "").replace('"opus"', '"sonnet"'));
    expect((await runCli(sandbox, "uninstall")).code).toBe(0);
    expect(read(path)).toBe(OTHERS.replace('"opus"', '"sonnet"'));
  });

  test("gives back what was before the first of several installs, moved or with more events", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, "{ }\n");
    for (const words of ["install", "install --events all", "install --events Stop"])
      expect((await runCli(sandbox, words)).code).toBe(0);
    await runCli(sandbox, "uninstall");
    expect(read(path)).toBe("{ }\n");
  });

  test("moves entries of an older place, and does not double them", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, register(OTHERS, FORMERLY).text);
    const { stdout } = await runCli(sandbox, "install");
    expect(stdout).toContain("moved");
    expect(read(path)).toBe(register(OTHERS, CORE).text);
    await runCli(sandbox, "uninstall");
    expect(read(path)).toBe(OTHERS);
  });

  test.each([0o644, 0o600, 0o640])("keeps the mode %o", async (mode) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    chmodSync(path, mode);
    await runCli(sandbox, "install");
    expect(statSync(path).mode & 0o777).toBe(mode);
    await runCli(sandbox, "uninstall");
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  test.each([
    ["that is there", OTHERS],
    ["that is yet to come", undefined],
  ])("leaves a link a link, and edits the file %s", async (_, before) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    const target = `${sandbox.root}/dotfiles.json`;
    if (before !== undefined) writeFileSync(target, before);
    symlinkSync("../../dotfiles.json", path);
    expect((await runCli(sandbox, "install")).code).toBe(0);
    expect(readlinkSync(path)).toBe("../../dotfiles.json");
    expect(read(target)).toBe(register(before ?? "", CORE).text);
    expect((await runCli(sandbox, "uninstall")).code).toBe(0);
    expect(read(target)).toBe(before);
    expect(lstatSync(path).isSymbolicLink()).toBeTrue();
  });
});

test("the settings as they were are kept, for nobody else to read", async () => {
  using sandbox = new Sandbox();
  settingsOf(sandbox, OTHERS);
  const { stdout } = await runCli(sandbox, "install");
  const backup = /as they were: (\S+)/.exec(stdout)?.[1] ?? "";
  expect(read(backup)).toBe(OTHERS);
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(statSync(`${sandbox.state}/backups`).mode & 0o777).toBe(0o700);
});

describe("settings that cannot be edited are left as they are:", () => {
  test.each([
    ["not JSON", '{\n  "a": oops\n}', /settings\.json:2:8: not JSON/],
    ["hooks of another shape", '{"hooks":[]}', /settings\.json:1:10: "hooks" should be an object/],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ["another encoding", Buffer.from("\uFEFF{}", "utf16le"), /not UTF-8/],
  ])("%s", async (_, content, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    writeFileSync(path, content);
    for (const verb of ["install", "install --dry-run", "uninstall"]) {
      const ended = await runCli(sandbox, verb);
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr).toMatch(message);
    }
    expect(readFileSync(path)).toEqual(Buffer.from(content));
    expect(leftovers(sandbox)).toEqual([]);
  });

  test.each([
    ["a folder", (path: string) => mkdirSync(path), /not a regular file/],
    ["a pipe", (path: string) => run("mkfifo", path), /not a regular file/],
    ["a file of two names", twoNames, /second name/],
    ["a link to itself", (path: string) => symlinkSync("settings.json", path), /ELOOP/],
  ])("%s", async (_, plant, message) => {
    using sandbox = new Sandbox();
    plant(settingsOf(sandbox, undefined));
    const ended = await runCli(sandbox, "install");
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(leftovers(sandbox)).toEqual([]);
  });

  // The superuser may write anywhere, so somebody else tries.
  test.skipIf(!isRoot)("in a folder where nobody may write", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    run("chown", "-R", "65534:65534", sandbox.root);
    chmodSync(`${sandbox.home}/.claude`, 0o500);
    const child = Bun.spawnSync(
      [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        programPath("claude-session"),
        "install",
      ],
      { env: sandbox.env({ CLAUDE_SESSION_HOME: `${sandbox.root}/state` }), cwd: "/" },
    );
    expect(child.exitCode).toBe(1);
    expect(child.stderr.toString()).toContain(`${path} cannot be written: EACCES; it is as it was`);
    expect(read(path)).toBe(OTHERS);
    expect(leftovers(sandbox)).toEqual([]);
  });
});

describe("programs that do not work are not registered:", () => {
  test.each([
    ["one is missing", (path: string) => unlinkSync(path), "missing"],
    ["one is a folder", replaceBy((path) => mkdirSync(path)), "not a file"],
    ["one fails", replaceBy(script("exit 1")), "ended with 1"],
    ["one may not be executed", replaceBy((path) => writeFileSync(path, "")), "EACCES"],
    ["one says nothing", replaceBy(script("exit 0")), "ended with 0"],
    ["one is of another version", replaceBy(script("echo pre-tool-use 0.0.1")), "version 0.0.1"],
  ])("%s", async (_, spoil, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    const folder = `${sandbox.root}/programs`;
    mkdirSync(folder);
    for (const name of await programNames()) place(programPath(name), `${folder}/${name}`);
    spoil(`${folder}/pre-tool-use`);
    const child = Bun.spawnSync([`${folder}/claude-session`, "install"], { env: sandbox.env() });
    expect(child.exitCode).toBe(1);
    expect(child.stderr.toString()).toContain(`${folder}/pre-tool-use: `);
    expect(child.stderr.toString()).toContain(message);
    expect(read(path)).toBe(OTHERS);
  });
});

describe("which events:", () => {
  test.each([
    ["install", CORE_EVENTS, "the core by default"],
    ["install --events core", CORE_EVENTS, "the core"],
    ["install --events all", ALL_EVENTS, "all that may be observed"],
    ["install --events=Stop,SessionStart", ["Stop", "SessionStart"], "a list"],
  ])("%s: %j (%s)", async (words, events) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    await runCli(sandbox, words);
    expect(eventsIn(path)).toEqual(Array.from(events));
  });

  test("those once asked for stay, until others are asked for", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    await runCli(sandbox, "install --events all");
    await runCli(sandbox, "install");
    expect(eventsIn(path)).toEqual(Array.from(ALL_EVENTS));
    await runCli(sandbox, "install --events core");
    expect(eventsIn(path)).toEqual(Array.from(CORE_EVENTS));
  });

  test.each([
    ["install --events PreToolUsed", /no event "PreToolUsed"; did you mean PreToolUse\?/],
    ["install --events WorktreeCreate", /not WorktreeCreate: it would replace git's own worktrees/],
    ["install --events Stop,,Setup", /no event ""/],
    ["install --scope everybody", /expected one of/i],
  ])("%s is a mistake", async (words, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    const ended = await runCli(sandbox, words);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toContain("EXAMPLES");
    expect(read(path)).toBeUndefined();
  });
});

test.each([
  ["install --scope project", "shop/.claude/settings.json"],
  ["install --scope local", "shop/.claude/settings.local.json"],
  ["install --settings other.json", "shop/other.json"],
])("%s writes %s", async (words, path) => {
  using sandbox = new Sandbox();
  expect((await runCli(sandbox, words)).code).toBe(0);
  expect(eventsIn(`${sandbox.root}/${path}`)).toEqual(Array.from(CORE_EVENTS));
  expect(read(`${sandbox.home}/.claude/settings.json`)).toBeUndefined();
  expect((await runCli(sandbox, words.replace("install", "uninstall"))).code).toBe(0);
  expect(read(`${sandbox.root}/${path}`)).toBeUndefined();
});

test.each([undefined, OTHERS])("--dry-run shows the difference and makes none", async (before) => {
  using sandbox = new Sandbox();
  const path = settingsOf(sandbox, before);
  const { code, stdout } = await runCli(sandbox, "install --dry-run");
  expect(code).toBe(0);
  expect(stdout).toContain(`+            "command": "${programPath("session-start")}",`);
  expect(read(path)).toBe(before);
  expect(readdirSync(`${sandbox.home}/.claude`)).toEqual(
    before === undefined ? [] : ["settings.json"],
  );
  await runCli(sandbox, "install");
  expect((await runCli(sandbox, "install --dry-run")).stdout).toBe("Nothing would change.\n");
  const installed = read(path);
  expect((await runCli(sandbox, "uninstall --dry-run")).stdout).toContain(
    '-            "timeout": 5',
  );
  expect(read(path)).toBe(installed);
});

test("uninstall of nothing says so and changes nothing", async () => {
  using sandbox = new Sandbox();
  const path = settingsOf(sandbox, OTHERS);
  const ended: Ended = await runCli(sandbox, "uninstall");
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(ended.stdout).toContain("no hooks of ours");
  expect(read(path)).toBe(OTHERS);
});

test.each(["PreToolUse", "PostToolUseFailure", "Stop"])(
  "what is registered for %s records it",
  async (event) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    await runCli(sandbox, "install");
    const { hooks } = JSON.parse(read(path) ?? "") as Settings;
    const { command = "", args = [] } = hooks[event]?.[0]?.hooks[0] ?? {};
    expect(args).toEqual([]);
    const name = PROGRAMS.find((program) => command === programPath(program)) ?? "";
    const { payload } = await capturedPayload(event);
    expect(await runProgram(name, sandbox, payload)).toMatchObject({ code: 0, stdout: "" });
    expect((await onlyRecordOf(sandbox)).event).toBe(event);
  },
);

interface Settings {
  hooks: Record<string, { hooks: { command?: string; args?: string[] }[] }[]>;
}

function settingsOf(sandbox: Sandbox, content: string | undefined): string {
  mkdirSync(`${sandbox.home}/.claude`, { recursive: true });
  const path = `${sandbox.home}/.claude/settings.json`;
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

function read(path: string): string | undefined {
  try {
    // Not by `Bun.file().text()`, which drops a byte order mark.
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function eventsIn(path: string): string[] {
  return Object.keys((JSON.parse(read(path) ?? "{}") as Settings).hooks);
}

/** What no run should leave in Claude Code's folder. */
function leftovers(sandbox: Sandbox): string[] {
  const expected = new Set(["settings.json", "session-hooks"]);
  return readdirSync(`${sandbox.home}/.claude`).filter((name) => !expected.has(name));
}

function twoNames(path: string): void {
  writeFileSync(path, "{}");
  linkSync(path, `${path}.second`);
  // The second name is not in the folder that is looked at.
  run("mv", `${path}.second`, `${path.slice(0, path.indexOf("/home/"))}/second`);
}

function replaceBy(make: (path: string) => void): (path: string) => void {
  return (path) => {
    unlinkSync(path);
    make(path);
  };
}

function script(line: string): (path: string) => void {
  return (path) => writeFileSync(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
}

function place(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
