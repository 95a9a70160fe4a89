// `claude-session install --link` and `--separate`: how the programs lie on the disk.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { HOOK_PROGRAMS } from "../../lib/events";
import { dist, placePrograms } from "../../scripts/build";
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

/** The programs in a folder of a sandbox, and how `claude-session install` there ended. */
async function programsIn(sandbox: Sandbox, folder: string) {
  await placePrograms(folder);
  return async (words: string) => {
    const ended = await runCli(sandbox, `install ${words}`, { folder });
    return ended.stdout + ended.stderr;
  };
}

function inodesIn(folder: string): number[] {
  return names.map((name) => statSync(`${folder}/${name}`).ino);
}

/** The programs' own names for themselves. */
async function namesOf(sandbox: Sandbox, folder: string): Promise<string[]> {
  const ended = await Promise.all(
    names.map((name) => runProgram(name, sandbox, "", { folder, args: ["--version"] })),
  );
  return ended.map(({ stdout }) => stdout.split(" ")[0] ?? "");
}

test.concurrent("a program that was renamed is the one that it was built as", async () => {
  using sandbox = new Sandbox();
  const folder = `${sandbox.root}/programs`;
  mkdirSync(folder);
  for (const name of HOOK_PROGRAMS) {
    run("cp", `${dist}/${name}`, `${folder}/renamed`);
    const { stdout } = await runProgram("renamed", sandbox, "", { folder, args: ["--version"] }); // oxlint-disable-line no-await-in-loop
    expect(stdout).toStartWith(`${name} `);
  }
});

describe.concurrent("on a disk that does not clone", () => {
  test("the five hooks become one file, and act as the name they are called by", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/programs`;
    const install = await programsIn(sandbox, folder);
    expect(await install("--link")).toMatch(
      /The five hooks are one file now, which saves 4\d\d MB\.\n$/,
    );
    const [own, ...hooks] = inodesIn(folder);
    expect(new Set(hooks).size).toBe(1);
    expect(hooks).not.toContain(own as number);
    expect(readdirSync(folder).toSorted()).toEqual(names.toSorted());
    expect(await namesOf(sandbox, folder)).toEqual(names);
    const commands = await registeredCommands(`${sandbox.home}/.claude/settings.json`);
    for (const [event, command] of commands) {
      const { text } = await capturedPayload(event); // oxlint-disable-line no-await-in-loop
      const [path = "", ...args] = command;
      // oxlint-disable-next-line no-await-in-loop
      const ended = await runProgram(basename(path), sandbox, text, {
        folder: dirname(path),
        args,
      });
      expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
    }
    expect((await recordsOf(sandbox)).map(({ event }) => event)).toEqual([...commands.keys()]);
    expect(await install("--link")).toContain("The five hooks are one file already.");
  });

  test("they become separate files again, and stay so until they are linked", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/programs`;
    const install = await programsIn(sandbox, folder);
    await install("--no-register --link");
    expect(await install("--no-register --separate")).toBe(
      "\nEach program is a separate file now.\n",
    );
    expect(new Set(inodesIn(folder)).size).toBe(names.length);
    expect(await namesOf(sandbox, folder)).toEqual(names);
    expect(readFileSync(`${folder}/.claude-session-hooks.form`, "utf8")).toBe("separate");
    expect(existsSync(`${sandbox.home}/.claude/settings.json`)).toBeFalse();
    await install("--no-register --link");
    expect(new Set(inodesIn(folder)).size).toBe(2);
    expect(readdirSync(folder).toSorted()).toEqual(names.toSorted());
  });

  test("nothing changes unasked", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.home}/.claude/hooks`;
    const install = await programsIn(sandbox, folder);
    const before = inodesIn(folder);
    expect(await install("")).toContain("Installed into");
    expect(inodesIn(folder)).toEqual(before);
    expect(await install("--link --separate")).toContain("cannot be combined");
  });
});

// Needs root, to mount a file system of each kind.
describe.each(["xfs", "btrfs"])("on %s", (kind) => {
  const whyNot =
    process.getuid?.() !== 0
      ? "not root"
      : Bun.which(`mkfs.${kind}`, { PATH: "/usr/sbin:/sbin:/usr/bin" }) === null
        ? "no mkfs"
        : undefined;

  test.skipIf(whyNot !== undefined)("the programs become clones, byte for byte", async () => {
    using sandbox = new Sandbox();
    const [image, point] = [`${sandbox.root}/disk.img`, `${sandbox.root}/disk`];
    mkdirSync(point);
    run("truncate", "-s", "2G", image);
    run(`/usr/sbin/mkfs.${kind}`, "-q", image);
    run("mount", "-o", "loop", image, point);
    try {
      const folder = `${point}/programs`;
      mkdirSync(folder);
      for (const name of names)
        run("cp", "--reflink=never", `${dist}/${name}`, `${folder}/${name}`);
      const install = (words: string) => runCli(sandbox, `install ${words}`, { folder });
      expect((await install("--no-register --link")).stdout).toContain(
        "are clones of one file now",
      );
      for (const name of names) run("cmp", `${dist}/${name}`, `${folder}/${name}`);
      expect(new Set(inodesIn(folder)).size).toBe(names.length);
      run("sync");
      const used = Number(run("df", "-B1", "--output=used", point).split("\n")[1]);
      // With the file system's own 30 to 70 MB.
      expect(used).toBeLessThan(220_000_000);
      expect((await install("--no-register --link")).stdout).toContain("already");
    } finally {
      run("umount", point);
    }
  });
});

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
    expect(ended.stderr).toContain("the programs were not changed: EACCES");
    expect(names.map((name) => statSync(`${folder}/${name}`).ino)).toEqual(before);
  },
);
