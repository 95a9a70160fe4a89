// What lies behind a cursor: the events that are yet to be delivered.
import { expiredDays, listDays } from "../log/log";
import { readHeads, readDayHeads, recordIn, type HeadEntry } from "../log/reader";
import type { Cursor, Position } from "./cursor";
import type { Destination } from "./destination";

/** An event to be delivered, and how far its day is done once it is. */
export interface PendingEvent {
  readonly id: string;
  readonly session: string;
  /** The record as it is in the log. */
  readonly line: string;
  readonly day: string;
  readonly position: Position;
  /** How long its line is. */
  readonly bytes: number;
}

/** Some events in the order of the log. */
export interface Batch {
  readonly events: readonly PendingEvent[];
  /** How far the days are done after all of it, with what was passed over. */
  readonly end: ReadonlyMap<string, Position>;
  /** Lines that were no records. */
  readonly skipped: number;
  /** Whether there is nothing more, for now. */
  readonly isLast: boolean;
}

/** How large a batch may be. */
export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** Reads on from a cursor, batch by batch, without going back between them. */
export class Backlog {
  #entries: Generator<HeadEntry> | undefined;
  #pending: PendingEvent | undefined;

  constructor(
    readonly events: string,
    readonly wants: Destination["wants"],
  ) {}

  /** The next events after the last batch, or after the cursor if `rewind` was called. */
  next({ days }: Cursor, limits: BatchLimits): Batch {
    this.#entries ??= readHeads(this.events, { from: days });
    const events: PendingEvent[] = [];
    const end = new Map<string, Position>();
    let bytes = 0;
    let skipped = 0;
    const take = (event: PendingEvent): boolean => {
      if (
        events.length === limits.events ||
        (events.length > 0 && bytes + event.bytes > limits.bytes)
      )
        return false;
      events.push(event);
      end.set(event.day, event.position);
      bytes += event.bytes;
      return true;
    };
    if (this.#pending !== undefined) take(this.#pending);
    this.#pending = undefined;
    for (let next = this.#entries.next(); next.done !== true; next = this.#entries.next()) {
      const entry = next.value;
      if (entry.end === entry.begin) continue; // It cannot be read, or is being written.
      const { day } = entry;
      const id = (end.get(day) ?? days.get(day))?.id ?? "";
      if (entry.kind === "skipped") {
        end.set(day, { offset: entry.end, id });
        skipped++;
        continue;
      }
      const { id: recordId, session_id: session } = entry.head;
      const position = { offset: entry.end, id: recordId };
      const isWanted = this.wants(entry.head);
      // Only a look at the whole tells whether it is whole. It is not kept: objects take more memory.
      const line = isWanted || !entry.isWhole ? entry.text() : "";
      const isRecord = line !== "" && recordIn(line) !== undefined;
      if (!isRecord && !entry.isWhole) continue;
      if (isWanted && isRecord) {
        const bytesOfLine = entry.end - entry.begin;
        const event = { id: recordId, session, line, day, position, bytes: bytesOfLine };
        if (take(event)) continue;
        this.#pending = event;
        return { events, end, skipped, isLast: false };
      }
      if (isWanted) skipped++;
      end.set(day, position);
    }
    this.#entries = undefined;
    return { events, end, skipped, isLast: true };
  }

  /** Forgets what was read, so that the next batch begins at the cursor. */
  rewind(): void {
    this.#entries?.return(undefined);
    this.#entries = undefined;
    this.#pending = undefined;
  }
}

/** How much there is. */
export interface Amount {
  readonly events: number;
  readonly bytes: number;
}

/** Counts what a destination has not got yet. */
export function countBacklog(
  events: string,
  { days }: Pick<Cursor, "days">,
  wants: Destination["wants"],
): Amount {
  return count(readHeads(events, { from: days }), wants);
}

function count(entries: Iterable<HeadEntry>, wants: Destination["wants"]): Amount {
  let events = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (entry.kind === "skipped" || !entry.isWhole || !wants(entry.head)) continue;
    if (entry.record() === undefined) continue;
    events++;
    bytes += entry.end - entry.begin;
  }
  return { events, bytes };
}

/**
 * Counts as lost what retention took out of the log before it was delivered, once, and forgets what is
 * gone.
 *
 * @returns whether the cursor has changed
 */
export function settleExpired(
  events: string,
  cursor: Cursor,
  wants: Destination["wants"],
): boolean {
  const expired = expiredDays(events);
  let hasChanged = false;
  for (const { name, day, path } of expired) {
    if (cursor.counted.has(name)) continue;
    cursor.lost += count(readDayHeads(path, day, {}, cursor.days.get(day)?.offset), wants).events;
    cursor.counted.add(name);
    // A late line may have begun the day anew.
    cursor.days.delete(day);
    hasChanged = true;
  }
  const present = new Set(listDays(events));
  for (const day of cursor.days.keys()) if (!present.has(day)) hasChanged = cursor.days.delete(day);
  for (const name of cursor.counted)
    if (!expired.some((file) => file.name === name)) hasChanged = cursor.counted.delete(name);
  return hasChanged;
}
