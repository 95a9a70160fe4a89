// What is in the log.
import { environment, paths } from "../../../environment";
import { DoubleDetector } from "../../../history/doubles";
import { dayPath, listDays } from "../../../log/log";
import { readHeads, readRecordsAt, type SkipReason } from "../../../log/reader";
import { Clock } from "../../../log-index/columns";
import { faultCode } from "../../../os/fault";
import { namesIn } from "../../../os/folder";
import { validSessionId } from "../../../session-id";
import type { Terminal } from "../../terminal";
import { readingProgress } from "../../log/progress";
import { statusIfSeen } from "./folders";

/** The log. Times are milliseconds since 1970 UTC, days are `YYYY-MM-DD`. */
export interface LogFacts {
  readonly days: readonly string[];
  /** Days whose file is not ours: a link, a pipe, another user's file. */
  readonly foreignDays: readonly string[];
  readonly bytes: number;
  /** How many events of each name there are, and when the last one was. */
  readonly kinds: ReadonlyMap<string, { readonly count: number; readonly lastMs: number }>;
  /** The names of the newest events, the newest last. */
  readonly newest: readonly string[];
  /** Lines that are not records, and days that cannot be read. */
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** How many events were recorded twice, and when the last one was. */
  readonly doubles: { readonly count: number; readonly lastMs: number };
  /** The session that runs doctor, and whether anything of it was recorded. */
  readonly session: { readonly id: string; readonly isRecorded: boolean } | undefined;
}

const NEWEST = 1000;

/** Reads the whole log. */
export function readLogFacts(terminal: Terminal): LogFacts {
  const id = validSessionId(environment["CLAUDE_CODE_SESSION_ID"]);
  const kinds = new Map<string, { count: number; lastMs: number }>();
  const skipped = new Map<SkipReason, number>();
  const newest: string[] = [];
  const doubles = { count: 0, lastMs: 0 };
  let detector = new DoubleDetector();
  let lastDay = "";
  let isRecorded = false;
  const clock = new Clock();
  const days = orNone(() => listDays(paths.events));
  if (days.length > 0)
    for (const entry of readHeads(paths.events, { onRead: readingProgress(terminal) })) {
      if (entry.kind === "skipped") {
        skipped.set(entry.reason, (skipped.get(entry.reason) ?? 0) + 1);
        continue;
      }
      const { day, begin } = entry;
      const { event, timestamp, session_id } = entry.head;
      // As the index counts them, which knows one day alone.
      if (day !== lastDay) detector = new DoubleDetector();
      lastDay = day;
      const atMs = clock.msOf(timestamp);
      const later = () => readRecordsAt(paths.events, day, [begin])[0];
      if (detector.add(entry.head, atMs, () => entry.record(), later) !== undefined) {
        doubles.count++;
        doubles.lastMs = Math.max(doubles.lastMs, atMs || 0);
        continue;
      }
      const { count, lastMs } = kinds.get(event) ?? { count: 0, lastMs: 0 };
      kinds.set(event, { count: count + 1, lastMs: Math.max(lastMs, atMs || 0) });
      if (newest.push(event) > 2 * NEWEST) newest.splice(0, NEWEST);
      isRecorded ||= session_id === id;
    }
  return {
    days,
    foreignDays: foreignDays(days),
    bytes: days.reduce(
      (sum, day) => sum + (statusIfSeen(dayPath(paths.events, day))?.size ?? 0),
      0,
    ),
    kinds,
    newest,
    skipped,
    doubles,
    session: id === undefined ? undefined : { id, isRecorded },
  };
}

function foreignDays(days: readonly string[]): string[] {
  return orNone(() => namesIn(paths.events))
    .flatMap((name) => /^(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name)?.[1] ?? [])
    .filter((day) => !days.includes(day));
}

/** The paths of our files that other users can read. */
export function openFiles(days: readonly string[]): string[] {
  const files = [
    paths.errorLog,
    `${paths.errorLog}.old`,
    ...days.map((day) => dayPath(paths.events, day)),
  ];
  return files.filter((path) => ((statusIfSeen(path)?.mode ?? 0) & 0o077) !== 0);
}

function orNone<T>(list: () => T[]): T[] {
  try {
    return list();
  } catch (error) {
    faultCode(error); // Nothing is there, or nothing that we can see: the facts of the folder report it.
    return [];
  }
}
