// The events after a cursor: those that are not delivered yet.
import { expiredDays, listDays } from "../log/log";
import { readHeads, readDayHeads, recordIn, type HeadEntry } from "../log/reader";
import type { Position } from "../log/position";
import type { RecordHead } from "../log/record";
import type { Cursor } from "./cursor";
import type { Destination } from "./destination";

/** An event to deliver. */
export interface PendingEvent {
  readonly id: string;
  readonly session: string;
  readonly head: RecordHead;
  /** The record as it is in the log. */
  readonly line: string;
  readonly day: string;
  /** How far its day is done once it is delivered. */
  readonly position: Position;
  /** The length of its line. */
  readonly bytes: number;
}

/** The next events, in the order of the log. */
export interface Batch {
  readonly events: readonly PendingEvent[];
  /** How far the days are done after the batch, with the lines that it skips. */
  readonly end: ReadonlyMap<string, Position>;
  /** How many lines are not records. */
  readonly skipped: number;
  /** Whether nothing follows for now. */
  readonly isLast: boolean;
}

/** How large a batch may be. */
export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** Reads from a cursor on, batch by batch, in one pass. */
export class Backlog {
  #entries: Generator<HeadEntry> | undefined;
  #pending: PendingEvent | undefined;

  constructor(
    readonly events: string,
    readonly wants: Destination["wants"],
  ) {}

  /**
   * Reads the events after the last batch; the first time, or after `rewind`, those after the cursor.
   *
   * @param limits exceeded only by a single event that is larger
   */
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
      if (entry.end === entry.begin) continue; // It cannot be read, or a hook is writing it.
      const { day } = entry;
      const id = (end.get(day) ?? days.get(day))?.id ?? "";
      if (entry.kind === "skipped") {
        end.set(day, { offset: entry.end, id });
        skipped++;
        continue;
      }
      const { head } = entry;
      const { id: recordId, session_id: session } = head;
      const position = { offset: entry.end, id: recordId };
      const isWanted = this.wants(head);
      // Only parsing shows whether the line is complete. Its text is kept, because objects take more memory.
      const line = isWanted || !entry.isWhole ? entry.text() : "";
      const isRecord = line !== "" && recordIn(line) !== undefined;
      if (!isRecord && !entry.isWhole) continue;
      if (isWanted && isRecord) {
        const bytesOfLine = entry.end - entry.begin;
        const event = { id: recordId, session, head, line, day, position, bytes: bytesOfLine };
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

  /** Goes back: the next batch begins at the cursor. */
  rewind(): void {
    this.#entries?.return(undefined);
    this.#entries = undefined;
    this.#pending = undefined;
  }
}

/** How much there is to deliver. */
export interface BacklogSize {
  readonly events: number;
  readonly bytes: number;
}

/** Counts what a destination is still to get. */
export function countBacklog(
  events: string,
  { days }: Pick<Cursor, "days">,
  wants: Destination["wants"],
): BacklogSize {
  return count(readHeads(events, { from: days }), wants);
}

function count(entries: Iterable<HeadEntry>, wants: Destination["wants"]): BacklogSize {
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
 * Adds the undelivered events of expired days to `cursor.lost`, each day once, and drops days that are gone
 * from the cursor.
 *
 * @returns whether the cursor has changed
 */
export function addLostEvents(
  cursor: Cursor,
  events: string,
  wants: Destination["wants"],
): boolean {
  const expired = expiredDays(events);
  let hasChanged = false;
  for (const { name, day, path } of expired) {
    if (cursor.counted.has(name)) continue;
    cursor.lost += count(readDayHeads(path, day, {}, cursor.days.get(day)?.offset), wants).events;
    cursor.counted.add(name);
    // A late line may have started a new file for the day.
    cursor.days.delete(day);
    hasChanged = true;
  }
  const present = new Set(listDays(events));
  for (const day of cursor.days.keys()) if (!present.has(day)) hasChanged = cursor.days.delete(day);
  for (const name of cursor.counted)
    if (!expired.some((file) => file.name === name)) hasChanged = cursor.counted.delete(name);
  return hasChanged;
}
