// Where the time of a session went: tools, the model, waiting for the person, or nothing at all.
//
// Between two events the session does one thing. It waits while a question is open, which is asked by PermissionRequest or
// Elicitation and answered by whatever the same agent sends next; of a result, Claude Code says how long the tool itself
// took, so the rest before it was the wait. Otherwise tools run if a call has begun and not ended; otherwise the model is
// at work. Outside of turns nothing is: the session waits for the next prompt.
import { knownEvent } from "../events";
import type { RecordHead } from "../log/record";

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

/** What a head says, as far as time goes. */
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

/** Follows one session's events, in their order. */
export class SessionTime {
  readonly total = noTime();
  /** By tool, the longest first if sorted; where calls run side by side, each gets its share. */
  readonly tools = new Map<string, number>();
  readonly turns: TurnTime[] = [];
  #atMs: number | undefined;
  #isInTurn = false;
  /** The tools of the calls that run, by id. */
  readonly #running = new Map<string, { readonly tool: string; readonly agent: string }>();
  /** The agents that ask for something. */
  readonly #asking = new Set<string>();
  /** Calls that only wait for their subagent. */
  readonly #launching = new Map<string, string>();

  /** @param onSpent called with each piece of time, and when it ended */
  constructor(readonly onSpent?: (activity: Activity, ms: number, endMs: number) => void) {}

  /** Adds the next event. */
  add(head: TimedHead): void {
    const nowMs = Date.parse(head.timestamp);
    const agent = head.agent_id ?? "";
    const event = knownEvent(head.event);
    const isResult = event === "PostToolUse" || event === "PostToolUseFailure";
    // The tool ran for the last part of the time before its result.
    if (isResult && this.#asking.has(agent) && head.duration_ms !== undefined) {
      this.#advance(nowMs - head.duration_ms);
      this.#asking.delete(agent);
    }
    this.#advance(nowMs);
    if (event !== "PermissionRequest" && event !== "Elicitation" && event !== "Notification")
      this.#asking.delete(agent);
    const id = head.tool_use_id ?? `${agent} ${head.tool}`;
    switch (event) {
      case "UserPromptSubmit":
        if (agent !== "") break;
        this.#endCalls("");
        this.#isInTurn = true;
        this.turns.push({ atMs: nowMs, promptId: head.prompt_id, spent: noTime() });
        break;
      case "PreToolUse":
        if (agent === "") this.#isInTurn = true;
        this.#running.set(id, { tool: head.tool ?? "", agent });
        break;
      case "PostToolUse":
      case "PostToolUseFailure":
        this.#running.delete(id);
        break;
      case "PermissionRequest":
      case "Elicitation":
        this.#asking.add(agent);
        break;
      case "SubagentStart":
        this.#startAgent(agent);
        break;
      case "SubagentStop":
        this.#launching.delete(agent);
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
        this.#running.clear();
        this.#asking.clear();
        this.#launching.clear();
        // A compaction is in the middle of a turn.
        if (event === "SessionEnd") this.#isInTurn = false;
    }
  }

  /** Adds the time since the last event, of a session that goes on. */
  continueTo(nowMs: number): void {
    this.#advance(nowMs);
  }

  // The call that starts an agent does nothing itself meanwhile.
  #startAgent(agent: string): void {
    const known = new Set(this.#launching.values());
    for (const [id, { tool }] of this.#running)
      if ((tool === "Agent" || tool === "Task") && !known.has(id)) {
        this.#launching.set(agent, id);
        return;
      }
  }

  #endCalls(agent: string): void {
    for (const [id, call] of this.#running) if (call.agent === agent) this.#running.delete(id);
  }

  #advance(toMs: number): void {
    const fromMs = this.#atMs ?? toMs;
    const ms = toMs - fromMs;
    // The clock may have been set back.
    if (ms < 0) return;
    this.#atMs = toMs;
    if (ms === 0) return;
    const activity = this.#activity(ms);
    this.total[activity] += ms;
    this.onSpent?.(activity, ms, toMs);
    const turn = this.turns.at(-1);
    if (this.#isInTurn && turn !== undefined) turn.spent[activity] += ms;
    if (activity !== "tools") return;
    const tools = this.#tools();
    for (const tool of tools) this.tools.set(tool, (this.tools.get(tool) ?? 0) + ms / tools.length);
  }

  #activity(ms: number): Activity {
    if (!this.#isInTurn) return "idle";
    if (this.#asking.size > 0) return "waiting";
    if (ms > MAX_SILENCE_MS) return "idle";
    return this.#tools().length > 0 ? "tools" : "model";
  }

  #tools(): string[] {
    const launching = new Set(this.#launching.values());
    const tools: string[] = [];
    for (const [id, { tool }] of this.#running) if (!launching.has(id)) tools.push(tool);
    return tools;
  }
}

/** All of it but the time in which nobody waits for anything. */
export function workingMs({ tools, model, waiting }: TimeSpent): number {
  return tools + model + waiting;
}
