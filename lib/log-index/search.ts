// Searches the records of the log, newest first. It searches for a text as bytes, one window of the file at a time, so most
// lines are never parsed; a line that matches is parsed, and its values are checked.
import { DoubleDetector } from "../history/doubles";
import { listDays, utcDay } from "../log/log";
import { readHeads } from "../log/reader";
import type { EventRecord, Place, RecordHead } from "../log/record";
import { FLAGS } from "./flags";
import type { Pattern } from "./pattern";
import {
  flagsOf,
  holdsFor,
  matchesValue,
  timeOf,
  type Filter,
  type FilterKey,
} from "./filter-words";

/** A record that was found, and the value in which the first text is. */
export interface Found {
  readonly record: EventRecord;
  /** All of it; empty without a text to look for. */
  readonly text: string;
  /** Where in it the text is, and how long. */
  readonly at: number;
  readonly length: number;
  readonly place: Place;
  /** The id of the record found before that says the same, because the hooks are registered twice. */
  readonly doubleOf?: string | undefined;
}

/** How to search. */
export interface SearchOptions {
  readonly filter: Filter;
  /** Whether the case of letters counts. */
  readonly isCaseExact: boolean;
  /** The texts of the filter, where they are regular expressions. */
  readonly patterns?: readonly Pattern[] | undefined;
  readonly nowMs: number;
  /** Called with the number of bytes read, a part at a time. */
  readonly onRead?: (bytes: number) => void;
}

/** The keys of a filter that say something of an event itself. */
export const EVENT_KEYS: readonly FilterKey[] = [
  "project",
  "session",
  "event",
  "tool",
  "user",
  "since",
  "until",
  "is",
];

/** Searches the log, the newest record first. */
export function* search(events: string, options: SearchOptions): Generator<Found> {
  for (const day of daysToSearch(events, options)) yield* searchDay(events, day, options);
}

/** The days that may have what is searched, newest first. */
export function daysToSearch(events: string, { filter, nowMs }: SearchOptions): string[] {
  const sinceMs = sinceOf(filter, nowMs);
  const since = sinceMs === undefined ? "" : utcDay(sinceMs);
  return listDays(events)
    .filter((day) => day >= since)
    .toReversed();
}

/** Searches one day, the newest record first. */
export function* searchDay(events: string, day: string, options: SearchOptions): Generator<Found> {
  const { filter, isCaseExact, nowMs, onRead } = options;
  const [first] = options.patterns?.map(({ literal }) => literal) ?? filter.texts;
  const containing = isCaseExact ? exactIn(first) : anyCaseIn(first);
  const head = { newestFirst: true, since: day, until: day, containing, onRead };
  const patterns =
    options.patterns ?? filter.texts.map((text) => literalPattern(text, isCaseExact));
  // It sees only what is found: two that say the same within a moment are one here, even if something else came in between.
  const detector = new DoubleDetector();
  for (const entry of readHeads(events, head)) {
    if (entry.kind === "skipped" || !matchesHead(entry.head, filter, nowMs)) continue;
    const record = entry.record();
    const found = record && findIn(record, patterns);
    if (record === undefined || found === undefined) continue;
    const doubleOf = detector.addRecord(record)?.id;
    yield { ...found, place: { day, offset: entry.begin }, doubleOf };
  }
}

function literalPattern(text: string, isCaseExact: boolean): Pick<Pattern, "find"> {
  const pattern = new RegExp(RegExp.escape(text), isCaseExact ? "" : "i");
  return {
    find(whole) {
      const match = pattern.exec(whole);
      return match === null ? undefined : { at: match.index, length: match[0].length };
    },
  };
}

function exactIn(text: string | undefined): string | undefined {
  return text === undefined ? undefined : inJson(text);
}

// The longest part of a text whose letters are single bytes in upper and lower case. It only preselects lines, which are
// then checked.
function anyCaseIn(text: string | undefined): RegExp | undefined {
  const parts = text?.match(/[ !#-[\]-~]+/g) ?? [];
  const longest = parts.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : new RegExp(RegExp.escape(longest), "gi");
}

// As our writer and Claude Code write it in JSON.
function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** From when on a filter wants events, so that older days need not be read. */
function sinceOf({ terms }: Filter, nowMs: number): number | undefined {
  const term = terms.find(({ key, isNot }) => key === "since" && !isNot);
  return term && timeOf(term.values[0] ?? "", nowMs);
}

function matchesHead(head: RecordHead, filter: Filter, nowMs: number): boolean {
  return holdsFor(filter, (key, value) => {
    switch (key) {
      case "project":
      case "event":
      case "user":
        return matchesValue(head[key], value);
      case "tool":
        return matchesValue(head.tool ?? "", value);
      case "session":
        return matchesValue(head.session_id, `${value.replace(/\*$/, "")}*`);
      case "since":
        return Date.parse(head.timestamp) >= (timeOf(value, nowMs) ?? -Infinity);
      case "until":
        return Date.parse(head.timestamp) < (timeOf(value, nowMs) ?? Infinity);
      case "is":
        return (flagsOf([value]) & flagsOfHead(head)) !== 0;
      default:
        return false;
    }
  });
}

function flagsOfHead({ event, agent_id, should_notify }: RecordHead): number {
  return (
    (event === "PostToolUseFailure" || event === "StopFailure" ? FLAGS.failed : 0) |
    (agent_id === undefined ? 0 : FLAGS.agent) |
    (should_notify ? FLAGS.waiting : 0)
  );
}

// All texts must be in values that Claude Code sent. The record's own fields, such as the session id, are not searched.
function findIn(
  record: EventRecord,
  patterns: readonly Pick<Pattern, "find">[],
): Omit<Found, "place"> | undefined {
  const [first, ...others] = patterns;
  if (first === undefined) return { record, text: "", at: 0, length: 0 };
  const texts = Array.from(textsIn([record.parameters, record.payload]));
  for (const pattern of others)
    if (!texts.some((text) => pattern.find(text) !== undefined)) return undefined;
  for (const text of texts) {
    const match = first.find(text);
    if (match !== undefined) return { record, text, ...match };
  }
  return undefined;
}

/** Every text in a value, in its order. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null)
    for (const one of Object.values(value)) yield* textsIn(one);
}
