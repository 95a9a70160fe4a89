// A session in one row, from the heads of its records in order.
import { type EventName, isEvent, knownEvent } from "../events";
import type { EventRecord, RecordHead } from "../log/record";
import { callKey } from "./call-key";
import { isFromPerson, textOf } from "./payload";

/**
 * What a session is doing. `active`: working. `waiting`: for the person. `silent`: nothing came for too
 * long; Claude Code was probably killed, which no event reports.
 */
export type SessionState = "active" | "waiting" | "ended" | "silent";

const MINUTE_MS = 60_000;
/** Longer than the ten minutes for which Claude Code lets a command run. */
const MAX_WORKING_SILENCE_MS = 15 * MINUTE_MS;
/** As long as a session pointer is valid. */
const MAX_WAITING_SILENCE_MS = 24 * 60 * MINUTE_MS;

/** Events after which a session that had ended is going on. */
const RESUMING_EVENTS: ReadonlySet<string> = new Set<EventName>([
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
]);

/** What a state is after so many milliseconds without an event. */
export function stateAfter(state: SessionState, silenceMs: number): SessionState {
  if (state === "active") return silenceMs <= MAX_WORKING_SILENCE_MS ? "active" : "silent";
  if (state === "waiting") return silenceMs <= MAX_WAITING_SILENCE_MS ? "waiting" : "silent";
  return state;
}

/** The words for a state, which filters also accept. */
export type StateWords = "needs you" | "your turn" | "at work" | "ended" | "silent";

/** Says a state in words. */
export function describeState(
  state: SessionState,
  waitsFor: "answer" | "prompt" | null | undefined,
): StateWords {
  switch (state) {
    case "waiting":
      return waitsFor === "answer" ? "needs you" : "your turn";
    case "active":
      return "at work";
    default:
      return state;
  }
}

/** The state of a summary, as it is stored in a file. */
export interface SummaryState {
  readonly first: Pick<RecordHead, "session_id" | "project" | "project_dir" | "timestamp">;
  readonly lastAt: string;
  readonly title?: string | undefined;
  readonly firstPrompt?: string | undefined;
  readonly model?: string | undefined;
  readonly prompts: number;
  readonly failures: number;
  readonly joinedCalls: number;
  readonly begun: number;
  readonly done: number;
  readonly agents: readonly string[];
  readonly isEnded: boolean;
  readonly waitsFor?: "answer" | "prompt" | undefined;
  readonly waitsSince?: RecordHead | undefined;
  readonly running: readonly (readonly [key: string, call: RecordHead])[];
}

/** A session, up to the last record added. */
export class SessionSummary {
  readonly sessionId: string;
  readonly project: string;
  readonly projectDir: string;
  readonly startedAt: string;
  lastAt: string;
  /** The name that the person or Claude Code gave it. */
  title: string | undefined;
  firstPrompt: string | undefined;
  model: string | undefined;
  /** How many prompts a person wrote. */
  prompts = 0;
  failures = 0;
  /** How many tool calls have both a beginning and an end. */
  joinedCalls = 0;
  #begun = 0;
  #done = 0;
  readonly #agents = new Set<string>();
  #isEnded = false;
  #waitsFor: "answer" | "prompt" | undefined;
  #waitsSince: RecordHead | undefined;
  /** By their keys: see call-key.ts. */
  readonly #running = new Map<string, RecordHead>();

  constructor(first: SummaryState["first"]) {
    this.sessionId = first.session_id;
    this.project = first.project;
    this.projectDir = first.project_dir;
    this.startedAt = first.timestamp;
    this.lastAt = first.timestamp;
  }

  /** Goes on from what {@link toState} kept. */
  static from(state: SummaryState): SessionSummary {
    const summary = new SessionSummary(state.first);
    summary.lastAt = state.lastAt;
    summary.title = state.title;
    summary.firstPrompt = state.firstPrompt;
    summary.model = state.model;
    summary.prompts = state.prompts;
    summary.failures = state.failures;
    summary.joinedCalls = state.joinedCalls;
    summary.#begun = state.begun;
    summary.#done = state.done;
    for (const id of state.agents) summary.#agents.add(id);
    summary.#isEnded = state.isEnded;
    summary.#waitsFor = state.waitsFor;
    summary.#waitsSince = state.waitsSince;
    for (const [key, call] of state.running) summary.#running.set(key, call);
    return summary;
  }

  /** Everything, to go on from. */
  toState(): SummaryState {
    return {
      first: {
        session_id: this.sessionId,
        project: this.project,
        project_dir: this.projectDir,
        timestamp: this.startedAt,
      },
      lastAt: this.lastAt,
      title: this.title,
      firstPrompt: this.firstPrompt,
      model: this.model,
      prompts: this.prompts,
      failures: this.failures,
      joinedCalls: this.joinedCalls,
      begun: this.#begun,
      done: this.#done,
      agents: Array.from(this.#agents),
      isEnded: this.#isEnded,
      waitsFor: this.#waitsFor,
      waitsSince: this.#waitsSince,
      running: Array.from(this.#running),
    };
  }

  /** How many tool calls it had. Without PreToolUse only their ends are recorded. */
  get tools(): number {
    return Math.max(this.#begun, this.#done);
  }

  /** How many subagents it had. */
  get agents(): number {
    return this.#agents.size;
  }

  /** What it waits for: a person's answer to a question, or the next prompt. */
  get waitsFor(): "answer" | "prompt" | undefined {
    return this.#waitsFor;
  }

  /** The event with which the wait began. */
  get waitsSince(): RecordHead | undefined {
    return this.#waitsFor === undefined ? undefined : this.#waitsSince;
  }

  /**
   * The events of tool calls whose end was not reported, oldest first. A call that a person interrupted is included until
   * the next event shows that it is over.
   */
  get running(): readonly RecordHead[] {
    return Array.from(this.#running.values());
  }

  /** From the first event to the last, in milliseconds. */
  get durationMs(): number {
    return Date.parse(this.lastAt) - Date.parse(this.startedAt);
  }

  /**
   * Adds the next event.
   *
   * @param record reads the whole record; called only where the head does not say enough
   */
  add(head: RecordHead, record: () => EventRecord | undefined): void {
    if (head.timestamp > this.lastAt) this.lastAt = head.timestamp;
    this.#count(head, record);
    this.#updateRunning(head);
    const before = this.#waitsFor;
    this.#updateState(head, record);
    if (this.#waitsFor !== before || isEvent(head.event, "PermissionRequest"))
      this.#waitsSince = head;
  }

  /** What it is doing at a time, in milliseconds since 1970 UTC. */
  stateAt(nowMs: number): SessionState {
    if (this.#isEnded) return "ended";
    const state = this.#waitsFor === undefined ? "active" : "waiting";
    return stateAfter(state, nowMs - Date.parse(this.lastAt));
  }

  #count({ event, agent_id }: RecordHead, record: () => EventRecord | undefined): void {
    switch (knownEvent(event)) {
      case "PreToolUse":
        this.#begun++;
        break;
      case "PostToolUse":
        this.#done++;
        break;
      case "PostToolUseFailure":
        this.#done++;
        this.failures++;
        break;
      case "SubagentStart":
        if (agent_id !== undefined) this.#agents.add(agent_id);
        break;
      case "SessionStart":
      case "UserPromptSubmit": {
        const whole = record();
        if (whole === undefined) break;
        this.title = textOf(whole, "session_title") ?? this.title;
        this.model = textOf(whole, "model") ?? this.model;
        if (isEvent(event, "UserPromptSubmit") && isFromPerson(whole)) {
          this.prompts++;
          this.firstPrompt ??= textOf(whole, "prompt");
        }
      }
    }
  }

  #updateRunning(head: RecordHead): void {
    const { event, tool_use_id: id, agent_id } = head;
    switch (knownEvent(event)) {
      case "PreToolUse":
        if (id !== undefined) this.#running.set(callKey(id, agent_id), head);
        break;
      case "PostToolUse":
      case "PostToolUseFailure":
        if (id !== undefined && this.#running.delete(callKey(id, agent_id))) this.joinedCalls++;
        break;
      case "SessionEnd":
        this.#running.clear();
        break;
      case "Stop":
      case "StopFailure":
      case "UserPromptSubmit":
        // The main agent's calls are over; those of subagents in the background are not.
        for (const [key, call] of this.#running)
          if (call.agent_id === agent_id) this.#running.delete(key);
    }
  }

  #updateState(head: RecordHead, record: () => EventRecord | undefined): void {
    if (isEvent(head.event, "SessionEnd")) this.#isEnded = true;
    // A late event, such as the end of an agent, does not resume it.
    if (RESUMING_EVENTS.has(head.event)) this.#isEnded = false;
    switch (knownEvent(head.event)) {
      case "PermissionRequest":
      case "Elicitation":
        this.#waitsFor = "answer";
        break;
      case "Notification":
        // Claude Code also sends a reminder while it waits for a prompt. That is not a question.
        if (head.should_notify) this.#waitsFor ??= "answer";
        break;
      case "Stop":
      case "StopFailure":
        this.#waitsFor = "prompt";
        break;
      case "SessionStart": {
        const whole = record();
        const isCompaction = whole !== undefined && textOf(whole, "source") === "compact";
        this.#waitsFor = isCompaction ? this.#waitsFor : "prompt";
        break;
      }
      case "SessionEnd":
      case "SubagentStop":
      case "PreCompact":
      case "PostCompact":
      case "PostModelSwitch":
      case "InstructionsLoaded":
      case "ConfigChange":
      case "CwdChanged":
      case "DirectoryAdded":
        break;
      default:
        // A subagent that works in the background does not end the wait for a prompt.
        if (head.agent_id === undefined || this.#waitsFor === "answer") this.#waitsFor = undefined;
    }
  }
}
