// How far a destination has got in the log: for each day an offset, because a hook may write to a day
// that is over, and the id of the record before it, by which a file that was changed is found out.
import { fsyncSync } from "node:fs";
import { z } from "zod";
import { dayPath, listDays } from "../log/log";
import { recordIn } from "../log/reader";
import { faultCode } from "../os/fault";
import { openOwn, readOwn, replaceFile } from "../os/file";
import { system } from "../os/system";

/** Up to where a day is done. */
export interface Position {
  readonly offset: number;
  /** Of the last record before the offset; empty where there was none. */
  readonly id: string;
}

/** How far a destination has got. */
export interface Cursor {
  readonly days: Map<string, Position>;
  /** Names of the expired days that were counted, and are to be removed. */
  readonly counted: Set<string>;
  /** Events that retention removed before they were delivered. */
  lost: number;
  /** Lines of the log that were no records. */
  skipped: number;
}

/** A cursor, and where it begins anew, and why, if it does not go on from where it was. */
export interface ReadCursor {
  readonly cursor: Cursor;
  readonly restarted?: string;
}

/** The file's content. */
const cursorFile = z.object({
  v: z.literal(1),
  /** For each day of the log, the offset up to which it is done, and the last record before that. */
  days: z.record(
    z.string().regex(/^\d{4}-\d\d-\d\d$/),
    z.object({ offset: z.int().min(0), id: z.string() }),
  ),
  counted: z.array(z.string()).default([]),
  lost: z.int().min(0),
  skipped: z.int().min(0).default(0),
});

const MAX_BYTES = 1_048_576;
const OLDEST = "with the oldest day kept";

/**
 * Reads a destination's cursor. One that is missing or damaged begins with the oldest day kept, and a
 * day that is not the file it was begins anew: what is delivered twice is told by its id.
 */
export function readCursor(folder: string, events: string): ReadCursor {
  const cursor: Cursor = { days: new Map(), counted: new Set(), lost: 0, skipped: 0 };
  let text: string | undefined;
  try {
    text = readOwn(cursorPath(folder), MAX_BYTES);
  } catch (error) {
    return { cursor, restarted: `${OLDEST}: the cursor cannot be read, ${faultCode(error)}` };
  }
  if (text === undefined) return { cursor, restarted: `${OLDEST}: there was no cursor` };
  const { success, data } = cursorFile.safeParse(parseJson(text));
  if (!success) return { cursor, restarted: `${OLDEST}: the cursor was damaged` };
  cursor.lost = data.lost;
  cursor.skipped = data.skipped;
  for (const name of data.counted) cursor.counted.add(name);
  const changed: string[] = [];
  const present = new Set(listDays(events));
  for (const [day, position] of Object.entries(data.days)) {
    if (present.has(day) && !isSameFile(dayPath(events, day), position)) changed.push(day);
    else cursor.days.set(day, position);
  }
  if (changed.length === 0) return { cursor };
  return { cursor, restarted: `with ${changed.join(", ")}: not the file that the cursor knew` };
}

/**
 * Replaces a destination's cursor, flushed to the disk: an empty one after a power cut would deliver
 * the whole log again.
 *
 * @throws {Fault} where the disk is full
 */
export function saveCursor(folder: string, { days, counted, lost, skipped }: Cursor): void {
  const content = { v: 1, days: Object.fromEntries(days), counted: [...counted], lost, skipped };
  replaceFile(cursorPath(folder), `${JSON.stringify(content)}\n`, system, fsyncSync);
}

function cursorPath(folder: string): string {
  return `${folder}/cursor.json`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// As long as a line of ours can be.
const LOOK_BACK_BYTES = 262_144;
const NEWLINE = 0x0a;

/** Whether the offset is between two lines, and the last record before it is the one that the cursor knows. */
function isSameFile(path: string, { offset, id }: Position): boolean {
  if (offset === 0) return true;
  try {
    const { fd, size } = openOwn(path);
    try {
      if (size < offset) return false;
      const begin = Math.max(0, offset - LOOK_BACK_BYTES);
      // And the byte after it: a record without its newline may have been the last.
      const buffer = Buffer.alloc(offset - begin + 1, "\n");
      system.readAt(fd, buffer, begin);
      if (!buffer.subarray(-2).includes(NEWLINE)) return false;
      if (id === "") return true;
      const last = lastRecordIn(buffer.toString("utf8", 0, offset - begin));
      // Where lines are too long to be ours, it may be further up.
      return last === undefined ? begin > 0 : last === ERASED || last === id;
    } finally {
      system.close(fd);
    }
  } catch (error) {
    faultCode(error);
    return true; // It cannot be read now, which says nothing of what is in it.
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
