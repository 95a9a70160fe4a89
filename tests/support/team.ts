// What a small team's machines recorded, up to now: two people in several projects, with everything that the queries and
// the dashboard tell apart. Some sessions are still at work.
import type { EventRecord } from "../../lib/log/record";
import { sampleSessions } from "../../scripts/demo/sample-sessions";
import { sessionRecords, type Moment } from "../../scripts/harness/session-records";
import { recordedSession } from "./recorded-session";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** All records, the oldest first, each with an id of its own. */
export async function teamRecords(nowMs: number): Promise<EventRecord[]> {
  const sessions = await Promise.all([
    recordedSession().then((records) => movedTo(records, nowMs - 5 * HOUR_MS)),
    session("a1", "ana", "shop", 7, nowMs - 3 * HOUR_MS, WAITS),
    session("a2", "ana", "api", 7, nowMs - 4 * HOUR_MS, [...STARTED, begun("k1", "make")]),
    session("a3", "ana", "api", 8, nowMs - 50 * HOUR_MS, [
      ...STARTED,
      begun("k2", "make install"),
      asked("make install"),
    ]),
    session("a4", "ana", "api", 9, nowMs - 26 * HOUR_MS, [
      ...STARTED,
      begun("k3", "make all"),
      asked("make all"),
      ended("k3", "make all", 12_000, 600_000),
    ]),
    // A subagent works on after its turn, and a reminder comes during a pause: both wait for the next prompt.
    session("a5", "ana", "api", 10, nowMs - 8 * MINUTE_MS, [
      ...STARTED,
      ["SubagentStart", { ...agent, prompt_id }],
      ["Stop", { prompt_id }],
      begun("k4", "make docs", agent),
    ]),
    session("a6", "ana", "docs", 11, nowMs - 30 * MINUTE_MS, [
      ...STARTED,
      ["Stop", { prompt_id }],
      ["variants/Notification.idle_prompt", { prompt_id }, 60_000],
    ]),
    // Compacted in the middle of its work.
    session("a7", "ana", "docs", 12, nowMs - 5 * MINUTE_MS, [
      ...STARTED,
      ["SessionStart", { source: "compact" }],
    ]),
    // Behind a model router, ids repeat in subagents that work at the same time: the second one's call has no result.
    session("a8", "ana", "router", 13, nowMs - 3 * HOUR_MS, [
      ...STARTED,
      ["SubagentStart", { ...agent, prompt_id }],
      ["SubagentStart", { ...otherAgent, prompt_id }],
      begun("Bash:0", "make one", agent),
      begun("Bash:0", "make two", otherAgent),
      ended("Bash:0", "make one", 500, 500, agent),
      ["SubagentStop", { ...agent, prompt_id }],
      ["SubagentStop", { ...otherAgent, prompt_id }],
      ["Stop", { prompt_id }],
    ]),
    // Reports of tasks with a line before and after them, and a person who writes about such an element.
    session("a9", "ana", "reports", 14, nowMs - 3 * HOUR_MS, [
      ...STARTED,
      begun("r1", "make all"),
      ...[
        "<task-notification>\nx\n</task-notification>\nRead the output file: /tmp/x",
        "[SYSTEM NOTIFICATION - NOT USER INPUT]\nA task.\n<task-notification>\nx\n</task-notification>",
      ].map((prompt): Moment => ["UserPromptSubmit", { prompt, prompt_id }]),
      ended("r1", "make all", 500, 500),
      [
        "UserPromptSubmit",
        { prompt: "<toast-notification>x</toast-notification>\nIt flickers", prompt_id },
      ],
      ["Stop", { prompt_id }],
    ]),
    // Two containers: the same user and process number, and two projects side by side.
    session("b1", "root", "one", 17, nowMs - 2 * HOUR_MS, CLEARED),
    session("b2", "root", "two", 17, nowMs - 2 * HOUR_MS + 500, STARTED),
    session("b3", "root", "one", 17, nowMs - 2 * HOUR_MS + 60_000, AFTER_CLEAR),
    session("b4", "root", "two", 17, nowMs - 2 * HOUR_MS + 90_000, FORKED),
    session("c1", "cas", "shop", 21, nowMs - MINUTE_MS, STARTED).then((records) =>
      records.map(({ payload, ...head }): EventRecord => ({ ...head, client: "cursor", payload })),
    ),
  ]);
  const all = [...sessions.flat(), ...(await sampleSessions(nowMs))];
  return all
    .toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
    .map((record) => {
      const id = Bun.randomUUIDv7("hex", Date.parse(record.timestamp));
      return changed(record, { id });
    });
}

/** The same records at another time. */
export function movedTo(records: readonly EventRecord[], startMs: number): EventRecord[] {
  const byMs = startMs - Date.parse(records[0]?.timestamp ?? "");
  return records.map((record) => {
    const timestamp = new Date(Date.parse(record.timestamp) + byMs).toISOString();
    return changed(record, { timestamp });
  });
}

function changed(record: EventRecord, fields: Partial<EventRecord>): EventRecord {
  return { ...record, ...fields };
}

async function session(
  name: string,
  user: string,
  project: string,
  pid: number,
  startedMs: number,
  moments: readonly Moment[],
): Promise<EventRecord[]> {
  const origin = {
    sessionId: `${name}000000-735f-4d0a-b28e-14c9f244c7db`,
    projectDir: `/home/${user}/${project}`,
    pid,
    startedMs,
  };
  const records = await sessionRecords(moments, origin);
  return records.map((record) => changed(record, { user }));
}

const prompt_id = "26c93ed7-3d29-4007-af51-47b1916fabb5";
const STARTED: readonly Moment[] = [
  ["SessionStart", { source: "startup", prompt_id: undefined }],
  ["UserPromptSubmit", { prompt: "Go", prompt_id }],
];
const agent = { agent_id: "ag1", agent_type: "Explore" };
const otherAgent = { agent_id: "ag2", agent_type: "Explore" };

function begun(id: string, command: string, more: object = {}): Moment {
  return ["variants/PreToolUse.Bash", { ...call(id, command), ...more }];
}

function asked(command: string, more: object = {}): Moment {
  const { tool_name, tool_input } = call("", command);
  return ["variants/PermissionRequest.Bash", { tool_name, tool_input, prompt_id, ...more }, 300];
}

function ended(
  id: string,
  command: string,
  duration_ms: number,
  afterMs: number,
  more = {},
): Moment {
  return ["variants/PostToolUse.Bash", { ...call(id, command), duration_ms, ...more }, afterMs];
}

function call(id: string, command: string) {
  return { tool_name: "Bash", tool_use_id: id, tool_input: { command }, prompt_id };
}

const WAITS: readonly Moment[] = [
  ...STARTED,
  // Allowed after a minute and a half.
  begun("w1", "make deploy"),
  asked("make deploy"),
  ended("w1", "make deploy", 5000, 95_000),
  // Two at the same time with different inputs: the question is about the first.
  begun("w2", "git push"),
  begun("w3", "git status"),
  asked("git push"),
  ended("w3", "git status", 40, 2000),
  // A subagent asks.
  ["SubagentStart", { ...agent, prompt_id }],
  begun("w4", "rm -r build", agent),
  asked("rm -r build", agent),
  ended("w4", "rm -r build", 1000, 21_000, agent),
  ["SubagentStop", { ...agent, prompt_id }, 4000],
  ["Elicitation", { prompt_id }],
  ["ElicitationResult", { prompt_id }, 15_000],
  // The classifier denies one by itself, and a person interrupts one that runs.
  begun("w5", "curl | sh"),
  ["PermissionDenied", { ...call("w5", "curl | sh") }, 10],
  begun("w6", "sleep 100"),
  ["variants/PostToolUseFailure.Bash", { ...call("w6", "sleep 100"), is_interrupt: true }, 7000],
  // The first one was denied in the end.
  ["Stop", { prompt_id }, 3000],
  // Claude Code's own prompt interrupts nothing; a person's does.
  ["UserPromptSubmit", { prompt: "Again", prompt_id }, 60_000],
  begun("w7", "make test"),
  begun("w8", "make lint"),
  asked("make lint"),
  ["variants/UserPromptSubmit.tasknotification", { prompt_id }],
  ended("w7", "make test", 900, 10),
  ["UserPromptSubmit", { prompt: "No, stop", prompt_id }, 33_000],
  ["Stop", { prompt_id }],
  ["SessionEnd", { reason: "prompt_input_exit" }],
];

const CLEARED: readonly Moment[] = [
  ...STARTED,
  ["SessionStart", { source: "compact" }],
  ["SessionStart", { source: "compact" }],
  ["Stop", { prompt_id }],
  ["SessionEnd", { reason: "clear" }],
];
const AFTER_CLEAR: readonly Moment[] = [
  ["SessionStart", { source: "clear", prompt_id: undefined }],
  ["SessionEnd", { reason: "prompt_input_exit" }],
  ["SessionStart", { source: "resume" }],
];
const FORKED: readonly Moment[] = [["SessionStart", { source: "fork", prompt_id: undefined }]];
