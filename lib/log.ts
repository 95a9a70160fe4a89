// The daily log: one record a line, in a file for each UTC day. It is the truth; views and
// forwarders read it from cursors of their own.
import { faultCode } from "./fault";
import { appendLine, openOwn, removeFile } from "./file";
import { ensurePrivateFolder, listOwn } from "./folder";
import type { EventRecord } from "./schema";
import { system } from "./system";

const DAY_MS = 86_400_000;
// Twice what a record may have: a longer line is not ours, and is not kept in memory to find out.
const LONGEST_LINE_BYTES = 262_144;
const CHUNK_BYTES = 262_144;
const NEWLINE = 0x0a;

/**
 * Appends one record to the log of its day. Parallel hooks never mix their lines, because each is
 * one write to a descriptor opened for appending.
 *
 * @param events the log's folder; it is made private, and its parent too
 * @param timestamp of the record, ISO 8601 UTC: its first ten characters name the day
 * @throws {Fault} where a folder or file is not ours, or the disk is full
 */
export function appendRecord(events: string, timestamp: string, line: string): void {
  ensurePrivateFolder(events.slice(0, events.lastIndexOf("/")));
  ensurePrivateFolder(events);
  appendLine(dayPath(events, timestamp.slice(0, 10)), line);
}

/** Lists the days that have a log, `YYYY-MM-DD`, the oldest first. */
export function listDays(events: string): string[] {
  const days: string[] = [];
  for (const { name } of listOwn(events, isDayName)) days.push(name.slice(0, 10));
  return days.toSorted();
}

/**
 * Removes the logs of days older than the retention.
 *
 * @returns how many days it removed
 * @throws {Error} where the folder cannot be read or a file not removed
 */
export function pruneDays(events: string, retentionDays: number, nowMs: number): number {
  const oldest = new Date(nowMs - retentionDays * DAY_MS).toISOString().slice(0, 10);
  let removed = 0;
  for (const { path } of listOwn(events, (name) => isDayName(name) && name < oldest))
    if (removeFile(path)) removed++;
  return removed;
}

/** One line of the log: a record, or what could not be read as one. */
export type LogEntry =
  | {
      readonly kind: "record";
      readonly day: string;
      readonly end: number;
      readonly record: EventRecord;
    }
  | {
      readonly kind: "skipped";
      readonly day: string;
      readonly end: number;
      readonly reason: Skipped;
    };

/** A write cut short, a line or file that is not ours, or a file that could not be read. */
export type Skipped = "torn" | "foreign" | "unreadable";

/** Where to begin reading: the first day wanted, and the offset in it. */
export interface ReadFrom {
  readonly day?: string;
  readonly offset?: number;
}

/**
 * Streams the log, oldest day first, one line in memory at a time. `end` is the offset of the byte
 * after the line, from which reading can go on. What is no record is handed over too, for the
 * reader to count. A last line that is only half there may be one that is being written, so its
 * `end` is where it begins.
 */
export async function* readDays(events: string, from: ReadFrom = {}): AsyncGenerator<LogEntry> {
  for (const day of listDays(events)) {
    if (from.day !== undefined && day < from.day) continue;
    yield* readDay(events, day, day === from.day ? (from.offset ?? 0) : 0);
  }
}

async function* readDay(events: string, day: string, start: number): AsyncGenerator<LogEntry> {
  let end = start;
  try {
    for (const line of lines(dayPath(events, day), start)) {
      const entry = judgeLine(line.bytes);
      end = line.isWhole || entry?.kind === "record" ? line.end : line.begin;
      if (entry !== undefined) yield { ...entry, day, end };
    }
  } catch (error) {
    faultCode(error);
    yield { kind: "skipped", reason: "unreadable", day, end };
  }
}

interface Line {
  /** Without its newline; `undefined` where it was too long to keep. */
  bytes: Uint8Array | undefined;
  begin: number;
  end: number;
  /** Whether its newline is there. */
  isWhole: boolean;
}

function* lines(path: string, start: number): Generator<Line> {
  const { fd } = openOwn(path);
  try {
    // The parts of a line that has not ended yet, and where in the file the next chunk begins.
    let parts: Uint8Array[] = [];
    let bytes = 0;
    let position = start;
    const keep = (part: Uint8Array) => {
      bytes += part.length;
      if (bytes <= LONGEST_LINE_BYTES) parts.push(part);
      else parts = [];
    };
    const take = (end: number, isWhole: boolean): Line => {
      const tooLong = bytes > LONGEST_LINE_BYTES;
      const line = tooLong ? undefined : Bun.concatArrayBuffers(parts, Infinity, true);
      const begin = end - bytes - +isWhole;
      parts = [];
      bytes = 0;
      return { bytes: line, begin, end, isWhole };
    };
    for (;;) {
      const buffer = new Uint8Array(CHUNK_BYTES);
      const chunk = buffer.subarray(0, system.readAt(fd, buffer, position));
      if (chunk.length === 0) break;
      let from = 0;
      for (let at; (at = chunk.indexOf(NEWLINE, from)) >= 0; from = at + 1) {
        keep(chunk.subarray(from, at));
        yield take(position + at + 1, true);
      }
      keep(chunk.subarray(from));
      position += chunk.length;
    }
    // A last line without its newline was cut short, unless only the newline is missing.
    if (bytes > 0) yield take(position, false);
  } finally {
    system.close(fd);
  }
}

function judgeLine(
  bytes: Uint8Array | undefined,
): { kind: "record"; record: EventRecord } | { kind: "skipped"; reason: Skipped } | undefined {
  if (bytes === undefined) return { kind: "skipped", reason: "foreign" };
  // A writer that found a torn line wrote a newline first; found mid-write, that leaves an empty one.
  if (bytes.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(value)
      ? { kind: "record", record: value }
      : { kind: "skipped", reason: "foreign" };
  } catch {
    return { kind: "skipped", reason: "torn" };
  }
}

function isRecord(value: unknown): value is EventRecord {
  if (typeof value !== "object" || value === null) return false;
  const { v, id, timestamp, event, session_id } = value as Record<string, unknown>;
  return v === 1 && [id, timestamp, event, session_id].every((field) => typeof field === "string");
}

function isDayName(name: string): boolean {
  return /^\d{4}-\d\d-\d\d\.jsonl$/.test(name);
}

function dayPath(events: string, day: string): string {
  return `${events}/${day}.jsonl`;
}
