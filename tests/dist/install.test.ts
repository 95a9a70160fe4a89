// `claude-session install` and `uninstall`, as compiled programs on real settings files.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { register } from "../../lib/cli/settings/registrations";
import { coreEvents, observableEvents, programFor } from "../../lib/events";
import { placePrograms } from "../../scripts/build";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import {
  programPath,
  runCli as startCli,
  runProgram,
  type Ended,
} from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { limit } from "../support/limit";
import { whyNoMachine } from "../support/machine";
import { NEIGHBOR, placeForAll } from "../support/users";

// Rows run at the same time, so each takes longer than alone.
setDefaultTimeout(120_000);

// Each install starts five other programs, which have ten seconds for their self-test.
const runCli = limit(4, startCli);

const isRoot = process.geteuid?.() === 0;
const CORE = coreIn();
const OLD = coreIn("/old");

// For users that are not we.
const forAll = new Sandbox();
const programsForAll = await placeForAll(forAll);
afterAll(() => forAll[Symbol.dispose]());

/** Where each core event is registered if the programs are in a folder. */
function coreIn(folder?: string): Map<string, string> {
  return new Map(coreEvents().map((event) => [event, programPath(programFor(event), folder)]));
}

const OTHERS = `{
  // my choices
  "model": "opus",
  "hooks": {
    "PreToolUse": [
      { "matcher": "Bash", "hooks": [{ "type": "command", "command": "check.sh" }] } /* mine */
    ]
  }
}
`;

describe("install, then uninstall", () => {
  test.concurrent.each([
    ["no file", undefined],
    ["an empty file", ""],
    ["an empty object", "{}"],
    ["an empty object over two lines", "{\n}\n"],
    ["only a comment without a line end", "// mine"],
    ["the settings that most people have", '{\n  "model": "opus"\n}\n'],
    ["no newline at the end", '{\n  "model": "opus"\n}'],
    ["comments and another program's hooks", OTHERS],
    ["a comment in an empty hooks object", '{\n  "hooks": {\n    // mine\n  }\n}\n'],
    ["tabs", OTHERS.replaceAll("  ", "\t")],
    ["CRLF line ends", OTHERS.replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFF${OTHERS}`],
    ["one line without a line end", '{"a":[1,{"b":"ñ🛒"}],"hooks":{"Stop":[]}}'],
    ["trailing commas", '{\n  "hooks": {\n    "Stop": [],\n  },\n}'],
  ])("restores every byte: %s", async (_, before) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, before);
    const first = await runCli(sandbox, "install");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("Next\n  1. Restart Claude Code");
    expect(read(path)).toBe(register(before ?? "", CORE).text);
    const { mtimeMs, ino } = statSync(path);
    const again = await runCli(sandbox, "install");
    expect(again.stdout).toContain("Already installed");
    expect(statSync(path)).toMatchObject({ mtimeMs, ino });
    expect(await runCli(sandbox, "uninstall")).toMatchObject({ code: 0, stderr: "" });
    expect(read(path)).toBe(before);
    expect(leftovers(sandbox)).toEqual([]);
  });

  test.concurrent("removes only our entries if something else has changed in between", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    await runCli(sandbox, "install");
    writeFileSync(path, (read(path) ?? "").replace('"opus"', '"sonnet"'));
    expect((await runCli(sandbox, "uninstall")).code).toBe(0);
    expect(read(path)).toBe(OTHERS.replace('"opus"', '"sonnet"'));
  });

  test.concurrent("keeps what the user added to settings that install created", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    await runCli(sandbox, "install");
    writeFileSync(path, (read(path) ?? "").replace("{", '{\n  "model": "opus",'));
    expect((await runCli(sandbox, "uninstall")).code).toBe(0);
    expect(read(path)).toBe('{\n  "model": "opus"\n}\n');
  });

  test.concurrent(
    "restores the state before the first of several installs with other events",
    async () => {
      using sandbox = new Sandbox();
      const path = settingsOf(sandbox, "{ }\n");
      for (const words of ["install", "install --events all", "install --events Stop"])
        expect((await runCli(sandbox, words)).code).toBe(0);
      await runCli(sandbox, "uninstall");
      expect(read(path)).toBe("{ }\n");
    },
  );

  test.concurrent("moves entries of an earlier installation, and adds none twice", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, register(OTHERS, OLD).text);
    writeState(sandbox, "installed.json", JSON.stringify([...new Set(OLD.values())]));
    const { stdout } = await runCli(sandbox, "install");
    expect(stdout).toContain("moved");
    expect(read(path)).toBe(register(OTHERS, CORE).text);
    await runCli(sandbox, "uninstall");
    expect(read(path)).toBe(OTHERS);
  });

  test.concurrent.each([0o644, 0o600, 0o640])("keeps the mode %o", async (mode) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    chmodSync(path, mode);
    await runCli(sandbox, "install");
    expect(statSync(path).mode & 0o777).toBe(mode);
    await runCli(sandbox, "uninstall");
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  const LINKS: readonly (readonly [string, string, string, string | undefined])[] = [
    ["a link to a file", "../../dotfiles.json", "dotfiles.json", OTHERS],
    ["a link to a file that does not exist yet", "../../dotfiles.json", "dotfiles.json", undefined],
    ["a link to a link", "../../link.json", "linked.json", OTHERS],
  ];
  test.concurrent.each(LINKS)(
    "edits the target of %s, which stays a link",
    async (_, link, target, before) => {
      using sandbox = new Sandbox();
      const path = settingsOf(sandbox, undefined);
      if (before !== undefined) writeFileSync(`${sandbox.root}/${target}`, before);
      symlinkSync("linked.json", `${sandbox.root}/link.json`);
      symlinkSync(link, path);
      expect((await runCli(sandbox, "install")).code).toBe(0);
      expect(readlinkSync(path)).toBe(link);
      expect(read(`${sandbox.root}/${target}`)).toBe(register(before ?? "", CORE).text);
      expect((await runCli(sandbox, "uninstall")).code).toBe(0);
      expect(read(`${sandbox.root}/${target}`)).toBe(before);
      expect(readlinkSync(path)).toBe(link);
      expect(leftovers(sandbox)).toEqual([]);
    },
  );

  test.concurrent("creates the target of a link in a folder that is a link itself", async () => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.root}/dotfiles/claude`, { recursive: true });
    symlinkSync(`${sandbox.root}/dotfiles/claude`, `${sandbox.home}/.claude`);
    symlinkSync("../settings.json", `${sandbox.home}/.claude/settings.json`);
    expect((await runCli(sandbox, "install")).code).toBe(0);
    expect(eventsIn(`${sandbox.home}/.claude/settings.json`)).toEqual(coreEvents());
    expect(readdirSync(sandbox.home)).toEqual([".claude"]);
  });
});

test.concurrent("install keeps a private backup of the settings", async () => {
  using sandbox = new Sandbox();
  settingsOf(sandbox, OTHERS);
  chmodSync(`${sandbox.home}/.claude/settings.json`, 0o644);
  const { stdout } = await runCli(sandbox, "install");
  const backup = /backup +(\S+)/.exec(stdout)?.[1] ?? "";
  expect(read(backup)).toBe(OTHERS);
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(statSync(`${sandbox.state}/backups`).mode & 0o777).toBe(0o700);
});

describe("settings that cannot be edited are unchanged:", () => {
  test.concurrent.each([
    ["not JSON", '{\n  "a": oops\n}', /settings\.json:2:8: not JSON/],
    ["hooks as a list", '{"hooks":[]}', /settings\.json:1:10: "hooks" should be an object/],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ["another encoding", Buffer.from("\uFEFF{}", "utf16le"), /not UTF-8/],
  ])("%s", async (_, content, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    writeFileSync(path, content);
    for (const words of ["install", "install --dry-run", "uninstall"]) {
      const ended = await runCli(sandbox, words);
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr).toMatch(message);
    }
    expect(readFileSync(path)).toEqual(Buffer.from(content));
    expect(leftovers(sandbox)).toEqual([]);
  });

  test.concurrent.each([
    ["a folder", (path: string) => mkdirSync(path), /not a regular file/],
    ["a pipe", (path: string) => run("mkfifo", path), /not a regular file/],
    ["a link to itself", (path: string) => symlinkSync("settings.json", path), /ELOOP/],
  ])("%s", async (_, plant, message) => {
    using sandbox = new Sandbox();
    plant(settingsOf(sandbox, undefined));
    const ended = await runCli(sandbox, "install");
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(leftovers(sandbox)).toEqual([]);
  });

  const withOurs = register(OTHERS, coreIn(programsForAll)).text;
  test.concurrent.each([
    ["install", OTHERS, withOurs],
    ["uninstall", withOurs, OTHERS],
  ])("in a read-only folder: %s", async (words, before, after) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, before);
    const folder = `${sandbox.home}/.claude`;
    const { code, stdout, stderr } = await runReadOnly(sandbox, folder, words);
    expect(stderr).toContain(
      `${path} is managed elsewhere: ${folder} cannot be written: EACCES. Nothing was changed.`,
    );
    // The text that the user can put there.
    expect(stdout).toBe(after);
    expect(code).toBe(1);
    expect(read(path)).toBe(before);
    expect(leftovers(sandbox)).toEqual([]);
  });

  test.concurrent.skipIf(!isRoot).each([
    ["a file of ours", "{}"],
    ["nothing", undefined],
  ])("behind another user's link to %s", async (_, content) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    const target = `${sandbox.root}/target.json`;
    if (content !== undefined) writeFileSync(target, content);
    symlinkSync(target, path);
    lchownSync(path, NEIGHBOR, NEIGHBOR);
    const { code, stderr } = await runCli(sandbox, "install");
    expect(stderr).toContain(`${path} is managed elsewhere: the link belongs to user ${NEIGHBOR}.`);
    expect(code).toBe(1);
    expect(existsSync(target) ? read(target) : undefined).toBe(content);
  });

  // In a mount namespace, which ends with the program.
  const mounted = (path: string, options: string) => [
    "unshare",
    "--mount",
    "sh",
    "-c",
    `mount --bind "$0" "$0" && mount -o remount,bind,${options} "$0" && exec "$@"`,
    path,
  ];
  const cannotMount = whyNoMachine();
  if (cannotMount !== undefined) console.log(`No files that are mounted: ${cannotMount}`);

  test.concurrent.skipIf(cannotMount !== undefined).each([
    ["install", OTHERS, withOurs],
    ["uninstall --programs", withOurs, OTHERS],
  ])("if the file is mounted read-only: %s", async (words, before, after) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, before);
    const ended = await runCli(sandbox, words, { folder: programsForAll, by: mounted(path, "ro") });
    expect(ended.stderr).toContain(
      `${path} is managed elsewhere: it cannot be written: EROFS. Nothing was changed.`,
    );
    expect(ended).toMatchObject({ code: 1, stdout: after });
    expect(read(path)).toBe(before);
    expect(leftovers(sandbox)).toEqual([]);
  });

  const canProtect = isRoot && process.platform === "linux" && commandExists("chattr");
  test.concurrent.skipIf(!canProtect).each([
    ["the file", (sandbox: Sandbox) => `${sandbox.home}/.claude/settings.json`],
    // Its mode says that it can be written, so only the write itself finds out.
    ["the folder", (sandbox: Sandbox) => `${sandbox.home}/.claude`],
  ])("if %s is immutable, without a new config.json or backup", async (_, pathOf) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    const env = { CLAUDE_SESSION_HOME: `${sandbox.root}/state` };
    const protectedPath = pathOf(sandbox);
    if (Bun.spawnSync(["chattr", "+i", protectedPath], { env: {} }).exitCode !== 0) return;
    const words = "install --server http://127.0.0.1:4000";
    const ended = await runCli(sandbox, words, { env, folder: programsForAll });
    run("chattr", "-i", protectedPath);
    expect(ended).toMatchObject({ code: 1, stdout: withOurs });
    expect(ended.stderr).toContain("EPERM. Nothing was changed.");
    expect(read(path)).toBe(OTHERS);
    expect(existsSync(`${env.CLAUDE_SESSION_HOME}/config.json`)).toBe(false);
    expect(
      existsSync(`${env.CLAUDE_SESSION_HOME}/backups`)
        ? readdirSync(`${env.CLAUDE_SESSION_HOME}/backups`)
        : [],
    ).toEqual([]);
  });

  test.concurrent.skipIf(cannotMount !== undefined)(
    "if config.json is mounted read-only, whose text is printed",
    async () => {
      using sandbox = new Sandbox();
      const path = settingsOf(sandbox, OTHERS);
      writeState(sandbox, "config.json", "{}\n");
      const config = `${sandbox.state}/config.json`;
      const words = "install --server http://127.0.0.1:4000";
      const ended = await runCli(sandbox, words, { by: mounted(config, "ro") });
      expect(ended.code).toBe(1);
      expect(JSON.parse(ended.stdout).destinations[0].url).toBe("http://127.0.0.1:4000");
      expect(ended.stderr).toContain(`${config} is managed elsewhere: it cannot be written: EROFS`);
      expect(ended.stderr).toContain("Put this text there yourself, then run this again:");
      expect([read(config), read(path)]).toEqual(["{}\n", OTHERS]);
    },
  );

  test.concurrent.skipIf(cannotMount !== undefined)(
    "but written in place if only they are mounted, like config.json",
    async () => {
      using sandbox = new Sandbox();
      const path = settingsOf(sandbox, OTHERS);
      writeState(sandbox, "config.json", "{}\n");
      const config = `${sandbox.state}/config.json`;
      const by = [...mounted(path, "rw"), ...mounted(config, "rw")];
      const words = "install --server http://127.0.0.1:4000";
      expect(await runCli(sandbox, words, { by })).toMatchObject({ code: 0, stderr: "" });
      expect(read(config)).toContain("127.0.0.1:4000");
      expect(read(path)).toContain("SessionStart");
      expect((await runCli(sandbox, "uninstall", { by })).code).toBe(0);
      expect(read(path)).toBe(OTHERS);
    },
  );

  test.concurrent("in a folder that cannot be created", async () => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await runReadOnly(sandbox, sandbox.home, "install");
    expect(stderr).toContain(
      `settings.json is managed elsewhere: ${sandbox.home} cannot be written: EACCES.`,
    );
    expect(stdout).toBe(register("", coreIn(programsForAll)).text);
    expect(code).toBe(1);
    expect(readdirSync(sandbox.home)).toEqual([]);
  });

  test.concurrent.each([
    ["the settings' folder is a file", (sandbox: Sandbox) => `${sandbox.home}/.claude`],
    ["our state folder is a file", (sandbox: Sandbox) => `${sandbox.root}/state`],
  ])("%s", async (_, pathOf) => {
    using sandbox = new Sandbox();
    writeFileSync(pathOf(sandbox), "mine");
    const env = { CLAUDE_SESSION_HOME: `${sandbox.root}/state` };
    const ended = await runCli(sandbox, "install", { env });
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/not a folder|ENOTDIR|EEXIST/);
    expect(read(pathOf(sandbox))).toBe("mine");
    expect(read(`${sandbox.home}/.claude/settings.json`)).toBeUndefined();
  });

  // A project's settings are written by other people.
  test.concurrent("and shown without control characters", async () => {
    using sandbox = new Sandbox();
    settingsOf(sandbox, '{\n  // \u001B[2J\u0007\n  "a": 1\n}\n');
    const { stdout } = await runCli(sandbox, "install --dry-run");
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(stdout).not.toMatch(/[\u0007\u001B]/);
  });
});

describe("nothing is registered if a program does not work:", () => {
  test.concurrent.each([
    ["one is missing", (path: string) => unlinkSync(path), "missing"],
    ["one is a folder", replaceBy((path) => mkdirSync(path)), "not a file"],
    ["one fails", replaceBy(script("exit 1")), "ended with 1"],
    ["one is not executable", replaceBy((path) => writeFileSync(path, "")), "EACCES"],
    ["one prints nothing", replaceBy(script("exit 0")), "ended with 0"],
    ["one is of another version", replaceBy(script("echo pre-tool-use 0.0.1")), "version 0.0.1"],
  ])("%s", async (_, spoil, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    const folder = `${sandbox.root}/programs`;
    await placePrograms(folder);
    spoil(`${folder}/pre-tool-use`);
    const { code, stderr } = await runCli(sandbox, "install", { folder });
    expect(code).toBe(1);
    expect(stderr).toContain(`${folder}/pre-tool-use: `);
    expect(stderr).toContain(message);
    expect(read(path)).toBe(OTHERS);
    expect(readdirSync(`${sandbox.home}/.claude`)).toEqual(["settings.json"]);
  });
});

test.concurrent(
  "the programs next to the real claude-session are registered, not next to a link to it",
  async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    symlinkSync(programPath("claude-session"), `${sandbox.root}/claude-session`);
    expect((await runCli(sandbox, "install", { folder: sandbox.root })).code).toBe(0);
    expect(read(path)).toBe(register("", CORE).text);
  },
);

describe("the registered events:", () => {
  test.concurrent.each([
    ["install", coreEvents(), "by default the core events"],
    ["install --events core", coreEvents(), "the core events"],
    ["install --events all", observableEvents(), "all that may be registered"],
    [
      "install --events=Stop,SessionStart,Stop",
      ["Stop", "SessionStart"],
      "those of a list, once each",
    ],
  ])("%s registers %j: %s", async (words, events) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    await runCli(sandbox, words);
    expect(eventsIn(path)).toEqual(Array.from(events));
  });

  test.concurrent("those asked for before stay until others are asked for", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    await runCli(sandbox, "install --events all");
    await runCli(sandbox, "install");
    expect(eventsIn(path)).toEqual(observableEvents());
    await runCli(sandbox, "install --events core");
    expect(eventsIn(path)).toEqual(coreEvents());
  });

  test.concurrent.each([
    ["install --events PreToolUsed", 'unknown event "PreToolUsed"; did you mean PreToolUse?'],
    [
      "install --events WorktreeCreate",
      "WorktreeCreate is not allowed: it would replace git's own worktrees",
    ],
    ["install --events Stop,,Setup", 'unknown event ""'],
    [
      "install --scope everybody",
      '--scope: "everybody" is not one of user, project, local, managed',
    ],
  ])("%s is wrong usage: %s", async (words, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, undefined);
    const ended = await runCli(sandbox, words);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toEndWith("\nTry claude-session install --help\n");
    expect(read(path)).toBeUndefined();
  });
});

test.concurrent.each([
  ["install --scope project", "shop/.claude/settings.json"],
  ["install --scope local", "shop/.claude/settings.local.json"],
  ["install --settings other.json", "shop/other.json"],
])("%s writes %s", async (words, path) => {
  using sandbox = new Sandbox();
  expect((await runCli(sandbox, words)).code).toBe(0);
  expect(eventsIn(`${sandbox.root}/${path}`)).toEqual(coreEvents());
  expect(read(`${sandbox.home}/.claude/settings.json`)).toBeUndefined();
  expect((await runCli(sandbox, words.replace("install", "uninstall"))).code).toBe(0);
  expect(read(`${sandbox.root}/${path}`)).toBeUndefined();
});

test.concurrent.each([undefined, OTHERS])(
  "--dry-run shows the changes to %j and makes none",
  async (before) => {
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
  },
);

test.concurrent("uninstall without our entries says so and changes nothing", async () => {
  using sandbox = new Sandbox();
  const path = settingsOf(sandbox, OTHERS);
  const ended: Ended = await runCli(sandbox, "uninstall");
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(ended.stdout).toContain("None of our hooks is registered in");
  expect(read(path)).toBe(OTHERS);
});

test.concurrent(
  "an entry that also runs something else is named by install and uninstall",
  async () => {
    using sandbox = new Sandbox();
    const command = `strace ${programPath("pre-tool-use")}`;
    const hooks = { PreToolUse: [{ hooks: [{ type: "command", command }] }] };
    const before = JSON.stringify({ hooks });
    const path = settingsOf(sandbox, before);
    expect((await runCli(sandbox, "uninstall")).stdout).toBe(
      `Nothing was removed from ${path}.\n  kept     PreToolUse: the command also runs something else\n`,
    );
    expect(read(path)).toBe(before);
    expect((await runCli(sandbox, "install")).stdout).toContain("shared   PreToolUse: the command");
    expect((JSON.parse(read(path) ?? "") as Settings).hooks["PreToolUse"]).toHaveLength(1);
    expect((await runCli(sandbox, "doctor")).stdout).toContain("together with something else");
  },
);

describe("uninstall --programs removes no program", () => {
  test.concurrent("while an entry starts it together with something else", async () => {
    using sandbox = new Sandbox();
    const hooks = `${sandbox.home}/.claude/hooks`;
    await placePrograms(hooks);
    const command = `${hooks}/pre-tool-use && echo done`;
    const path = settingsOf(
      sandbox,
      JSON.stringify({ hooks: { PreToolUse: [{ hooks: [{ type: "command", command }] }] } }),
    );
    expect((await runCli(sandbox, "install")).code).toBe(0);
    const ended = await runCli(sandbox, "uninstall --programs");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("PreToolUse still start our programs together with");
    expect(read(path)).toContain("echo done");
    expect(readdirSync(hooks)).toContain("pre-tool-use");
  });

  test.concurrent("if another program has the name of one", async () => {
    using sandbox = new Sandbox();
    const hooks = `${sandbox.home}/.claude/hooks`;
    await placePrograms(hooks);
    unlinkSync(`${hooks}/session-end`);
    writeFileSync(`${hooks}/session-end`, "#!/bin/sh\n");
    const before = readdirSync(hooks);
    const ended = await runCli(sandbox, "uninstall --programs");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("session-end is not ours");
    expect(readdirSync(hooks)).toEqual(before);
  });
});

test.concurrent("every registered command records its event", async () => {
  using sandbox = new Sandbox();
  const path = settingsOf(sandbox, undefined);
  await runCli(sandbox, "install --events all");
  const { hooks } = JSON.parse(read(path) ?? "") as Settings;
  const events = Object.entries(hooks);
  for (const [event, [group]] of events) {
    const { command = "", args = ["none"] } = group?.hooks[0] ?? {};
    const { text } = await capturedPayload(event);
    const [folder, name] = [dirname(command), basename(command)];
    expect(await runProgram(name, sandbox, text, { folder, args })).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
  }
  const recorded = await recordsOf(sandbox);
  expect(recorded.map(({ event }) => event)).toEqual(events.map(([event]) => event));
});

interface Settings {
  hooks: Record<string, { hooks: { command?: string; args?: string[] }[] }[]>;
}

function settingsOf(sandbox: Sandbox, content: string | undefined): string {
  mkdirSync(`${sandbox.home}/.claude`, { recursive: true });
  const path = `${sandbox.home}/.claude/settings.json`;
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

/** Writes a file into the state folder. */
function writeState(sandbox: Sandbox, name: string, text: string): void {
  mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
  writeFileSync(`${sandbox.state}/${name}`, text, { mode: 0o600 });
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

/** Runs a command while a folder cannot be written to. */
async function runReadOnly(sandbox: Sandbox, folder: string, words: string): Promise<Ended> {
  chmodSync(folder, 0o500);
  if (isRoot) run("chown", "-R", "65534:65534", sandbox.root);
  const ended = await runCli(sandbox, words, {
    // The state folder is elsewhere, so that only the folder of the settings is read-only.
    env: { CLAUDE_SESSION_HOME: `${sandbox.root}/state` },
    cwd: "/",
    folder: programsForAll,
    // Root may write anywhere.
    by: isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [],
  });
  chmodSync(folder, 0o700);
  return ended;
}

/** Files in Claude Code's folder that no run should leave. */
function leftovers(sandbox: Sandbox): string[] {
  const expected = new Set(["settings.json", "session-hooks"]);
  return readdirSync(`${sandbox.home}/.claude`).filter((name) => !expected.has(name));
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

describe("install --server", () => {
  const URL = "http://127.0.0.1:4000";
  const SERVER = { name: "server", type: "observability", url: URL };
  const forwarder = programPath("claude-session");
  const config = (sandbox: Sandbox) => `${sandbox.state}/config.json`;

  test.concurrent.each([
    ["no file", undefined, { destinations: [SERVER], forwarder }],
    ["an empty object", "{}", { destinations: [SERVER], forwarder }],
    [
      "other keys, and one that only a later version knows",
      '{"retention_days":7,"later":[1]}',
      { retention_days: 7, later: [1], destinations: [SERVER], forwarder },
    ],
    [
      "another destination",
      '{"destinations":[{"name":"lake"}]}',
      { destinations: [{ name: "lake" }, SERVER], forwarder },
    ],
    [
      "the server at another URL, with other keys",
      '{"destinations":[{"name":"server","type":"http","url":"http://[::1]","events":["Stop"]}],"forwarder":"/old"}',
      { destinations: [{ ...SERVER, type: "http", events: ["Stop"] }], forwarder },
    ],
  ])("adds it to config.json, and keeps the rest: %s", async (_, before, after) => {
    using sandbox = new Sandbox();
    settingsOf(sandbox, OTHERS);
    if (before !== undefined) writeState(sandbox, "config.json", before);
    const first = await runCli(sandbox, `install --server ${URL}`);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(read(config(sandbox)) ?? "")).toEqual(after);
    expect(statSync(config(sandbox)).mode & 0o777).toBe(0o600);
    const again = await runCli(sandbox, "install");
    expect(again.stdout).toContain("Already installed");
    expect(JSON.parse(read(config(sandbox)) ?? "")).toEqual(after);
    expect((await runCli(sandbox, "doctor")).stdout).toContain("Forwarding");
  });

  test.concurrent.each([
    ["--server nowhere", 2, '--server: "nowhere" has no scheme; write https://nowhere'],
    ["--server http://10.0.0.1:4000", 2, "add --insecure"],
    ["--insecure", 2, "--insecure needs --server"],
  ])("install %s is wrong usage, and changes nothing", async (words, code, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    const ended = await runCli(sandbox, `install ${words}`);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(read(path)).toBe(OTHERS);
    expect(read(config(sandbox))).toBeUndefined();
  });

  test.concurrent.each([
    ["{", "is not a JSON object"],
    ["[]", "is not a JSON object"],
    ['{"destinations":{}}', "destinations is not a list"],
  ])("fails on %s and changes nothing: %s", async (text, message) => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    writeState(sandbox, "config.json", text);
    const ended = await runCli(sandbox, `install --server ${URL}`);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(read(config(sandbox))).toBe(text);
    expect(read(path)).toBe(OTHERS);
  });

  test.concurrent("--insecure allows another machine", async () => {
    using sandbox = new Sandbox();
    settingsOf(sandbox, OTHERS);
    await runCli(sandbox, "install --server http://10.0.0.1:4000 --insecure");
    expect(JSON.parse(read(config(sandbox)) ?? "")).toMatchObject({
      destinations: [{ url: "http://10.0.0.1:4000", insecure: true }],
    });
  });

  test.concurrent("--dry-run shows the changes to both files, and makes none", async () => {
    using sandbox = new Sandbox();
    const path = settingsOf(sandbox, OTHERS);
    const { stdout } = await runCli(sandbox, `install --server ${URL} --dry-run`);
    expect(stdout).toContain(`+++ ${path}`);
    expect(stdout).toContain(`+++ ${config(sandbox)}`);
    expect(read(config(sandbox))).toBeUndefined();
    expect(read(path)).toBe(OTHERS);
  });
});
