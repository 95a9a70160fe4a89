// How far a forwarder, or a view that follows the log, has read a day. The day may be edited, truncated, replaced or
// removed in the meantime, so a position is checked before it is used again.
import { faultCode } from "../os/fault";
import { openOwnFile } from "../os/file";
import { isUnchanged, type FileStatus } from "../os/syscalls";
import { system } from "../os/choose-syscalls";
import { linesForward } from "./lines";
import { dayPath, listDays } from "./log";
import { recordIn } from "./reader";

/** How far a day was read. */
export interface Position {
  readonly offset: number;
  /** The id of the last record before the offset; empty if there is none. */
  readonly id: string;
}

/** What became of positions that were looked at again. */
export interface Rechecked {
  /** Whether one of them is elsewhere now. */
  readonly moved: boolean;
  /** The days that start over. */
  readonly restarted: readonly string[];
  /** How many records that were read before are read again. */
  readonly repeated: number;
}

/**
 * Checks whether each day is still the same file, and if not, moves its position: after its last record if that is now
 * elsewhere in the file, otherwise to the beginning.
 *
 * @param seen what the files looked like the last time: only those that have changed are read
 */
export function recheckDays(
  days: Map<string, Position>,
  events: string,
  seen = new Map<string, FileStatus | undefined>(),
): Rechecked {
  const restarted: string[] = [];
  let moved = false;
  let repeated = 0;
  const present = new Set(listDays(events));
  for (const [day, position] of days) {
    const path = dayPath(events, day);
    if (!present.has(day)) continue;
    const status = system.statusAt(path);
    if (isUnchanged(seen.get(day), status)) continue;
    seen.set(day, status);
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
  return { moved, restarted, repeated };
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
