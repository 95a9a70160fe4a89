// Builds a timeline from the records of one session: each event finds its place in the tree.
import { isEvent, knownEvent } from "../events";
import type { EventRecord } from "../log/record";
import { CallTracker, type TrackedCall } from "./call-tracker";
import { fieldOf, isFromPerson, textOf } from "./payload";
import {
  atMsOf,
  type Agent,
  type Step,
  type Timeline,
  type TimelineEvent,
  type Turn,
} from "./timeline";
import { inWrittenOrder } from "./written-order";

interface KnownAgent {
  readonly agent: Agent;
  readonly promptId: string | undefined;
}

/**
 * Builds the timeline of one session.
 *
 * @param records all records of the session in the order of the log; repeated ones count once
 * @param nowMs for how long running calls have run
 * @param isOver whether nothing more will come: the session has ended, or is silent
 * @param launches the calls that started agents, by the agents' ids, if a source other than the records has them
 */
export function buildTimeline(
  records: readonly EventRecord[],
  nowMs: number,
  isOver: boolean,
  launches: ReadonlyMap<string, string> = new Map(),
): Timeline {
  const builder = new TimelineBuilder(launches);
  const seen = new Set<string>();
  for (const record of inWrittenOrder(records)) {
    if (seen.has(record.id)) continue;
    seen.add(record.id);
    builder.add(record);
  }
  return builder.timeline(nowMs, isOver);
}

/** Takes the records of one session, oldest first and each once, and builds the timeline at any moment in between. */
export class TimelineBuilder {
  readonly #entries: (Turn | Step)[] = [];
  readonly #turns = new Map<string, Turn>();
  readonly #calls = new CallTracker();
  readonly #agents = new Map<string, KnownAgent>();
  #sessionId = "";
  #lastTurn: Turn | undefined;
  /** Where agents were put for the timeline that was told last. */
  #places: { readonly list: unknown[]; readonly agent: Agent }[] = [];
  /** The compaction that has begun, until its last event. */
  #compaction: TimelineEvent | undefined;

  /** @param launches see {@link buildTimeline} */
  constructor(readonly launches: ReadonlyMap<string, string> = new Map()) {}

  /** Adds the next event. */
  add(record: EventRecord): void {
    if (this.#sessionId === "") this.#sessionId = record.session_id;
    switch (knownEvent(record.event)) {
      case "UserPromptSubmit":
        return this.#addPrompt(record);
      case "PreToolUse":
        this.#callOf(record);
        return;
      case "PostToolUse":
      case "PostToolUseFailure":
        return this.#addResult(record);
      case "PostToolBatch":
        return this.#endBatch(record);
      case "PermissionRequest":
        return this.#addPermissionRequest(record);
      case "PermissionDenied":
        return this.#addDenial(record);
      case "SubagentStart":
        if (record.agent_id !== undefined) this.#agentOf(record.agent_id, record);
        return;
      case "SubagentStop":
        return this.#endAgent(record);
      case "Stop":
      case "StopFailure":
        return this.#endTurn(record);
      case "PreCompact":
      case "PostCompact":
        return this.#addCompaction(record);
      case "SessionStart":
        if (textOf(record, "source") === "compact") return this.#addCompaction(record);
        this.#calls.close("interruption", () => true);
        return this.#addEvent(record);
      case "SessionEnd":
        this.#calls.close("interruption", () => true);
        this.#entries.push(toTimelineEvent(record));
        return;
      default:
        return this.#addEvent(record);
    }
  }

  /**
   * The timeline of what was added until now. More may be added afterwards: then this one is void, because they share
   * what they are made of.
   */
  timeline(nowMs: number, isOver: boolean): Timeline {
    // Later events may show another place.
    for (const { list, agent } of this.#places.toReversed()) list.splice(list.indexOf(agent), 1);
    this.#places = [];
    for (const known of this.#agents.values()) this.#place(known);
    const agents = Array.from(this.#agents.values(), ({ agent }) => agent);
    const interrupted = agents.filter(({ isInterrupted }) => isInterrupted).map(({ id }) => id);
    this.#calls.finish(nowMs, isOver, new Set(interrupted));
    return { sessionId: this.#sessionId, entries: this.#entries };
  }

  #addPrompt(record: EventRecord): void {
    const turn: Turn = {
      kind: "turn",
      prompt: textOf(record, "prompt") ?? "",
      isFromPerson: isFromPerson(record),
      promptId: record.prompt_id,
      atMs: atMsOf(record),
      durationMs: undefined,
      answer: undefined,
      error: undefined,
      steps: [],
    };
    // A person's prompt interrupts what is running; the report of a background task does not.
    if (turn.isFromPerson)
      this.#calls.close("interruption", ({ call }) => call.agentId === undefined);
    this.#entries.push(turn);
    if (record.prompt_id !== undefined) this.#turns.set(record.prompt_id, turn);
    this.#lastTurn = turn;
  }

  /** The call that an event is about; a new one if its start was not recorded. */
  #callOf(record: EventRecord): TrackedCall {
    const known = this.#calls.find(record);
    if (known !== undefined) return known;
    const tracked = this.#calls.start(record);
    this.#stepsFor(record).push(tracked.call);
    return tracked;
  }

  #addResult(record: EventRecord): void {
    const tracked = this.#callOf(record);
    const { call } = tracked;
    this.#calls.resolve(tracked);
    call.durationMs = record.duration_ms ?? msBetween(call.atMs, record);
    call.response = fieldOf(record.payload, "tool_response");
    call.error = textOf(record, "error");
    const isInterrupted = fieldOf(record.payload, "is_interrupt") === true;
    const failure = isInterrupted ? "interrupted" : "failed";
    call.outcome = isEvent(record.event, "PostToolUse") ? "succeeded" : failure;
  }

  // It comes when all calls of a message are over, also those without a result.
  #endBatch({ payload, agent_id }: EventRecord): void {
    const calls = fieldOf(payload, "tool_calls");
    if (!Array.isArray(calls)) return;
    const ids = new Set(calls.map((call: unknown) => fieldOf(call, "tool_use_id")));
    this.#calls.close("end", ({ call }) => call.agentId === agent_id && ids.has(call.id));
  }

  #addPermissionRequest(record: EventRecord): void {
    const tracked = this.#calls.findAskedFor(record);
    if (tracked === undefined) this.#addEvent(record);
    else tracked.call.isAsked = true;
  }

  #addDenial(record: EventRecord): void {
    const tracked = this.#callOf(record);
    this.#calls.resolve(tracked);
    tracked.call.outcome = "denied";
    tracked.call.durationMs = undefined;
    tracked.call.error = textOf(record, "reason");
  }

  #endAgent(record: EventRecord): void {
    if (record.agent_id === undefined) return;
    this.#calls.close("end", ({ call }) => call.agentId === record.agent_id);
    // Claude Code's internal agents, such as the one that compacts, end without a type or a start.
    if (!this.#agents.has(record.agent_id) && record.agent_type === undefined) return;
    const { agent } = this.#agentOf(record.agent_id, record);
    agent.durationMs = msBetween(agent.atMs, record);
    agent.answer = textOf(record, "last_assistant_message");
  }

  #endTurn(record: EventRecord): void {
    this.#calls.close("end", ({ call }) => call.agentId === undefined);
    const turn = this.#turnOf(record);
    if (turn === undefined) return this.#addEvent(record);
    turn.durationMs = msBetween(turn.atMs, record);
    turn.answer = textOf(record, "last_assistant_message");
    turn.error = isEvent(record.event, "StopFailure")
      ? (textOf(record, "error") ?? "unknown error")
      : undefined;
  }

  // Three events report one compaction: PreCompact, SessionStart when the session goes on, PostCompact. The
  // last one says most.
  #addCompaction(record: EventRecord): void {
    if (this.#compaction === undefined || isEvent(record.event, "PreCompact")) {
      this.#compaction = { ...toTimelineEvent(record), event: "Compaction" };
      this.#listFor(record).push(this.#compaction);
    } else if (isEvent(record.event, "PostCompact")) this.#compaction.record = record;
    if (isEvent(record.event, "PostCompact")) this.#compaction = undefined;
  }

  #addEvent(record: EventRecord): void {
    this.#listFor(record).push(toTimelineEvent(record));
  }

  #turnOf({ prompt_id }: EventRecord): Turn | undefined {
    return (prompt_id === undefined ? undefined : this.#turns.get(prompt_id)) ?? this.#lastTurn;
  }

  // What happens after a turn has ended is not part of it.
  #listFor(record: EventRecord): (Turn | Step)[] {
    const isBetweenTurns = this.#turnOf(record)?.durationMs !== undefined;
    return isBetweenTurns && record.agent_id === undefined ? this.#entries : this.#stepsFor(record);
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
      atMs: atMsOf(record),
      durationMs: undefined,
      answer: undefined,
      isInterrupted: false,
      steps: [],
    };
    const started = { agent, promptId: record.prompt_id };
    this.#agents.set(id, started);
    return started;
  }

  /** Puts an agent under the call that started it, or where it started if that call is not known. */
  #place({ agent, promptId }: KnownAgent): void {
    const launch = this.#calls.findLaunchOf(agent, promptId, this.launches.get(agent.id));
    agent.isInterrupted = false;
    if (launch !== undefined) {
      launch.call.agents.push(agent);
      this.#places.push({ list: launch.call.agents, agent });
      // The call of a background agent has had its result, so nothing interrupts it.
      agent.isInterrupted =
        !launch.hasResult && launch.closedBy === "interruption" && agent.durationMs === undefined;
      return;
    }
    const steps: (Turn | Step)[] =
      (promptId === undefined ? undefined : this.#turns.get(promptId))?.steps ?? this.#entries;
    const next = steps.findIndex((step) => step.atMs > agent.atMs);
    steps.splice(next < 0 ? steps.length : next, 0, agent);
    this.#places.push({ list: steps, agent });
  }
}

function toTimelineEvent(record: EventRecord): TimelineEvent {
  return { kind: "event", event: record.event, atMs: atMsOf(record), record };
}

// Zero if the clock was set back in between.
function msBetween(startMs: number, end: EventRecord): number {
  return Math.max(atMsOf(end) - startMs, 0);
}
