// The programs as files: their versions and self-tests, and that a second build is the same.
import { describe, expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { compileProgram, programNames } from "../../scripts/build";
import { run } from "../../scripts/harness/system-commands";
import { programPath, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";

const root = `${import.meta.dir}/../..`;
const names = await programNames();

test("there are five hooks and the command line", () => {
  expect(names).toEqual([
    "claude-session",
    "post-tool-use",
    "pre-tool-use",
    "session-end",
    "session-event",
    "session-start",
  ]);
});

describe.each(names)("%s", (name) => {
  test("prints its name and version", async () => {
    using sandbox = new Sandbox();
    const end = await runProgram(name, sandbox, "", { args: ["--version"] });
    expect(end).toMatchObject({ code: 0, stdout: `${name} ${manifest.version}\n`, stderr: "" });
  });

  test("passes its self-test without touching the home", async () => {
    using sandbox = new Sandbox();
    const end = await runProgram(name, sandbox, "", { args: ["--self-test"] });
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout.match(/^ok {4}/gm)).toHaveLength(4);
    expect(
      await Array.fromAsync(new Bun.Glob("**").scan({ cwd: sandbox.home, dot: true })),
    ).toEqual([]);
  });
});

test("the bare runtime fails the self-test that a program passes", () => {
  using sandbox = new Sandbox();
  const command = [process.execPath, `${root}/hooks/session-start.ts`, "--self-test"];
  const { exitCode, stdout } = Bun.spawnSync(command, { env: sandbox.env(), cwd: root });
  expect(exitCode).toBe(1);
  expect(stdout.toString()).toContain("fail  is the compiled program");
});

test("a self-test without a folder for its files fails", async () => {
  using sandbox = new Sandbox();
  const nowhere = `${sandbox.root}/nowhere`;
  const env = { TMPDIR: nowhere, CLAUDE_SESSION_DIR: nowhere, CLAUDE_CONFIG_DIR: nowhere };
  const end = await runProgram("session-start", sandbox, "", { args: ["--self-test"], env });
  expect(end.code).toBe(1);
  expect(end.stdout).toContain("fail  keeps a log");
});

test.each(["session-start", "claude-session"])(
  "two builds of %s are byte for byte the same",
  async (name) => {
    using sandbox = new Sandbox();
    const again = `${sandbox.root}/${name}`;
    await compileProgram(name, again);
    // `cmp` is several times faster than hashing 112 MB twice.
    expect(run("cmp", again, programPath(name))).toBe("");
  },
  60_000,
);
