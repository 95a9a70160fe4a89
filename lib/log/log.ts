// The daily log: one record per line, in one file per UTC day. It is the truth; views and forwarders read
// it (`reader.ts`), each from its own cursor.
import { faultCode } from "../os/fault";
import { appendLine, removeFile, removeOlder } from "../os/file";
import { ensureOwnFolder, isOwnFile, listOwnFiles, namesIn, type OwnFile } from "../os/folder";
import { system } from "../os/choose-syscalls";

const DAY_MS = 86_400_000;

/**
 * Appends one record to the log of its day. Hooks that run in parallel never mix their lines, because
 * each line is one write to a descriptor opened for appending.
 *
 * @param events the log's folder; it and its parent are created or made private
 * @param timestamp the record's, ISO 8601 UTC: its first ten characters name the day
 * @throws {Fault} if a folder or file is not ours, or the disk is full
 */
export function appendRecord(events: string, timestamp: string, line: string): void {
  ensureOwnFolder(events.slice(0, events.lastIndexOf("/")));
  ensureOwnFolder(events);
  appendLine(dayPath(events, timestamp.slice(0, 10)), line);
}

/** Lists the days that have a log, `YYYY-MM-DD`, oldest first. */
export function listDays(events: string): string[] {
  const days: string[] = [];
  for (const { name } of listOwnFiles(events, isDayName)) days.push(name.slice(0, 10));
  return days.toSorted();
}

/**
 * Removes the logs of days older than the retention. Their age is counted from the last logged day before
 * today, not from today: a clock that is years ahead must not delete the whole log. After a pause, old
 * days are therefore removed one session start later.
 *
 * @param isForwarded whether a forwarder must first count the records in them that it has not delivered
 * @returns a fault for each file that could not be removed, `CODE name`
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
        if (isDayName(name)) removeFile(indexPath(events, name.slice(0, 10)));
        if (!isForwarded) removeFile(`${events}/${name}`);
        else if (isDayName(name)) expireDay(events, name.slice(0, 10), nowMs);
        // Not counted within a day: no forwarder runs.
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

/**
 * Removes the rejected events of each destination, also of one that is configured no longer, once all of them are
 * older than retention allows. A forwarder removes single ones.
 */
export function pruneRejectedFiles(
  forward: string,
  retentionDays: number,
  nowMs: number,
): string[] {
  const faults: string[] = [];
  try {
    for (const name of namesIn(forward))
      removeOlder(`${forward}/${name}/rejected.jsonl`, nowMs - retentionDays * DAY_MS);
  } catch (error) {
    faults.push(`${faultCode(error)} ${forward}`);
  }
  return faults;
}

/** A day taken out of the log that waits for a forwarder to count the records it had not delivered. */
export interface ExpiredDay extends OwnFile {
  /** `YYYY-MM-DD` */
  readonly day: string;
}

/** Takes a day out of the log, for a forwarder to count and remove. */
export function expireDay(events: string, day: string, nowMs: number): void {
  const path = `${events}/${day}.expired-${nowMs}`;
  // A late record started the day's file again within this millisecond: it expires next time.
  if (system.statusAt(path) === undefined) system.rename(dayPath(events, day), path);
}

/** Lists the days that wait to be counted, in the order in which they expired. */
export function expiredDays(events: string): ExpiredDay[] {
  const days: ExpiredDay[] = [];
  for (const file of listOwnFiles(events, isExpiredName))
    days.push({ ...file, day: file.name.slice(0, 10) });
  return days.toSorted((a, b) => expiredMs(a.name) - expiredMs(b.name));
}

function lastDayEnd(names: readonly string[], nowMs: number): number {
  const today = utcDay(nowMs);
  let last = "";
  for (const name of names) if (isDayName(name) && name < today && name > last) last = name;
  return last === "" ? nowMs : Math.min(nowMs, Date.parse(last.slice(0, 10)) + DAY_MS);
}

/** The UTC day of an instant, `YYYY-MM-DD`, by which the files are named. */
export function utcDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** The day before a day, both `YYYY-MM-DD`. */
export function dayBefore(day: string): string {
  return utcDay(Date.parse(day) - DAY_MS);
}

/** The path of a day's log; the day is `YYYY-MM-DD`. */
export function dayPath(events: string, day: string): string {
  return `${events}/${day}.jsonl`;
}

/**
 * The path of what views keep of a day that is over. It has the day's prompts, so whoever removes the day or changes it
 * removes this first; without it, views read the day again.
 */
export function indexPath(events: string, day: string): string {
  return `${events.slice(0, events.lastIndexOf("/"))}/index/${day}`;
}

function isDayName(name: string): boolean {
  return /^\d{4}-\d\d-\d\d\.jsonl$/.test(name);
}

function isExpiredName(name: string): boolean {
  return /^\d{4}-\d\d-\d\d\.expired-\d+$/.test(name);
}

/** When a day expired, in milliseconds since 1970 UTC. */
function expiredMs(name: string): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}
