// Reads the log as indexes of its days: those that were kept, and the others from the log.
import { dayPath, listDays, utcDay } from "../log/log";
import { readDayHeads } from "../log/reader";
import { system } from "../os/choose-syscalls";
import type { Columns } from "./columns";
import { emptyIndex, type DayIndex, type IndexedSession, type Indexer } from "./day-index";
import { loadIndex, saveIndex } from "./index-file";

/** Which part of the log to read. */
export interface IndexOptions {
  /** Only events from then on, in milliseconds since 1970 UTC. */
  readonly sinceMs?: number | undefined;
  /** Called with the number of bytes of the log that are done, a part at a time. */
  readonly onRead?: (bytes: number) => void;
}

/** The indexes of the log's days, oldest first. Keeps those that it had to make. */
export function* readIndexes(
  indexer: Indexer,
  { sinceMs = -Infinity, onRead }: IndexOptions = {},
): Generator<DayIndex> {
  const { events } = indexer;
  const firstDay = sinceMs === -Infinity ? "" : utcDay(sinceMs);
  for (const day of listDays(events)) {
    if (day < firstDay) continue;
    const status = system.statusAt(dayPath(events, day));
    const kept = loadIndex(indexer, day, status);
    if (
      kept !== undefined &&
      ![kept.columns, kept.doubles].some((one) => hasBefore(one, sinceMs))
    ) {
      onRead?.(kept.end);
      yield kept;
      continue;
    }
    const index = emptyIndex(day, status);
    const sinceTime = sinceMs === -Infinity ? "" : new Date(sinceMs).toISOString();
    let isAll = true;
    for (const entry of readDayHeads(dayPath(events, day), day, { onRead }))
      if (entry.kind === "head" && entry.head.timestamp < sinceTime) isAll = false;
      else indexer.add(index, entry);
    if (isAll) saveIndex(indexer, index, Date.now());
    yield index;
  }
}

function hasBefore({ atMs, length }: Columns, timeMs: number): boolean {
  for (let at = 0; at < length; at++) if ((atMs[at] as number) < timeMs) return true;
  return false;
}

/**
 * The sessions of the log, each with what it did on all days that are read.
 *
 * @param onIndex called with each day
 */
export function readSessions(
  indexer: Indexer,
  options: IndexOptions,
  onIndex: (index: DayIndex) => void,
): IndexedSession[] {
  const sessions = new Map<string, IndexedSession>();
  for (const index of readIndexes(indexer, options)) {
    onIndex(index);
    for (const [id, session] of index.sessions) {
      const earlier = sessions.get(id);
      if (earlier === undefined) sessions.set(id, session);
      else indexer.append(earlier, session, [index]);
    }
  }
  return Array.from(sessions.values());
}
