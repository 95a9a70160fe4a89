// The daily log: one record a line, in a file for each UTC day. It is the truth; views and
// forwarders read it (`log-reader.ts`) from cursors of their own.
import { faultCode } from "../os/fault";
import { appendLine, removeFile } from "../os/file";
import { ensurePrivateFolder, isOwnFile, listOwn, namesIn, type OwnFile } from "../os/folder";
import { system } from "../os/system";

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
 * Removes the logs of days older than the retention. Its end is counted from the last day of the log
 * before today: a clock that is years ahead must not cost the whole log, and after a pause the old
 * days go one start later.
 *
 * @param isForwarded whether a forwarder has to count first what it has not delivered of them
 * @returns what it could not remove, in system codes
 */
export function pruneDays(
  events: string,
  retentionDays: number,
  nowMs: number,
  isForwarded = false,
): string[] {
  const faults: string[] = [];
  try {
    const names = namesIn(events);
    const oldest = utcDay(lastDayEnd(names, nowMs) - retentionDays * DAY_MS);
    for (const name of names) {
      const isDue = isDayName(name) ? name < oldest : isExpiredName(name);
      if (!isDue || !isOwnFile(`${events}/${name}`)) continue;
      try {
        if (!isForwarded) removeFile(`${events}/${name}`);
        else if (isDayName(name)) expireDay(events, name.slice(0, 10), nowMs);
        // Nobody came to count it in a day: there is no forwarder.
        else if (expiredMs(name) < nowMs - DAY_MS) removeFile(`${events}/${name}`);
      } catch (error) {
        faults.push(`${faultCode(error)} ${name}`);
      }
    }
  } catch (error) {
    faults.push(`${faultCode(error)} ${events}`);
  }
  return faults;
}

/** A day that is out of the log, and waits for a forwarder to count what it had not delivered of it. */
export interface ExpiredDay extends OwnFile {
  /** `YYYY-MM-DD` */
  readonly day: string;
}

/** Takes a day out of the log, for a forwarder to count and remove. */
export function expireDay(events: string, day: string, nowMs: number): void {
  const path = `${events}/${day}.expired-${nowMs}`;
  // A late line began the day anew, and it is not a millisecond old: it goes next time.
  if (system.statusAt(path) === undefined) system.rename(dayPath(events, day), path);
}

/** Lists the days that wait to be counted, the first that were taken of each day first. */
export function expiredDays(events: string): ExpiredDay[] {
  const days: ExpiredDay[] = [];
  for (const file of listOwn(events, isExpiredName))
    days.push({ ...file, day: file.name.slice(0, 10) });
  return days.toSorted((a, b) => expiredMs(a.name) - expiredMs(b.name));
}

function lastDayEnd(names: readonly string[], nowMs: number): number {
  const today = utcDay(nowMs);
  let last = "";
  for (const name of names) if (isDayName(name) && name < today && name > last) last = name;
  return last === "" ? nowMs : Math.min(nowMs, Date.parse(last.slice(0, 10)) + DAY_MS);
}

/** The UTC day of a moment, by which the files are named: `YYYY-MM-DD`. */
export function utcDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** The log of a day, `YYYY-MM-DD`. */
export function dayPath(events: string, day: string): string {
  return `${events}/${day}.jsonl`;
}

function isDayName(name: string): boolean {
  return /^\d{4}-\d\d-\d\d\.jsonl$/.test(name);
}

function isExpiredName(name: string): boolean {
  return /^\d{4}-\d\d-\d\d\.expired-\d+$/.test(name);
}

/** When a day was taken out of the log, in milliseconds since 1970 UTC. */
function expiredMs(name: string): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}
