// The state and the numbers of a session.
import { describe, expect, test } from "bun:test";
import { SessionSummary, type SessionState } from "../../../lib/history/summary";
import type { EventRecord } from "../../../lib/log/record";
import {
  recordedSession,
  recordsFrom,
  SESSION,
  STARTED_MS,
  type Moment,
} from "../../support/recorded-session";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("the state of a session", () => {
  const start: Moment = ["SessionStart", {}];
  const prompt: Moment = ["UserPromptSubmit", {}];
  const stop: Moment = ["Stop", {}];
  const request: Moment = ["PermissionRequest", {}];
  test.each([
    ["waiting", 1, "it has started without a prompt", [start]],
    ["active", 1, "a prompt was submitted", [start, prompt]],
    ["active", 14, "a command may run for ten minutes", [prompt, ["PreToolUse"]]],
    ["silent", 16, "no command runs for longer than that", [prompt, ["PreToolUse"]]],
    ["waiting", 1, "the turn ended", [prompt, stop]],
    ["waiting", 23 * 60, "a night is not too long", [prompt, stop]],
    ["silent", 25 * 60, "a whole day is too long", [prompt, stop]],
    ["waiting", 1, "the turn failed", [prompt, ["StopFailure"]]],
    ["waiting", 1, "permission is requested", [prompt, ["PreToolUse"], request]],
    [
      "waiting",
      1,
      "a notification asks for permission",
      [prompt, ["variants/Notification.permission_prompt"]],
    ],
    ["waiting", 1, "an MCP server asks", [prompt, ["Elicitation"]]],
    ["active", 1, "the answer was given", [prompt, request, ["PostToolUse"]]],
    [
      "active",
      1,
      "another notification asks for nothing",
      [prompt, ["variants/Notification.elicitation_response"]],
    ],
    [
      "waiting",
      1,
      "its agent goes on in the background",
      [prompt, stop, ["variants/PreToolUse.subagent.Bash"]],
    ],
    ["waiting", 1, "its agent has ended", [prompt, stop, ["SubagentStop"]]],
    [
      "waiting",
      1,
      "its agent asks for permission",
      [prompt, ["variants/PreToolUse.subagent.Bash"], request],
    ],
    [
      "active",
      1,
      "its agent got its answer",
      [prompt, request, ["variants/PostToolUse.subagent.Bash"]],
    ],
    [
      "active",
      1,
      "it is compacted in the middle of a turn",
      [prompt, ["PreCompact"], ["variants/SessionStart.compact"]],
    ],
    [
      "waiting",
      20,
      "it was compacted by hand between two prompts",
      [prompt, stop, ["PreCompact"], ["variants/SessionStart.compact"], ["PostCompact"]],
    ],
    ["waiting", 20, "another model was chosen", [prompt, stop, ["PostModelSwitch"]]],
    ["waiting", 20, "Claude Code reminds the person", [prompt, stop, ["Notification"]]],
    ["ended", 1, "SessionEnd came", [prompt, stop, ["SessionEnd"]]],
    [
      "ended",
      1,
      "the late end of an agent does not resume it",
      [prompt, ["SessionEnd"], ["SubagentStop"]],
    ],
    ["ended", 99 * 60, "an end does not expire", [["SessionEnd"]]],
    ["waiting", 1, "it was resumed", [["SessionEnd"], ["variants/SessionStart.resume"]]],
  ] as [SessionState, number, string, Moment[]][])(
    "is %s after %p minutes: %s",
    async (state, minutes, _, moments) => {
      const summary = summarize(await recordsFrom(moments));
      expect(summary.stateAt(Date.parse(summary.lastAt) + minutes * MINUTE_MS)).toBe(state);
    },
  );
});

test("a summary has the numbers of the whole session", async () => {
  const records = (await recordedSession()).filter(({ session_id }) => session_id === SESSION);
  const summary = summarize(records);
  expect(summary).toMatchObject({
    sessionId: SESSION,
    project: "shop",
    projectDir: "/home/you/shop",
    startedAt: new Date(STARTED_MS).toISOString(),
    durationMs: (records.length - 1) * 1000,
    title: undefined,
    prompts: 4,
    tools: 7,
    failures: 1,
    agents: 2,
  });
  expect(summary.firstPrompt).toStartWith("Fix the test in cart.ts");
  expect(summary.stateAt(STARTED_MS + HOUR_MS)).toBe("ended");
});

test.each([
  [
    "a title that comes with a prompt",
    [["UserPromptSubmit", { session_title: "Cart" }]],
    "Cart",
    1,
  ],
  [
    "the latest title",
    [
      ["SessionStart", { session_title: "Old" }],
      ["UserPromptSubmit", { session_title: "New" }],
    ],
    "New",
    1,
  ],
  [
    "no title and no prompt for the report of a background task",
    [["variants/UserPromptSubmit.tasknotification"]],
    undefined,
    0,
  ],
  [
    "no prompt that a schedule submits",
    [["UserPromptSubmit", { source: "schedule_wakeup" }]],
    undefined,
    0,
  ],
  ["a prompt that comes through the SDK", [["UserPromptSubmit", { source: "sdk" }]], undefined, 1],
] as [string, Moment[], string | undefined, number][])(
  "counts %s",
  async (_, moments, title, prompts) => {
    expect(summarize(await recordsFrom(moments))).toMatchObject({ title, prompts });
  },
);

test("counts calls by their ends if only those were recorded", async () => {
  expect(summarize(await recordsFrom([["PostToolUse"], ["PostToolUseFailure"]])).tools).toBe(2);
});

test("a call whose id repeats in another subagent ends with its own agent's result", async () => {
  const call = (event: string, agent_id: string): Moment => [
    event,
    { tool_use_id: "Bash:0", agent_id },
  ];
  const records = await recordsFrom([
    call("PreToolUse", "a"),
    call("PreToolUse", "b"),
    call("PostToolUse", "a"),
  ]);
  const summary = summarize(records);
  expect(summary.running.map(({ agent_id }) => agent_id)).toEqual(["b"]);
  const [end] = await recordsFrom([call("PostToolUse", "b")]);
  const later = SessionSummary.from(JSON.parse(JSON.stringify(summary.toState())));
  later.add(end as EventRecord, () => end);
  expect(later).toMatchObject({ running: [], joinedCalls: 2 });
});

test("a late record does not move the last time back", async () => {
  const [first, second] = await recordsFrom([["SessionStart"], ["Stop"]]);
  const summary = summarize([second as EventRecord, first as EventRecord]);
  expect(summary.lastAt).toBe((second as EventRecord).timestamp);
});

function summarize(records: readonly EventRecord[]): SessionSummary {
  const [first] = records;
  if (first === undefined) throw new Error("no records");
  const summary = new SessionSummary(first);
  for (const record of records) summary.add(record, () => record);
  return summary;
}
