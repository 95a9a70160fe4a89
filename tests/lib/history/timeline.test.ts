// The timeline of a session, from its records.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  atMsOf,
  type Agent,
  type Step,
  type ToolCall,
  type Turn,
} from "../../../lib/history/timeline";
import { withoutDoubles } from "../../../lib/history/doubles";
import { buildTimeline, TimelineBuilder } from "../../../lib/history/timeline-builder";
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
    ["succeeded", "PostToolUse came", [pre(), post()]],
    ["failed", "PostToolUseFailure came", [pre(), failure()]],
    ["interrupted", "its failure was an interrupt", [pre(), failure("t1", { is_interrupt: true })]],
    ["succeeded", "permission was given", [pre(), asked(), post()]],
    ["denied", "the turn ended after a permission request", [pre(), asked(), STOP]],
    ["denied", "its batch ended after a permission request", [pre(), asked(), BATCH]],
    ["denied", "PermissionDenied came", [pre(), ["PermissionDenied", bash()]]],
    ["no result", "the turn ended without a permission request", [pre(), STOP]],
    ["no result", "its batch ended, as when a hook blocks it", [pre(), BATCH]],
    ["interrupted", "the person submitted another prompt", [pre(), NEXT]],
    ["interrupted", "the session ended", [pre(), END]],
    ["interrupted", "another process resumed the session", [pre(), RESUME]],
    [
      "denied or interrupted",
      "another prompt followed a permission request",
      [pre(), asked(), NEXT],
    ],
    ["running", "nothing followed yet", [pre()]],
    ["running", "a background task reported", [pre(), REPORT]],
    ["asking", "nothing followed its permission request", [pre(), asked()]],
    ["succeeded", "its result came late", [pre(), STOP, NEXT, post()]],
    ["running", "only another call has a result", [pre(), pre("t2"), post("t2")]],
    ["running", "another call asked for permission", [pre(), pre("t2"), asked("t2")]],
    [
      "running",
      "an agent asked for permission for the same",
      [pre(), begun("a"), inside("a", "t2"), askedBy("a", "t1")],
    ],
    [
      "running",
      "a request with changed input is about a later call",
      [pre(), pre("t2"), asked("t9")],
    ],
    ["no result", "the turn failed", [pre(), ["StopFailure", p1]]],
    [
      "running",
      "a background agent makes it, and only the turn ended",
      [begun("a"), inside("a", "t1"), STOP],
    ],
    ["no result", "its agent has ended", [begun("a"), inside("a", "t1"), done("a")]],
  ] as [string, string, Moment[]][])("is %s where %s", async (outcome, _, moments) => {
    const [call] = callsIn(await timelineOf([PROMPT, ...moments]));
    expect(call).toMatchObject({ id: "t1", outcome });
  });

  test("that was running when its session fell silent has no result", async () => {
    const timeline = buildTimeline(await recordsFrom([PROMPT, pre()]), NOW, true);
    expect(callsIn(timeline.entries)[0]?.outcome).toBe("no result");
  });

  test("lasts as long as Claude Code says, otherwise from event to event, otherwise until now", async () => {
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

  test("is there once if it was recorded twice, and if only its end was recorded", async () => {
    const { records } = withoutDoubles(
      await recordsFrom([PROMPT, pre(), pre(), post(), post(), post("t2")]),
    );
    expect(callsIn(buildTimeline(records, NOW, false).entries)).toMatchObject([
      { id: "t1", outcome: "succeeded" },
      { id: "t2", outcome: "succeeded" },
    ]);
  });

  test("has its parameters, its response and its error", async () => {
    const [read, failed] = callsIn(buildTimeline(own, NOW, true).entries);
    expect(read?.response).toHaveProperty("type", "text");
    expect(failed).toMatchObject({
      parameters: { command: "bun test\necho done" },
      durationMs: 2345,
    });
    expect(failed?.error).toStartWith("Exit code 3");
  });
});

describe("ids that repeat in subagents that work at the same time", () => {
  const by = (agent: string, moment: Moment): Moment => [
    moment[0],
    { ...moment[1], agent_id: agent },
  ];
  const outcomesOf = async (moments: readonly Moment[]) =>
    callsIn(await timelineOf([PROMPT, begun("a"), begun("b"), ...moments])).map((call) => [
      call.agentId,
      call.outcome,
    ]);

  test("each result is that of its own agent's call", async () => {
    expect(
      await outcomesOf([
        inside("a", "t1"),
        inside("b", "t1"),
        by("b", failure("t1")),
        by("a", post("t1")),
        inside("a", "t1"),
        pre("t1"),
        post("t1"),
      ]),
    ).toEqual([
      ["a", "succeeded"],
      ["a", "running"],
      ["b", "failed"],
      [undefined, "succeeded"],
    ]);
  });

  test("the end of a batch ends only the calls of its agent", async () => {
    expect(await outcomesOf([inside("a", "t1"), inside("b", "t1"), by("a", BATCH)])).toEqual([
      ["a", "no result"],
      ["b", "running"],
    ]);
  });
});

describe("calls with the same input", () => {
  test("are matched with permission requests one after the other", async () => {
    const same = { ...bash("t1"), tool_input: { command: "same" } };
    const ask: Moment = ["variants/PermissionRequest.Bash", { ...same, tool_use_id: undefined }];
    const calls = callsIn(
      await timelineOf([
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

  test("have no negative duration if the clock was set back", async () => {
    const records = await recordsFrom([PROMPT, pre()]);
    const [call] = callsIn(buildTimeline(records, 0, false).entries);
    expect(call).toMatchObject({ outcome: "running", durationMs: 0 });
  });
});

describe("a subagent", () => {
  test("is interrupted with its call in the foreground, but not in the background", async () => {
    const foreground = [launch("t1"), begun("a"), inside("a", "t2")];
    const background = [launch("t3"), launched("t3", "b"), begun("b"), inside("b", "t4")];
    const entries = await timelineOf([PROMPT, ...background, ...foreground, NEXT]);
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
      "under the call whose later result names it",
      [...two, begun("a"), launched("t2", "a")],
      ["t2"],
    ],
    ["under the only call that can have started it", [launch("t1"), begun("a")], ["t1"]],
    [
      "under the only call for its type",
      [launch("t1", { tool_input: { subagent_type: "other" } }), launch("t2"), begun("a")],
      ["t2"],
    ],
    ["under no call where two can have started it", [...two, begun("a")], []],
    ["under no call where the only one came later", [begun("a"), launch("t1")], []],
    ["under no call where there is none", [begun("a")], []],
    [
      "once if it started again",
      [launch("t1"), launched("t1", "a"), begun("a"), begun("a")],
      ["t1"],
    ],
  ] as [string, Moment[], string[]][])("is %s", async (_, moments, expected) => {
    const entries = await timelineOf([PROMPT, ...moments]);
    const parents = callsIn(entries).filter(({ agents }) => agents.some(({ id }) => id === "a"));
    expect(parents.map(({ id }) => id)).toEqual(expected);
    expect(agentsIn(entries)).toHaveLength(1);
  });

  test("is under the call that a transcript names, where events would not settle it", async () => {
    const records = await recordsFrom([PROMPT, ...two, begun("a"), begun("b")]);
    const launches = new Map([
      ["a", "t2"],
      ["b", "t1"],
      ["gone", "t3"],
    ]);
    const { entries } = buildTimeline(records, NOW, false, launches);
    expect(callsIn(entries).map(({ id, agents }) => [id, agents.map((agent) => agent.id)])).toEqual(
      [
        ["t1", ["b"]],
        ["t2", ["a"]],
      ],
    );
  });

  test("contains its calls, and those contain their agents", async () => {
    const entries = await timelineOf([
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

  test("has a duration and an answer once it has ended", async () => {
    const entries = await timelineOf([PROMPT, begun("a"), begun("b"), done("a")]);
    expect(agentsIn(entries)).toMatchObject([
      { id: "a", durationMs: 2000, answer: "Subagent report: two files." },
      { id: "b", durationMs: undefined, answer: undefined },
    ]);
  });

  test("is there if only its end was recorded", async () => {
    expect(agentsIn(await timelineOf([PROMPT, done("a")]))).toMatchObject([
      { id: "a", durationMs: 0 },
    ]);
  });

  test("is where it started if no call started it", async () => {
    const entries = await timelineOf([PROMPT, pre("t1"), begun("a"), pre("t2"), inside("a", "t3")]);
    expect((entries[0] as Turn).steps.map((step) => "id" in step && step.id)).toEqual([
      "t1",
      "a",
      "t2",
    ]);
  });

  test("is left out if it is internal to Claude Code", async () => {
    expect(
      agentsIn(await timelineOf([PROMPT, ["variants/SubagentStop.subagent.compaction", p1]])),
    ).toEqual([]);
  });
});

describe("a turn", () => {
  test("ends with Claude's answer, or with an error", async () => {
    const failed: Moment = ["StopFailure", { prompt_id: "p2", error: "invalid_request" }];
    expect(await timelineOf([PROMPT, pre(), STOP, NEXT, failed])).toMatchObject([
      { prompt: "Do it", durationMs: 2000, answer: expect.any(String), error: undefined },
      { prompt: "Next", durationMs: 1000, error: "invalid_request" },
    ]);
  });

  test("has the calls that name its prompt, even after the next prompt", async () => {
    const [first, second] = await timelineOf([PROMPT, NEXT, pre("t1"), STOP]);
    expect(first).toMatchObject({ steps: [{ id: "t1" }], durationMs: 3000 });
    expect(second).toMatchObject({ steps: [], durationMs: undefined });
  });

  test.each([
    ["within a turn is a part of it", [PROMPT, NOTICE, STOP], ["turn", ["Notification"]]],
    ["after a turn is next to it", [PROMPT, STOP, NOTICE], ["turn", [], "Notification"]],
    ["before a turn is next to it", [NOTICE, PROMPT], ["Notification", "turn", []]],
    [
      "reported by three events of one compaction is one",
      [PROMPT, ["PreCompact", p1], ["variants/SessionStart.compact", p1], ["PostCompact", p1]],
      ["turn", ["Compaction"]],
    ],
    [
      "reported by one of those three is one, too",
      [PROMPT, ["PostCompact", p1]],
      ["turn", ["Compaction"]],
    ],
  ] as [string, Moment[], unknown[]][])("something %s", async (_, moments, expected) => {
    const name = (step: Turn | Step) => (step.kind === "event" ? step.event : step.kind);
    const names: unknown[] = (await timelineOf(moments)).flatMap((entry) =>
      entry.kind === "turn" ? ["turn", entry.steps.map(name)] : [name(entry)],
    );
    expect(names).toEqual(expected);
  });
});

describe("a whole session", () => {
  test("has its turns and the events between them in order", () => {
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

  test("is the same in any order in which parallel hooks write, and if its records are there twice", () => {
    const expected = buildTimeline(own, NOW, true);
    expect(buildTimeline([...own, ...own], NOW, true)).toEqual(expected);
    const delays = fc.array(fc.nat(50_000), { minLength: own.length, maxLength: own.length });
    fc.assert(
      fc.property(delays, (delaysMs) => {
        const writtenMs = (n: number) => atMsOf(own[n] as EventRecord) + (delaysMs[n] as number);
        const order = Array.from(own.keys()).toSorted((a, b) => writtenMs(a) - writtenMs(b));
        const written = order.map((n) => own[n] as EventRecord);
        expect(buildTimeline(written, NOW, true)).toEqual(expected);
      }),
    );
  });

  test("has each call once if only some of its records are there", () => {
    fc.assert(
      fc.property(fc.subarray(own), fc.boolean(), (part, isOver) => {
        const ids = part
          .filter(
            ({ event, tool_use_id }) => event.includes("ToolUse") && tool_use_id !== undefined,
          )
          .map(({ tool_use_id }) => tool_use_id);
        const calls = callsIn(buildTimeline(part, NOW, isOver).entries).map(({ id }) => id);
        expect(calls.toSorted()).toEqual(Array.from(new Set(ids as string[])).toSorted());
      }),
    );
  });

  test("is built from any payloads", async () => {
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

async function timelineOf(moments: readonly Moment[]): Promise<readonly (Turn | Step)[]> {
  return buildTimeline(await recordsFrom(moments), NOW, false).entries;
}

function callsIn(steps: readonly (Turn | Step)[]): ToolCall[] {
  return steps.flatMap((step) => {
    if (step.kind === "tool")
      return [step, ...step.agents.flatMap((agent) => callsIn(agent.steps))];
    return step.kind === "event" ? [] : callsIn(step.steps);
  });
}

function agentsIn(steps: readonly (Turn | Step)[]): Agent[] {
  return steps.flatMap((step) => {
    if (step.kind === "tool")
      return step.agents.flatMap((agent) => [agent, ...agentsIn(agent.steps)]);
    if (step.kind === "event") return [];
    return step.kind === "agent" ? [step, ...agentsIn(step.steps)] : agentsIn(step.steps);
  });
}

test("at any moment, is the same as if the session had been read up to it", async () => {
  const all = await recordedSession();
  fc.assert(
    fc.property(
      fc.subarray(all, { minLength: 1 }),
      fc.array(fc.nat(all.length), { maxLength: 6 }),
      fc.boolean(),
      (some, stops, isOver) => {
        const builder = new TimelineBuilder();
        for (const [n, record] of some.entries()) {
          builder.add(record);
          if (!stops.includes(n) && n < some.length - 1) continue;
          const nowMs = Date.parse(record.timestamp) + 500;
          const fresh = new TimelineBuilder();
          for (const one of some.slice(0, n + 1)) fresh.add(one);
          expect(builder.timeline(nowMs, isOver)).toEqual(fresh.timeline(nowMs, isOver));
        }
      },
    ),
    { numRuns: 300 },
  );
});
