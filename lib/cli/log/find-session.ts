// Finds sessions in the log, and reads no more of it than it has to.
import {
  type SessionLink,
  type LineageEvent,
  lineageEventOf,
  linkSessions,
} from "../../history/lineage";
import { isFirst } from "../../history/written-order";
import { dayBefore, utcDay } from "../../log/log";
import { readHeads, textInLines } from "../../log/reader";
import type { EventRecord } from "../../log/record";
import { UNKNOWN_SESSION } from "../../session-id";
import { CommandError } from "../command";
import { sanitize } from "../render/text";

/** The records of one session, newest first, and how many lines were not records. */
export interface FoundSession {
  readonly id: string;
  readonly records: readonly EventRecord[];
  readonly skipped: number;
}

// A UUID: no other session starts with a whole one.
const ID_LENGTH = 36;
// Process ids are reused; two days back, one may be another process's.
const LOOK_BACK_MS = 2 * 86_400_000;
const MAX_CANDIDATES = 10;

/**
 * Finds a session by its id, the start of its id, or `latest`.
 *
 * @throws {CommandError} if no session matches, or more than one
 */
export function findSession(events: string, wanted: string): FoundSession {
  const prefix = wanted === "latest" ? latestId(events) : wanted;
  if (prefix === undefined) throw new CommandError("no session has been recorded yet");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(prefix)) throw notFound(prefix);
  const isWhole = wanted === "latest" || prefix.length >= ID_LENGTH;
  const bySession = new Map<string, EventRecord[]>();
  let skipped = 0;
  let isStartFound = false;
  // The last day read that has a record of the session.
  let lastDay = "";
  let windowsLeft = Infinity;
  const entries = readHeads(events, {
    newestFirst: true,
    containing: textInLines(prefix, isWhole),
    // Two hooks that run at the same time may write in either order, so one more window is read after the
    // session's first record was found.
    onRead: () => windowsLeft-- > 0,
    // If the clock was set back across midnight, the session continues in an older day, so one more day is read.
    onDay: (day) => {
      windowsLeft = Infinity;
      return !isStartFound || day >= dayBefore(lastDay);
    },
  });
  for (const entry of entries) {
    if (entry.kind === "skipped") {
      skipped++;
      continue;
    }
    if (!entry.head.session_id.startsWith(prefix)) continue;
    const record = entry.record();
    if (record === undefined) {
      skipped++;
      continue;
    }
    const records = bySession.get(record.session_id) ?? [];
    bySession.set(record.session_id, records);
    records.push(record);
    lastDay = entry.day;
    // A whole id is one session's, and this record is its first.
    if (!isWhole || isStartFound || !isFirst(record)) continue;
    isStartFound = true;
    windowsLeft = 1;
  }
  const [found, ...others] = bySession;
  if (found === undefined) throw notFound(prefix);
  const exact = bySession.get(prefix);
  if (exact === undefined && others.length > 0)
    throw ambiguous(prefix, Array.from(bySession.keys()));
  const [id, records] = exact === undefined ? found : [prefix, exact];
  return { id, records, skipped };
}

/** The session of the newest event that has one. */
export function latestId(events: string): string | undefined {
  for (const entry of readHeads(events, { newestFirst: true }))
    if (
      entry.kind === "head" &&
      entry.head.client === undefined &&
      entry.head.session_id !== UNKNOWN_SESSION
    )
      return entry.head.session_id;
  return undefined;
}

/** Finds what a session continues and what continues it, from what its processes did before and after. */
export function findLinks(events: string, session: FoundSession): SessionLink[] {
  const pids = new Set(session.records.map(({ pid }) => pid));
  return Array.from(pids, (pid) => linkSessions(eventsOfProcess(events, session, pid)))
    .flat()
    .filter(({ parent, child }) => parent === session.id || child === session.id);
}

/** The events of a process that show its sessions, from just before a session's first record on. */
function eventsOfProcess(
  events: string,
  { id, records }: FoundSession,
  pid: number,
): LineageEvent[] {
  const first = records.at(-1);
  if (first === undefined) return [];
  const since = utcDay(Date.parse(first.timestamp) - LOOK_BACK_MS);
  const found: LineageEvent[] = [];
  const entries = readHeads(events, { newestFirst: true, since, containing: String(pid) });
  for (const entry of entries) {
    if (entry.kind === "skipped" || entry.head.pid !== pid) continue;
    const event = lineageEventOf(entry.head, entry.record);
    found.push(event);
    // A process begins with its startup; before that, its id was another process's.
    const isStartup = entry.head.id === first.id && event.source === "startup";
    if (isStartup || (event.session_id !== id && entry.head.timestamp < first.timestamp)) break;
  }
  return found.toReversed();
}

function notFound(wanted: string): CommandError {
  return new CommandError(`no session "${sanitize(wanted)}" in the log; see claude-session list`);
}

function ambiguous(prefix: string, ids: readonly string[]): CommandError {
  const shown = ids.slice(0, MAX_CANDIDATES).map((id) => `\n  ${sanitize(id)}`);
  const more = ids.length > shown.length ? `\n  and ${ids.length - shown.length} more` : "";
  return new CommandError(`${ids.length} sessions start with "${prefix}":${shown.join("")}${more}`);
}
