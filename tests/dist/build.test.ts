// The programs as files: what they say of themselves, and that they can be built again.
import { describe, expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { compile, programNames } from "../../scripts/build";
import { programPath, runProgram } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";

const root = `${import.meta.dir}/../..`;
const names = await programNames();

test("there are five hooks and a command line", () => {
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
  test("tells its name and version", async () => {
    using sandbox = new Sandbox();
    const end = await runProgram(name, sandbox, "", { args: ["--version"] });
    expect(end).toMatchObject({ code: 0, stdout: `${name} ${manifest.version}\n`, stderr: "" });
  });

  test("proves that it works, and touches nothing of the user's", async () => {
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

test("a self-test that finds no room for its files fails", async () => {
  using sandbox = new Sandbox();
  const env = { TMPDIR: `${sandbox.root}/nowhere` };
  const end = await runProgram("session-start", sandbox, "", { args: ["--self-test"], env });
  expect(end.code).toBe(1);
  expect(end.stdout).toContain("fail  keeps a log");
});

test.each([
  ["session-start", "hooks/session-start.ts"],
  ["claude-session", "lib/cli/main.ts"],
])("two builds of %s are byte for byte the same", async (name, source) => {
  using sandbox = new Sandbox();
  const again = `${sandbox.root}/${name}`;
  await compile(`${root}/${source}`, again);
  const hash = async (path: string) => Bun.SHA256.hash(await Bun.file(path).arrayBuffer(), "hex");
  expect(await hash(again)).toBe(await hash(programPath(name)));
});
