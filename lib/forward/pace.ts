// The batch size and the timeout of a request. After each timeout the batch shrinks and the timeout grows, so that a slow
// connection can deliver and a slow server does not get the same events forever.
import type { BatchLimits } from "./backlog";

/** Much longer than these servers take, and short enough for a person who waits for `forward --once`. */
const FIRST_TIMEOUT_MS = 5000;
/** A server that takes longer does not answer at all. */
export const MAX_TIMEOUT_MS = 60_000;

/** The pace at which a destination takes events. */
export class Pace {
  #timeouts = 0;

  /** How long to wait for an answer, in milliseconds. */
  get timeoutMs(): number {
    return Math.min(FIRST_TIMEOUT_MS * 2 ** this.#timeouts, MAX_TIMEOUT_MS);
  }

  /** The limits of a batch: half as much after each timeout, down to one event. */
  limit({ events, bytes }: BatchLimits): BatchLimits {
    const share = 2 ** this.#timeouts;
    return { events: Math.max(1, Math.floor(events / share)), bytes: Math.floor(bytes / share) };
  }

  /** Counts a request without an answer in time. */
  slowDown(): void {
    if (2 ** this.#timeouts < 1024) this.#timeouts++;
  }

  /** Takes back one of the timeouts after a success: the line may have become fast. */
  speedUp(): void {
    if (this.#timeouts > 0) this.#timeouts--;
  }
}
