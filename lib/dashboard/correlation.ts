// How sure the log is of what belongs together: who named the session of each event, and which calls, subagents and
// sessions have an end. Counted a day at a time.
import { knownEvent } from "../events";
import type { RecordHead } from "../log/record";
import { type SessionSource, UNKNOWN_SESSION } from "../session-id";
import type { Correlation } from "./answers";

/** What one day's events say. */
export class DayTally {
  events = 0;
  readonly witnesses: Record<SessionSource, number> = {
    payload: 0,
    environment: 0,
    file: 0,
    unknown: 0,
  };
  calls = 0;
  /** Calls of which both ends are known: their session tells. */
  callsJoined = 0;
  agents = 0;
  agentsJoined = 0;
  readonly #openAgents = new Set<string>();
  readonly #sessions = new Set<string>();
  #lastSession = "";
  readonly #ended = new Set<string>();

  /** Counts an event, in the order of the log. */
  add({ event, session_id, session_id_source, agent_id }: RecordHead): void {
    this.events++;
    const witness = session_id === UNKNOWN_SESSION ? UNKNOWN_SESSION : session_id_source;
    if (witness in this.witnesses) this.witnesses[witness]++;
    if (session_id !== this.#lastSession && session_id !== UNKNOWN_SESSION) {
      this.#sessions.add(session_id);
      this.#lastSession = session_id;
    }
    switch (knownEvent(event)) {
      case "PreToolUse":
        this.calls++;
        break;
      case "SubagentStart":
        this.agents++;
        if (agent_id !== undefined) this.#openAgents.add(agent_id);
        break;
      case "SubagentStop":
        if (agent_id !== undefined && this.#openAgents.delete(agent_id)) this.agentsJoined++;
        break;
      case "SessionEnd":
        this.#ended.add(session_id);
    }
  }

  /** The numbers of the day. */
  toAnswer(day: string): Correlation {
    return {
      day,
      events: this.events,
      witnesses: this.witnesses,
      calls: this.calls,
      calls_joined: this.callsJoined,
      agents: this.agents,
      agents_joined: this.agentsJoined,
      sessions: this.#sessions.size,
      sessions_ended: this.#ended.size,
    };
  }
}
