import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Agent, Step, ToolCall, Turn } from "../../../lib/history/timeline";
import { buildTimeline } from "../../../lib/history/timeline-builder";
import type { EventRecord } from "../../../lib/log/record";
import { recordedSession, recordsFrom, SESSION, type Moment } from "../../support/recorded-session";

const NOW = Date.UTC(2026, 10, 22, 10, 30);
const own = (await recordedSession()).filter(({ session_id }) => session_id === SESSION);

const p1 = { prompt_id: "p1" };
const PROMPT: Moment = ["UserPromptSubmit", { prompt: "Do it", ...p1 }];
const STOP: Moment = ["Stop", p1];
const bash = (id = "t1") => ({ ...p1, tool_use_id: id, tool_input: { command: `run ${id}` } });
const pre = (id?: string): Moment => ["variants/PreToolUse.Bash", bash(id)];
const post = (id?: string): Moment => ["variants/PostToolUse.Bash", bash(id)];
const failure = (id?: string, more = {}): Moment => [
  "variants/PostToolUseFailure.Bash",
  { ...bash(id), ...more },
];
const asked = (id?: string): Moment => [
  "variants/PermissionRequest.Bash",
  { ...bash(id), tool_use_id: undefined },
];
const askedBy = (agent: string, id: string): Moment => [
  asked(id)[0],
  { ...asked(id)[1], agent_id: agent },
];
const launch = (id: string, more = {}): Moment => [
  "variants/PreToolUse.Agent",
  { ...p1, tool_use_id: id, ...more },
];
const launched = (id: string, agentId: string): Moment => [
  "variants/PostToolUse.Agent.async_launched",
  { ...p1, tool_use_id: id, tool_response: { agentId } },
];
const begun = (id: string, more = {}): Moment => [
  "SubagentStart",
  { ...p1, agent_id: id, ...more },
];
const done = (id: string): Moment => ["SubagentStop", { ...p1, agent_id: id }];
const inside = (agent: string, id: string): Moment => [
  "variants/PreToolUse.subagent.Bash",
  { ...bash(id), agent_id: agent },
];
const BATCH: Moment = [
  "PostToolBatch",
  { ...p1, tool_calls: [{ tool_name: "Bash", tool_use_id: "t1" }] },
];
const REPORT: Moment = ["variants/UserPromptSubmit.tasknotification", { prompt_id: "p2" }];
const NEXT: Moment = ["UserPromptSubmit", { prompt: "Next", prompt_id: "p2" }];
const RESUME: Moment = ["variants/SessionStart.resume", {}];
const NOTICE: Moment = ["variants/Notification.idle_prompt", p1];
const END: Moment = ["SessionEnd", {}];

describe("a tool call", () => {
  test.each([
    ["succeeded", "it says so", [pre(), post()]],
    ["failed", "it says so", [pre(), failure()]],
    ["interrupted", "its failure says so", [pre(), failure("t1", { is_interrupt: true })]],
    ["succeeded", "permission was given", [pre(), asked(), post()]],
    ["denied", "Claude went on without it after asking", [pre(), asked(), STOP]],
    ["denied", "all calls of its message are over", [pre(), asked(), BATCH]],
    ["denied", "Claude Code said so itself", [pre(), ["PermissionDenied", bash()]]],
    ["no result", "Claude went on without it and had not asked", [pre(), STOP]],
    ["no result", "all calls of its message are over, as when a hook blocks it", [pre(), BATCH]],
    ["interrupted", "the person spoke again", [pre(), NEXT]],
    ["interrupted", "the session ended", [pre(), END]],
    ["interrupted", "another process resumed the session", [pre(), RESUME]],
    ["denied or interrupted", "the person spoke again after it had asked", [pre(), asked(), NEXT]],
    ["running", "nothing came yet", [pre()]],
    ["running", "a background task reported", [pre(), REPORT]],
    ["asking", "nothing came after it had asked", [pre(), asked()]],
    ["succeeded", "its result came after all", [pre(), STOP, NEXT, post()]],
    ["running", "only another call has a result", [pre(), pre("t2"), post("t2")]],
    ["running", "another call asked for permission", [pre(), pre("t2"), asked("t2")]],
    [
      "running",
      "an agent asked for the like",
      [pre(), begun("a"), inside("a", "t2"), askedBy("a", "t1")],
    ],
    [
      "running",
      "it is not the last that a changed input can be of",
      [pre(), pre("t2"), asked("t9")],
    ],
    ["no result", "the turn broke off", [pre(), ["StopFailure", p1]]],
    [
      "running",
      "it is a background agent's, and the turn's end is not its",
      [begun("a"), inside("a", "t1"), STOP],
    ],
    ["no result", "its agent has ended", [begun("a"), inside("a", "t1"), done("a")]],
  ] as [string, string, Moment[]][])("is %s where %s", async (outcome, _, moments) => {
    const [call] = callsIn(await tell([PROMPT, ...moments]));
    expect(call).toMatchObject({ id: "t1", outcome });
  });

  test("that runs in a session that fell silent has no result", async () => {
    const story = buildTimeline(await recordsFrom([PROMPT, pre()]), NOW, true);
    expect(callsIn(story.entries)[0]?.outcome).toBe("no result");
  });

  test("takes as long as Claude Code says, else from one event to the other, else until now", async () => {
    const records = await recordsFrom([
      PROMPT,
      pre("t1"),
      pre("t2"),
      pre("t3"),
      asked("t3"),
      pre("t4"),
      ["variants/PostToolUse.Bash", { ...bash("t1"), duration_ms: 7 }],
      ["variants/PostToolUse.Bash", { ...bash("t2"), duration_ms: undefined }],
    ]);
    const sinceMs = [3, 5].map((at) => NOW - Date.parse(records[at]?.timestamp ?? ""));
    expect(
      callsIn(buildTimeline(records, NOW, false).entries).map(({ durationMs }) => durationMs),
    ).toEqual([7, 5000, ...sinceMs]);
  });

  test("that was told of twice is one, and one whose beginning was not recorded is one too", async () => {
    expect(callsIn(await tell([PROMPT, pre(), pre(), post(), post(), post("t2")]))).toMatchObject([
      { id: "t1", outcome: "succeeded" },
      { id: "t2", outcome: "succeeded" },
    ]);
  });

  test("keeps what it was given and what came of it", async () => {
    const [read, failed] = callsIn(buildTimeline(own, NOW, true).entries);
    expect(read?.response).toHaveProperty("type", "text");
    expect(failed).toMatchObject({
      parameters: { command: "bun test\necho done" },
      durationMs: 2345,
    });
    expect(failed?.error).toStartWith("Exit code 3");
  });
});

describe("calls that are alike", () => {
  test("are asked for one after the other", async () => {
    const same = { ...bash("t1"), tool_input: { command: "same" } };
    const ask: Moment = ["variants/PermissionRequest.Bash", { ...same, tool_use_id: undefined }];
    const calls = callsIn(
      await tell([
        PROMPT,
        ["variants/PreToolUse.Bash", same],
        ["variants/PreToolUse.Bash", { ...same, tool_use_id: "t2" }],
        ask,
        ask,
        STOP,
      ]),
    );
    expect(calls.map(({ outcome }) => outcome)).toEqual(["denied", "denied"]);
  });

  test("are not at work before they began, whatever the clock says", async () => {
    const records = await recordsFrom([PROMPT, pre()]);
    const [call] = callsIn(buildTimeline(records, 0, false).entries);
    expect(call).toMatchObject({ outcome: "running", durationMs: 0 });
  });
});

describe("a subagent", () => {
  test("in the foreground is interrupted with the call that it is for, one in the background is not", async () => {
    const foreground = [launch("t1"), begun("a"), inside("a", "t2")];
    const background = [launch("t3"), launched("t3", "b"), begun("b"), inside("b", "t4")];
    const entries = await tell([PROMPT, ...background, ...foreground, NEXT]);
    const outcomes = callsIn(entries).map(({ id, outcome }) => `${id} ${outcome}`);
    expect(outcomes.toSorted()).toEqual([
      "t1 interrupted",
      "t2 interrupted",
      "t3 succeeded",
      "t4 running",
    ]);
    expect(agentsIn(entries).map(({ id, isInterrupted }) => [id, isInterrupted])).toEqual([
      ["b", false],
      ["a", true],
    ]);
  });

  const two = [launch("t1"), launch("t2")];
  test.each([
    [
      "under the call whose result names it",
      [...two, launched("t1", "x"), launched("t2", "a"), begun("a")],
      ["t2"],
    ],
    [
      "under the call whose result names it later",
      [...two, begun("a"), launched("t2", "a")],
      ["t2"],
    ],
    ["under the one call that it can be", [launch("t1"), begun("a")], ["t1"]],
    [
      "under the one call of its type",
      [launch("t1", { tool_input: { subagent_type: "other" } }), launch("t2"), begun("a")],
      ["t2"],
    ],
    ["under none where it can be two", [...two, begun("a")], []],
    ["under none where the call came later", [begun("a"), launch("t1")], []],
    ["under none where there is no call", [begun("a")], []],
    [
      "once where it began again",
      [launch("t1"), launched("t1", "a"), begun("a"), begun("a")],
      ["t1"],
    ],
  ] as [string, Moment[], string[]][])("is told %s", async (_, moments, expected) => {
    const entries = await tell([PROMPT, ...moments]);
    const parents = callsIn(entries).filter(({ agents }) => agents.some(({ id }) => id === "a"));
    expect(parents.map(({ id }) => id)).toEqual(expected);
    expect(agentsIn(entries)).toHaveLength(1);
  });

  test("has its own calls under it, and their agents under those", async () => {
    const entries = await tell([
      PROMPT,
      launch("t1"),
      launched("t1", "a"),
      begun("a"),
      [
        "variants/PreToolUse.Agent",
        { ...p1, tool_use_id: "t2", agent_id: "a", agent_type: "general-purpose" },
      ],
      [
        "variants/PostToolUse.Agent.async_launched",
        { ...p1, tool_use_id: "t2", agent_id: "a", tool_response: { agentId: "b" } },
      ],
      begun("b"),
      inside("b", "t3"),
    ]);
    const [outer] = (entries[0] as Turn).steps as ToolCall[];
    const [nested] = (outer?.agents[0]?.steps ?? []) as ToolCall[];
    expect(nested).toMatchObject({ id: "t2", agents: [{ id: "b", steps: [{ id: "t3" }] }] });
  });

  test("has its time and its last words, or is at work", async () => {
    const entries = await tell([PROMPT, begun("a"), begun("b"), done("a")]);
    expect(agentsIn(entries)).toMatchObject([
      { id: "a", durationMs: 2000, answer: "Subagent report: two files." },
      { id: "b", durationMs: undefined, answer: undefined },
    ]);
  });

  test("of which only the end was recorded is one nevertheless", async () => {
    expect(agentsIn(await tell([PROMPT, done("a")]))).toMatchObject([{ id: "a", durationMs: 0 }]);
  });

  test("that no call started stands where it began", async () => {
    const entries = await tell([PROMPT, pre("t1"), begun("a"), pre("t2"), inside("a", "t3")]);
    expect((entries[0] as Turn).steps.map((step) => "id" in step && step.id)).toEqual([
      "t1",
      "a",
      "t2",
    ]);
  });

  test("of Claude Code's own is none", async () => {
    expect(
      agentsIn(await tell([PROMPT, ["variants/SubagentStop.subagent.compaction", p1]])),
    ).toEqual([]);
  });
});

describe("a turn", () => {
  test("ends with Claude's last words, or with what it broke off for", async () => {
    const failed: Moment = ["StopFailure", { prompt_id: "p2", error: "invalid_request" }];
    expect(await tell([PROMPT, pre(), STOP, NEXT, failed])).toMatchObject([
      { prompt: "Do it", durationMs: 2000, answer: expect.any(String), error: undefined },
      { prompt: "Next", durationMs: 1000, error: "invalid_request" },
    ]);
  });

  test("has the calls that name its prompt, whatever came since", async () => {
    const [first, second] = await tell([PROMPT, NEXT, pre("t1"), STOP]);
    expect(first).toMatchObject({ steps: [{ id: "t1" }], durationMs: 3000 });
    expect(second).toMatchObject({ steps: [], durationMs: undefined });
  });

  test.each([
    ["belongs to it until it ends", [PROMPT, NOTICE, STOP], ["turn", ["Notification"]]],
    ["stands by itself afterwards", [PROMPT, STOP, NOTICE], ["turn", [], "Notification"]],
    ["stands by itself before", [NOTICE, PROMPT], ["Notification", "turn", []]],
    [
      "is one where three events tell of a compaction",
      [PROMPT, ["PreCompact", p1], ["variants/SessionStart.compact", p1], ["PostCompact", p1]],
      ["turn", ["Compaction"]],
    ],
    [
      "is told where only one of the three was recorded",
      [PROMPT, ["PostCompact", p1]],
      ["turn", ["Compaction"]],
    ],
  ] as [string, Moment[], unknown[]][])("what happens %s", async (_, moments, expected) => {
    const name = (step: Turn | Step) => (step.kind === "moment" ? step.event : step.kind);
    const told: unknown[] = (await tell(moments)).flatMap((entry) =>
      entry.kind === "turn" ? ["turn", entry.steps.map(name)] : [name(entry)],
    );
    expect(told).toEqual(expected);
  });
});

describe("a whole session", () => {
  test("has its turns, its ends and what lay between in their order", () => {
    const { entries, sessionId } = buildTimeline(own, NOW, true);
    expect(sessionId).toBe(SESSION);
    expect(
      entries.map((entry) =>
        entry.kind === "turn" ? entry.isFromPerson : "event" in entry && entry.event,
      ),
    ).toEqual([
      "SessionStart",
      true,
      false,
      true,
      true,
      "Compaction",
      "SessionEnd",
      "SessionStart",
      true,
      "SessionEnd",
    ]);
    expect(callsIn(entries).map(({ tool, outcome }) => `${tool.slice(0, 5)} ${outcome}`)).toEqual([
      "Read succeeded",
      "Bash failed",
      "Agent succeeded",
      "Bash succeeded",
      "Write denied",
      "mcp__ interrupted",
      "Agent succeeded",
    ]);
    expect(agentsIn(entries).map(({ id, answer }) => [id.slice(0, 2), answer])).toEqual([
      ["ac", "Subagent report: two files."],
      ["b1", "Two files."],
    ]);
  });

  test("is the same whatever the order of its records, and if it was recorded twice", () => {
    const expected = buildTimeline(own, NOW, true);
    expect(buildTimeline([...own, ...own], NOW, true)).toEqual(expected);
    fc.assert(
      fc.property(fc.shuffledSubarray(own, { minLength: own.length }), (shuffled) => {
        expect(buildTimeline(shuffled, NOW, true)).toEqual(expected);
      }),
    );
  });

  test("of which only a part was recorded has each of its calls once", () => {
    fc.assert(
      fc.property(fc.subarray(own), fc.boolean(), (part, isOver) => {
        const ids = part
          .filter(
            ({ event, tool_use_id }) => event.includes("ToolUse") && tool_use_id !== undefined,
          )
          .map(({ tool_use_id }) => tool_use_id);
        const told = callsIn(buildTimeline(part, NOW, isOver).entries).map(({ id }) => id);
        expect(told.toSorted()).toEqual(Array.from(new Set(ids as string[])).toSorted());
      }),
    );
  });

  test("of strange payloads is told nevertheless", async () => {
    const all = [...own, ...(await recordsFrom([BATCH, asked(), ["StopFailure"]]))];
    const strange = fc.record({
      payload: fc.jsonValue(),
      parameters: fc.jsonValue(),
      agent_id: fc.constantFrom(undefined, "a"),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...all), strange)), (pairs) => {
        const records = pairs.map(([record, fields]) => ({ ...record, ...fields }) as EventRecord);
        expect(buildTimeline(records, NOW, false).entries).toBeArray();
      }),
    );
  });
});

async function tell(moments: readonly Moment[]): Promise<readonly (Turn | Step)[]> {
  return buildTimeline(await recordsFrom(moments), NOW, false).entries;
}

function callsIn(steps: readonly (Turn | Step)[]): ToolCall[] {
  return steps.flatMap((step) => {
    if (step.kind === "tool")
      return [step, ...step.agents.flatMap((agent) => callsIn(agent.steps))];
    return step.kind === "moment" ? [] : callsIn(step.steps);
  });
}

function agentsIn(steps: readonly (Turn | Step)[]): Agent[] {
  return steps.flatMap((step) => {
    if (step.kind === "tool")
      return step.agents.flatMap((agent) => [agent, ...agentsIn(agent.steps)]);
    if (step.kind === "moment") return [];
    return step.kind === "agent" ? [step, ...agentsIn(step.steps)] : agentsIn(step.steps);
  });
}
