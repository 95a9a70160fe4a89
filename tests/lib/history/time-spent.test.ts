// Where the time of a session went, with waits that are known.
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  addTime,
  noTime,
  QUARTER_MS,
  QuarterTime,
  SessionTime,
  type QuarterState,
  type TimedHead,
  type TimeSpent,
} from "../../../lib/history/time-spent";
import { recordedSession } from "../../support/recorded-session";

const START_MS = Date.UTC(2026, 10, 22, 9);

type Moment = readonly [second: number, event: string, more?: Partial<TimedHead>];

function timeOf(moments: readonly Moment[]): SessionTime {
  const time = new SessionTime();
  for (const [second, event, more] of moments)
    time.add({ event, timestamp: new Date(START_MS + second * 1000).toISOString(), ...more });
  return time;
}

function secondsOf({ tools, model, waiting, idle }: TimeSpent): number[] {
  return [tools, model, waiting, idle].map((ms) => ms / 1000);
}

const bash = { tool: "Bash", tool_use_id: "b" };
const read = { tool: "Read", tool_use_id: "r" };
const agent = { tool: "Agent", tool_use_id: "a" };

test.each<[string, readonly Moment[], readonly number[]]>([
  [
    "a turn with one call",
    [
      [0, "SessionStart"],
      [10, "UserPromptSubmit"],
      [14, "PreToolUse", bash],
      [20, "PostToolUse", { ...bash, duration_ms: 6000 }],
      [23, "Stop"],
      [60, "UserPromptSubmit"],
      [61, "Stop"],
    ],
    [6, 4 + 3 + 1, 0, 10 + 37],
  ],
  [
    "a question: of the time until the result, the tool took what Claude Code says",
    [
      [0, "UserPromptSubmit"],
      [2, "PreToolUse", bash],
      [3, "PermissionRequest", { tool: "Bash" }],
      [3, "Notification"],
      [33, "PostToolUse", { ...bash, duration_ms: 5000 }],
      [34, "Stop"],
    ],
    [1 + 5, 2 + 1, 25, 0],
  ],
  [
    "a denial: the next event ends the wait",
    [
      [0, "UserPromptSubmit"],
      [2, "PreToolUse", bash],
      [3, "PermissionRequest", { tool: "Bash" }],
      [43, "Stop"],
    ],
    [1, 2, 40, 0],
  ],
  [
    "two calls side by side",
    [
      [0, "UserPromptSubmit"],
      [1, "PreToolUse", bash],
      [1, "PreToolUse", read],
      [3, "PostToolUse", read],
      [9, "PostToolUse", bash],
      [10, "Stop"],
    ],
    [8, 2, 0, 0],
  ],
  [
    "a subagent: its model and its tools, not the call that started it",
    [
      [0, "UserPromptSubmit"],
      [1, "PreToolUse", agent],
      [1, "SubagentStart", { agent_id: "x" }],
      [4, "PreToolUse", { ...read, agent_id: "x" }],
      [6, "PostToolUse", { ...read, agent_id: "x" }],
      [9, "SubagentStop", { agent_id: "x" }],
      [9, "PostToolUse", agent],
      [10, "Stop"],
    ],
    [2, 8, 0, 0],
  ],
  [
    "two subagents whose calls have the same id",
    [
      [0, "UserPromptSubmit"],
      [1, "PreToolUse", { ...bash, agent_id: "x" }],
      [2, "PreToolUse", { ...bash, agent_id: "y" }],
      [3, "PostToolUse", { ...bash, agent_id: "x" }],
      [7, "PostToolUse", { ...bash, agent_id: "y" }],
      [8, "Stop"],
    ],
    [6, 2, 0, 0],
  ],
  [
    "an interrupted call, and a new prompt",
    [
      [0, "UserPromptSubmit"],
      [1, "PreToolUse", bash],
      [5, "UserPromptSubmit"],
      [6, "Stop"],
    ],
    [4, 2, 0, 0],
  ],
  [
    "a machine that slept in the middle of a turn",
    [
      [0, "UserPromptSubmit"],
      [1, "PreToolUse", bash],
      [30_000, "PostToolUse", bash],
      [30_001, "Stop"],
    ],
    [0, 2, 0, 29_999],
  ],
])("%s", (_, moments, expected) => {
  expect(secondsOf(timeOf(moments).total)).toEqual([...expected]);
});

test("calls side by side share the time in which they do", () => {
  const { tools } = timeOf([
    [0, "UserPromptSubmit"],
    [1, "PreToolUse", bash],
    [1, "PreToolUse", read],
    [3, "PostToolUse", read],
    [9, "PostToolUse", bash],
  ]);
  expect(Object.fromEntries(tools)).toEqual({ Bash: 1000 + 6000, Read: 1000 });
});

test("in any order of events, all of the time is spent, and once", () => {
  const event = fc.constantFrom(
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PermissionRequest",
    "SubagentStart",
    "SubagentStop",
    "Stop",
    "SessionEnd",
    "Unheard",
  );
  const moment = fc.record({
    ms: fc.nat(2_000_000),
    event,
    agent_id: fc.constantFrom(undefined, "x"),
    tool: fc.constantFrom("Bash", "Agent"),
    tool_use_id: fc.constantFrom("1", "2", undefined),
    duration_ms: fc.constantFrom(undefined, 5, 90_000),
  });
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 30 }), fc.nat(30), (moments, stop) => {
      let atMs = START_MS;
      const time = new SessionTime();
      let byQuarter = new QuarterTime();
      for (const [n, { ms, ...head }] of moments.entries()) {
        atMs += ms;
        const timed = { ...head, timestamp: new Date(atMs).toISOString() } as TimedHead;
        time.add(timed);
        byQuarter.add(timed);
        // As if the day ended here, and its index was kept.
        if (n === stop)
          byQuarter = QuarterTime.from(
            JSON.parse(JSON.stringify(byQuarter.toState())) as QuarterState,
          );
      }
      const total = Object.values(time.total).reduce((a, b) => a + b, 0);
      expect(total).toBe(moments.length === 0 ? 0 : atMs - (START_MS + (moments[0]?.ms ?? 0)));
      const quarters = Array.from(byQuarter.quarters());
      const sum = noTime();
      for (const [, spent] of quarters) addTime(sum, spent);
      expect(sum).toEqual(time.total);
      for (const [startMs, spent] of quarters.slice(1))
        expect([startMs % QUARTER_MS, Object.values(spent).some((ms) => ms > 0)]).toEqual([
          0,
          true,
        ]);
      const inTurns = time.turns.flatMap(({ spent }) => Object.values(spent));
      expect(inTurns.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(total);
      const byTool = Array.from(time.tools.values()).reduce((a, b) => a + b, 0);
      expect(Math.round(byTool)).toBe(time.total.tools);
    }),
  );
});

test("of a recorded session, each prompt has its time", async () => {
  const time = new SessionTime();
  const own = (await recordedSession()).filter(({ session_id: id }) => id.startsWith("1111"));
  for (const record of own) time.add(record);
  expect(time.turns).toHaveLength(own.filter(({ event }) => event === "UserPromptSubmit").length);
  expect(time.total.waiting).toBeGreaterThan(0);
  const spanMs = Date.parse(own.at(-1)?.timestamp ?? "") - Date.parse(own[0]?.timestamp ?? "");
  expect(Object.values(time.total).reduce((a, b) => a + b, 0)).toBe(spanMs);
});

test("a wait that goes on is counted until now", () => {
  const time = timeOf([
    [0, "UserPromptSubmit"],
    [2, "PreToolUse", bash],
    [3, "PermissionRequest", { tool: "Bash" }],
  ]);
  time.continueTo(START_MS + 63_000);
  expect(secondsOf(time.total)).toEqual([1, 2, 60, 0]);
});
