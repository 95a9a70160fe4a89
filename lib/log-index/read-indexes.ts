// Reads the log as indexes of its days: those that were kept, and the others from the log.
import type { CountedEvent } from "../history/statistics";
import { dayPath, listDays, utcDay } from "../log/log";
import { readDayHeads } from "../log/reader";
import { system } from "../os/system";
import type { Names } from "./columns";
import { emptyIndex, type DayIndex, type Indexer } from "./day-index";
import { FLAGS } from "./flags";
import { loadIndex, saveIndex } from "./index-file";

/** Which part of the log to read. */
export interface IndexOptions {
  /** Only events from then on, in milliseconds since 1970 UTC. */
  readonly sinceMs?: number | undefined;
  /** Called with the number of bytes of the log that are done, a part at a time. */
  readonly onRead?: (bytes: number) => void;
}

/** The indexes of the log's days, the oldest first. Keeps those that it had to make. */
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
    if (kept !== undefined && !hasBefore(kept, sinceMs)) {
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

function hasBefore({ columns }: DayIndex, timeMs: number): boolean {
  for (let at = 0; at < columns.length; at++)
    if ((columns.atMs[at] as number) < timeMs) return true;
  return false;
}

/** The events of an index as they are counted. What is yielded is valid until the next. */
export function* countedEvents({ columns }: DayIndex, { texts }: Names): Generator<CountedEvent> {
  const counted = {
    atMs: 0,
    event: "",
    sessionId: "",
    project: "",
    tool: "",
    durationMs: -1,
    isPrompt: false,
  };
  for (let at = 0; at < columns.length; at++) {
    const flags = columns.flags[at] as number;
    if ((flags & FLAGS.otherClient) !== 0) continue;
    counted.atMs = columns.atMs[at] as number;
    counted.event = texts[columns.event[at] as number] as string;
    counted.sessionId = texts[columns.session[at] as number] as string;
    counted.project = texts[columns.project[at] as number] as string;
    counted.tool = texts[columns.tool[at] as number] as string;
    counted.durationMs = columns.durationMs[at] as number;
    counted.isPrompt = (flags & FLAGS.prompt) !== 0;
    yield counted;
  }
}
