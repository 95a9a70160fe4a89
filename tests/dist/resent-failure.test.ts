// Managed hooks are sent a failed tool call twice: as PostToolUseFailure, then as PostToolUse with the error as its
// response. It is recorded once. Events that only look like the second one are recorded.
import { expect, test } from "bun:test";
import { capturedPayload } from "../../scripts/harness/payloads";
import { recordsOf } from "../../scripts/harness/read-records";
import { runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";

const [before, success, failure] = await Promise.all([
  capturedPayload("PreToolUse"),
  capturedPayload("PostToolUse"),
  capturedPayload("PostToolUseFailure"),
]);
const ids = { session_id: "04e66903-0000-4000-8000-000000000001", tool_use_id: "toolu_1" };
const pre = { ...before.payload, ...ids };
const failed = { ...failure.payload, ...ids, error: "Exit code 3" };
const again = { ...success.payload, ...ids, tool_response: "Error: Exit code 3" };

test.each([
  ["the same call", [pre, failed, again], ["PreToolUse", "PostToolUseFailure"]],
  ["a tool that answers so", [pre, again], ["PreToolUse", "PostToolUse"]],
  [
    "another call",
    [failed, { ...again, tool_use_id: "toolu_2" }],
    ["PostToolUseFailure", "PostToolUse"],
  ],
  [
    "another session",
    [failed, { ...again, session_id: "04e66903-0000-4000-8000-000000000002" }],
    ["PostToolUseFailure", "PostToolUse"],
  ],
  [
    "another agent: behind some model routers, ids repeat in parallel subagents",
    [
      { ...failed, agent_id: "a" },
      { ...again, agent_id: "b" },
    ],
    ["PostToolUseFailure", "PostToolUse"],
  ],
  [
    "the same call of a subagent",
    [
      { ...failed, agent_id: "a" },
      { ...again, agent_id: "a" },
    ],
    ["PostToolUseFailure"],
  ],
  [
    "a later call: behind some model routers, ids start again",
    [failed, pre, again],
    ["PostToolUseFailure", "PreToolUse", "PostToolUse"],
  ],
  [
    "a response that is no text",
    [failed, { ...again, tool_response: { stdout: "Error: none" } }],
    ["PostToolUseFailure", "PostToolUse"],
  ],
])("%s", async (_, events, expected) => {
  using sandbox = new Sandbox();
  for (const event of events) {
    const { code, stdout, stderr } = await runProgram("post-tool-use", sandbox, event);
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
  }
  expect((await recordsOf(sandbox)).map(({ event }) => event)).toEqual(expected);
});
