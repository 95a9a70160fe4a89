// A timeline: one session as a tree of prompts, the tool calls that they led to, and the
// subagents under the call that started them.
import type { EventRecord } from "../log/record";

/**
 * How a tool call ended. Claude Code sends no event when a person denies or interrupts a call, so these are
 * inferred from the events after it; `no result` is where they do not show it.
 */
export type CallOutcome =
  | "succeeded"
  | "failed"
  | "denied"
  | "interrupted"
  | "denied or interrupted"
  | "asking"
  | "running"
  | "no result";

/** A tool call. */
export interface ToolCall {
  readonly kind: "tool";
  readonly tool: string;
  readonly id: string;
  /** The subagent that makes it, if one does. */
  readonly agentId: string | undefined;
  readonly atMs: number;
  readonly parameters: unknown;
  outcome: CallOutcome;
  /** As Claude Code measured it, otherwise from event to event; so far, if it is running. */
  durationMs: number | undefined;
  /** Whether permission was requested. */
  isAsked: boolean;
  response: unknown;
  /** Why it failed or was denied. */
  error: string | undefined;
  readonly agents: Agent[];
}

/** A subagent, and what it did. */
export interface Agent {
  readonly kind: "agent";
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  durationMs: number | undefined;
  answer: string | undefined;
  /** Whether it was interrupted with the call that started it. */
  isInterrupted: boolean;
  readonly steps: Step[];
}

/** Any other event. */
export interface TimelineEvent {
  readonly kind: "event";
  /** Its name, or `Compaction` for the events of one. */
  readonly event: string;
  readonly atMs: number;
  /** The record that says most about it. */
  record: EventRecord;
}

/** A part of a turn. */
export type Step = ToolCall | Agent | TimelineEvent;

/** A prompt, and everything that it led to. */
export interface Turn {
  readonly kind: "turn";
  readonly prompt: string;
  /** Claude Code also submits prompts itself, for example for a background task. */
  readonly isFromPerson: boolean;
  /** Its id, which transcripts have, too. */
  readonly promptId: string | undefined;
  readonly atMs: number;
  durationMs: number | undefined;
  /** Claude's last message. */
  answer: string | undefined;
  /** Why the turn failed. */
  error: string | undefined;
  readonly steps: Step[];
}

/** A session from its start. */
export interface Timeline {
  readonly sessionId: string;
  readonly entries: readonly (Turn | Step)[];
}

/** When a record's hook started, in milliseconds since 1970 UTC. */
export function atMsOf({ timestamp }: Pick<EventRecord, "timestamp">): number {
  return Date.parse(timestamp);
}
