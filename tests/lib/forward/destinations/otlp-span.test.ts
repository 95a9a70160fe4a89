// Spans, of what they are made, and that whoever makes them makes the same.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { toResource } from "../../../../lib/forward/destinations/otlp-log";
import { spanIdOf, traceIdOf } from "../../../../lib/forward/destinations/otlp-ids";
import { toSpan, type Span } from "../../../../lib/forward/destinations/otlp-span";
import {
  endsSpan,
  LogHistory,
  SpanHistory,
} from "../../../../lib/forward/destinations/span-history";
import type { EventRecord } from "../../../../lib/log/record";
import { Sandbox } from "../../../../scripts/harness/sandbox";
import {
  recordedSession,
  recordsFrom,
  SESSION,
  type Moment,
} from "../../../support/recorded-session";
import { writeRecords } from "../../../support/written-log";

const RESOURCE = toResource({ name: "h", os: "linux" }, {});
const all = await recordedSession();

/** The spans of some records, in the order of what ends them. */
function spansOf(records: readonly EventRecord[]): Span[] {
  const history = new SpanHistory();
  return records.flatMap((record) => {
    history.add(record, () => record);
    return (endsSpan(record) && toSpan(record, () => record, history, RESOURCE)) || [];
  });
}

/** `name < name of its parent`. */
function tree(spans: readonly Span[]): string[] {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans.map(({ name, parentSpanContext: parent }) =>
    parent === undefined ? name : `${name} < ${names.get(parent.spanId) ?? "?"}`,
  );
}

test("a recorded session: tools, subagents under their calls, turns", () => {
  expect(tree(spansOf(all.filter(({ session_id }) => session_id === SESSION)))).toEqual([
    "execute_tool Bash < invoke_agent claude-code",
    "execute_tool Read < invoke_agent claude-code",
    "execute_tool Agent < invoke_agent claude-code",
    expect.stringMatching(/^execute_tool Bash < invoke_agent /),
    "invoke_agent claude-code",
    expect.stringMatching(/^invoke_agent .+ < execute_tool Agent$/),
    "invoke_agent claude-code",
    "invoke_agent general-purpose < execute_tool Agent",
    "execute_tool Agent < invoke_agent claude-code",
    "invoke_agent claude-code",
    "invoke_agent claude-code",
  ]);
});

test("a tool call: from its end back by what it took", () => {
  const [span] = spansOf(all.filter(({ tool_use_id: id }) => id === "t2"));
  const failure = all.find(({ event }) => event === "PostToolUseFailure") as EventRecord;
  const endMs = Date.parse(failure.timestamp);
  const ms = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;
  expect(span).toMatchObject({
    name: "execute_tool Bash",
    status: { code: 2 },
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "Bash",
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.id": "t2",
      tool_use_id: "t2",
      "session.id": SESSION,
      "gen_ai.conversation.id": SESSION,
      "gen_ai.provider.name": "anthropic",
      "prompt.id": "p1",
      "claude_code.project": "shop",
      "error.type": "tool_error",
    },
  });
  expect([ms(span?.startTime as [number, number]), ms(span?.endTime as [number, number])]).toEqual([
    endMs - 2345,
    endMs,
  ]);
  expect(span?.status.message?.length).toBeLessThanOrEqual(256);
  expect(span?.spanContext()).toEqual({
    traceId: traceIdOf(failure),
    spanId: spanIdOf(failure),
    traceFlags: 1,
  });
  // What was asked and answered is in the log record alone.
  expect(JSON.stringify(span)).not.toContain("bun test");
});

const START: Moment = ["UserPromptSubmit", { prompt: "Do it", prompt_id: "p" }];
const bash = { prompt_id: "p", tool_use_id: "b", tool_input: { command: "ls" } };
const call: Moment = ["variants/PreToolUse.Bash", bash];

test.each<[name: string, moments: readonly Moment[]]>([
  ["a call that was denied", [START, call, ["variants/PermissionRequest.Write", bash]]],
  ["a call that was interrupted", [START, call, ["SessionEnd", {}]]],
  ["a turn of which nobody saw the beginning", [["Stop", { prompt_id: "p" }]]],
  [
    "a turn without an id",
    [
      ["UserPromptSubmit", { prompt_id: undefined }],
      ["Stop", { prompt_id: undefined }],
    ],
  ],
  ["a subagent of which nobody saw the beginning", [START, ["SubagentStop", { prompt_id: "p" }]]],
  [
    "a subagent that is internal",
    [START, ["variants/SubagentStop.subagent.compaction", { prompt_id: "p" }]],
  ],
  [
    "a call without a duration",
    [START, ["variants/PostToolUse.Bash", { ...bash, duration_ms: undefined }]],
  ],
  [
    "a call without an id",
    [START, ["variants/PostToolUse.Bash", { ...bash, tool_use_id: undefined }]],
  ],
])("%s is no span", async (_, moments) => {
  expect(spansOf(await recordsFrom(moments))).toEqual([]);
});

test("a prompt that is there twice began with the first", async () => {
  const records = await recordsFrom([START, START, ["Stop", { prompt_id: "p" }]]);
  expect(spansOf(records)[0]?.duration).toEqual([2, 0]);
});

test("calls whose ids repeat in subagents are each under their own agent", async () => {
  const p = { prompt_id: "p" };
  const inside = (agent: string, event: string, id: string, more = {}): Moment => [
    event,
    { ...p, agent_id: agent, tool_use_id: id, ...more },
  ];
  const start = "variants/PreToolUse.Agent";
  const result = "variants/PostToolUse.Agent.async_launched";
  const spans = spansOf(
    await recordsFrom([
      START,
      ["SubagentStart", { ...p, agent_id: "a", agent_type: "one" }],
      ["SubagentStart", { ...p, agent_id: "b", agent_type: "two" }],
      inside("a", start, "Agent:0"),
      inside("b", start, "Agent:0"),
      ["SubagentStart", { ...p, agent_id: "c", agent_type: "inner" }],
      inside("b", result, "Agent:0", { tool_response: { agentId: "c" }, duration_ms: 5 }),
      ["SubagentStop", { ...p, agent_id: "c", agent_type: "inner" }],
      inside("a", result, "Agent:0", { tool_response: {}, duration_ms: 5 }),
      ["SubagentStop", { ...p, agent_id: "a", agent_type: "one" }],
      ["SubagentStop", { ...p, agent_id: "b", agent_type: "two" }],
    ]),
  );
  const idOf = (span?: Span) => span?.spanContext().spanId;
  const [ofB, c, ofA, a, b] = spans;
  // A call's span id depends on its session and its own id, not on the agent.
  expect(new Set(spans.map(idOf)).size).toBe(4);
  expect(c?.parentSpanContext?.spanId).toBe(idOf(ofB));
  expect(ofA?.parentSpanContext?.spanId).toBe(idOf(a));
  expect(ofB?.parentSpanContext?.spanId).toBe(idOf(b));
});

const plain = (span: Span | undefined) =>
  span && { ...span, spanContext: span.spanContext(), resource: undefined };

test("from wherever the log is read again, an event is the same span", () => {
  using sandbox = new Sandbox();
  // Over midnight, and two days later.
  const days = [0, 1, 3].flatMap((day) =>
    all.map((record, n): EventRecord => {
      const atMs = Date.parse(record.timestamp) + (day * 24 + (n > 10 ? 14 : 0)) * 3_600_000;
      const timestamp = new Date(atMs).toISOString();
      return Object.assign(structuredClone(record), { id: `${record.id}-${day}`, timestamp });
    }),
  );
  const sorted = days.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  writeRecords(sandbox, sorted);
  const offsets = new Map<string, number>();
  const places = sorted.map((record) => {
    const day = record.timestamp.slice(0, 10);
    const offset = (offsets.get(day) ?? 0) + Buffer.byteLength(`${JSON.stringify(record)}\n`);
    offsets.set(day, offset);
    return { record, day, position: { offset, id: record.id } };
  });
  const ending = places.filter(({ record }) => endsSpan(record));
  const fresh = ending.map(({ record, day, position }) =>
    plain(
      toSpan(record, () => record, new LogHistory(sandbox.events).upTo(day, position), RESOURCE),
    ),
  );
  expect(fresh.filter((span) => span !== undefined).length).toBeGreaterThan(20);
  const order = fc.array(fc.nat(ending.length - 1), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(order, (visits) => {
      const history = new LogHistory(sandbox.events);
      for (const at of visits) {
        const { record, day, position } = ending[at] as (typeof ending)[number];
        expect(plain(toSpan(record, () => record, history.upTo(day, position), RESOURCE))).toEqual(
          fresh[at],
        );
      }
    }),
    { numRuns: 20 },
  );
});
