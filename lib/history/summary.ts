// A session in one row: what can be said of it from the heads of its records, seen in order.
import { type EventName, isEvent, knownEvent } from "../events";
import type { EventRecord, RecordHead } from "../log/record";
import { isFromPerson, textOf } from "./payload";

/**
 * What a session is doing: working, waiting for its person, over, or gone quiet, as it is when
 * Claude Code was killed, for then nothing tells of its end.
 */
export type State = "active" | "waiting" | "ended" | "silent";

const MINUTE_MS = 60_000;
/** The longest that Claude Code lets a command run is ten minutes. */
const MAX_WORKING_SILENCE_MS = 15 * MINUTE_MS;
const MAX_WAITING_SILENCE_MS = 24 * 60 * MINUTE_MS;

const BEGINNINGS: ReadonlySet<string> = new Set<EventName>([
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
]);

/** A session so far. */
export class Summary {
  readonly sessionId: string;
  readonly project: string;
  readonly projectDir: string;
  readonly startedAt: string;
  lastAt: string;
  /** The name that it was given. */
  title: string | undefined;
  firstPrompt: string | undefined;
  /** Those that a person wrote. */
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

  /** Tool calls; where only their ends were recorded, those. */
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
   * Takes in the next event.
   *
   * @param record reads the whole of it; asked for only where the head does not say enough
   */
  add(head: RecordHead, record: () => EventRecord | undefined): void {
    if (head.timestamp > this.lastAt) this.lastAt = head.timestamp;
    this.#count(head, record);
    this.#follow(head, record);
  }

  /** What it is doing at a moment, in milliseconds since 1970 UTC. */
  stateAt(nowMs: number): State {
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

  #follow(head: RecordHead, record: () => EventRecord | undefined): void {
    if (isEvent(head.event, "SessionEnd")) this.#isEnded = true;
    // What comes late, such as the end of an agent, is no new beginning.
    if (BEGINNINGS.has(head.event)) this.#isEnded = false;
    switch (knownEvent(head.event)) {
      case "PermissionRequest":
      case "Elicitation":
        this.#waitsFor = "answer";
        break;
      case "Notification":
        // That it waits for the next prompt, it says long after it began to.
        if (head.should_notify) this.#waitsFor ??= "answer";
        break;
      case "Stop":
      case "StopFailure":
        this.#waitsFor = "prompt";
        break;
      case "SessionStart": {
        const whole = record();
        const isAtWork = whole !== undefined && textOf(whole, "source") === "compact";
        this.#waitsFor = isAtWork ? this.#waitsFor : "prompt";
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
        // What a subagent does in the background does not mean that the session is at work again.
        if (head.agent_id === undefined || this.#waitsFor === "answer") this.#waitsFor = undefined;
    }
  }
}
