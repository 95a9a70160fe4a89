// The tool calls of one session: which are still open, and which call a permission request or an agent
// belongs to, because those events do not say.
import { isEvent } from "../events";
import type { EventRecord } from "../log/record";
import { callKey } from "./call-key";
import { fieldOf } from "./payload";
import { atMsOf, type Agent, type CallOutcome, type ToolCall } from "./timeline";

/** A call, and what a view does not show of it. */
export interface TrackedCall {
  readonly call: ToolCall;
  readonly promptId: string | undefined;
  hasResult: boolean;
  /** After this no result can come: the turn or agent ended, or something interrupted it. */
  closedBy: CloseReason | undefined;
}

/** Why a call without a result is over. */
export type CloseReason = "end" | "interruption";

/** Keeps the calls in the order in which they started. What was recorded twice must come only once: see doubles.ts. */
export class CallTracker {
  readonly #calls: TrackedCall[] = [];
  /** The latest call of each key: behind some model routers, ids start again with every turn (`Bash:0`). */
  readonly #latest = new Map<string, TrackedCall>();
  /** Calls that have no result and can still get one. */
  readonly #open = new Set<TrackedCall>();
  /** Calls that start subagents. */
  readonly #launches: TrackedCall[] = [];

  /** The call that an event is about, if it is known. */
  find(record: EventRecord): TrackedCall | undefined {
    if (isEvent(record.event, "PreToolUse")) return undefined;
    if (record.tool_use_id === undefined) return this.#findByInput(record);
    const latest = this.#latest.get(callKey(record.tool_use_id, record.agent_id));
    return latest?.hasResult ? undefined : latest;
  }

  // Early clients send no ids: then it is the first open call with the same input.
  #findByInput(record: EventRecord): TrackedCall | undefined {
    const candidates = Array.from(this.#open).filter(
      ({ call }) => call.agentId === record.agent_id && call.tool === record.tool,
    );
    const input = JSON.stringify(record.parameters);
    return (
      candidates.find(({ call }) => JSON.stringify(call.parameters) === input) ?? candidates[0]
    );
  }

  /** Adds the call that an event is about. */
  start(record: EventRecord): TrackedCall {
    const call: ToolCall = {
      kind: "tool",
      tool: record.tool ?? "unknown",
      id: idOf(record),
      agentId: record.agent_id,
      atMs: atMsOf(record),
      parameters: record.parameters,
      outcome: "no result",
      durationMs: undefined,
      isAsked: false,
      response: undefined,
      error: undefined,
      agents: [],
    };
    const { prompt_id: promptId } = record;
    const tracked = { call, promptId, hasResult: false, closedBy: undefined };
    this.#calls.push(tracked);
    this.#latest.set(callKey(call.id, call.agentId), tracked);
    this.#open.add(tracked);
    if (call.tool === "Agent" || call.tool === "Task") this.#launches.push(tracked);
    return tracked;
  }

  /** Notes that a call has its result. */
  resolve(tracked: TrackedCall): void {
    tracked.hasResult = true;
    this.#open.delete(tracked);
  }

  /** Notes that no results will come for some of the open calls. */
  close(reason: CloseReason, isMeant: (tracked: TrackedCall) => boolean): void {
    for (const tracked of this.#open) {
      if (!isMeant(tracked)) continue;
      tracked.closedBy = reason;
      this.#open.delete(tracked);
    }
  }

  /**
   * The call that a permission request is most likely about: an open one of the same tool with the same
   * input that was not asked for yet. A hook may have changed the input.
   */
  findAskedFor(record: EventRecord): TrackedCall | undefined {
    const candidates = Array.from(this.#open).filter(
      ({ call }) => call.agentId === record.agent_id && call.tool === record.tool,
    );
    const input = JSON.stringify(record.parameters);
    const same = candidates.filter(({ call }) => JSON.stringify(call.parameters) === input);
    return same.findLast(({ call }) => !call.isAsked) ?? same.at(-1) ?? candidates.at(-1);
  }

  /**
   * The call that started an agent: the one whose result names it, or the only one that it can be.
   *
   * @param callId the id of the call, if it is known
   */
  findLaunchOf(
    agent: Agent,
    agentPromptId: string | undefined,
    callId?: string,
  ): TrackedCall | undefined {
    const named =
      this.#launches.find(({ call }) => launchedAgentId(call) === agent.id) ??
      // Ids of some model routers repeat: it is the last one before the agent.
      this.#launches.findLast(
        ({ call }) =>
          call.id === callId && call.atMs <= agent.atMs && launchedAgentId(call) === undefined,
      );
    if (named !== undefined) return named;
    const [only, ...others] = this.#launches.filter(
      ({ call, promptId }) =>
        launchedAgentId(call) === undefined &&
        promptId === agentPromptId &&
        call.atMs <= agent.atMs &&
        call.agents.length === 0 &&
        (fieldOf(call.parameters, "subagent_type") ?? agent.type) === agent.type,
    );
    return others.length === 0 ? only : undefined;
  }

  /**
   * Gives every call without a result the outcome that it has now.
   *
   * @param interruptedAgents ids of agents that were interrupted, and their calls with them
   */
  finish(nowMs: number, isOver: boolean, interruptedAgents: ReadonlySet<string>): void {
    for (const tracked of this.#calls) {
      const { call, hasResult } = tracked;
      if (hasResult) continue;
      const { agentId } = call;
      const isInterrupted = agentId !== undefined && interruptedAgents.has(agentId);
      const closedBy = tracked.closedBy ?? (isInterrupted ? "interruption" : undefined);
      call.outcome = outcomeOf({ call, closedBy }, isOver);
      const goesOn = call.outcome === "running" || call.outcome === "asking";
      // Not negative: the clock may have been set back since.
      call.durationMs = goesOn ? Math.max(nowMs - call.atMs, 0) : undefined;
    }
  }
}

function idOf({ tool_use_id, id }: EventRecord): string {
  return tool_use_id ?? id;
}

function launchedAgentId({ response }: ToolCall): unknown {
  return fieldOf(response, "agentId");
}

function outcomeOf(
  { call, closedBy }: Pick<TrackedCall, "call" | "closedBy">,
  isOver: boolean,
): CallOutcome {
  if (closedBy === "end") return call.isAsked ? "denied" : "no result";
  if (closedBy === "interruption") return call.isAsked ? "denied or interrupted" : "interrupted";
  if (isOver) return "no result";
  return call.isAsked ? "asking" : "running";
}
