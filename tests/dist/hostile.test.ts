// Planted files, bad disks and hostile project folders: the built programs do no harm, stay silent,
// exit 0, and say in hook-errors.log what they could not do.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { run } from "../support/commands";
import { programPath, runProgram } from "../support/programs";
import { entriesOf, faultsOf, onlyRecordOf } from "../support/records";
import { Sandbox } from "../support/sandbox";

const SILENT = { code: 0, stdout: "", stderr: "" };
const START = { session_id: "s", hook_event_name: "SessionStart" };
const isRoot = process.geteuid?.() === 0;
const SOMEBODY = 65_534;

/** Puts something that is not ours to use under a name, and answers with a check that it is unharmed. */
const PLANTS: Record<string, (path: string, sandbox: Sandbox) => () => void> = {
  "a symlink to a file": (path, { root }) => {
    writeFileSync(`${root}/victim`, "victim");
    symlinkSync(`${root}/victim`, path);
    return () => expect(Bun.file(`${root}/victim`).size).toBe(6);
  },
  "a dangling symlink": (path, { root }) => {
    symlinkSync(`${root}/nowhere`, path);
    return () => expect(existsSync(`${root}/nowhere`)).toBe(false);
  },
  "a FIFO": (path) => {
    run("mkfifo", path);
    return () => {};
  },
  "a folder": (path) => {
    mkdirSync(path);
    return () => expect(lstatSync(path).isDirectory()).toBe(true);
  },
  ...(isRoot && {
    "another user's file": (path: string) => {
      writeFileSync(path, "theirs\n", { mode: 0o666 });
      chmodSync(path, 0o666);
      chownSync(path, SOMEBODY, SOMEBODY);
      return () => {};
    },
  }),
};

const plants = Object.entries(PLANTS);

describe("planted under the name of the pointer", () => {
  test.each(plants)("%s is neither read nor written through", async (_, plant) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.pointers}/claude_session_shop`;
    const unharmed = plant(path, sandbox);
    expect(await runProgram("pre-tool-use", sandbox, {})).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("unknown");
    unharmed();
    expect(await runProgram("session-start", sandbox, START)).toMatchObject(SILENT);
    expect(await runProgram("session-end", sandbox, START)).toMatchObject(SILENT);
    unharmed();
    // Nothing of ours is left lying about.
    expect(readdirSync(sandbox.pointers).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("planted under the name of today's log", () => {
  test.each(plants)("%s is not written through, and the fault is kept", async (_, plant) => {
    using sandbox = new Sandbox();
    const today = `${sandbox.events}/${new Date().toISOString().slice(0, 10)}.jsonl`;
    mkdirSync(sandbox.events, { recursive: true });
    const unharmed = plant(today, sandbox);
    const end = await runProgram("pre-tool-use", sandbox, { session_id: "s" });
    expect(end).toMatchObject(SILENT);
    unharmed();
    expect((await faultsOf(sandbox))[0]).toContain("PreToolUse not recorded");
  });
});

describe("planted under the name of config.json", () => {
  test.each(plants)("%s means the defaults, and the fault is kept", async (name, plant) => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.state, { recursive: true });
    plant(`${sandbox.state}/config.json`, sandbox);
    const end = await runProgram("pre-tool-use", sandbox, { session_id: "s" });
    expect(end).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
    expect((await faultsOf(sandbox))[0] ?? name).toContain("config.json");
  });
});

test("a state folder of another user is not used", async () => {
  if (!isRoot) return console.log("skipped: only root can give a folder away");
  using sandbox = new Sandbox();
  mkdirSync(sandbox.state, { recursive: true });
  chownSync(sandbox.state, SOMEBODY, SOMEBODY);
  expect(await runProgram("pre-tool-use", sandbox, { session_id: "s" })).toMatchObject(SILENT);
  expect(readdirSync(sandbox.state)).toEqual([]);
});

test("a state folder that is our own link works: people keep ~/.claude elsewhere", async () => {
  using sandbox = new Sandbox();
  mkdirSync(`${sandbox.root}/dotfiles`);
  mkdirSync(`${sandbox.home}/.claude`);
  symlinkSync(`${sandbox.root}/dotfiles`, sandbox.state);
  await runProgram("pre-tool-use", sandbox, { session_id: "s" });
  expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
});

test("a config.json that is wrong in places is right in the others, and each wrong key is named", async () => {
  using sandbox = new Sandbox();
  const config = { retention_days: "long", redact: { literals: ["Falcon"], keys: "pin" } };
  await Bun.write(`${sandbox.state}/config.json`, JSON.stringify(config));
  await runProgram("session-event", sandbox, { session_id: "s", prompt: "Falcon" });
  expect((await onlyRecordOf(sandbox)).payload).toEqual({ prompt: "[redacted:literal]" });
  const faults = (await faultsOf(sandbox)).map((line) => line.split("\t")[2]);
  expect(faults).toEqual([
    "retention_days: not a whole number from 1 to 3650; using 30",
    "redact.keys: not a list of texts of 1 or more characters; using []",
  ]);
});

describe("a hostile project folder", () => {
  test("runs no code in a program and sets nothing for it", async () => {
    using sandbox = new Sandbox();
    const canary = `${sandbox.root}/canary`;
    const stolen = `${sandbox.root}/stolen`;
    const settings = `CLAUDE_SESSION_HOME=${stolen}\nCLAUDE_SESSION_DIR=${stolen}\nCLAUDE_CODE_SESSION_ID=evil\n`;
    const evil = `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "ran");`;
    const files = {
      "bunfig.toml": 'preload = ["./evil.ts"]\n',
      "evil.ts": evil,
      ".env": settings,
      ".env.local": settings,
      ".env.development": settings,
      ".env.production": settings,
      "package.json": '{"type":"commonjs","imports":{"bun:ffi":"./evil.ts"}}',
      "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}',
      "node_modules/node:fs/index.js": evil,
      "node_modules/bun:ffi/index.js": evil,
    };
    for (const [name, content] of Object.entries(files))
      await Bun.write(`${sandbox.project}/${name}`, content);
    const end = await runProgram(
      "session-start",
      sandbox,
      {},
      { env: { CLAUDE_SESSION_DIR: sandbox.pointers } },
    );
    expect(end).toMatchObject(SILENT);
    expect(existsSync(canary)).toBe(false);
    expect(existsSync(stolen)).toBe(false);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("unknown");
  });

  test.each([
    ["with a name full of escapes", "a\u001B[2J\nb"],
    ["with a name of 255 bytes", "n".repeat(255)],
    ["with a name that is no ASCII", "läden"],
  ])("%s is a project like any other", async (_, name) => {
    using sandbox = new Sandbox();
    const project = `${sandbox.root}/${name}`;
    mkdirSync(`${project}/.git`, { recursive: true });
    const env = { CLAUDE_PROJECT_DIR: project };
    await runProgram("session-start", sandbox, START, { env });
    await runProgram("pre-tool-use", sandbox, {}, { env });
    const [, tool] = await entriesOf(sandbox);
    expect(tool).toMatchObject({ record: { project: name, session_id: "s" } });
  });

  test("that was deleted under a program is no matter", async () => {
    using sandbox = new Sandbox();
    const gone = `${sandbox.root}/gone`;
    mkdirSync(gone);
    const child = Bun.spawn(
      ["sh", "-c", `rmdir ../gone && exec "$0"`, programPath("pre-tool-use")],
      {
        env: sandbox.env({ CLAUDE_PROJECT_DIR: undefined }),
        cwd: gone,
        stdin: new TextEncoder().encode('{"session_id":"s"}'),
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    expect([await child.exited, await child.stdout.text(), await child.stderr.text()]).toEqual([
      0,
      "",
      "",
    ]);
    expect(await onlyRecordOf(sandbox)).toMatchObject({ session_id: "s", project: "unknown" });
    expect(() => rmdirSync(gone)).toThrow();
  });
});

describe("an environment that is wrong", () => {
  test.each([
    ["without HOME", { HOME: undefined, CLAUDE_CONFIG_DIR: undefined }],
    ["with relative folders", { CLAUDE_SESSION_DIR: "pointers", CLAUDE_CONFIG_DIR: "config" }],
    ["with options for Node", { NODE_OPTIONS: "--require ./evil.ts" }],
  ])("%s is no matter", async (_, env) => {
    using sandbox = new Sandbox();
    const end = await runProgram("pre-tool-use", sandbox, { session_id: "s" }, { env });
    expect(end).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
    expect(readdirSync(sandbox.project)).toEqual([".git"]);
  });

  // The program may refuse to start, which the client shows; what matters is that nothing runs.
  test.each(["BUN_OPTIONS", "BUN_INSPECT_PRELOAD"])(
    "a preload by %s does not run",
    async (name) => {
      using sandbox = new Sandbox();
      const [evil, canary] = [`${sandbox.root}/evil.ts`, `${sandbox.root}/canary`];
      await Bun.write(evil, `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "ran");`);
      const env = { [name]: name === "BUN_OPTIONS" ? `--preload ${evil}` : evil };
      await runProgram("pre-tool-use", sandbox, { session_id: "s" }, { env });
      expect(existsSync(canary)).toBe(false);
    },
  );
});

describe("JSON that bites", () => {
  test.each([
    ["100,000 deep", `{"session_id":"s","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    [
      "200,000 keys",
      JSON.stringify({
        session_id: "s",
        ...Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i])),
      }),
    ],
    ["__proto__", '{"session_id":"s","__proto__":{"polluted":true},"constructor":{"prototype":1}}'],
    [
      "lone surrogates and separators",
      '{"session_id":"s","x":"\\ud800 \\u2028 \\u0000 \\u001b[2J"}',
    ],
  ])("%s is recorded in one valid line", async (_, input) => {
    using sandbox = new Sandbox();
    expect(await runProgram("pre-tool-use", sandbox, input)).toMatchObject(SILENT);
    expect(await onlyRecordOf(sandbox)).toMatchObject({
      session_id: "s",
      session_id_source: "payload",
    });
    expect(await faultsOf(sandbox)).toEqual([]);
  });
});
