// `claude-session install --link`: six programs as one file.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { HOOK_PROGRAMS } from "../../lib/events";
import { placePrograms } from "../../scripts/build";
import { registeredCommands } from "../../scripts/demo/sandbox";
import { run } from "../../scripts/harness/system-commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { as, placeForAll, USER, whyNotAnother } from "../support/users";

// Copies take longer than links, where the temp folder is on another disk.
setDefaultTimeout(120_000);

const names = ["claude-session", ...HOOK_PROGRAMS];

test.concurrent(
  "the programs become one file with six names, and act as the name they are called by",
  async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/programs`;
    await placePrograms(folder);
    const first = await runCli(sandbox, "install --link", { folder });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/are now one file, which saves 5\d\d MB\.\n$/);
    expect(new Set(names.map((name) => statSync(`${folder}/${name}`).ino)).size).toBe(1);
    expect(readdirSync(folder).toSorted()).toEqual(names.toSorted());
    for (const name of names) {
      const { stdout } = await runProgram(name, sandbox, "", { folder, args: ["--version"] });
      expect(stdout).toStartWith(`${name} `);
    }
    const commands = await registeredCommands(`${sandbox.home}/.claude/settings.json`);
    for (const [event, command] of commands) {
      const { text } = await capturedPayload(event);
      const [path = "", ...args] = command;
      const ended = await runProgram(basename(path), sandbox, text, {
        folder: dirname(path),
        args,
      });
      expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
    }
    expect((await recordsOf(sandbox)).map(({ event }) => event)).toEqual([...commands.keys()]);
    const again = await runCli(sandbox, "install --link", { folder });
    expect(again.stdout).toContain("The six programs are one file already.");
  },
);

test.concurrent.skipIf(whyNotAnother() !== undefined)(
  "if that fails, the programs stay as they are, and the reason is reported",
  async () => {
    using sandbox = new Sandbox();
    const folder = await placeForAll(sandbox);
    run("chown", "-R", `${USER}:${USER}`, sandbox.home);
    const before = names.map((name) => statSync(`${folder}/${name}`).ino);
    const ended = await runCli(sandbox, "install --link", { folder, by: as(USER) });
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("Installed into");
    expect(ended.stderr).toContain("the programs stay separate files: EACCES");
    expect(names.map((name) => statSync(`${folder}/${name}`).ino)).toEqual(before);
  },
);
