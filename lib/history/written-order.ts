// The order in which a session's records were written, which differs from that of their times if the clock was set back.
import { isEvent } from "../events";
import type { EventRecord } from "../log/record";
import { textOf } from "./payload";

// Hooks that run side by side write in any order, and a hook has a minute.
const SIDE_BY_SIDE_MS = 60_000;

/**
 * Orders a session's records as they were written: by their times, unless those go back by more than concurrent hooks
 * could explain.
 *
 * @param records in the order of the log, the oldest day first
 */
export function inWrittenOrder(records: readonly EventRecord[]): EventRecord[] {
  const ordered: EventRecord[] = [];
  let part: EventRecord[] = [];
  let latestMs = -Infinity;
  for (const record of acrossDays(records)) {
    const atMs = Date.parse(record.timestamp);
    if (atMs < latestMs - SIDE_BY_SIDE_MS) {
      ordered.push(...part.toSorted(byTime));
      part = [];
      latestMs = atMs;
    }
    part.push(record);
    latestMs = Math.max(latestMs, atMs);
  }
  return [...ordered, ...part.toSorted(byTime)];
}

/** Whether a record is a session's first: its id is new then. */
export function isFirst(record: EventRecord): boolean {
  const source = isEvent(record.event, "SessionStart") ? textOf(record, "source") : undefined;
  return source === "startup" || source === "clear" || source === "fork";
}

// If the clock is set back across midnight, a session continues in an older file than that of its first record, until the
// next midnight.
function acrossDays(records: readonly EventRecord[]): readonly EventRecord[] {
  const start = records.findIndex(isFirst);
  const first = records[start];
  if (first === undefined || start === 0) return records;
  const startMs = Date.parse(first.timestamp) - SIDE_BY_SIDE_MS;
  const isLater = (record: EventRecord) => Date.parse(record.timestamp) < startMs;
  const before = records.slice(0, start);
  const after = records.slice(start);
  const secondMidnight = after.findIndex(
    (record, n) => record.timestamp < (after[n - 1]?.timestamp ?? ""),
  );
  const end = secondMidnight < 0 ? after.length : secondMidnight;
  return [
    ...before.filter((record) => !isLater(record)),
    ...after.slice(0, end),
    ...before.filter(isLater),
    ...after.slice(end),
  ];
}

function byTime(a: EventRecord, b: EventRecord): number {
  return a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0;
}
