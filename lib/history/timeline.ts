// One session as a tree: prompts, the tool calls they led to, and the subagents under the call that
// started them. Made of records alone, so that any view can use it.
import type { EventRecord } from "../log/record";

/**
 * How a tool call ended. Claude Code gives no event for a call that is denied or interrupted, so
 * those are told from what came, or did not come, after it; `no result` is where that tells nothing.
 */
export type Outcome =
  | "succeeded"
  | "failed"
  | "denied"
  | "interrupted"
  | "denied or interrupted"
  | "asking"
  | "running"
  | "no result";

/** A use of a tool. */
export interface ToolCall {
  readonly kind: "tool";
  readonly tool: string;
  readonly id: string;
  readonly atMs: number;
  readonly parameters: unknown;
  outcome: Outcome;
  /** As Claude Code measured it, else from one event to the other; of a running one, so far. */
  durationMs: number | undefined;
  /** Whether permission was asked for. */
  isAsked: boolean;
  response: unknown;
  /** Why it failed or was denied. */
  error: string | undefined;
  readonly agents: Agent[];
}

/** A subagent, with what it did. */
export interface Agent {
  readonly kind: "agent";
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  durationMs: number | undefined;
  answer: string | undefined;
  /** Whether it went with the call that started it. */
  isInterrupted: boolean;
  readonly steps: Step[];
}

/** Anything else that happened. */
export interface Moment {
  readonly kind: "moment";
  readonly event: string;
  readonly atMs: number;
  /** The event that says most about it. */
  record: EventRecord;
}

/** What happens within a turn. */
export type Step = ToolCall | Agent | Moment;

/** A prompt, and what it led to. */
export interface Turn {
  readonly kind: "turn";
  readonly prompt: string;
  /** Not Claude Code itself, on behalf of a background task. */
  readonly isFromPerson: boolean;
  readonly atMs: number;
  durationMs: number | undefined;
  /** The last words of Claude. */
  answer: string | undefined;
  /** Why the turn broke off. */
  error: string | undefined;
  readonly steps: Step[];
}

/** A session from its beginning. */
export interface Timeline {
  readonly sessionId: string;
  readonly entries: readonly (Turn | Step)[];
}
