// Finds sessions in the log, without reading more of it than it must.
import { isEvent } from "../../events";
import { type Link, type Sign, lineage } from "../../history/lineage";
import { textOf } from "../../history/payload";
import { utcDay } from "../../log/log";
import { readHeads } from "../../log/reader";
import type { EventRecord, RecordHead } from "../../log/record";
import { UNKNOWN } from "../../session";
import { CommandError } from "../command";
import { sanitize } from "../render/text";

/** The records of one session, the newest first, and how many lines were none. */
export interface FoundSession {
  readonly id: string;
  readonly records: readonly EventRecord[];
  readonly skipped: number;
}

const ID_LENGTH = 36;
const LOOK_BACK_MS = 2 * 86_400_000;
const LONGEST_LIST = 10;

/**
 * Finds a session by its id, the beginning of it, or `latest`.
 *
 * @throws {CommandError} where there is none, or where more than one begins so
 */
export function findSession(events: string, wanted: string): FoundSession {
  const prefix = wanted === "latest" ? latestId(events) : wanted;
  if (prefix === undefined) throw new CommandError("there are no sessions in the log yet");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(prefix)) throw notFound(prefix);
  const isWhole = wanted === "latest" || prefix.length >= ID_LENGTH;
  const bySession = new Map<string, EventRecord[]>();
  let skipped = 0;
  let isBegun = false;
  let partsSince = 0;
  const entries = readHeads(events, {
    newestFirst: true,
    containing: `"session_id":"${prefix}${isWhole ? '"' : ""}`,
    // Two hooks of one moment may write in either order, so a little of what stands before the
    // beginning is still looked at.
    onRead: () => !isBegun || partsSince++ === 0,
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
    // Whatever else begins so, a whole id is one session's, and this is where it begins.
    if (isWhole && isBeginning(record)) isBegun = true;
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
    if (entry.kind === "head" && entry.head.session_id !== UNKNOWN) return entry.head.session_id;
  return undefined;
}

/**
 * Finds what a session continues and what continues it, by what its processes did before and after.
 * Looks back two days at most: an older use of a process number is another process's.
 */
export function findLinks(events: string, session: FoundSession): Link[] {
  const pids = new Set(session.records.map(({ pid }) => pid));
  return Array.from(pids, (pid) => lineage(signsAround(events, session, pid)))
    .flat()
    .filter(({ parent, child }) => parent === session.id || child === session.id);
}

/** What a process told of its sessions, from just before one's first record on. */
function signsAround(events: string, { id, records }: FoundSession, pid: number): Sign[] {
  const first = records.at(-1);
  if (first === undefined) return [];
  const since = utcDay(Date.parse(first.timestamp) - LOOK_BACK_MS);
  const signs: Sign[] = [];
  const entries = readHeads(events, { newestFirst: true, since, containing: `"pid":${pid},` });
  for (const entry of entries) {
    if (entry.kind === "skipped" || entry.head.pid !== pid) continue;
    const sign = signOf(entry.head, entry.record);
    signs.push(sign);
    // A process begins with its startup; before that, its number was another's.
    const isStartup = entry.head.id === first.id && sign.source === "startup";
    if (isStartup || (sign.session_id !== id && entry.head.timestamp < first.timestamp)) break;
  }
  return signs.toReversed();
}

function signOf(head: RecordHead, record: () => EventRecord | undefined): Sign {
  const { event, session_id, pid } = head;
  if (!isEvent(event, "SessionStart") && !isEvent(event, "SessionEnd"))
    return { event, session_id, pid };
  const whole = record();
  return {
    event,
    session_id,
    pid,
    source: whole && textOf(whole, "source"),
    reason: whole && textOf(whole, "reason"),
  };
}

function isBeginning(record: EventRecord): boolean {
  const source = isEvent(record.event, "SessionStart") ? textOf(record, "source") : undefined;
  return source === "startup" || source === "clear" || source === "fork";
}

function notFound(wanted: string): CommandError {
  return new CommandError(
    `there is no session "${sanitize(wanted)}" in the log; see claude-session list`,
  );
}

function ambiguous(prefix: string, ids: readonly string[]): CommandError {
  const shown = ids.slice(0, LONGEST_LIST).map((id) => `\n  ${sanitize(id)}`);
  const more = ids.length > shown.length ? `\n  and ${ids.length - shown.length} more` : "";
  return new CommandError(`${ids.length} sessions begin with "${prefix}":${shown.join("")}${more}`);
}
