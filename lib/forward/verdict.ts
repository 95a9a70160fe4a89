// What becomes of events that were sent, by the rules that are the same for all servers.
import type { PendingEvent } from "./backlog";
import type { Answer, Answered } from "./post";

/** Not delivered, and to be sent again later. */
export interface Kept {
  readonly kind: "kept";
  readonly reason: string;
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number;
}

/** The server will never take it. */
export interface Refused {
  readonly kind: "refused";
  readonly status: number;
  readonly answer: string;
}

/** What became of one request. */
export type Outcome = { readonly kind: "delivered" } | Kept | Refused;

/** Told of events that are done with: delivered, or refused and to be set aside. */
export interface Receipts {
  delivered(events: readonly PendingEvent[]): void;
  /** @returns why they could not be set aside, and so are kept */
  refused(events: readonly PendingEvent[], refusal: Refused): Kept | undefined;
}

/**
 * Delivers events in the order of the log, as far as it can, and says why it stopped if it did.
 * Events of different sessions may overtake each other.
 */
export type Deliver = (
  events: readonly PendingEvent[],
  receipts: Receipts,
) => Promise<Kept | undefined>;

// Client errors that say nothing against the event: it is too busy, or too early; or it is the
// destination that is wrong, which a person can mend. ClickHouse answers 404 where its table is missing.
const TRY_AGAIN = new Set([401, 404, 407, 408, 425, 429]);
/** How much of an answer is told. */
const TOLD_CHARACTERS = 200;

/**
 * Judges an answer.
 *
 * @param isStored what of a 2xx is a delivery; in words, why it is none
 */
export function judge(answer: Answer, isStored: (answer: Answered) => true | string): Outcome {
  if (answer.kind === "failed") return { kind: "kept", reason: answer.reason };
  const { status, text, retryAfterMs } = answer;
  if (status >= 200 && status < 300) {
    const verdict = isStored(answer);
    return verdict === true ? { kind: "delivered" } : { kind: "kept", reason: verdict };
  }
  if (status >= 400 && status < 500 && !TRY_AGAIN.has(status))
    return { kind: "refused", status, answer: text };
  const told = text.slice(0, TOLD_CHARACTERS).replace(/\s+/g, " ").trim();
  const reason = `it answered ${status}${told === "" ? "" : `: ${told}`}`;
  return { kind: "kept", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** Events by session, each in the order of the log. */
export function bySession(events: readonly PendingEvent[]): PendingEvent[][] {
  return Array.from(Map.groupBy(events, ({ session }) => session).values());
}
