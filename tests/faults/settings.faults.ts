// Every system call of install and uninstall fails once in every way, or is the last one: the settings
// are the old ones or the new ones, and what was not done can be done again.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { programPath, runCli } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import { makeOlder, temporariesIn } from "./aftermath";
import { expectToSurvive, isKill, obstacle } from "./every-call";
import type { Injection, Traced } from "./strace";

setDefaultTimeout(300_000);

const tally = new Tally("settings");
afterAll(() => tally.print());
const whyNot = obstacle();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);

const OTHERS = `{
  "model": "opus", // mine
  "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "say done" }] }] }
}
`;
const SERVER = "install --server http://127.0.0.1:4000";
const MOST_MS = 10_000;

describe.skipIf(whyNot !== undefined)("any system call may fail, or be the last, of", () => {
  test("install", async () => {
    using model = new Sandbox();
    prepareSettings(model);
    await runCli(model, "install");
    const installed = settingsIn(model);
    await expectToSurvive(
      {
        command: { program: "claude-session", args: SERVER.split(" ") },
        prepare: prepareSettings,
        judge: async (sandbox, _before, fault, ended) => {
          const amiss = judgeSettings(sandbox, [OTHERS, installed], fault, ended);
          for (const path of temporariesIn(sandbox)) makeOlder(path);
          const again = await runCli(sandbox, SERVER);
          if (again.code !== 0) amiss.push(`the next ended with ${again.code}: ${again.stderr}`);
          if (settingsIn(sandbox) !== installed) amiss.push("the next did something else");
          if (temporariesIn(sandbox).length > 0) amiss.push("temp files are left after an hour");
          return [...amiss, ...(await uninstallViolations(sandbox))];
        },
      },
      tally,
    );
  });

  test("uninstall", async () => {
    using model = new Sandbox();
    prepareInstalled(model);
    const installed = settingsIn(model);
    await expectToSurvive(
      {
        command: { program: "claude-session", args: ["uninstall"] },
        prepare: prepareInstalled,
        judge: async (sandbox, _before, fault, ended) => {
          const amiss = judgeSettings(sandbox, [installed, OTHERS], fault, ended);
          for (const path of temporariesIn(sandbox)) makeOlder(path);
          return [...amiss, ...(await uninstallViolations(sandbox))];
        },
      },
      tally,
    );
  });
});

/** What is amiss of a change of the settings, at once after it. */
function judgeSettings(
  sandbox: Sandbox,
  [before, after]: readonly [string, string],
  fault: Injection,
  { code, stdout, stderr, ms }: Traced,
): string[] {
  const amiss: string[] = [];
  const now = settingsIn(sandbox);
  if (now !== before && now !== after) amiss.push(`settings.json holds ${now}`);
  if (now !== after && code === 0) amiss.push("it said that it was done, and it was not");
  if (!isKill(fault) && code !== 0 && code !== 1) amiss.push(`it ended with ${code}`);
  const output = stdout + stderr;
  if (/a bug of ours|at <anonymous>/.test(output)) amiss.push(`it printed ${output}`);
  if (ms > MOST_MS) amiss.push(`it took ${ms} ms`);
  const left = temporariesIn(sandbox);
  const most = isKill(fault) || fault.call.name === "unlink" ? 1 : 0;
  if (left.length > most) amiss.push(`temp files are left: ${left.join(" ")}`);
  return amiss;
}

/** What is amiss of an uninstall that nothing disturbs. */
async function uninstallViolations(sandbox: Sandbox): Promise<string[]> {
  const { code } = await runCli(sandbox, "uninstall");
  const amiss: string[] = [];
  if (code !== 0) amiss.push(`uninstall ended with ${code}`);
  if (settingsIn(sandbox) !== OTHERS) amiss.push("uninstall did not give back the same bytes");
  if (temporariesIn(sandbox).length > 0) amiss.push("temp files are left after an hour");
  return amiss;
}

function prepareSettings(sandbox: Sandbox): void {
  mkdirSync(`${sandbox.home}/.claude`);
  writeFileSync(`${sandbox.home}/.claude/settings.json`, OTHERS);
}

function prepareInstalled(sandbox: Sandbox): void {
  prepareSettings(sandbox);
  const { exitCode } = Bun.spawnSync([programPath("claude-session"), "install"], {
    env: sandbox.env(),
    cwd: sandbox.project,
  });
  expect(exitCode).toBe(0);
}

function settingsIn({ home }: Sandbox): string {
  return readFileSync(`${home}/.claude/settings.json`, "utf8");
}
