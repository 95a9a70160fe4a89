// A made-up session of two prompts: for the pictures of the README, and for the demos.
import type { EventRecord } from "../../lib/log/record";
import { sessionRecords, type Moment } from "../harness/session-records";

const PROJECT_DIR = "/home/you/shop";

/**
 * Its records, the oldest first.
 *
 * @param startedMs when it began, in milliseconds since 1970 UTC
 */
export function exampleSession(startedMs: number): Promise<EventRecord[]> {
  return sessionRecords(MOMENTS, {
    sessionId: "04e66903-735f-4d0a-b28e-14c9f244c7db",
    projectDir: PROJECT_DIR,
    pid: 4101,
    startedMs,
  });
}

const FIX = { prompt_id: "c8a239fc-c271-4af3-afda-b00e1f71c4be" };
const TEST = { prompt_id: "5d0f6a7e-93b4-4c1d-8f27-6a1e0b9c4d32" };
const AGENT = { ...FIX, agent_id: "ac46af381a52e1c86", agent_type: "Explore" };

const read = { ...FIX, ...tool("t1", "Read", { file_path: `${PROJECT_DIR}/tests/cart.test.ts` }) };
const failingTest = { ...FIX, ...tool("t2", "Bash", { command: "bun test cart" }) };
const question = {
  ...FIX,
  ...tool("t3", "Agent", { description: "Who else calls total()?", subagent_type: "Explore" }),
};
const search = { ...AGENT, ...tool("t4", "Grep", { pattern: "total\\(", path: "src" }) };
const readCaller = {
  ...AGENT,
  ...tool("t5", "Read", { file_path: `${PROJECT_DIR}/src/checkout.ts` }),
};
const edit = { ...FIX, ...tool("t6", "Edit", { file_path: `${PROJECT_DIR}/src/cart.ts` }) };
const passingTest = { ...FIX, ...tool("t7", "Bash", { command: "bun test cart" }) };
const push = { ...FIX, ...tool("t8", "Bash", { command: "git push --force origin main" }) };
const write = {
  ...TEST,
  ...tool("t9", "Write", { file_path: `${PROJECT_DIR}/tests/empty-cart.test.ts` }),
};
const allTests = { ...TEST, ...tool("t10", "Bash", { command: "bun test" }) };

/** A failed call, a subagent at work, a denied call, and an answer to each prompt. */
const MOMENTS: readonly Moment[] = [
  ["SessionStart", { model: "claude-opus-5-5" }],
  [
    "UserPromptSubmit",
    { ...FIX, prompt: "The cart test fails. Find out why, and fix it." },
    11_000,
  ],
  ["variants/PreToolUse.Read", read, 2000],
  ["variants/PostToolUse.Read", { ...read, duration_ms: 9 }, 10],
  ["variants/PreToolUse.Bash", failingTest, 3000],
  [
    "variants/PostToolUseFailure.Bash",
    {
      ...failingTest,
      error: "Exit code 1\nexpect(total(cart)).toBe(30)  expected 30, received 25",
      duration_ms: 2345,
    },
    2345,
  ],
  ["variants/PreToolUse.Agent", question, 4000],
  ["SubagentStart", AGENT, 20],
  ["variants/PreToolUse.subagent.Bash", search, 3000],
  ["variants/PostToolUse.subagent.Bash", { ...search, duration_ms: 38 }, 40],
  ["variants/PreToolUse.subagent.Bash", readCaller, 2000],
  ["variants/PostToolUse.subagent.Bash", { ...readCaller, duration_ms: 7 }, 10],
  [
    "SubagentStop",
    { ...AGENT, last_assistant_message: "Only checkout.ts, and it applies the discount too." },
    5000,
  ],
  [
    "variants/PostToolUse.Agent.completed",
    { ...question, tool_response: { agentId: AGENT.agent_id }, duration_ms: 10_100 },
    50,
  ],
  ["variants/PreToolUse.Edit", edit, 6000],
  ["variants/PostToolUse.Edit", { ...edit, duration_ms: 12 }, 10],
  ["variants/PreToolUse.Bash", passingTest, 2000],
  ["variants/PostToolUse.Bash", { ...passingTest, duration_ms: 2207 }, 2207],
  ["variants/PreToolUse.Bash", push, 3000],
  ["variants/PermissionRequest.Bash", { ...push, tool_use_id: undefined }, 20],
  [
    "Stop",
    { ...FIX, last_assistant_message: "Fixed: the discount was taken twice. I did not push." },
    9000,
  ],
  ["UserPromptSubmit", { ...TEST, prompt: "Good. Add a test for an empty cart." }, 26_000],
  ["variants/PreToolUse.Write", write, 5000],
  ["variants/PostToolUse.Write", { ...write, duration_ms: 11 }, 10],
  ["variants/PreToolUse.Bash", allTests, 2000],
  ["variants/PostToolUse.Bash", { ...allTests, duration_ms: 4912 }, 4912],
  ["Stop", { ...TEST, last_assistant_message: "Added. All 15 tests pass." }, 3000],
  ["SessionEnd", { ...TEST, reason: "prompt_input_exit" }, 8000],
];

function tool(id: string, name: string, input: object): Readonly<Record<string, unknown>> {
  return { tool_use_id: id, tool_name: name, tool_input: input };
}
