// Every system call of install and uninstall fails in every way, or kills it: the settings are the old ones
// or the new ones, and the command can be repeated.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { programPath, runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import { BUG_REPORT } from "../support/terminal-output";
import { expectToSurvive, isKill, whyNoFaults } from "./fail-each-call";
import { ageFile, tempFilesIn } from "./scene";
import type { Injection, Traced } from "./strace";

// A busy machine took longer than ten minutes.
setDefaultTimeout(1_500_000);

const tally = new Tally("settings");
afterAll(() => tally.print());
const whyNot = whyNoFaults();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);

const USER_SETTINGS = `{
  "model": "opus", // mine
  "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "say done" }] }] }
}
`;
const INSTALL = "install --server http://127.0.0.1:4000";
const MAX_MS = 10_000;

describe.skipIf(whyNot !== undefined)("any system call may fail, or kill it, in", () => {
  test("install", async () => {
    using model = new Sandbox();
    prepareSettings(model);
    await runCli(model, "install");
    const installed = settingsIn(model);
    await expectToSurvive(
      {
        command: { program: "claude-session", args: INSTALL.split(" ") },
        isSlow: true,
        prepare: prepareSettings,
        violations: async (sandbox, _before, fault, end) => {
          const found = settingsViolations(sandbox, [USER_SETTINGS, installed], fault, end);
          for (const path of tempFilesIn(sandbox)) ageFile(path);
          const again = await runCli(sandbox, INSTALL);
          if (again.code !== 0)
            found.push(`the next install ended with ${again.code}: ${again.stderr}`);
          if (settingsIn(sandbox) !== installed)
            found.push("the next install wrote other settings");
          if (tempFilesIn(sandbox).length > 0) found.push("temp files are left after an hour");
          return [...found, ...(await uninstallViolations(sandbox))];
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
        isSlow: true,
        prepare: prepareInstalled,
        violations: async (sandbox, _before, fault, end) => {
          const found = settingsViolations(sandbox, [installed, USER_SETTINGS], fault, end);
          for (const path of tempFilesIn(sandbox)) ageFile(path);
          return [...found, ...(await uninstallViolations(sandbox))];
        },
      },
      tally,
    );
  });
});

/** What is wrong right after a fault in a command that changes the settings. */
function settingsViolations(
  sandbox: Sandbox,
  [before, after]: readonly [string, string],
  fault: Injection,
  { code, stdout, stderr, ms }: Traced,
): string[] {
  const found: string[] = [];
  const now = settingsIn(sandbox);
  if (now !== before && now !== after) found.push(`settings.json holds ${now}`);
  if (now !== after && code === 0) found.push("it ended with 0 and the settings are the old ones");
  if (!isKill(fault) && code !== 0 && code !== 1) found.push(`it ended with ${code}`);
  const output = stdout + stderr;
  if (BUG_REPORT.test(output)) found.push(`it printed ${output}`);
  if (ms > MAX_MS) found.push(`it took ${ms} ms`);
  const left = tempFilesIn(sandbox);
  const mostLeft = isKill(fault) || fault.call.name.startsWith("unlink") ? 1 : 0;
  if (left.length > mostLeft) found.push(`temp files are left: ${left.join(" ")}`);
  return found;
}

/** What is wrong after an uninstall without a fault. */
async function uninstallViolations(sandbox: Sandbox): Promise<string[]> {
  const { code } = await runCli(sandbox, "uninstall");
  const found: string[] = [];
  if (code !== 0) found.push(`uninstall ended with ${code}`);
  if (settingsIn(sandbox) !== USER_SETTINGS)
    found.push("uninstall did not give back the same bytes");
  if (tempFilesIn(sandbox).length > 0) found.push("temp files are left after an hour");
  return found;
}

function prepareSettings(sandbox: Sandbox): void {
  mkdirSync(`${sandbox.home}/.claude`);
  writeFileSync(`${sandbox.home}/.claude/settings.json`, USER_SETTINGS);
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
