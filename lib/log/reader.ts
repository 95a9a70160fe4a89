// Reads the daily log: whole records, or only the head of each. A line that is not a record is reported
// too, so that the caller can count it.
import { faultCode } from "../os/fault";
import { openOwnFile } from "../os/file";
import { system } from "../os/choose-syscalls";
import { lineAt, linesBackward, linesForward, type Line } from "./lines";
import { dayPath, listDays } from "./log";
import type { EventRecord, RecordHead } from "./record";

/** A line that is not a record, or a day that could not be read. */
export interface SkippedLine {
  readonly kind: "skipped";
  readonly day: string;
  /** Offset of the line's first byte. */
  readonly begin: number;
  /** Offset from which reading can continue. */
  readonly end: number;
  readonly reason: SkipReason;
}

/** An incomplete write, a line or file that is not ours, or a file that could not be read. */
export type SkipReason = "torn" | "foreign" | "unreadable";

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

/** Streams the log's records, oldest day first, one line in memory at a time. */
export function* readRecords(events: string, from: ReadFrom = {}): Generator<LogEntry> {
  for (const day of listDays(events)) {
    if (from.day !== undefined && day < from.day) continue;
    yield* readDayRecords(events, day, day === from.day ? from.offset : 0);
  }
}

/**
 * Streams one day's records. `end` is the offset of the byte after the line, from which reading can
 * continue. A last line without its newline may still be being written; unless it parses, its `end` is
 * its first byte.
 */
export function readDayRecords(events: string, day: string, offset = 0): Generator<LogEntry> {
  const lines = linesForward(dayPath(events, day), { from: offset });
  const parse = (bytes: Buffer) => parseRecord(bytes.toString());
  return readLines(lines, day, offset, parse, ({ end }, record) => ({
    kind: "record",
    day,
    end,
    record,
  }));
}

/** One line of the log, of which only the head was read. */
export type HeadEntry =
  | {
      readonly kind: "head";
      readonly day: string;
      /** Offset of the line's first byte. */
      readonly begin: number;
      /** Offset from which reading can continue. */
      readonly end: number;
      /** Whether the line has its newline; without it, more of the line may follow. */
      readonly isWhole: boolean;
      readonly head: RecordHead;
      /** The whole record, valid until the next entry; `undefined` if the rest of the line is torn. */
      record(): EventRecord | undefined;
      /** The line itself, valid until the next entry. */
      text(): string;
    }
  | SkippedLine;

/** Which part of the log to read, and how. */
export interface HeadOptions {
  /** `YYYY-MM-DD`, the first day wanted. */
  readonly since?: string | undefined;
  /** The last day wanted. */
  readonly until?: string | undefined;
  /** Offsets to read days from, for days not read from their beginning. */
  readonly from?: ReadonlyMap<string, { readonly offset: number }>;
  /** Only lines that contain this text, as it is written in JSON, or a match of a pattern: see `lines.ts`. */
  readonly containing?: string | RegExp | undefined;
  readonly newestFirst?: boolean;
  /** Called before each day is read; `false` ends the reading before it. */
  readonly onDay?: (day: string) => boolean;
  /** Called with the number of bytes read, a part at a time; `false` ends the reading of that day. */
  readonly onRead?: ((bytes: number) => boolean | void) | undefined;
}

/**
 * Streams the heads of the log's records, which is all that a view of many sessions needs. A line with a
 * whole head and a torn rest is recognized only by its last byte.
 */
export function* readHeads(events: string, options: HeadOptions = {}): Generator<HeadEntry> {
  const { since = "", until = "9999", newestFirst = false, from } = options;
  const days = listDays(events).filter((day) => day >= since && day <= until);
  for (const day of newestFirst ? days.toReversed() : days) {
    if (options.onDay?.(day) === false) return;
    yield* readDayHeads(dayPath(events, day), day, options, from?.get(day)?.offset);
  }
}

/** Streams the heads of one day's records from any file. */
export function readDayHeads(
  path: string,
  day: string,
  { containing, newestFirst = false, onRead }: HeadOptions = {},
  offset = 0,
): Generator<HeadEntry> {
  const options = { from: offset, ...(containing !== undefined && { containing }), onRead };
  const lines = newestFirst ? linesBackward(path, options) : linesForward(path, options);
  return readLines(lines, day, offset, parseHead, (line, head) => ({
    kind: "head",
    day,
    begin: line.begin,
    end: line.end,
    isWhole: line.isWhole,
    head,
    record: () => recordIn(textOf(line)),
    text: () => textOf(line),
  }));
}

/**
 * Reads the records that begin at offsets of one day; `undefined` for those that are not there any more, as all are when
 * the day was removed.
 *
 * @throws {Fault} if the day is there and cannot be read
 */
export function readRecordsAt(
  events: string,
  day: string,
  offsets: readonly number[],
): (EventRecord | undefined)[] {
  try {
    const { fd } = openOwnFile(dayPath(events, day));
    try {
      return offsets.map((offset) => {
        const line = lineAt(fd, offset);
        return line && recordIn(line.toString());
      });
    } finally {
      system.close(fd);
    }
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    return offsets.map(() => undefined);
  }
}

/**
 * The entries that lines give: what `toEntry` makes of those that parse, and the skipped ones. A file that
 * cannot be read further ends with a skipped entry.
 */
function* readLines<Found extends RecordHead, Entry>(
  lines: Generator<Line>,
  day: string,
  offset: number,
  parse: (bytes: Buffer) => Found | undefined,
  toEntry: (line: Line, found: Found) => Entry,
): Generator<Entry | SkippedLine> {
  let lastEnd = offset;
  try {
    for (const line of lines) {
      lastEnd = line.end;
      const parsed = parseLine(line, parse);
      if (parsed === "blank") continue;
      yield typeof parsed === "string" ? skippedLine(day, line, parsed) : toEntry(line, parsed);
    }
  } catch (error) {
    faultCode(error);
    yield { kind: "skipped", reason: "unreadable", day, begin: lastEnd, end: lastEnd };
  }
}

// An incomplete line may be whole when it is read again.
function skippedLine(day: string, line: Line, reason: SkipReason): SkippedLine {
  const { begin, end, isWhole } = line;
  return { kind: "skipped", day, begin, end: isWhole ? end : begin, reason };
}

// A line is empty where two writers both ended the same torn line, and blank where it was erased.
function parseLine<Found extends RecordHead>(
  { bytes }: Line,
  parse: (bytes: Buffer) => Found | undefined,
): Found | SkipReason | "blank" {
  if (bytes === undefined) return "foreign";
  if (bytes.length === 0 || (bytes[0] === SPACE && bytes.toString().trim() === "")) return "blank";
  try {
    return parse(bytes) ?? "foreign";
  } catch {
    return "torn";
  }
}

// A head as our own writer writes it: flat, and in front of everything that may be long. Matching it is
// twice as fast as parsing the line. Lines written any other way (escapes, another order, other fields)
// are parsed as JSON.
const TEXT = '"([^"\\\\]*)"';
// ISO 8601 UTC. Written out, because `Date.parse` would take longer than all the rest of the head.
const TIME =
  "\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?Z";
const USUAL_HEAD = new RegExp(
  `^\\{"v":1,"id":${TEXT},"timestamp":"(${TIME})","event":${TEXT},"session_id":${TEXT},` +
    `"session_id_source":${TEXT},"project":${TEXT},"project_dir":${TEXT},"user":${TEXT},` +
    `"pid":(\\d+),"should_notify":(true|false),` +
    `(?:"prompt_id":${TEXT},)?(?:"agent_id":${TEXT},)?(?:"agent_type":${TEXT},)?` +
    `(?:"tool":${TEXT},)?(?:"tool_use_id":${TEXT},)?(?:"duration_ms":(\\d+),)?"(?:parameters|payload)":`,
);
// A usual head has 290 to 460 bytes in the log of the benchmark; the rest is room for long folder names.
const USUAL_HEAD_BYTES = 1024;

function parseHead(bytes: Buffer): RecordHead | undefined {
  const isClosed = bytes.at(-1) === CLOSING_BRACE;
  const text = isClosed ? bytes.toString("utf8", 0, USUAL_HEAD_BYTES) : "";
  const found = USUAL_HEAD.exec(text);
  if (found === null) return parseRecord(bytes.toString());
  return {
    v: 1,
    id: found[1] ?? "",
    timestamp: found[2] ?? "",
    event: found[3] ?? "",
    session_id: found[4] ?? "",
    session_id_source: found[5] as RecordHead["session_id_source"],
    project: found[6] ?? "",
    project_dir: found[7] ?? "",
    user: found[8] ?? "",
    pid: Number(found[9]),
    should_notify: found[10] === "true",
    prompt_id: found[11],
    agent_id: found[12],
    agent_type: found[13],
    tool: found[14],
    tool_use_id: found[15],
    duration_ms: found[16] === undefined ? undefined : Number(found[16]),
  };
}

function textOf({ bytes }: Line): string {
  return bytes?.toString() ?? "";
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isSafeInteger(value) && (value as number) >= 0;
  return type === "number" ? Number.isFinite(value) : typeof value === type;
}

/**
 * A text that all lines contain which have this string as a value, for `containing`; `undefined` if there is none,
 * because writers of JSON escape it in different ways.
 *
 * @param isWhole whether the value ends there
 */
export function textInLines(value: string, isWhole: boolean): string | undefined {
  return /^[\w .:@-]+$/.test(value) ? `"${value}${isWhole ? '"' : ""}` : undefined;
}

/** Parses a line as a record; `undefined` if it is not one, or is torn. */
export function recordIn(line: string): EventRecord | undefined {
  try {
    return parseRecord(line);
  } catch {
    return undefined;
  }
}

function parseRecord(text: string): EventRecord | undefined {
  const value: unknown = JSON.parse(text);
  return isRecord(value) ? value : undefined;
}

const TIMESTAMP = new RegExp(`^${TIME}$`);
// The types of a head's fields, if present. Other programs can also write to the log, and their lines must not crash a
// command that relies on these types.
const HEAD_TYPES: Readonly<
  Partial<Record<keyof RecordHead, "string" | "number" | "integer" | "boolean">>
> = {
  id: "string",
  event: "string",
  session_id: "string",
  session_id_source: "string",
  project: "string",
  project_dir: "string",
  user: "string",
  pid: "integer",
  should_notify: "boolean",
  client: "string",
  prompt_id: "string",
  agent_id: "string",
  agent_type: "string",
  tool: "string",
  tool_use_id: "string",
  duration_ms: "number",
};
const REQUIRED = ["id", "event", "session_id", "project"] as const;

function isRecord(value: unknown): value is EventRecord {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  if (fields["v"] !== 1) return false;
  for (const name of REQUIRED) if (typeof fields[name] !== "string") return false;
  for (const [name, type] of Object.entries(HEAD_TYPES)) {
    // Some write what is absent as null.
    if (fields[name] === null) delete fields[name];
    else if (name in fields && !isOfType(fields[name], type)) return false;
  }
  return TIMESTAMP.test(String(fields["timestamp"]));
}

const SPACE = 0x20;
const CLOSING_BRACE = 0x7d;
