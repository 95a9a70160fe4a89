// Homes that cannot be entered, are unknown, or are not folders, and a working folder that is gone: a hook
// is silent, exits 0, and does what it still can.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { run } from "../../scripts/harness/system-commands";
import { runProgram, type Ended, type Start } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import { as, placeForAll, USER, whyNotAnother } from "../support/users";
import { prepareScene, sceneOf } from "./scene";
import { DURING, laterViolations, violations } from "./violations";

setDefaultTimeout(60_000);

const tally = new Tally("homes");
afterAll(() => tally.print());

const SILENT = { code: 0, stdout: "", stderr: "" };
const MAX_MS = 2000;

const whyNot = whyNotAnother();
if (whyNot !== undefined) tally.skip(`other users' homes: ${whyNot}`);

function startSession(sandbox: Sandbox, start: Start = {}): Promise<Ended> {
  const event = { session_id: DURING, hook_event_name: "SessionStart" };
  return runProgram("session-start", sandbox, event, start);
}

describe("a home", () => {
  test.skipIf(whyNot !== undefined)("that its user cannot enter", async () => {
    using sandbox = new Sandbox();
    const folder = await placeForAll(sandbox);
    const before = await prepareScene(sandbox);
    run("chown", "-R", `${USER}:${USER}`, sandbox.pointers);
    chmodSync(sandbox.home, 0o000);
    const ended = await startSession(sandbox, { by: as(USER), folder });
    expect(ended).toMatchObject(SILENT);
    expect(ended.ms).toBeLessThan(MAX_MS);
    chmodSync(sandbox.home, 0o700);
    const { days, pointers } = sceneOf(sandbox);
    expect(days).toEqual(before.days);
    const [pointer] = pointers.values();
    expect(pointer).toStartWith(`${DURING}\n`);
    tally.add("cases");
  });

  test.skipIf(whyNot !== undefined)("of a user without an account and without HOME", async () => {
    using sandbox = new Sandbox();
    const folder = await placeForAll(sandbox);
    run("chown", "-R", `${USER}:${USER}`, sandbox.pointers);
    const env = { HOME: undefined, CLAUDE_CONFIG_DIR: undefined, CLAUDE_SESSION_HOME: undefined };
    expect(await startSession(sandbox, { by: as(USER), folder, env })).toMatchObject(SILENT);
    expect(sceneOf(sandbox).pointers.size).toBe(2);
    tally.add("cases");
  });

  test("whose .claude is a file", async () => {
    using sandbox = new Sandbox();
    writeFileSync(`${sandbox.home}/.claude`, "mine");
    expect(await startSession(sandbox)).toMatchObject(SILENT);
    expect(await Bun.file(`${sandbox.home}/.claude`).text()).toBe("mine");
    tally.add("cases");
  });
});

test("a working folder that is gone", async () => {
  using sandbox = new Sandbox();
  const before = await prepareScene(sandbox);
  const gone = `${sandbox.root}/gone`;
  mkdirSync(gone);
  const by = ["sh", "-c", 'rmdir ../gone && exec "$0" "$@"'];
  const ended = await startSession(sandbox, { by, cwd: gone });
  expect(await violations(sandbox, before, ended)).toEqual([]);
  expect(await laterViolations(sandbox, before)).toEqual([]);
  tally.add("cases");
});
