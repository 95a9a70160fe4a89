// A session in one row, from the heads of its records in order.
import { type EventName, isEvent, knownEvent } from "../events";
import type { EventRecord, RecordHead } from "../log/record";
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
  /** How many prompts a person wrote. */
  prompts = 0;
  failures = 0;
  #begun = 0;
  #done = 0;
  readonly #agents = new Set<string>();
  #isEnded = false;
  #waitsFor: "answer" | "prompt" | undefined;

  constructor(first: RecordHead) {
    this.sessionId = first.session_id;
    this.project = first.project;
    this.projectDir = first.project_dir;
    this.startedAt = first.timestamp;
    this.lastAt = first.timestamp;
  }

  /** How many tool calls it had. Without PreToolUse only their ends are recorded. */
  get tools(): number {
    return Math.max(this.#begun, this.#done);
  }

  /** How many subagents it had. */
  get agents(): number {
    return this.#agents.size;
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
    this.#updateState(head, record);
  }

  /** What it is doing at a time, in milliseconds since 1970 UTC. */
  stateAt(nowMs: number): SessionState {
    if (this.#isEnded) return "ended";
    const silenceMs = nowMs - Date.parse(this.lastAt);
    if (this.#waitsFor === undefined)
      return silenceMs <= MAX_WORKING_SILENCE_MS ? "active" : "silent";
    return silenceMs <= MAX_WAITING_SILENCE_MS ? "waiting" : "silent";
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
        if (isEvent(event, "UserPromptSubmit") && isFromPerson(whole)) {
          this.prompts++;
          this.firstPrompt ??= textOf(whole, "prompt");
        }
      }
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
