// How far a destination is in the log: an offset for each day, because a hook may write to a day that is
// over, and the id of the record before it, which shows whether the file is still the same.
import { fsyncSync } from "node:fs";
import { z } from "zod";
import { dayPath, listDays } from "../log/log";
import { linesForward } from "../log/lines";
import { recordIn } from "../log/reader";
import { faultCode } from "../os/fault";
import { openOwnFile, readOwnFile, replaceFile } from "../os/file";
import { system } from "../os/system";
import { parseJson } from "./parse-json";

/** How far a day is done. */
export interface Position {
  readonly offset: number;
  /** The id of the last record before the offset; empty where there is none. */
  readonly id: string;
}

/** How far a destination is. */
export interface Cursor {
  readonly days: Map<string, Position>;
  /** Names of the expired days that are counted in `lost` and not removed yet. */
  readonly counted: Set<string>;
  /** Events that retention removed before they were delivered. */
  lost: number;
  /** Lines of the log that are not records. */
  skipped: number;
  /** Events that were delivered and are sent again, because their day was changed from outside. */
  repeated: number;
}

/** A cursor, read from its file. */
export interface ReadCursor {
  readonly cursor: Cursor;
  /** Where it starts over, and why, if it does not go on from where it was. */
  readonly restarted?: string;
}

const cursorFile = z.object({
  v: z.literal(1),
  days: z.record(
    z.string().regex(/^\d{4}-\d\d-\d\d$/),
    z.object({ offset: z.int().min(0), id: z.string() }),
  ),
  counted: z.array(z.string()).default([]),
  lost: z.int().min(0),
  skipped: z.int().min(0).default(0),
  repeated: z.int().min(0).default(0),
});

/** A day takes about 100 bytes, so this is more than 20 years. A larger file is not ours. */
const MAX_BYTES = 1_048_576;
const OLDEST = "with the oldest day kept";

/**
 * Reads a destination's cursor. One that is missing or damaged starts over with the oldest day kept, and so
 * does a day whose file is another one now. What is delivered twice has the same id.
 *
 * @param folder the destination's folder
 * @param events the folder of the log
 */
export function readCursor(folder: string, events: string): ReadCursor {
  const cursor: Cursor = { days: new Map(), counted: new Set(), lost: 0, skipped: 0, repeated: 0 };
  let text: string | undefined;
  try {
    text = readOwnFile(cursorPath(folder), MAX_BYTES);
  } catch (error) {
    return { cursor, restarted: `${OLDEST}: the cursor cannot be read, ${faultCode(error)}` };
  }
  if (text === undefined) return { cursor, restarted: `${OLDEST}: there was no cursor` };
  const { success, data } = cursorFile.safeParse(parseJson(text));
  if (!success) return { cursor, restarted: `${OLDEST}: the cursor was damaged` };
  cursor.lost = data.lost;
  cursor.skipped = data.skipped;
  cursor.repeated = data.repeated;
  for (const name of data.counted) cursor.counted.add(name);
  for (const [day, position] of Object.entries(data.days)) cursor.days.set(day, position);
  const { restarted, repeated } = recheckDays(cursor, events);
  cursor.repeated += repeated;
  return restarted === undefined ? { cursor } : { cursor, restarted };
}

/** What became of a cursor whose days were looked at again. */
export interface Rechecked {
  /** Whether it is elsewhere in a day than before. */
  readonly moved: boolean;
  /** Which days start over, and why, if one does. */
  readonly restarted?: string;
  /** How many events that were delivered are sent again. */
  readonly repeated: number;
}

/**
 * Looks whether the days of a cursor are still those that it was in, and moves it where they are not: behind its
 * last record if that is elsewhere in the file now, else to the beginning.
 *
 * @param stamps what the files looked like the last time: only those that have changed are read
 */
export function recheckDays(
  { days }: Cursor,
  events: string,
  stamps = new Map<string, string>(),
): Rechecked {
  const restarted: string[] = [];
  let moved = false;
  let repeated = 0;
  const present = new Set(listDays(events));
  for (const [day, position] of days) {
    const path = dayPath(events, day);
    if (!present.has(day)) continue;
    const status = system.statusAt(path);
    const stamp = `${status?.inode} ${status?.size} ${status?.modifiedMs}`;
    if (stamps.get(day) === stamp) continue;
    stamps.set(day, stamp);
    if (isSameFile(path, position)) continue;
    moved = true;
    const found = findRecord(path, position.id);
    if (found.end !== undefined) {
      days.set(day, { offset: found.end, id: position.id });
      continue;
    }
    days.delete(day);
    restarted.push(day);
    repeated += found.older;
  }
  return restarted.length === 0
    ? { moved, repeated }
    : { moved, repeated, restarted: `with ${restarted.join(", ")}: another file is there now` };
}

/** Where the record with this id ends, or else how many records are older: ids begin with their time. */
function findRecord(path: string, id: string): { end?: number; older: number } {
  let older = 0;
  try {
    for (const { bytes, end } of linesForward(path)) {
      const found = bytes && recordIn(bytes.toString())?.id;
      if (found === id) return { end, older };
      if (found !== undefined && found < id) older++;
    }
  } catch (error) {
    faultCode(error); // It cannot be read now: the next round looks again.
  }
  return { older };
}

/**
 * Replaces a destination's cursor and flushes it to the disk: an empty file after a power cut would
 * deliver the whole log again.
 *
 * @throws {Fault} where the file cannot be written
 */
export function saveCursor(folder: string, cursor: Cursor): void {
  const { days, counted, lost, skipped, repeated } = cursor;
  const content = {
    v: 1,
    days: Object.fromEntries(days),
    counted: [...counted],
    lost,
    skipped,
    repeated,
  };
  replaceFile(cursorPath(folder), `${JSON.stringify(content)}\n`, system, fsyncSync);
}

function cursorPath(folder: string): string {
  return `${folder}/cursor.json`;
}

/** Enough for most lines, and for the longest that a hook writes. */
const LOOK_BACK_BYTES = [8192, 262_144] as const;
const NEWLINE = 0x0a;

/** Whether the offset is between two lines, and the record before it is the one that the cursor names. */
function isSameFile(path: string, { offset, id }: Position): boolean {
  if (offset === 0) return true;
  try {
    const { fd, size } = openOwnFile(path);
    try {
      if (size < offset) return false;
      for (const length of LOOK_BACK_BYTES) {
        const begin = Math.max(0, offset - length);
        // With the byte after the offset: the last record may have been read without its newline.
        const buffer = Buffer.alloc(offset - begin + 1, "\n");
        system.readAt(fd, buffer, begin);
        if (!buffer.subarray(-2).includes(NEWLINE)) return false;
        if (id === "") return true;
        const last = lastRecordIn(buffer.toString("utf8", 0, offset - begin));
        if (last !== undefined) return last === ERASED || last === id;
        if (begin === 0) return false;
      }
      // There is nothing but a line too long to be ours: the record may be further up.
      return true;
    } finally {
      system.close(fd);
    }
  } catch (error) {
    faultCode(error);
    return true; // It cannot be read now. That says nothing about its content.
  }
}

const ERASED = Symbol("erased by prune --session");

function lastRecordIn(text: string): string | typeof ERASED | undefined {
  for (const line of text.split("\n").toReversed()) {
    if (line === "") continue;
    if (line.trim() === "") return ERASED;
    const id = recordIn(line)?.id;
    if (id !== undefined) return id;
  }
  return undefined;
}
