// What an answer means for the events that were sent, by rules that are the same for all servers.
import type { PendingEvent } from "./backlog";
import type { Answer, Answered } from "./post";

/** What became of the events of one request. */
export type Verdict = Delivery | Retry | Rejection;

/** The server took them. */
export interface Delivery {
  readonly kind: "delivered";
  /** How many of them it says that it did not take; it does not say which. */
  readonly refused?: number;
}

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

// The only answers that are about the events: they are malformed (400), too large (413), or understood and not taken
// (422). Any other client error is about the server, which is busy or gone, or about the destination, which a person
// can fix: its credentials, its address, what it takes. ClickHouse 18.16 answers 404 where its table is missing, and
// gateways 403 when a token has expired.
const REJECTED_STATUSES = new Set([400, 413, 422]);
/** Three lines of a terminal. */
const MAX_SHOWN_CHARACTERS = 200;

/** Reads a verdict from an answer's status: any 2xx is a delivery. */
export function verdictOf(answer: Answer): Verdict {
  if (answer.kind === "failed")
    return { kind: "retry", reason: answer.reason, isTimeout: answer.isTimeout };
  const { status, text, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (REJECTED_STATUSES.has(status)) return { kind: "rejected", status, answer: text };
  const reason = describeAnswer(answer);
  return { kind: "retry", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** An answer in words, with the beginning of its text: `it answered 503: busy`. */
export function describeAnswer({ status, text }: Answered): string {
  const shown = text.slice(0, MAX_SHOWN_CHARACTERS).replace(/\s+/g, " ").trim();
  return `it answered ${status}${shown === "" ? "" : `: ${shown}`}`;
}
