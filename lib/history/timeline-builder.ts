// How records become a story: each event is taken in its order, and finds its place in the tree.
import { isEvent, knownEvent } from "../events";
import type { EventRecord } from "../log/record";
import { fieldOf, isFromPerson, textOf } from "./payload";
import type { Agent, Moment, Outcome, Step, Timeline, ToolCall, Turn } from "./timeline";

/** A call, and what the builder knows of it besides. */
interface OpenCall {
  readonly call: ToolCall;
  readonly agentId: string | undefined;
  readonly promptId: string | undefined;
  hasResult: boolean;
  /** After what no result can come: the turn's own end, or something that cut it off. */
  closedBy: "end" | "cut" | undefined;
}

interface KnownAgent {
  readonly agent: Agent;
  readonly promptId: string | undefined;
}

/**
 * Tells the story of one session.
 *
 * @param records all of one session, in any order; a repeated one counts once
 * @param isOver whether nothing more is to be expected: the session ended, or fell silent
 */
export function buildTimeline(
  records: readonly EventRecord[],
  nowMs: number,
  isOver: boolean,
): Timeline {
  const builder = new TimelineBuilder();
  const seen = new Set<string>();
  for (const record of records.toSorted(byTime)) {
    const key = record.tool_use_id ? `${record.event} ${record.tool_use_id}` : record.id;
    if (seen.has(key)) continue;
    seen.add(key);
    builder.take(record);
  }
  return { sessionId: records[0]?.session_id ?? "", entries: builder.finish(nowMs, isOver) };
}

function byTime(a: EventRecord, b: EventRecord): number {
  if (a.timestamp === b.timestamp) return 0;
  return a.timestamp < b.timestamp ? -1 : 1;
}

/** Takes the records of one session, the oldest first and each once, and tells the story at the end. */
class TimelineBuilder {
  readonly #entries: (Turn | Step)[] = [];
  readonly #turns = new Map<string, Turn>();
  readonly #calls = new Map<string, OpenCall>();
  /** Those of them that nothing has ended yet. */
  readonly #open = new Set<OpenCall>();
  /** Those of them that start agents. */
  readonly #launches: OpenCall[] = [];
  readonly #agents = new Map<string, KnownAgent>();
  #lastTurn: Turn | undefined;
  #compaction: Moment | undefined;

  /** Takes in the next event. */
  take(record: EventRecord): void {
    switch (knownEvent(record.event)) {
      case "UserPromptSubmit":
        return this.#prompt(record);
      case "PreToolUse":
        this.#callOf(record);
        return;
      case "PostToolUse":
      case "PostToolUseFailure":
        return this.#result(record);
      case "PostToolBatch":
        return this.#batch(record);
      case "PermissionRequest":
        return this.#permission(record);
      case "PermissionDenied":
        return this.#denial(record);
      case "SubagentStart":
        if (record.agent_id !== undefined) this.#agentOf(record.agent_id, record);
        return;
      case "SubagentStop":
        return this.#agentEnd(record);
      case "Stop":
      case "StopFailure":
        return this.#turnEnd(record);
      case "PreCompact":
      case "PostCompact":
        return this.#compact(record);
      case "SessionStart":
        if (textOf(record, "source") === "compact") return this.#compact(record);
        this.#close("cut", () => true);
        return this.#happen(record);
      case "SessionEnd":
        this.#close("cut", () => true);
        this.#entries.push(momentOf(record));
        return;
      default:
        return this.#happen(record);
    }
  }

  /** What it has come to. Nothing more may be taken in afterwards. */
  finish(nowMs: number, isOver: boolean): Timeline["entries"] {
    const cut = new Set<string>();
    for (const known of this.#agents.values()) if (this.#place(known)) cut.add(known.agent.id);
    for (const open of this.#calls.values()) {
      if (open.hasResult) continue;
      if (open.agentId !== undefined && cut.has(open.agentId)) open.closedBy ??= "cut";
      open.call.outcome = outcomeOf(open, isOver);
      // The clock may have been set back meanwhile.
      if (open.call.outcome === "running" || open.call.outcome === "asking")
        open.call.durationMs = Math.max(nowMs - open.call.atMs, 0);
    }
    return this.#entries;
  }

  #prompt(record: EventRecord): void {
    const turn: Turn = {
      kind: "turn",
      prompt: textOf(record, "prompt") ?? "",
      isFromPerson: isFromPerson(record),
      atMs: atMs(record),
      durationMs: undefined,
      answer: undefined,
      error: undefined,
      steps: [],
    };
    // A background task reports while a call may still run; a person's prompt ends what ran.
    if (turn.isFromPerson) this.#close("cut", (open) => open.agentId === undefined);
    this.#entries.push(turn);
    if (record.prompt_id !== undefined) this.#turns.set(record.prompt_id, turn);
    this.#lastTurn = turn;
  }

  /** The call that an event is about; made if its beginning was not recorded. */
  #callOf(record: EventRecord): OpenCall {
    const id = record.tool_use_id ?? record.id;
    const known = this.#calls.get(id);
    if (known !== undefined) return known;
    const call: ToolCall = {
      kind: "tool",
      tool: record.tool ?? "unknown",
      id,
      atMs: atMs(record),
      parameters: record.parameters,
      outcome: "no result",
      durationMs: undefined,
      isAsked: false,
      response: undefined,
      error: undefined,
      agents: [],
    };
    const { agent_id: agentId, prompt_id: promptId } = record;
    const open: OpenCall = { call, agentId, promptId, hasResult: false, closedBy: undefined };
    this.#calls.set(id, open);
    this.#open.add(open);
    if (isLaunch(call)) this.#launches.push(open);
    this.#stepsFor(record).push(call);
    return open;
  }

  #result(record: EventRecord): void {
    const open = this.#callOf(record);
    const { call } = open;
    this.#resolve(open);
    call.durationMs = record.duration_ms ?? atMs(record) - call.atMs;
    call.response = fieldOf(record.payload, "tool_response");
    call.error = textOf(record, "error");
    const isInterrupted = fieldOf(record.payload, "is_interrupt") === true;
    const failure = isInterrupted ? "interrupted" : "failed";
    call.outcome = isEvent(record.event, "PostToolUse") ? "succeeded" : failure;
  }

  // It comes once all calls of a message are over, whatever became of them.
  #batch({ payload }: EventRecord): void {
    const calls = fieldOf(payload, "tool_calls");
    if (!Array.isArray(calls)) return;
    const ids = new Set(calls.map((call: unknown) => fieldOf(call, "tool_use_id")));
    this.#close("end", ({ call }) => ids.has(call.id));
  }

  // It does not say which call it is about; so the last one of that tool with that input.
  #permission(record: EventRecord): void {
    const candidates = Array.from(this.#open).filter(
      ({ call, agentId }) => agentId === record.agent_id && call.tool === record.tool,
    );
    const input = JSON.stringify(record.parameters);
    const alike = candidates.filter(({ call }) => JSON.stringify(call.parameters) === input);
    const open = alike.findLast(({ call }) => !call.isAsked) ?? alike.at(-1) ?? candidates.at(-1);
    if (open === undefined) this.#happen(record);
    else open.call.isAsked = true;
  }

  #denial(record: EventRecord): void {
    const open = this.#callOf(record);
    this.#resolve(open);
    open.call.outcome = "denied";
    open.call.error = textOf(record, "reason");
  }

  #agentEnd(record: EventRecord): void {
    if (record.agent_id === undefined) return;
    this.#close("end", ({ agentId }) => agentId === record.agent_id);
    // Agents of Claude Code's own, such as the one that compacts, end without a type or a start.
    if (!this.#agents.has(record.agent_id) && record.agent_type === undefined) return;
    const { agent } = this.#agentOf(record.agent_id, record);
    agent.durationMs = atMs(record) - agent.atMs;
    agent.answer = textOf(record, "last_assistant_message");
  }

  #turnEnd(record: EventRecord): void {
    this.#close("end", ({ agentId }) => agentId === undefined);
    const turn = this.#turnOf(record);
    if (turn === undefined) return this.#happen(record);
    turn.durationMs = atMs(record) - turn.atMs;
    turn.answer = textOf(record, "last_assistant_message");
    turn.error = isEvent(record.event, "StopFailure")
      ? (textOf(record, "error") ?? "unknown error")
      : undefined;
  }

  // Three events tell of one compaction: before it, when the session goes on, and after it.
  #compact(record: EventRecord): void {
    if (this.#compaction === undefined || isEvent(record.event, "PreCompact")) {
      this.#compaction = { ...momentOf(record), event: "Compaction" };
      this.#momentsFor(record).push(this.#compaction);
    } else if (isEvent(record.event, "PostCompact")) this.#compaction.record = record;
    if (isEvent(record.event, "PostCompact")) this.#compaction = undefined;
  }

  #happen(record: EventRecord): void {
    this.#momentsFor(record).push(momentOf(record));
  }

  #close(by: "end" | "cut", isMeant: (open: OpenCall) => boolean): void {
    for (const open of this.#open) {
      if (!isMeant(open)) continue;
      open.closedBy = by;
      this.#open.delete(open);
    }
  }

  #resolve(open: OpenCall): void {
    open.hasResult = true;
    this.#open.delete(open);
  }

  #turnOf({ prompt_id }: EventRecord): Turn | undefined {
    return (prompt_id === undefined ? undefined : this.#turns.get(prompt_id)) ?? this.#lastTurn;
  }

  // Once a turn has had its last word, what happens is not part of it.
  #momentsFor(record: EventRecord): (Turn | Step)[] {
    const isBetween = this.#turnOf(record)?.durationMs !== undefined;
    return isBetween && record.agent_id === undefined ? this.#entries : this.#stepsFor(record);
  }

  #stepsFor(record: EventRecord): (Turn | Step)[] {
    if (record.agent_id !== undefined) return this.#agentOf(record.agent_id, record).agent.steps;
    if (isEvent(record.event, "SessionStart")) return this.#entries;
    return this.#turnOf(record)?.steps ?? this.#entries;
  }

  #agentOf(id: string, record: EventRecord): KnownAgent {
    const known = this.#agents.get(id);
    if (known !== undefined) return known;
    const agent: Agent = {
      kind: "agent",
      id,
      type: record.agent_type ?? "",
      atMs: atMs(record),
      durationMs: undefined,
      answer: undefined,
      isInterrupted: false,
      steps: [],
    };
    const made = { agent, promptId: record.prompt_id };
    this.#agents.set(id, made);
    return made;
  }

  /**
   * Puts an agent under the call that started it, or where it began if none is known.
   *
   * @returns whether that call was cut off, and the agent with it: one in the background has a call
   *   that ended at once
   */
  #place({ agent, promptId }: KnownAgent): boolean {
    const parent = this.#callThatStarted(agent, promptId);
    if (parent !== undefined) {
      parent.call.agents.push(agent);
      agent.isInterrupted =
        !parent.hasResult && parent.closedBy === "cut" && agent.durationMs === undefined;
      return agent.isInterrupted;
    }
    const steps: (Turn | Step)[] =
      (promptId === undefined ? undefined : this.#turns.get(promptId))?.steps ?? this.#entries;
    const next = steps.findIndex((step) => step.atMs > agent.atMs);
    steps.splice(next < 0 ? steps.length : next, 0, agent);
    return false;
  }

  #callThatStarted(agent: Agent, promptId: string | undefined): OpenCall | undefined {
    const named = this.#launches.find(({ call }) => agentIdOf(call) === agent.id);
    if (named !== undefined) return named;
    // Until its result is there, a call does not say; but there may be only one that it can be.
    const [only, ...others] = this.#launches.filter(
      ({ call, promptId: its }) =>
        agentIdOf(call) === undefined &&
        its === promptId &&
        call.atMs <= agent.atMs &&
        call.agents.length === 0 &&
        (fieldOf(call.parameters, "subagent_type") ?? agent.type) === agent.type,
    );
    return others.length === 0 ? only : undefined;
  }
}

function isLaunch({ tool }: ToolCall): boolean {
  return tool === "Agent" || tool === "Task";
}

function agentIdOf({ response }: ToolCall): unknown {
  return fieldOf(response, "agentId");
}

function outcomeOf({ call, closedBy }: OpenCall, isOver: boolean): Outcome {
  if (closedBy === "end") return call.isAsked ? "denied" : "no result";
  if (closedBy === "cut") return call.isAsked ? "denied or interrupted" : "interrupted";
  if (isOver) return "no result";
  return call.isAsked ? "asking" : "running";
}

function momentOf(record: EventRecord): Moment {
  return { kind: "moment", event: record.event, atMs: atMs(record), record };
}

function atMs({ timestamp }: EventRecord): number {
  return Date.parse(timestamp);
}
