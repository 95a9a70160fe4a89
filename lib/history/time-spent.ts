// Where the time of a session went: tools, the model, waiting for the person, or nothing at all.
//
// Between two events the session does one thing. It waits while a question is open: PermissionRequest or Elicitation opens
// it, and the same agent's next event answers it. If that event is a result, it says how long the tool itself took, so the
// rest of the time was the wait. Otherwise tools are running if a call has begun and not ended, and if none has, the model
// is at work. Outside of turns the session is idle and waits for the next prompt.
import { isEvent, knownEvent } from "../events";
import type { RecordHead } from "../log/record";
import { callKey } from "./call-key";

/** What a session can do with its time. */
export type Activity = "tools" | "model" | "waiting" | "idle";

/** Milliseconds by activity. */
export type TimeSpent = Readonly<Record<Activity, number>>;

/** One prompt, and the time that it took until Claude's answer. */
export interface TurnTime {
  readonly atMs: number;
  readonly promptId: string | undefined;
  readonly spent: Record<Activity, number>;
}

/** The fields of a head that matter for time. */
export type TimedHead = Pick<
  RecordHead,
  "event" | "timestamp" | "agent_id" | "tool" | "tool_use_id" | "duration_ms" | "prompt_id"
>;

// Longer than the ten minutes for which Claude Code lets a command run: the machine slept, or the client was killed.
const MAX_SILENCE_MS = 15 * 60_000;

/** Nothing. */
export function noTime(): Record<Activity, number> {
  return { tools: 0, model: 0, waiting: 0, idle: 0 };
}

/** What a session did for a while. */
export interface Spent {
  readonly activity: Activity;
  readonly ms: number;
  /** When it ended, in milliseconds since 1970 UTC. */
  readonly endMs: number;
  /** The tools that ran, where they did. */
  readonly tools: readonly string[];
}

/** The state of a tracker, to be stored in a file. */
export interface TrackerState {
  readonly at_ms: number | null;
  readonly is_in_turn: boolean;
  readonly running: readonly (readonly [key: string, tool: string, agent: string])[];
  readonly asking: readonly string[];
  readonly launching: readonly (readonly [agent: string, key: string])[];
}

interface RunningCall {
  readonly tool: string;
  readonly agent: string;
}

/** Follows what one session does, event by event, in their order. */
export class ActivityTracker {
  #atMs: number | undefined;
  #isInTurn = false;
  // Most sessions are over: their tracker then holds nothing.
  /** The calls that run, by key: see call-key.ts. */
  #running: Map<string, RunningCall> | undefined;
  /** The agents that ask for something. */
  #asking: Set<string> | undefined;
  /** Calls that only wait for their subagent, by that agent. */
  #launching: Map<string, string> | undefined;

  /** @param onSpent called with each piece of time */
  constructor(readonly onSpent: (spent: Spent) => void) {}

  /** Goes on from what {@link toState} kept. */
  static from(state: TrackerState, onSpent: (spent: Spent) => void): ActivityTracker {
    const tracker = new ActivityTracker(onSpent);
    tracker.#atMs = state.at_ms ?? undefined;
    tracker.#isInTurn = state.is_in_turn;
    for (const [key, tool, agent] of state.running) tracker.#begin(key, { tool, agent });
    for (const agent of state.asking) tracker.#ask(agent);
    for (const [agent, key] of state.launching) tracker.#launch(agent, key);
    return tracker;
  }

  /** Everything, to go on from. */
  toState(): TrackerState {
    return {
      at_ms: this.#atMs ?? null,
      is_in_turn: this.#isInTurn,
      running: Array.from(this.#running ?? [], ([key, { tool, agent }]) => [key, tool, agent]),
      asking: Array.from(this.#asking ?? []),
      launching: Array.from(this.#launching ?? []),
    };
  }

  /** Whether a prompt is being worked on. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  /**
   * Adds the next event.
   *
   * @param nowMs its time, if that is known already
   */
  add(head: TimedHead, nowMs = Date.parse(head.timestamp)): void {
    const agent = head.agent_id ?? "";
    const event = knownEvent(head.event);
    const isResult = event === "PostToolUse" || event === "PostToolUseFailure";
    // The tool ran for the last part of the time before its result.
    if (isResult && head.duration_ms !== undefined && this.#asking?.has(agent)) {
      this.continueTo(nowMs - head.duration_ms);
      this.#asking.delete(agent);
    }
    this.continueTo(nowMs);
    if (event !== "PermissionRequest" && event !== "Elicitation" && event !== "Notification")
      this.#asking?.delete(agent);
    // Early clients send no ids.
    const key = callKey(head.tool_use_id ?? ` ${head.tool}`, head.agent_id);
    switch (event) {
      case "UserPromptSubmit":
        if (agent !== "") break;
        this.#endCalls("");
        this.#isInTurn = true;
        break;
      case "PreToolUse":
        if (agent === "") this.#isInTurn = true;
        this.#begin(key, { tool: head.tool ?? "", agent });
        break;
      case "PostToolUse":
      case "PostToolUseFailure":
        this.#running?.delete(key);
        break;
      case "PermissionRequest":
      case "Elicitation":
        this.#ask(agent);
        break;
      case "SubagentStart":
        this.#startAgent(agent);
        break;
      case "SubagentStop":
        this.#launching?.delete(agent);
        this.#endCalls(agent);
        break;
      case "Stop":
      case "StopFailure":
        if (agent !== "") break;
        this.#endCalls("");
        this.#isInTurn = false;
        break;
      case "SessionStart":
      case "SessionEnd":
        this.#running = undefined;
        this.#asking = undefined;
        this.#launching = undefined;
        // A compaction is in the middle of a turn.
        if (event === "SessionEnd") this.#isInTurn = false;
    }
  }

  /** Counts the time since the last event; for a session that has not ended, until now. */
  continueTo(nowMs: number): void {
    const spent = this.since(nowMs);
    // The clock may have been set back.
    if (spent.ms < 0) return;
    this.#atMs = nowMs;
    if (spent.ms > 0) this.onSpent(spent);
  }

  /** What the session does since its last event; negative, if the clock was set back since. */
  since(nowMs: number): Spent {
    const ms = nowMs - (this.#atMs ?? nowMs);
    const tools = this.#tools();
    return { activity: this.#activity(ms, tools), ms, endMs: nowMs, tools };
  }

  #begin(key: string, call: RunningCall): void {
    (this.#running ??= new Map()).set(key, call);
  }

  #ask(agent: string): void {
    (this.#asking ??= new Set()).add(agent);
  }

  #launch(agent: string, key: string): void {
    (this.#launching ??= new Map()).set(agent, key);
  }

  // The call that starts an agent does nothing itself meanwhile.
  #startAgent(agent: string): void {
    const known = new Set(this.#launching?.values());
    for (const [key, { tool }] of this.#running ?? [])
      if ((tool === "Agent" || tool === "Task") && !known.has(key)) {
        this.#launch(agent, key);
        return;
      }
  }

  #endCalls(agent: string): void {
    for (const [key, call] of this.#running ?? [])
      if (call.agent === agent) this.#running?.delete(key);
  }

  #activity(ms: number, tools: readonly string[]): Activity {
    if (!this.#isInTurn) return "idle";
    if (this.#asking !== undefined && this.#asking.size > 0) return "waiting";
    if (ms > MAX_SILENCE_MS) return "idle";
    return tools.length > 0 ? "tools" : "model";
  }

  #tools(): string[] {
    if (this.#running === undefined || this.#running.size === 0) return NO_TOOLS;
    const launching = this.#launching && new Set(this.#launching.values());
    const tools: string[] = [];
    for (const [key, { tool }] of this.#running) if (launching?.has(key) !== true) tools.push(tool);
    return tools;
  }
}

const NO_TOOLS: string[] = [];

/** Adds up what one session did: in all, by tool and by prompt. */
export class SessionTime {
  readonly total = noTime();
  /** By tool, in no order; where calls run side by side, each gets its share. */
  readonly tools = new Map<string, number>();
  readonly turns: TurnTime[] = [];
  readonly #tracker = new ActivityTracker((spent) => this.#spend(spent));

  /**
   * Adds up all events of a session.
   *
   * @param heads in the order in which they were written
   * @param untilMs the present, if the session has not ended
   */
  static of(heads: Iterable<TimedHead>, untilMs?: number): SessionTime {
    const time = new SessionTime();
    for (const head of heads) time.add(head);
    if (untilMs !== undefined) time.continueTo(untilMs);
    return time;
  }

  /** Adds the next event. */
  add(head: TimedHead): void {
    this.#tracker.add(head);
    if (isEvent(head.event, "UserPromptSubmit") && (head.agent_id ?? "") === "")
      this.turns.push({
        atMs: Date.parse(head.timestamp),
        promptId: head.prompt_id,
        spent: noTime(),
      });
  }

  /** Adds the time since the last event of a session that has not ended. */
  continueTo(nowMs: number): void {
    this.#tracker.continueTo(nowMs);
  }

  #spend({ activity, ms, tools }: Spent): void {
    this.total[activity] += ms;
    const turn = this.turns.at(-1);
    if (this.#tracker.isInTurn && turn !== undefined) turn.spent[activity] += ms;
    if (activity !== "tools") return;
    for (const tool of tools) this.tools.set(tool, (this.tools.get(tool) ?? 0) + ms / tools.length);
  }
}

/** Offsets of local times are whole quarters of an hour, so days of any place can be made of these. */
export const QUARTER_MS = 900_000;
const ACTIVITIES = ["tools", "model", "waiting", "idle"] as const;
const NUMBERS_A_QUARTER = 1 + ACTIVITIES.length;

/** A session's time by quarter of an hour, to be stored in a file. */
export interface QuarterState {
  readonly tracker: TrackerState;
  readonly quarters: readonly number[];
}

/** Adds up what one session did in each quarter of an hour; a piece of time belongs to the one in which it ended. */
export class QuarterTime {
  /** For each quarter that has any, its number since 1970 UTC and the milliseconds of the activities. */
  readonly #quarters: number[] = [];
  #tracker = new ActivityTracker((spent) => this.#spend(spent));

  /** Goes on from what {@link toState} kept. */
  static from({ tracker, quarters }: QuarterState): QuarterTime {
    const time = new QuarterTime();
    time.#tracker = ActivityTracker.from(tracker, (spent) => time.#spend(spent));
    for (const number of quarters) time.#quarters.push(number);
    return time;
  }

  /** Everything, to go on from. */
  toState(): QuarterState {
    return { tracker: this.#tracker.toState(), quarters: this.#quarters };
  }

  /**
   * Adds the next event.
   *
   * @param nowMs its time, if that is known already
   */
  add(head: TimedHead, nowMs?: number): void {
    this.#tracker.add(head, nowMs);
  }

  /** What the session has done since its last event, if it has not ended. */
  since(nowMs: number): Spent {
    return this.#tracker.since(nowMs);
  }

  /** Each quarter that has any time, and what it went to. */
  *quarters(): Generator<readonly [startMs: number, spent: TimeSpent]> {
    const numbers = this.#quarters;
    for (let at = 0; at < numbers.length; at += NUMBERS_A_QUARTER) {
      const spent = noTime();
      for (const [i, activity] of ACTIVITIES.entries()) spent[activity] = numbers[at + 1 + i] ?? 0;
      yield [(numbers[at] ?? 0) * QUARTER_MS, spent];
    }
  }

  #spend({ activity, ms, endMs }: Spent): void {
    const quarter = Math.floor(endMs / QUARTER_MS);
    const numbers = this.#quarters;
    let at = numbers.length - NUMBERS_A_QUARTER;
    if (at < 0 || numbers[at] !== quarter) {
      at = numbers.length;
      numbers.push(quarter, 0, 0, 0, 0);
    }
    const place = at + 1 + ACTIVITIES.indexOf(activity);
    numbers[place] = (numbers[place] ?? 0) + ms;
  }
}

/** Adds one time to another. */
export function addTime(sum: Record<Activity, number>, spent: TimeSpent): void {
  for (const activity of ACTIVITIES) sum[activity] += spent[activity];
}

/** Time as `--json` and the dashboard's server give it: docs/json.md. */
export function timeJson({ tools, model, waiting, idle }: TimeSpent) {
  return { tools_ms: tools, model_ms: model, waiting_ms: waiting, idle_ms: idle };
}

/** All of it except idle time. */
export function workingMs({ tools, model, waiting }: TimeSpent): number {
  return tools + model + waiting;
}
