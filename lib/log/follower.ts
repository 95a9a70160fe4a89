// Follows the log as it grows, as `claude-session tail --follow` shows it.
import type { FileStatus } from "../os/syscalls";
import { dayPath, listDays } from "./log";
import { recheckDays, type Position } from "./position";
import { readDayRecords, type HeadEntry } from "./reader";
import type { EventRecord } from "./record";

/** Remembers how far each day of a log has been read. */
export class LogFollower {
  readonly #positions = new Map<string, Position>();
  readonly #seenFiles = new Map<string, FileStatus | undefined>();
  /** Days with an entry that was marked as seen. */
  readonly #seen = new Set<string>();

  /** Starts at the current end of the log. */
  constructor(readonly events: string) {
    for (const day of listDays(events))
      this.#positions.set(day, { offset: Bun.file(dayPath(events, day)).size, id: "" });
  }

  /** Marks an entry as seen: reading newest first, the first entry of each day is where new records start. */
  markSeen(entry: HeadEntry): void {
    const { day, end } = entry;
    if (this.#seen.has(day)) return;
    this.#seen.add(day);
    this.#positions.set(day, { offset: end, id: entry.kind === "head" ? entry.head.id : "" });
  }

  /**
   * Reads the records written since the last call. A hook that started before midnight may write to its
   * day after the next day has begun, so the last two days are checked. If a day was changed from outside, reading resumes
   * after the last record that was read or, if that one is gone, with newer records.
   */
  *newRecords(): Generator<EventRecord> {
    const last = new Map(this.#positions);
    const { restarted } = recheckDays(this.#positions, this.events, this.#seenFiles);
    const days = listDays(this.events);
    const recent = new Set(days.slice(-2));
    for (const day of days) {
      if (!recent.has(day) && this.#positions.has(day)) continue;
      const { offset, id } = this.#positions.get(day) ?? { offset: 0, id: "" };
      const shown = restarted.includes(day) ? last.get(day)?.id : undefined;
      let lastId = id;
      for (const entry of readDayRecords(this.events, day, offset)) {
        if (entry.kind === "record") lastId = entry.record.id;
        this.#positions.set(day, { offset: entry.end, id: lastId });
        // Ids begin with their time.
        if (entry.kind === "record" && (shown === undefined || lastId > shown)) yield entry.record;
      }
    }
  }
}
