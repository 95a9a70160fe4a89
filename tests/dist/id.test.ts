// `claude-session id` as a compiled program: the id and nothing else, for scripts.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";

const HERE = { CLAUDE_CODE_SESSION_ID: "here-1" };

const sandbox = new Sandbox();
beforeAll(async () => {
  mkdirSync(`${sandbox.project}/src`);
  await runProgram("session-start", sandbox, { session_id: "stored-1" });
});
afterAll(() => sandbox[Symbol.dispose]());

test.concurrent.each([
  ["id", HERE, "here-1", 0, "within a session, that session"],
  ["id", {}, "stored-1", 0, "elsewhere, the session that the project was last in"],
  ["id", { CLAUDE_CODE_SESSION_ID: "../x" }, "stored-1", 0, "a value that is not an id is ignored"],
  ["id --project .", HERE, "stored-1", 0, "a given project's session"],
  ["id --project ../shop", HERE, "stored-1", 0, "a project by its path from here"],
  ["id --project src", HERE, "stored-1", 0, "a folder within a project counts as the project"],
  ["id --project nowhere/at/../all", {}, "stored-1", 0, "even if it does not exist"],
  ["id --project ..", HERE, "unknown", 1, "the folder above is not the project"],
  ["id --project /", HERE, "unknown", 1, "no session was in that folder"],
])("%s with %j prints %s and ends with exit status %p: %s", async (words, env, id, code) => {
  const ended = await runCli(sandbox, words, { env });
  expect(ended).toMatchObject({ code, stdout: `${id}\n`, stderr: "" });
});

test.concurrent.each([
  ["id", "gone-1"],
  ["id --project .", "gone-2"],
  ["id --project src", "gone-3"],
])("%s in a deleted folder prints unknown", async (words, name) => {
  const gone = `${sandbox.root}/${name}`;
  const script = `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$@"`;
  const ended = await runCli(sandbox, words, {
    env: { CLAUDE_PROJECT_DIR: undefined },
    cwd: "/",
    by: ["/bin/sh", "-c", script, "sh"],
  });
  expect(ended).toMatchObject({ code: 1, stdout: "unknown\n", stderr: "" });
});
