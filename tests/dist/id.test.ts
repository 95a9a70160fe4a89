// `claude-session id` as a compiled program: the id and nothing else, for scripts.
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { programPath, runCli, runProgram } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";

const HERE = { CLAUDE_CODE_SESSION_ID: "here-1" };

test.each([
  ["id", HERE, "here-1", 0, "in a session, its own"],
  ["id", {}, "stored-1", 0, "elsewhere the one that the project was last in"],
  ["id", { CLAUDE_CODE_SESSION_ID: "../x" }, "stored-1", 0, "what is no id does not count"],
  ["id --project .", HERE, "stored-1", 0, "of a project that is named, that project's"],
  ["id --project ../shop", HERE, "stored-1", 0, "wherever that is from here"],
  ["id --project src", HERE, "stored-1", 0, "of a folder in a project, the project's"],
  ["id --project nowhere/at/../all", {}, "stored-1", 0, "though it is not there"],
  ["id --project ..", HERE, "unknown", 1, "of a folder around it, none"],
  ["id --project /", HERE, "unknown", 1, "of another one, none"],
])("%s with %j is %s, exit status %p (%s)", async (words, env, id, code) => {
  using sandbox = new Sandbox();
  mkdirSync(`${sandbox.project}/src`);
  await runProgram("session-start", sandbox, { session_id: "stored-1" });
  const ended = await runCli(sandbox, words, { env });
  expect(ended).toMatchObject({ code, stdout: `${id}\n`, stderr: "" });
});

test.each(["id", "id --project .", "id --project src"])(
  "%s is unknown in a folder that is gone",
  async (words) => {
    using sandbox = new Sandbox();
    const gone = `${sandbox.root}/gone`;
    const script = `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$0" ${words}`;
    const { exitCode, stdout, stderr } = Bun.spawnSync(
      ["/bin/sh", "-c", script, programPath("claude-session")],
      { env: sandbox.env({ CLAUDE_PROJECT_DIR: undefined }), cwd: "/" },
    );
    expect([exitCode, `${stdout}`, `${stderr}`]).toEqual([1, "unknown\n", ""]);
  },
);
