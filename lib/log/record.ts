// One line of the log, version 1: the contract that everything which reads the log relies on.
import type { SessionSource } from "../session";

/** A record without what it carries: the part that is cheap to read, whatever the size of the line. */
export interface RecordHead {
  readonly v: 1;
  /** UUIDv7: sorts by time, and is the key for deduplication everywhere. */
  readonly id: string;
  /** When the hook program started: ISO 8601 UTC with milliseconds. */
  readonly timestamp: string;
  /** The event's name as the client sent it: one of `lib/events.ts`, or one that a newer client added. */
  readonly event: string;
  readonly session_id: string;
  readonly session_id_source: SessionSource;
  readonly project: string;
  readonly project_dir: string;
  readonly user: string;
  /** The Claude Code process, which may share its session with another. */
  readonly pid: number;
  /** Whether Claude waits for the person. */
  readonly should_notify: boolean;
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
  /** Every other field as the client sent it. */
  readonly payload: unknown;
  /** How many values were masked, where any were. */
  readonly redacted?: number;
  /** How many values were truncated or left out, where any were. */
  readonly truncated?: number;
}
