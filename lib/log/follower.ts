// Follows the log as it grows, as `claude-session tail --follow` shows it.
import { dayPath, listDays } from "./log";
import { readDayRecords, type HeadEntry } from "./reader";
import type { EventRecord } from "./record";

/** Remembers how far each day of a log has been read. */
export class LogFollower {
  readonly #ends = new Map<string, number>();
  /** Days with an entry that was marked as seen. */
  readonly #seen = new Set<string>();

  /** Starts at the current end of the log. */
  constructor(readonly events: string) {
    for (const day of listDays(events)) this.#ends.set(day, Bun.file(dayPath(events, day)).size);
  }

  /** Marks an entry as seen: reading newest first, the first entry of each day is where new records start. */
  markSeen({ day, end }: HeadEntry): void {
    if (this.#seen.has(day)) return;
    this.#seen.add(day);
    this.#ends.set(day, end);
  }

  /**
   * Reads the records written since the last call. A hook that started before midnight may write to its
   * day after the next day has begun, so the last two days are checked.
   */
  *newRecords(): Generator<EventRecord> {
    const days = listDays(this.events);
    const last = new Set(days.slice(-2));
    for (const day of days) {
      if (!last.has(day) && this.#ends.has(day)) continue;
      for (const entry of readDayRecords(this.events, day, this.#ends.get(day))) {
        this.#ends.set(day, entry.end);
        if (entry.kind === "record") yield entry.record;
      }
    }
  }
}
