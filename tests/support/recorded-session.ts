// A session as the log has it, made of captured payloads: parallel tools, a failure, agents in the
// background and in the foreground, a denial, an interrupt, a compaction, a resume and a clear. Some
// of its texts are hostile to a terminal.
import { DEFAULT_CONFIG } from "../../lib/config";
import { buildRecord } from "../../lib/hook/build-record";
import { redactionRules } from "../../lib/hook/redact";
import type { EventRecord } from "../../lib/log/record";
import { projectAt } from "../../lib/project";
import { capturedPayload } from "../../scripts/harness/payloads";

/** The session that is told. */
export const SESSION = "11111111-735f-4d0a-b28e-14c9f244c7db";
/** The session that its end by `clear` began. */
export const NEXT_SESSION = "22222222-735f-4d0a-b28e-14c9f244c7db";
/** When it began, in milliseconds since 1970 UTC. */
export const STARTED_MS = Date.UTC(2026, 10, 22, 9, 58, 1);

export const HOSTILE = "\u001B[31mred\u001B[0m \u009B2J\u202Eevil\u2028\u0007 カート 🛒";

const FOLDER = "/home/you/shop";
const FIRST_PROCESS = 4101;
const SECOND_PROCESS = 4300;

/** A captured payload, and what is different here. */
export type Moment = readonly [name: string, fields?: Record<string, unknown>];

/** All records of both sessions, the oldest first, a second apart. */
export function recordedSession(): Promise<EventRecord[]> {
  return recordsFrom(MOMENTS);
}

/** Makes records of captured payloads; a field `pid` is the process that sent it. */
export async function recordsFrom(moments: readonly Moment[]): Promise<EventRecord[]> {
  const rules = redactionRules({}, DEFAULT_CONFIG.redact);
  const records: EventRecord[] = [];
  for (const [i, [name, { pid = FIRST_PROCESS, ...fields } = {}]] of moments.entries()) {
    const { event, payload: captured } = await capturedPayload(name);
    const payload = withoutUndefined({ ...captured, session_id: SESSION, cwd: FOLDER, ...fields });
    const record = buildRecord(
      { kind: "event", payload, text: JSON.stringify(payload) },
      {
        startedMs: STARTED_MS + i * 1000,
        event,
        session: { id: String(payload["session_id"]), source: "payload" },
        project: projectAt(FOLDER),
        user: "you",
        pid: Number(pid),
      },
      DEFAULT_CONFIG.capture,
      rules,
    );
    records.push({ ...record, id: `01a202c9-d2a3-702d-85be-${String(i).padStart(12, "0")}` });
  }
  return records;
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
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
