// `claude-session install --link`: six programs as one file.
import { expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { HOOK_PROGRAMS } from "../../lib/events";
import { placePrograms } from "../../scripts/build";
import { registeredCommands } from "../../scripts/demo/sandbox";
import { run } from "../../scripts/harness/commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import { recordsOf } from "../../scripts/harness/records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { as, USER, whyNotAnother } from "../support/users";

const names = ["claude-session", ...HOOK_PROGRAMS];

test("one file has the names of all, and is whatever it is called as", async () => {
  using sandbox = new Sandbox();
  const folder = await programsIn(sandbox);
  const first = install(sandbox, folder);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/one file now, which saves 5\d\d MB\.\n$/);
  expect(new Set(names.map((name) => statSync(`${folder}/${name}`).ino)).size).toBe(1);
  expect(readdirSync(folder).toSorted()).toEqual(names.toSorted());
  for (const name of names)
    expect(start(sandbox, [`${folder}/${name}`, "--version"]).stdout).toStartWith(`${name} `);
  const commands = await registeredCommands(`${sandbox.home}/.claude/settings.json`);
  for (const [event, command] of commands) {
    const { text } = await capturedPayload(event);
    expect(start(sandbox, command, text)).toEqual({ code: 0, stdout: "", stderr: "" });
  }
  expect((await recordsOf(sandbox)).map(({ event }) => event)).toEqual([...commands.keys()]);
  expect(install(sandbox, folder).stdout).toContain("one file already");
});

test("where that cannot be, the programs stay as they are, and it is said", async () => {
  if (whyNotAnother() !== undefined) return;
  using sandbox = new Sandbox();
  const folder = await programsIn(sandbox);
  chmodSync(sandbox.root, 0o755);
  run("chown", "-R", `${USER}:${USER}`, sandbox.home);
  const before = names.map((name) => statSync(`${folder}/${name}`).ino);
  const end = install(sandbox, folder, as(USER));
  expect(end.code).toBe(1);
  expect(end.stdout).toContain("Installed into");
  expect(end.stderr).toContain("the programs stay separate files: EACCES");
  expect(names.map((name) => statSync(`${folder}/${name}`).ino)).toEqual(before);
});

async function programsIn({ root }: Sandbox): Promise<string> {
  await placePrograms(`${root}/programs`);
  return `${root}/programs`;
}

function install(sandbox: Sandbox, folder: string, by: readonly string[] = []) {
  return start(sandbox, [...by, `${folder}/claude-session`, "install", "--link"]);
}

function start(sandbox: Sandbox, command: readonly string[], input = "") {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    env: sandbox.env(),
    cwd: sandbox.project,
    stdin: new TextEncoder().encode(input),
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}
