// How long to wait after a failure: longer after each one, up to a minute.

/** A server that restarts is often back within a second. */
const FIRST_WAIT_MS = 1000;
/** A server that was down for hours gets its events within a minute of its return. */
const MAX_WAIT_MS = 60_000;

/** Counts failures in a row. */
export class Backoff {
  #failures = 0;

  /**
   * Counts a failure.
   *
   * @param askedMs how long the server asks to wait
   * @returns milliseconds to wait, at most a minute
   */
  afterFailure(askedMs = 0): number {
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, MAX_WAIT_MS);
    // Half of it is random, so that the machines of a team do not all come back in the same second.
    const jitteredMs = waitMs * (0.5 + Math.random() / 2);
    return Math.max(jitteredMs, Math.min(askedMs, MAX_WAIT_MS));
  }

  /** Starts over after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
