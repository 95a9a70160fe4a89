// The records of a session, made from captured payloads: parallel tools, a failure, agents in the background
// and in the foreground, a denial, an interrupt, a compaction, a resume and a clear. Some of its texts are
// hostile to a terminal.
import type { EventRecord } from "../../lib/log/record";
import { sessionRecords, type Moment } from "../../scripts/harness/session-records";

export type { Moment };

/** The main session. */
export const SESSION = "11111111-735f-4d0a-b28e-14c9f244c7db";
/** The session that begins when `clear` ends the main one. */
export const NEXT_SESSION = "22222222-735f-4d0a-b28e-14c9f244c7db";
/** When the main session began, in milliseconds since 1970 UTC. */
export const STARTED_MS = Date.UTC(2026, 10, 22, 9, 58, 1);

/** A text that a terminal must not get as it is. */
export const HOSTILE = "\u001B[31mred\u001B[0m \u009B2J\u202Eevil\u2028\u0007 カート 🛒";

const FOLDER = "/home/you/shop";
const FIRST_PROCESS = 4101;
const SECOND_PROCESS = 4300;

/** All records of both sessions, the oldest first, a second apart. */
export function recordedSession(): Promise<EventRecord[]> {
  return recordsFrom(MOMENTS);
}

/** Makes records of captured payloads, as events of the first session. */
export function recordsFrom(moments: readonly Moment[]): Promise<EventRecord[]> {
  return sessionRecords(moments, {
    sessionId: SESSION,
    projectDir: FOLDER,
    pid: FIRST_PROCESS,
    startedMs: STARTED_MS,
  });
}

const read = {
  prompt_id: "p1",
  tool_use_id: "t1",
  tool_input: { file_path: `${FOLDER}/src/${HOSTILE}.ts` },
};
const test = { prompt_id: "p1", tool_use_id: "t2", tool_input: { command: "bun test\necho done" } };
const write = {
  prompt_id: "p1",
  tool_use_id: "t5",
  tool_input: { file_path: `${FOLDER}/out.txt` },
};

const ask = {
  prompt_id: "p4",
  tool_use_id: "t7",
  tool_input: { description: "count files", prompt: "How many?", subagent_type: "general-purpose" },
};

const MOMENTS: readonly Moment[] = [
  ["SessionStart", { model: "claude-opus-5-5" }],
  ["UserPromptSubmit", { prompt: `Fix the test in cart.ts\n${HOSTILE}`, prompt_id: "p1" }],
  ["variants/PreToolUse.Read", read],
  ["variants/PreToolUse.Bash", test],
  ["variants/PostToolUseFailure.Bash", { ...test, duration_ms: 2345 }],
  ["variants/PostToolUse.Read", { ...read, duration_ms: 12 }],
  ["variants/PreToolUse.Agent", { prompt_id: "p1", tool_use_id: "t3" }],
  ["variants/PostToolUse.Agent.async_launched", { prompt_id: "p1", tool_use_id: "t3" }],
  ["SubagentStart", { prompt_id: "p1" }],
  ["variants/PreToolUse.subagent.Bash", { prompt_id: "p1", tool_use_id: "t4" }],
  ["variants/PreToolUse.Write", write],
  ["variants/PermissionRequest.Write", { prompt_id: "p1", tool_input: write.tool_input }],
  ["variants/PostToolUse.subagent.Bash", { prompt_id: "p1", tool_use_id: "t4" }],
  ["Stop", { prompt_id: "p1", last_assistant_message: `It is fixed. ${HOSTILE}` }],
  ["SubagentStop", { prompt_id: "p1" }],
  ["variants/UserPromptSubmit.tasknotification", { prompt_id: "p2" }],
  ["Stop", { prompt_id: "p2", last_assistant_message: "The agent is done." }],
  ["UserPromptSubmit", { prompt: "Now the slow one", prompt_id: "p3" }],
  [
    "variants/PreToolUse.mcp__demo__ask",
    { prompt_id: "p3", tool_use_id: "t6", tool_name: `mcp__${HOSTILE}` },
  ],
  ["UserPromptSubmit", { prompt: "Stop that, and ask somebody", prompt_id: "p4" }],
  ["variants/PreToolUse.Agent", ask],
  ["SubagentStart", { prompt_id: "p4", agent_id: "b1" }],
  ["SubagentStop", { prompt_id: "p4", agent_id: "b1", last_assistant_message: "Two files." }],
  [
    "variants/PostToolUse.Agent.completed",
    {
      ...ask,
      tool_response: { status: "completed", agentId: "b1" },
      duration_ms: 1999,
    },
  ],
  ["Stop", { prompt_id: "p4", last_assistant_message: "Asked." }],
  ["PreCompact", { prompt_id: "p5" }],
  ["variants/SubagentStop.subagent.compaction", { prompt_id: "p5" }],
  ["variants/SessionStart.compact", { prompt_id: "p5" }],
  ["PostCompact", { prompt_id: "p5" }],
  ["SessionEnd", { prompt_id: "p5" }],
  ["variants/SessionStart.resume", { pid: SECOND_PROCESS }],
  ["UserPromptSubmit", { prompt: "Go on", prompt_id: "p6", pid: SECOND_PROCESS }],
  ["Stop", { prompt_id: "p6", last_assistant_message: "Yes.", pid: SECOND_PROCESS }],
  ["SessionEnd", { reason: "clear", prompt_id: "p6", pid: SECOND_PROCESS }],
  ["variants/SessionStart.clear", { session_id: NEXT_SESSION, pid: SECOND_PROCESS }],
  [
    "UserPromptSubmit",
    { session_id: NEXT_SESSION, prompt: "Something new", prompt_id: "p7", pid: SECOND_PROCESS },
  ],
  [
    "variants/PreToolUse.Bash",
    { session_id: NEXT_SESSION, prompt_id: "p7", tool_use_id: "t8", pid: SECOND_PROCESS },
  ],
];
