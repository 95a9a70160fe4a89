// How far a destination is in the log: an offset for each day, because a hook may write to a day that is
// over, and the id of the record before it, which shows whether the file is still the same.
import { fsyncSync } from "node:fs";
import { z } from "zod";
import { recheckDays, type Position } from "../log/position";
import { faultCode } from "../os/fault";
import { readOwnFile, replaceFile } from "../os/file";
import { system } from "../os/choose-syscalls";
import { parseJson } from "./parse-json";

/** How far a destination is. */
export interface Cursor {
  readonly days: Map<string, Position>;
  /** Names of the expired days that are counted in `lost` and not removed yet. */
  readonly counted: Set<string>;
  /** Events that retention removed before they were delivered. */
  lost: number;
  /** Lines of the log that are not records. */
  skipped: number;
  /** Events that a server took no part of, and that must not be sent again: OpenTelemetry's partial success. */
  refused: number;
  /** Events that were delivered and are sent again, because their day was changed from outside. */
  repeated: number;
}

/** A cursor, read from its file. */
export interface ReadCursor {
  readonly cursor: Cursor;
  /** Where it starts over, and why, if it does not continue from its last position. */
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
  refused: z.int().min(0).default(0),
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
  const none = { lost: 0, skipped: 0, repeated: 0, refused: 0 };
  const cursor: Cursor = { days: new Map(), counted: new Set(), ...none };
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
  cursor.refused = data.refused;
  for (const name of data.counted) cursor.counted.add(name);
  for (const [day, position] of Object.entries(data.days)) cursor.days.set(day, position);
  const { restarted, repeated } = recheckDays(cursor.days, events);
  cursor.repeated += repeated;
  return restarted.length === 0 ? { cursor } : { cursor, restarted: whyRestarted(restarted) };
}

/** Why some days start over, for a person. */
export function whyRestarted(days: readonly string[]): string {
  return `with ${days.join(", ")}: the file was replaced`;
}

/**
 * Replaces a destination's cursor and flushes it to the disk: an empty file after a power cut would
 * deliver the whole log again.
 *
 * @throws {Fault} if the file cannot be written
 */
export function saveCursor(folder: string, cursor: Cursor): void {
  const { days, counted, lost, skipped, repeated, refused } = cursor;
  const content = {
    v: 1,
    days: Object.fromEntries(days),
    counted: [...counted],
    lost,
    skipped,
    repeated,
    refused,
  };
  replaceFile(cursorPath(folder), `${JSON.stringify(content)}\n`, system, fsyncSync);
}

function cursorPath(folder: string): string {
  return `${folder}/cursor.json`;
}
