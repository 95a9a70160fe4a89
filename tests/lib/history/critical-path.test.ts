// What a turn waited for.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { criticalPath } from "../../../lib/history/critical-path";
import type { Agent, ToolCall, Turn } from "../../../lib/history/timeline";
import { buildTimeline } from "../../../lib/history/timeline-builder";
import { recordedSession, SESSION } from "../../support/recorded-session";

function call(tool: string, atMs: number, durationMs?: number, agents: Agent[] = []): ToolCall {
  const rest = { isAsked: false, response: undefined, error: undefined, parameters: {} };
  return {
    kind: "tool",
    tool,
    id: `${tool}-${atMs}`,
    agentId: undefined,
    atMs,
    outcome: "succeeded",
    durationMs,
    agents,
    ...rest,
  };
}

function agent(
  type: string,
  atMs: number,
  durationMs: number | undefined,
  steps: ToolCall[],
): Agent {
  return {
    kind: "agent",
    id: type,
    type,
    atMs,
    durationMs,
    answer: undefined,
    isInterrupted: false,
    steps,
  };
}

function turn(durationMs: number | undefined, steps: ToolCall[]): Turn {
  const rest = {
    prompt: "Go",
    isFromPerson: true,
    answer: undefined,
    error: undefined,
    promptId: undefined,
  };
  return { kind: "turn", atMs: 0, durationMs, steps, ...rest };
}

test.each<[name: string, turn: Turn, path: string]>([
  ["no calls", turn(10, []), "model 10"],
  ["one call", turn(10, [call("Bash", 2, 5)]), "model 2, Bash 5, model 3"],
  [
    "two at once: the one that ended last",
    turn(10, [call("Read", 2, 1), call("Bash", 2, 5)]),
    "model 2, Bash 5, model 3",
  ],
  [
    "two that overlap: the first until the second began",
    turn(10, [call("Read", 1, 4), call("Bash", 3, 5)]),
    "model 1, Read 2, Bash 5, model 2",
  ],
  [
    "a subagent: what it did",
    turn(20, [call("Agent", 2, 15, [agent("Explore", 3, 13, [call("Grep", 5, 6)])])]),
    "model 2, Agent 1, Explore 2, Grep 6, Explore 5, Agent 1, model 3",
  ],
  [
    "a subagent in the background: not waited for",
    turn(20, [call("Agent", 2, 1, [agent("Explore", 2, 5000, [call("Grep", 5, 6)])])]),
    "model 2, Agent 1, model 17",
  ],
  ["a call without an end", turn(10, [call("Bash", 2)]), "model 10"],
  [
    "a call that began before a clock was set back",
    turn(10, [call("Bash", -5, 8)]),
    "Bash 3, model 7",
  ],
  ["a turn that goes on", turn(undefined, [call("Bash", 2, 5)]), "model 2, Bash 5"],
])("%s", (_, given, expected) => {
  const path = criticalPath(given).map(({ name, ms }) => `${name || "model"} ${ms}`);
  expect(path.join(", ")).toBe(expected);
});

test("is as long as the turn, whatever happened in it", () => {
  const anyCall = fc
    .tuple(fc.constantFrom("Bash", "Read"), fc.integer({ min: -20, max: 120 }), fc.nat(60))
    .map(([tool, atMs, ms]) => call(tool, atMs, ms));
  const anyAgentCall = fc
    .tuple(
      fc.integer({ min: 0, max: 80 }),
      fc.nat(60),
      fc.nat(70),
      fc.array(anyCall, { maxLength: 4 }),
    )
    .map(([atMs, ms, agentMs, steps]) =>
      call("Agent", atMs, ms, [agent("Explore", atMs + 1, agentMs, steps)]),
    );
  fc.assert(
    fc.property(fc.array(fc.oneof(anyCall, anyAgentCall), { maxLength: 8 }), (steps) => {
      const path = criticalPath(turn(100, steps));
      expect(path.reduce((sum, { ms }) => sum + ms, 0)).toBe(100);
      let at = 0;
      for (const { atMs, ms } of path) {
        expect([atMs, ms > 0]).toEqual([at, true]);
        at += ms;
      }
    }),
  );
});

test("of a recorded session, each turn that ended has one", async () => {
  const records = (await recordedSession()).filter(({ session_id }) => session_id === SESSION);
  const { entries } = buildTimeline(records, Date.now(), true);
  const turns = entries.filter((entry) => entry.kind === "turn");
  for (const one of turns)
    if (one.durationMs !== undefined)
      expect(criticalPath(one).reduce((sum, { ms }) => sum + ms, 0)).toBe(one.durationMs);
  const asked = turns.find(({ answer }) => answer === "Asked.");
  expect(criticalPath(asked as Turn).map(({ name }) => name)).toContain("general-purpose");
});
