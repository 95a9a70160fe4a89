// How the built programs find the session of an event, and keep the session pointer.
import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { formatLocalTime } from "../../lib/os/local-time";
import { runProgram } from "../../scripts/harness/run-program";
import { onlyRecordOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";

const pointerOf = (sandbox: Sandbox) => `${sandbox.pointers}/claude_session_shop`;
const idIn = async (path: string) => (await Bun.file(path).text()).split("\n")[0];

describe("the session id comes from the most direct source:", () => {
  const withId = { session_id: "from-payload" };
  const variable = { CLAUDE_CODE_SESSION_ID: "from-environment" };
  test.each([
    ["the payload first", withId, variable, true, "from-payload", "payload"],
    ["then the environment", {}, variable, true, "from-environment", "environment"],
    ["then the file", {}, {}, true, "from-file", "file"],
    ["then none", {}, {}, false, "unknown", "unknown"],
    ["not from the payload's `unknown`", { session_id: "unknown" }, {}, true, "from-file", "file"],
    [
      "from nowhere, if the payload has an id of another form",
      { session_id: "../../x" },
      variable,
      true,
      "unknown",
      "unknown",
    ],
    [
      "from nowhere, if the payload has a number",
      { session_id: 7 },
      {},
      true,
      "unknown",
      "unknown",
    ],
  ] as const)("%s", async (_, payload, env, hasFile, id, source) => {
    using sandbox = new Sandbox();
    if (hasFile) await Bun.write(pointerOf(sandbox), `from-file\n${formatLocalTime(Date.now())}\n`);
    await runProgram("pre-tool-use", sandbox, payload, { env });
    expect(await onlyRecordOf(sandbox)).toMatchObject({
      session_id: id,
      session_id_source: source,
    });
  });
});

describe("a hostile session id stays in the payload, and names neither a session nor a file:", () => {
  test.each([
    ["a path", "../../x"],
    ["an absolute path", "/etc/passwd"],
    ["a newline", "id\nid"],
    ["a NUL", "id\u0000x"],
    ["10 KB", "x".repeat(10_240)],
    ["an empty text", ""],
    ["a leading dot", ".hidden"],
    ["a terminal escape", "\u001B[2J"],
    ["a letter outside ASCII", "sitzung-ä"],
  ])("%s", async (_, session_id) => {
    using sandbox = new Sandbox();
    await runProgram("session-start", sandbox, { session_id, hook_event_name: "SessionStart" });
    const record = await onlyRecordOf(sandbox);
    expect(record.session_id).toBe("unknown");
    expect(record.payload).toEqual({ session_id });
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  });
});

test("two sessions in one project are never mixed up", async () => {
  using sandbox = new Sandbox();
  await Promise.all(
    ["a", "b"].map((session_id) => runProgram("session-start", sandbox, { session_id })),
  );
  const turns = Array.from({ length: 30 }, (_, i) => ({
    session_id: i % 2 ? "a" : "b",
    owner: i % 2 ? "a" : "b",
  }));
  await Promise.all(turns.map((turn) => runProgram("pre-tool-use", sandbox, turn)));
  const tools = (await recordsOf(sandbox)).filter(({ event }) => event === "PreToolUse");
  expect(tools).toHaveLength(30);
  for (const { session_id, payload } of tools) expect(payload).toEqual({ owner: session_id });
});

test("two projects with the same name do not see each other's session", async () => {
  using sandbox = new Sandbox();
  const other = `${sandbox.root}/elsewhere/shop`;
  await Bun.write(`${other}/.git/HEAD`, "");
  await runProgram("session-start", sandbox, { session_id: "mine" });
  const env = { CLAUDE_PROJECT_DIR: other };
  await runProgram("pre-tool-use", sandbox, {}, { env, cwd: other });
  expect((await recordsOf(sandbox)).map(({ session_id }) => session_id)).toEqual([
    "mine",
    "unknown",
  ]);
});

test("SessionStart stores the id in a private file of two lines, named after the project", async () => {
  using sandbox = new Sandbox();
  await runProgram("session-start", sandbox, { session_id: "s-1" });
  expect(await Bun.file(pointerOf(sandbox)).text()).toMatch(
    /^s-1\n\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}\n$/,
  );
  expect(statSync(pointerOf(sandbox)).mode & 0o777).toBe(0o600);
});

test("a prompt renews the pointer, so it names the session of the latest prompt", async () => {
  using sandbox = new Sandbox();
  await runProgram("session-start", sandbox, { session_id: "first" });
  await runProgram("session-start", sandbox, { session_id: "second" });
  await runProgram("session-event", sandbox, { session_id: "first", hook_event_name: "Stop" });
  expect(await idIn(pointerOf(sandbox))).toBe("second");
  const prompt = { session_id: "first", hook_event_name: "UserPromptSubmit" };
  await runProgram("session-event", sandbox, prompt);
  expect(await idIn(pointerOf(sandbox))).toBe("first");
});

test("SessionEnd removes the pointer only if it still names that session", async () => {
  using sandbox = new Sandbox();
  await runProgram("session-start", sandbox, { session_id: "new" });
  await runProgram("session-end", sandbox, { session_id: "old", reason: "clear" });
  expect(await idIn(pointerOf(sandbox))).toBe("new");
  await runProgram("session-end", sandbox, { session_id: "new", reason: "clear" });
  expect(readdirSync(sandbox.pointers)).toEqual([]);
});

test("a session id from the pointer file does not renew the file", async () => {
  using sandbox = new Sandbox();
  const content = `s\n${formatLocalTime(Date.now() - 3_600_000)}\n`;
  await Bun.write(pointerOf(sandbox), content);
  await runProgram("session-event", sandbox, { hook_event_name: "UserPromptSubmit" });
  expect(await Bun.file(pointerOf(sandbox)).text()).toBe(content);
});

test("a project never takes the session of a namesake, even if another program wrote the shared name", async () => {
  using sandbox = new Sandbox();
  const other = `${sandbox.root}/elsewhere/shop`;
  await Bun.write(`${other}/.git/HEAD`, "");
  await runProgram("session-start", sandbox, { session_id: "mine" });
  await Bun.write(pointerOf(sandbox), `another\n${formatLocalTime(Date.now())}\n`);
  await runProgram("pre-tool-use", sandbox, {}, { env: { CLAUDE_PROJECT_DIR: other }, cwd: other });
  expect((await recordsOf(sandbox)).at(-1)?.session_id).toBe("unknown");
});

test("a prompt renews the pointer even if the user masks a part of the event's name", async () => {
  using sandbox = new Sandbox();
  await Bun.write(`${sandbox.state}/config.json`, '{"redact":{"literals":["Prompt"]}}');
  const prompt = { session_id: "s", hook_event_name: "UserPromptSubmit" };
  await runProgram("session-event", sandbox, prompt);
  expect(await idIn(pointerOf(sandbox))).toBe("s");
});
