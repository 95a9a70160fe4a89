// Timelines of calls, for tests of what is said about them.
import type { CallOutcome, Timeline, ToolCall } from "../../lib/history/timeline";

/** A call, its outcome (`succeeded` if none is given), and those of a subagent that it starts. */
export type GivenCall = readonly [
  tool: string,
  parameters: unknown,
  outcome?: CallOutcome,
  agentCalls?: readonly GivenCall[],
];

/** The timeline of one turn with these calls, a second apart. */
export function callsInTurn(given: readonly GivenCall[]): Timeline {
  let count = 0;
  const toCall = ([tool, parameters, outcome = "succeeded", inner]: GivenCall): ToolCall => {
    const id = `call-${++count}`;
    const atMs = count * 1000;
    const agent = { kind: "agent", id: `agent-${id}`, type: "Explore", atMs } as const;
    const ended = { durationMs: 1, answer: undefined, isInterrupted: false };
    return {
      kind: "tool",
      tool,
      id,
      agentId: undefined,
      atMs,
      parameters,
      outcome,
      durationMs: 1,
      isAsked: false,
      response: undefined,
      error: undefined,
      agents: inner === undefined ? [] : [{ ...agent, ...ended, steps: inner.map(toCall) }],
    };
  };
  const prompt = { prompt: "Go", promptId: undefined, isFromPerson: true } as const;
  const turn = { kind: "turn", ...prompt, atMs: 0 } as const;
  const ended = { durationMs: 1, answer: undefined, error: undefined };
  return { sessionId: "s", entries: [{ ...turn, ...ended, steps: given.map(toCall) }] };
}
