// One line of the log, version 1: the contract with everything that reads the log.
import type { SessionSource } from "../session-id";

/** A record without its content: the part that is cheap to read however long the line is. */
export interface RecordHead {
  readonly v: 1;
  /** UUIDv7: sorts by time, and is the deduplication key everywhere. */
  readonly id: string;
  /** When the hook program started: ISO 8601 UTC with milliseconds. */
  readonly timestamp: string;
  /** The event's name as the client sent it: one in `lib/events.ts`, or one that a newer client added. */
  readonly event: string;
  readonly session_id: string;
  readonly session_id_source: SessionSource;
  readonly project: string;
  readonly project_dir: string;
  readonly user: string;
  /** The Claude Code process; two processes can share a session. */
  readonly pid: number;
  /** Whether Claude waits for the user. */
  readonly should_notify: boolean;
  /** The agent that sent the event, if it is not Claude Code: `cursor`, `copilot` or `other`. */
  readonly client?: string | undefined;
  readonly prompt_id?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly agent_type?: string | undefined;
  readonly tool?: string | undefined;
  readonly tool_use_id?: string | undefined;
  readonly duration_ms?: number | undefined;
}

/** One line of the log. */
export interface EventRecord extends RecordHead {
  /** The tool's input. */
  readonly parameters?: unknown;
  /** Every other field, as the client sent it. */
  readonly payload: unknown;
  /** How many values were masked, if any. */
  readonly redacted?: number;
  /** How many values were truncated or left out, if any. */
  readonly truncated?: number;
}

/** A place in the log: a day, and the offset of a line in its file. */
export interface Place {
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly offset: number;
}
