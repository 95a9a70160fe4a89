// How certain it is which events belong together: where each event's session id came from, and which calls, subagents and
// sessions have an end. Counted per day.
import { knownEvent } from "../events";
import type { RecordHead } from "../log/record";
import { type SessionSource, UNKNOWN_SESSION } from "../session-id";

/** How sure the log is of what belongs together, on one day. */
export interface Correlation {
  readonly day: string;
  readonly events: number;
  /** How many events each witness named the session of. */
  readonly witnesses: Readonly<Record<SessionSource, number>>;
  /** Tool calls that began, and those of which the end was recorded. */
  readonly calls: number;
  readonly calls_joined: number;
  /** Subagents that began, and those of which the end was recorded. */
  readonly agents: number;
  readonly agents_joined: number;
  readonly sessions: number;
  readonly sessions_ended: number;
  /** How many more events were recorded, twice, because the hooks are registered twice. */
  readonly doubled_events: number;
}

/** What a tally has counted, as it is kept in a file. */
export interface TallyState extends Correlation {
  readonly open_agents: readonly string[];
  readonly session_ids: readonly string[];
  readonly ended_ids: readonly string[];
}

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
  /** Calls with both a start and an end, as their session shows. */
  callsJoined = 0;
  agents = 0;
  agentsJoined = 0;
  /** Records that say the same as one that is counted. */
  doubles = 0;
  readonly #openAgents = new Set<string>();
  readonly #sessions = new Set<string>();
  #lastSession = "";
  readonly #ended = new Set<string>();

  /** Goes on from what {@link toState} kept. */
  static from(state: TallyState): DayTally {
    const tally = new DayTally();
    tally.events = state.events;
    Object.assign(tally.witnesses, state.witnesses);
    tally.calls = state.calls;
    tally.callsJoined = state.calls_joined;
    tally.agents = state.agents;
    tally.agentsJoined = state.agents_joined;
    tally.doubles = state.doubled_events;
    for (const id of state.open_agents) tally.#openAgents.add(id);
    for (const id of state.session_ids) tally.#sessions.add(id);
    for (const id of state.ended_ids) tally.#ended.add(id);
    return tally;
  }

  /** Everything, to go on from. */
  toState(day: string): TallyState {
    return {
      ...this.toAnswer(day),
      open_agents: Array.from(this.#openAgents),
      session_ids: Array.from(this.#sessions),
      ended_ids: Array.from(this.#ended),
    };
  }

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
      doubled_events: this.doubles,
    };
  }
}
