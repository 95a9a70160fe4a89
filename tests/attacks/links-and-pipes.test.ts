// Links, pipes and folders where one of our files should be: the programs do no harm, stay silent,
// exit 0, and note in hook-errors.log what they could not do.
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
import { run } from "../../scripts/harness/system-commands";
import { runProgram } from "../../scripts/harness/run-program";
import { faultsOf, onlyRecordOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";

const SILENT = { code: 0, stdout: "", stderr: "" };
const START = { session_id: "s", hook_event_name: "SessionStart" };
const isRoot = process.geteuid?.() === 0;
const OTHER_USER = 65_534;

/** Plants something that we must not use at a path, and returns a check that it is unharmed. */
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
      writeFileSync(path, "another's\n", { mode: 0o666 });
      chmodSync(path, 0o666);
      chownSync(path, OTHER_USER, OTHER_USER);
      return () => {};
    },
  }),
};

const plants = Object.entries(PLANTS);

describe("planted in place of the pointer", () => {
  test.each(plants)("%s is neither read nor written through", async (_, plant) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.pointers}/claude_session_shop`;
    const expectUnharmed = plant(path, sandbox);
    expect(await runProgram("pre-tool-use", sandbox, {})).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("unknown");
    expectUnharmed();
    expect(await runProgram("session-start", sandbox, START)).toMatchObject(SILENT);
    expect(await runProgram("session-end", sandbox, START)).toMatchObject(SILENT);
    expectUnharmed();
    // No temp file is left.
    expect(readdirSync(sandbox.pointers).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("planted in place of today's log", () => {
  test.each(plants)("%s is not written through, and the fault is noted", async (_, plant) => {
    using sandbox = new Sandbox();
    const today = `${sandbox.events}/${new Date().toISOString().slice(0, 10)}.jsonl`;
    mkdirSync(sandbox.events, { recursive: true });
    const expectUnharmed = plant(today, sandbox);
    const end = await runProgram("pre-tool-use", sandbox, { session_id: "s" });
    expect(end).toMatchObject(SILENT);
    expectUnharmed();
    expect((await faultsOf(sandbox))[0]).toContain("PreToolUse not recorded");
  });
});

describe("planted in place of config.json", () => {
  test.each(plants)("%s means the defaults, and the fault is noted", async (name, plant) => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.state, { recursive: true });
    plant(`${sandbox.state}/config.json`, sandbox);
    const end = await runProgram("pre-tool-use", sandbox, { session_id: "s" });
    expect(end).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
    expect((await faultsOf(sandbox))[0] ?? name).toContain("config.json");
  });
});

test("a state folder that belongs to another user is not used", async () => {
  if (!isRoot) return console.log("skipped: only root can give a folder away");
  using sandbox = new Sandbox();
  mkdirSync(sandbox.state, { recursive: true });
  chownSync(sandbox.state, OTHER_USER, OTHER_USER);
  expect(await runProgram("pre-tool-use", sandbox, { session_id: "s" })).toMatchObject(SILENT);
  expect(readdirSync(sandbox.state)).toEqual([]);
});

test("a state folder that is our own link works, because people keep ~/.claude elsewhere", async () => {
  using sandbox = new Sandbox();
  mkdirSync(`${sandbox.root}/dotfiles`);
  mkdirSync(`${sandbox.home}/.claude`);
  symlinkSync(`${sandbox.root}/dotfiles`, sandbox.state);
  await runProgram("pre-tool-use", sandbox, { session_id: "s" });
  expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
});
