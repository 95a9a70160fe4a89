// What an answer means for the events that were sent, by rules that are the same for all servers.
import type { PendingEvent } from "./backlog";
import type { Answer } from "./post";

/** What became of the events of one request. */
export type Verdict = { readonly kind: "delivered" } | Retry | Rejection;

/** They were not delivered, and are sent again later. */
export interface Retry {
  readonly kind: "retry";
  readonly reason: string;
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number;
  /** Whether there was no answer in time: a smaller batch, or more time, may do. */
  readonly isTimeout?: boolean;
}

/** The server will never take them. */
export interface Rejection {
  readonly kind: "rejected";
  readonly status: number;
  readonly answer: string;
}

/** The events of one request, and what became of them. */
export interface SentEvents {
  readonly events: readonly PendingEvent[];
  readonly verdict: Verdict;
}

/**
 * Sends events to a destination and yields what became of them, request by request. Events of one
 * session stay in order; events of different sessions may overtake each other.
 *
 * After a verdict to retry, or once `stop` is aborted, it starts no further request. It still yields
 * those that are under way.
 */
export type SendEvents = (
  events: readonly PendingEvent[],
  timeoutMs: number,
  stop?: AbortSignal,
) => AsyncGenerator<SentEvents, void>;

// Client errors that say nothing about the event. The server is busy, or it is too early: 408, 425, 429.
// Or the destination is wrong, which a person can fix: the credentials (401, 403, 407), the address (404, 405), what it
// takes (415). ClickHouse 18.16 answers 404 where its table is missing, and gateways 403 when a token has expired.
const RETRIED_STATUSES = new Set([401, 403, 404, 405, 407, 408, 415, 425, 429]);
/** Three lines of a terminal. */
const MAX_SHOWN_CHARACTERS = 200;

/** Reads a verdict from an answer's status: any 2xx is a delivery. */
export function verdictOf(answer: Answer): Verdict {
  if (answer.kind === "failed")
    return { kind: "retry", reason: answer.reason, isTimeout: answer.isTimeout };
  const { status, text, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status >= 400 && status < 500 && !RETRIED_STATUSES.has(status))
    return { kind: "rejected", status, answer: text };
  const shown = text.slice(0, MAX_SHOWN_CHARACTERS).replace(/\s+/g, " ").trim();
  const reason = `it answered ${status}${shown === "" ? "" : `: ${shown}`}`;
  return { kind: "retry", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
