// What a span needs of the events before the one that ends it: when its prompt or its subagent began, and which call
// started the subagent. It follows from the log alone, so that a forwarder that starts again makes the same spans.
import { isEvent, knownEvent } from "../../events";
import { fieldOf } from "../../history/payload";
import { dayBefore } from "../../log/log";
import type { Position } from "../../log/position";
import { readHeads, type HeadEntry } from "../../log/reader";
import type { EventRecord, RecordHead } from "../../log/record";

/** An event from which a span can be made. */
export type EndingHead = Pick<
  RecordHead,
  "event" | "timestamp" | "session_id" | "prompt_id" | "agent_id" | "agent_type"
>;

/** Whether an event ends something that a span can be made of. */
export function endsSpan({ event, agent_id, agent_type }: EndingHead): boolean {
  switch (knownEvent(event)) {
    case "PostToolUse":
    case "PostToolUseFailure":
      return true;
    // Agents that are internal to Claude Code have no type.
    case "SubagentStop":
      return agent_id !== undefined && agent_type !== undefined;
    case "Stop":
    case "StopFailure":
      return agent_id === undefined;
    default:
      return false;
  }
}

/** A call that starts a subagent. */
interface Launch {
  readonly callId: string;
  /** The subagent that makes it, if one does. */
  readonly agentId: string | undefined;
  readonly promptId: string | undefined;
  readonly agentType: unknown;
  readonly atMs: number;
  /** The subagent that it started, once that is known. */
  startedId: string | undefined;
  isOpen: boolean;
}

interface Session {
  /** When each prompt came; `""` is the latest one. */
  readonly prompts: Map<string, number>;
  /** When each subagent began. */
  readonly agents: Map<string, number>;
  readonly launches: Launch[];
  lastMs: number;
}

/** What began, and has not ended as far as was read. */
export class SpanHistory {
  readonly #sessions = new Map<string, Session>();

  /**
   * Adds the next event of the log.
   *
   * @param record the whole of it, which only calls that start subagents need
   */
  add(head: RecordHead, record: () => EventRecord | undefined): void {
    const atMs = Date.parse(head.timestamp);
    const session = this.#sessionOf(head.session_id);
    session.lastMs = Math.max(session.lastMs, atMs);
    switch (knownEvent(head.event)) {
      case "UserPromptSubmit":
        if (head.agent_id !== undefined) return;
        // Sent twice, by another program or a forwarder that knows it already: the first is its time.
        if (head.prompt_id === undefined || !session.prompts.has(head.prompt_id))
          session.prompts.set(head.prompt_id ?? "", atMs);
        return;
      case "SubagentStart":
        if (head.agent_id !== undefined && !session.agents.has(head.agent_id))
          session.agents.set(head.agent_id, atMs);
        return;
      case "PreToolUse":
        if (!isLaunch(head) || head.tool_use_id === undefined) return;
        session.launches.push({
          callId: head.tool_use_id,
          agentId: head.agent_id,
          promptId: head.prompt_id,
          agentType: fieldOf(record()?.parameters, "subagent_type"),
          atMs,
          startedId: undefined,
          isOpen: true,
        });
        return;
      case "PostToolUse":
      case "PostToolUseFailure":
        if (!isLaunch(head)) return;
        for (const launch of session.launches) {
          if (!launch.isOpen || launch.callId !== head.tool_use_id) continue;
          if (launch.agentId !== head.agent_id) continue;
          launch.isOpen = false;
          const agentId = fieldOf(fieldOf(record()?.payload, "tool_response"), "agentId");
          if (typeof agentId === "string") launch.startedId = agentId;
        }
        return;
      case "SubagentStop":
        // Whose it was, for the next one that may be of the same call.
        if (head.agent_id !== undefined) this.launchOf(head);
        return;
      default:
    }
  }

  /** When what an event ends began, in milliseconds since 1970 UTC; `undefined` if that is not known. */
  startOf(head: EndingHead): number | undefined {
    const session = this.#sessions.get(head.session_id);
    return head.agent_id === undefined
      ? session?.prompts.get(head.prompt_id ?? "")
      : session?.agents.get(head.agent_id);
  }

  /**
   * The id of the call that started the subagent of an event: the one whose result names it, or the only one that it can
   * be.
   */
  launchOf(head: EndingHead): string | undefined {
    const { agent_id: agentId, prompt_id: promptId, agent_type: type } = head;
    const session = this.#sessions.get(head.session_id);
    if (session === undefined || agentId === undefined) return undefined;
    const named = session.launches.find((launch) => launch.startedId === agentId);
    if (named !== undefined) return named.callId;
    const beganMs = session.agents.get(agentId) ?? Infinity;
    const [only, ...others] = session.launches.filter(
      (launch) =>
        launch.startedId === undefined &&
        launch.isOpen &&
        launch.promptId === promptId &&
        launch.atMs <= beganMs &&
        (launch.agentType ?? type) === type,
    );
    if (only === undefined || others.length > 0) return undefined;
    only.startedId = agentId;
    return only.callId;
  }

  /** Forgets what began before a time, and is as if it never was. */
  forgetBefore(ms: number): void {
    for (const [id, { prompts, agents, launches, lastMs }] of this.#sessions) {
      if (lastMs < ms) {
        this.#sessions.delete(id);
        continue;
      }
      for (const began of [prompts, agents])
        for (const [key, atMs] of began) if (atMs < ms) began.delete(key);
      launches.splice(0, launches.length, ...launches.filter(({ atMs }) => atMs >= ms));
    }
  }

  #sessionOf(id: string): Session {
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = { prompts: new Map(), agents: new Map(), launches: [], lastMs: -Infinity };
      this.#sessions.set(id, session);
    }
    return session;
  }
}

function isLaunch({ tool }: RecordHead): boolean {
  return tool === "Agent" || tool === "Task";
}

/** The history at each event of the log, read as far as it is asked for. */
export class LogHistory {
  #history = new SpanHistory();
  #entries: Generator<HeadEntry> | undefined;
  #at: { readonly day: string; readonly offset: number } = { day: "", offset: 0 };

  /** @param events the folder of the log */
  constructor(readonly events: string) {}

  /**
   * The history of everything up to an event, from the beginning of the day before it: what began earlier is
   * unknown to every reader alike.
   *
   * @param day of the event's file
   * @param position behind the event
   */
  upTo(day: string, { offset }: Position): SpanHistory {
    const first = dayBefore(day);
    const isBack = day < this.#at.day || (day === this.#at.day && offset < this.#at.offset);
    if (this.#entries === undefined || isBack) this.#startOver(first, day);
    else if (day > this.#at.day) {
      // The rest of that day comes first.
      this.#readUntil(() => false);
      this.#history.forgetBefore(Date.parse(first));
      const since = this.#at.day >= first ? day : first;
      this.#entries = readHeads(this.events, { since, until: day });
    }
    this.#at = { day, offset };
    const isThere = (entry: HeadEntry) => entry.day === day && entry.end >= offset;
    // Somebody has changed the file that is being read.
    if (!this.#readUntil(isThere) && offset !== Infinity) {
      this.#startOver(first, day);
      this.#readUntil(isThere);
    }
    return this.#history;
  }

  #startOver(since: string, until: string): void {
    this.#entries?.return(undefined);
    this.#history = new SpanHistory();
    this.#entries = readHeads(this.events, { since, until });
  }

  /** Reads on; says whether it came to the end that is meant. */
  #readUntil(isEnd: (entry: HeadEntry) => boolean): boolean {
    for (;;) {
      const next = this.#entries?.next();
      if (next === undefined || next.done === true) return false;
      const entry = next.value;
      if (entry.kind === "head") this.#history.add(entry.head, () => entry.record());
      if (isEnd(entry)) return true;
    }
  }
}

/** Whether an event ends a turn. */
export function endsTurn({ event }: EndingHead): boolean {
  return isEvent(event, "Stop") || isEvent(event, "StopFailure");
}
