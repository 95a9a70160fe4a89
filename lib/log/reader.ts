// What the daily log says: whole records, or only the head of each. What is no record is
// handed over too, for the reader to count.
import { faultCode } from "../os/fault";
import { linesBackward, linesForward, type Line } from "./lines";
import { dayPath, listDays } from "./log";
import type { EventRecord, RecordHead } from "./record";

/** A line that is no record, or a day that could not be read. */
export interface SkippedLine {
  readonly kind: "skipped";
  readonly day: string;
  /** Offset of the line's first byte. */
  readonly begin: number;
  /** Offset from which reading can go on. */
  readonly end: number;
  readonly reason: Skipped;
}

/** A write cut short, a line or file that is not ours, or a file that could not be read. */
export type Skipped = "torn" | "foreign" | "unreadable";

/** One line of the log, read whole. */
export type LogEntry =
  | {
      readonly kind: "record";
      readonly day: string;
      readonly end: number;
      readonly record: EventRecord;
    }
  | SkippedLine;

/** Where to begin reading: the first day wanted, and the offset in it. */
export interface ReadFrom {
  readonly day?: string;
  readonly offset?: number;
}

/** Streams the log, oldest day first, one line in memory at a time. */
export function* readDays(events: string, from: ReadFrom = {}): Generator<LogEntry> {
  for (const day of listDays(events)) {
    if (from.day !== undefined && day < from.day) continue;
    yield* readDay(events, day, day === from.day ? from.offset : 0);
  }
}

/**
 * Streams one day of the log. `end` is the offset of the byte after the line, from which reading can
 * go on. A last line that is only half there may be one that is being written, so its `end` is where
 * it begins.
 */
export function* readDay(events: string, day: string, offset = 0): Generator<LogEntry> {
  const lines = linesForward(dayPath(events, day), { from: offset });
  for (const line of readable(lines, day, offset)) {
    if ("reason" in line) {
      yield line;
      continue;
    }
    const parsed = parseLine(line, parseRecord);
    if (parsed === undefined) continue;
    if ("reason" in parsed) yield skippedLine(day, line, parsed.reason);
    else yield { kind: "record", day, end: endOf(line, true), record: parsed.found };
  }
}

/** One line of the log, of which only the head was read. */
export type HeadEntry =
  | {
      readonly kind: "head";
      readonly day: string;
      /** Offset of the line's first byte. */
      readonly begin: number;
      /** Offset from which reading can go on. */
      readonly end: number;
      /** Whether its newline is there; without it, the rest may be yet to come. */
      readonly isWhole: boolean;
      readonly head: RecordHead;
      /** The whole record, until the next line is asked for; `undefined` if the rest of the line is torn. */
      record(): EventRecord | undefined;
      /** The line itself, until the next one is asked for. */
      text(): string;
    }
  | SkippedLine;

/** Which part of the log to go through, and how. */
export interface HeadOptions {
  /** `YYYY-MM-DD`, the first day wanted. */
  readonly since?: string | undefined;
  /** The last day wanted. */
  readonly until?: string | undefined;
  /** Offsets from which to read the days, where not from their beginning. */
  readonly from?: ReadonlyMap<string, { readonly offset: number }>;
  /** Only lines with this text in them, as it stands in JSON. */
  readonly containing?: string | undefined;
  readonly newestFirst?: boolean;
  /** Told how many bytes were read, a part at a time; `false` ends the reading of that day. */
  readonly onRead?: ((bytes: number) => boolean | void) | undefined;
}

/**
 * Streams the heads of the log's records, which is what a view of many sessions needs. A line whose
 * head is whole and whose rest is torn is told from a good one only by its last byte.
 */
export function* readHeads(events: string, options: HeadOptions = {}): Generator<HeadEntry> {
  const { since = "", until = "9999", newestFirst = false, from } = options;
  const days = listDays(events).filter((day) => day >= since && day <= until);
  for (const day of newestFirst ? days.toReversed() : days)
    yield* readDayHeads(dayPath(events, day), day, options, from?.get(day)?.offset);
}

/** Streams the heads of one day's records, wherever its file is. */
export function* readDayHeads(
  path: string,
  day: string,
  { containing, newestFirst = false, onRead }: HeadOptions = {},
  offset = 0,
): Generator<HeadEntry> {
  const options = { from: offset, ...(containing !== undefined && { containing }), onRead };
  const lines = newestFirst ? linesBackward(path, options) : linesForward(path, options);
  for (const line of readable(lines, day, offset)) {
    if ("reason" in line) {
      yield line;
      continue;
    }
    const parsed = parseLine(line, parseHead);
    if (parsed === undefined) continue;
    if ("reason" in parsed) yield skippedLine(day, line, parsed.reason);
    else
      yield {
        kind: "head",
        day,
        begin: line.begin,
        end: endOf(line, true),
        isWhole: line.isWhole,
        head: parsed.found,
        record: () => recordIn(textOf(line)),
        text: () => textOf(line),
      };
  }
}

/** The lines, and where they end because the file cannot be read, that. */
function* readable(
  lines: Generator<Line>,
  day: string,
  begin: number,
): Generator<Line | SkippedLine> {
  let end = begin;
  try {
    for (const line of lines) {
      ({ end } = line);
      yield line;
    }
  } catch (error) {
    faultCode(error);
    yield { kind: "skipped", reason: "unreadable", day, begin: end, end };
  }
}

function skippedLine(day: string, line: Line, reason: Skipped): SkippedLine {
  return { kind: "skipped", day, begin: line.begin, end: endOf(line, false), reason };
}

// Half a line may be whole when it is read again.
function endOf({ begin, end, isWhole }: Line, isParsed: boolean): number {
  return isWhole || isParsed ? end : begin;
}

// A writer that found a torn line wrote a newline first; found mid-write, that leaves an empty line.
// An erased one is blank.
function parseLine<Found extends RecordHead>(
  { bytes }: Line,
  parse: (bytes: Buffer) => Found | undefined,
): { found: Found } | { reason: Skipped } | undefined {
  if (bytes === undefined) return { reason: "foreign" };
  if (bytes.length === 0 || (bytes[0] === SPACE && bytes.toString().trim() === ""))
    return undefined;
  try {
    const found = parse(bytes);
    return found === undefined ? { reason: "foreign" } : { found };
  } catch {
    return { reason: "torn" };
  }
}

function parseRecord(bytes: Buffer): EventRecord | undefined {
  const value: unknown = JSON.parse(bytes.toString());
  return isRecord(value) ? value : undefined;
}

// A head as our writer puts it: flat, and before whatever may be long. Twice as fast as to parse it
// as JSON, which is for all that is written another way: escapes, another order, other fields.
const TEXT = '"([^"\\\\]*)"';
const USUAL_HEAD = new RegExp(
  `^\\{"v":1,"id":${TEXT},"timestamp":${TEXT},"event":${TEXT},"session_id":${TEXT},` +
    `"session_id_source":${TEXT},"project":${TEXT},"project_dir":${TEXT},"user":${TEXT},` +
    `"pid":(\\d+),"should_notify":(true|false),` +
    `(?:"prompt_id":${TEXT},)?(?:"agent_id":${TEXT},)?(?:"agent_type":${TEXT},)?` +
    `(?:"tool":${TEXT},)?(?:"tool_use_id":${TEXT},)?(?:"duration_ms":(\\d+),)?"(?:parameters|payload)":`,
);
const USUAL_HEAD_BYTES = 1024;

function parseHead(bytes: Buffer): RecordHead | undefined {
  const isClosed = bytes.at(-1) === CLOSING_BRACE;
  const text = isClosed ? bytes.toString("utf8", 0, USUAL_HEAD_BYTES) : "";
  const found = USUAL_HEAD.exec(text);
  if (found === null) return parseRecord(bytes);
  const [, id = "", timestamp = "", event = "", session_id = "", source, project = ""] = found;
  const [, , , , , , , project_dir = "", user = "", pid, should_notify] = found;
  const [, , , , , , , , , , , prompt_id, agent_id, agent_type, tool, tool_use_id, ms] = found;
  return {
    v: 1,
    id,
    timestamp,
    event,
    session_id,
    session_id_source: source as RecordHead["session_id_source"],
    project,
    project_dir,
    user,
    pid: Number(pid),
    should_notify: should_notify === "true",
    prompt_id,
    agent_id,
    agent_type,
    tool,
    tool_use_id,
    duration_ms: ms === undefined ? undefined : Number(ms),
  };
}

function textOf({ bytes }: Line): string {
  return bytes?.toString() ?? "";
}

/** The record that a line is; `undefined` if it is none, or torn. */
export function recordIn(line: string): EventRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is EventRecord {
  if (typeof value !== "object" || value === null) return false;
  const { v, id, timestamp, event, session_id } = value as Record<string, unknown>;
  return v === 1 && [id, timestamp, event, session_id].every((field) => typeof field === "string");
}

const SPACE = 0x20;
const CLOSING_BRACE = 0x7d;
