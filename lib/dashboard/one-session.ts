// Answers for one session: its records, with long texts cut, and the sessions that it continues.
import {
  lineageEventOf,
  linkSessions,
  type LineageEvent,
  type SessionLink,
} from "../history/lineage";
import { dayBefore } from "../log/log";
import { readHeads } from "../log/reader";
import type { EventRecord } from "../log/record";
import type { PlacedRecord, Place, SessionAnswer } from "./answers";
import type { IndexedSession } from "../log-index/day-index";
import type { Catalog } from "./catalog";
import { rowOf } from "./session-rows";

// More than a row shows; the panel asks for the whole record.
const MAX_TEXT = 600;

/**
 * The records of a session.
 *
 * @param from where to go on, by day, from a former answer
 */
export function answerSession(
  catalog: Catalog,
  session: IndexedSession,
  from: readonly Place[],
  nowMs: number,
): SessionAnswer {
  const records: PlacedRecord[] = [];
  const next: Place[] = [];
  for (const { day, end } of catalog.days) {
    if (!session.days.has(day)) continue;
    const begin = from.find((place) => place.day === day)?.offset;
    for (const entry of catalog.entriesOf(session, day, begin)) {
      const record = entry.record();
      if (record !== undefined) records.push(cutRecord(record, { day, offset: entry.begin }));
    }
    next.push({ day, offset: end });
  }
  const links = from.length > 0 ? [] : linksOf(catalog, session);
  return { session: rowOf(catalog, session, nowMs), links, records, next };
}

function cutRecord(record: EventRecord, place: Place): PlacedRecord {
  let isCut = false;
  const cut = (_key: string, value: unknown) => {
    if (typeof value !== "string" || value.length <= MAX_TEXT) return value;
    isCut = true;
    return `${value.slice(0, MAX_TEXT)}…`;
  };
  const text = JSON.stringify(record);
  // Almost all are short.
  if (text.length <= MAX_TEXT) return { place, record, isCut };
  return { place, record: JSON.parse(text, cut) as EventRecord, isCut };
}

/** What a session continues and what continues it, from what its processes did. */
function linksOf(catalog: Catalog, session: IndexedSession): SessionLink[] {
  const links: SessionLink[] = [];
  const days = Array.from(session.days).toSorted();
  for (const pid of session.pids) {
    const events: LineageEvent[] = [];
    const options = { since: dayBefore(days[0] ?? ""), containing: String(pid) };
    for (const entry of readHeads(catalog.events, options)) {
      if (entry.kind !== "head" || entry.head.pid !== pid) continue;
      events.push(lineageEventOf(entry.head, entry.record));
    }
    links.push(...linkSessions(events));
  }
  return links.filter(({ parent, child }) => parent === session.id || child === session.id);
}
