// The daily log: one record a line, in a file for each UTC day. It is the truth; views and
// forwarders read it (`log-reader.ts`) from cursors of their own.
import { appendLine, removeFile } from "./file";
import { ensurePrivateFolder, listOwn } from "./folder";

const DAY_MS = 86_400_000;

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

/** The log of a day, `YYYY-MM-DD`. */
export function dayPath(events: string, day: string): string {
  return `${events}/${day}.jsonl`;
}

function isDayName(name: string): boolean {
  return /^\d{4}-\d\d-\d\d\.jsonl$/.test(name);
}
