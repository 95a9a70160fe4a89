// The log as it grows: what was written to it since it was last looked at.
import { dayPath, listDays } from "./log";
import { readDay, type HeadEntry } from "./reader";
import type { EventRecord } from "./record";

/** Knows how far each day of a log has been read. */
export class Follower {
  readonly #ends = new Map<string, number>();
  /** Days of which a line was seen already, the newest first. */
  readonly #seen = new Set<string>();

  /** Begins at the end of the log as it is now. */
  constructor(readonly events: string) {
    for (const day of listDays(events)) this.#ends.set(day, Bun.file(dayPath(events, day)).size);
  }

  /** Is told of what is seen meanwhile from the end of the log backwards, which is then not new. */
  hasSeen({ day, end }: HeadEntry): void {
    if (this.#seen.has(day)) return;
    this.#seen.add(day);
    this.#ends.set(day, end);
  }

  /**
   * The records that were written since. A hook that began before midnight may write to its day
   * when the next has begun already, so the last two days are looked at.
   */
  *newRecords(): Generator<EventRecord> {
    const days = listDays(this.events);
    const last = new Set(days.slice(-2));
    for (const day of days) {
      if (!last.has(day) && this.#ends.has(day)) continue;
      for (const entry of readDay(this.events, day, this.#ends.get(day))) {
        this.#ends.set(day, entry.end);
        if (entry.kind === "record") yield entry.record;
      }
    }
  }
}
