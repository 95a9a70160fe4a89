// Links, pipes and folders where a file of ours should be, whoever put them there: the programs do no
// harm, stay silent, exit 0, and say in hook-errors.log what they could not do.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { run } from "../../scripts/harness/commands";
import { runProgram } from "../../scripts/harness/programs";
import { faultsOf, onlyRecordOf } from "../../scripts/harness/records";
import { Sandbox } from "../../scripts/harness/sandbox";

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
