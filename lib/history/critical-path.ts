// The critical path of a turn: what actually determined its duration. Among parallel calls, only the one that ended last
// counts; a call that starts a subagent is replaced by the subagent's steps. The path is built backward from the end: the
// call that ended last was waited for, and before it started, the model was at work.
import type { Agent, Timeline, ToolCall, Turn } from "./timeline";

/** A part of the path, in the order of time. */
export interface PathStep {
  /** `model` between calls; `agent` where a subagent's model was at work. */
  readonly kind: "call" | "model" | "agent";
  /** The tool, or the type of the subagent; empty for the model. */
  readonly name: string;
  /** The call, if it is one. */
  readonly call: ToolCall | undefined;
  readonly atMs: number;
  readonly ms: number;
}

// An agent's end is when a hook started, which is a moment later than the client's own end of the call.
const LATE_MS = 500;

/**
 * The critical path of a turn. In a turn that has not ended, it reaches to the end of its calls. Together, its steps take
 * as long as the turn.
 */
export function criticalPath(turn: Turn): PathStep[] {
  const calls = turn.steps.filter((step) => step.kind === "tool");
  const endMs =
    turn.durationMs === undefined
      ? Math.max(turn.atMs, ...calls.map(endOf))
      : turn.atMs + turn.durationMs;
  return pathOf(turn, turn.atMs, endMs, "");
}

function pathOf(
  { steps }: Pick<Turn | Agent, "steps">,
  beginMs: number,
  endMs: number,
  agentType: string,
): PathStep[] {
  const calls = steps.flatMap((step) =>
    step.kind === "tool" && step.durationMs !== undefined ? [step] : [],
  );
  const path: PathStep[] = [];
  const thinking = (atMs: number, untilMs: number) => {
    const kind = agentType === "" ? "model" : "agent";
    if (untilMs > atMs)
      path.push({ kind, name: agentType, call: undefined, atMs, ms: untilMs - atMs });
  };
  let at = endMs;
  const left = new Set(calls);
  while (at > beginMs) {
    const last = lastToEnd(left, beginMs, at);
    if (last === undefined) break;
    left.delete(last);
    const callBegin = Math.max(beginMs, last.atMs);
    const callEnd = Math.min(at, endOf(last));
    thinking(callEnd, at);
    path.push(...stepsOf(last, callBegin, callEnd).toReversed());
    at = callBegin;
  }
  thinking(beginMs, at);
  return path.toReversed();
}

/** The call that ended last among those that began before a time. */
function lastToEnd(
  calls: Iterable<ToolCall>,
  beginMs: number,
  untilMs: number,
): ToolCall | undefined {
  let last: ToolCall | undefined;
  for (const call of calls) {
    if (call.atMs >= untilMs || endOf(call) <= beginMs) continue;
    if (last === undefined || Math.min(endOf(call), untilMs) > Math.min(endOf(last), untilMs))
      last = call;
  }
  return last;
}

function endOf({ atMs, durationMs = 0 }: ToolCall): number {
  return atMs + durationMs;
}

/** What a call waited for: itself, or the subagent that it started and waited for. */
function stepsOf(call: ToolCall, beginMs: number, endMs: number): PathStep[] {
  const own = (atMs: number, untilMs: number): PathStep[] =>
    untilMs > atMs ? [{ kind: "call", name: call.tool, call, atMs, ms: untilMs - atMs }] : [];
  // A background subagent continues after the call, so nothing waited for it.
  const agent = call.agents.find(
    ({ atMs, durationMs }) =>
      durationMs !== undefined && atMs + durationMs <= endOf(call) + LATE_MS && atMs < endMs,
  );
  if (agent === undefined) return own(beginMs, endMs);
  const agentBegin = Math.max(beginMs, agent.atMs);
  const agentEnd = Math.min(endMs, Math.max(agentBegin, agent.atMs + (agent.durationMs ?? 0)));
  return [
    ...own(beginMs, agentBegin),
    ...pathOf(agent, agentBegin, agentEnd, agent.type),
    ...own(agentEnd, endMs),
  ];
}

/** A call, and how long turns waited for it alone. */
export interface Holdup {
  readonly call: ToolCall;
  readonly ms: number;
}

/** The calls that turns waited for the longest, the longest first: a faster one of these makes a turn end sooner. */
export function longestHoldups({ entries }: Timeline, count: number): Holdup[] {
  const holdups = new Map<ToolCall, number>();
  for (const entry of entries) {
    if (entry.kind !== "turn") continue;
    for (const { call, ms } of criticalPath(entry))
      if (call !== undefined) holdups.set(call, (holdups.get(call) ?? 0) + ms);
  }
  return Array.from(holdups, ([call, ms]) => ({ call, ms }))
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, count);
}
