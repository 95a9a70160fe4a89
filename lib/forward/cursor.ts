// How far a destination is in the log: an offset for each day, because a hook may write to a day that is
// over, and the id of the record before it, which shows whether the file is still the same.
import { fsyncSync } from "node:fs";
import { z } from "zod";
import { dayPath, listDays } from "../log/log";
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
  const cursor: Cursor = { days: new Map(), counted: new Set(), lost: 0, skipped: 0 };
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
  for (const name of data.counted) cursor.counted.add(name);
  const changed: string[] = [];
  const present = new Set(listDays(events));
  for (const [day, position] of Object.entries(data.days)) {
    if (present.has(day) && !isSameFile(dayPath(events, day), position)) changed.push(day);
    else cursor.days.set(day, position);
  }
  if (changed.length === 0) return { cursor };
  return { cursor, restarted: `with ${changed.join(", ")}: another file is there now` };
}

/**
 * Replaces a destination's cursor and flushes it to the disk: an empty file after a power cut would
 * deliver the whole log again.
 *
 * @throws {Fault} where the file cannot be written
 */
export function saveCursor(folder: string, { days, counted, lost, skipped }: Cursor): void {
  const content = { v: 1, days: Object.fromEntries(days), counted: [...counted], lost, skipped };
  replaceFile(cursorPath(folder), `${JSON.stringify(content)}\n`, system, fsyncSync);
}

function cursorPath(folder: string): string {
  return `${folder}/cursor.json`;
}

/** The longest line that a hook writes. */
const LOOK_BACK_BYTES = 262_144;
const NEWLINE = 0x0a;

/** Whether the offset is between two lines, and the record before it is the one that the cursor names. */
function isSameFile(path: string, { offset, id }: Position): boolean {
  if (offset === 0) return true;
  try {
    const { fd, size } = openOwnFile(path);
    try {
      if (size < offset) return false;
      const begin = Math.max(0, offset - LOOK_BACK_BYTES);
      // With the byte after the offset: the last record may have been read without its newline.
      const buffer = Buffer.alloc(offset - begin + 1, "\n");
      system.readAt(fd, buffer, begin);
      if (!buffer.subarray(-2).includes(NEWLINE)) return false;
      if (id === "") return true;
      const last = lastRecordIn(buffer.toString("utf8", 0, offset - begin));
      // Where there is nothing but a line too long to be ours, the record may be further up.
      return last === undefined ? begin > 0 : last === ERASED || last === id;
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
