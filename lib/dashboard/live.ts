// The live stream: the current sessions, their changes, and new events, one JSON value per line. A page that resumes from
// its cursor misses nothing, because the catalog has everything. A page that does not read blocks nobody, because nothing
// is written to it until it reads.
import { version } from "../version";
import type { LiveMessage, SessionRow, SharedFile } from "./answers";
import type { Catalog } from "./catalog";
import { toAnswer, type ChosenEvents } from "./pack-events";
import { rowOf } from "./session-rows";
import type { SharedFiles } from "./shared-files";

// Changes that come close together go in one message: what comes after a pause soon, what comes without end less often,
// because a page draws all of its rows for each.
const GATHER_MS = 15;
const PERIOD_MS = 150;
const MAX_SESSIONS = 500;

/** Where a stream begins: after a change of a catalog with this epoch, or with everything. */
export interface LiveFrom {
  readonly epoch: string;
  readonly cursor: number;
}

/** The messages of one stream, until the signal aborts. */
export async function* liveMessages(
  catalog: Catalog,
  sharedFiles: SharedFiles,
  from: LiveFrom | undefined,
  signal: AbortSignal,
): AsyncGenerator<LiveMessage> {
  let { epoch } = catalog;
  let cursor = from?.epoch === epoch ? from.cursor : 0;
  let lengths = lengthsOf(catalog);
  let share = -1;
  let sentMs = -PERIOD_MS;
  let shared: readonly SharedFile[] = [];
  yield { kind: "hello", version, epoch };
  while (!signal.aborted && !catalog.isClosed) {
    if (catalog.epoch !== epoch) {
      ({ epoch } = catalog);
      cursor = 0;
      lengths = new Map();
      yield { kind: "hello", version, epoch };
    }
    const upTo = catalog.changes;
    for (const sessions of changedSessions(catalog, cursor))
      yield { kind: "sessions", sessions, cursor: upTo };
    cursor = upTo;
    if (share === 1) {
      const events = newEvents(catalog, lengths);
      if (events.length > 0) yield { kind: "events", events: toAnswer(events, catalog.names) };
    }
    lengths = lengthsOf(catalog);
    const sharedNow = sharedFiles.look(Date.now());
    if (catalog.share === 1 && !Bun.deepEquals(sharedNow, shared)) {
      shared = sharedNow;
      yield { kind: "shared_files", files: shared };
    }
    if (share !== catalog.share) {
      ({ share } = catalog);
      yield { kind: "progress", share, events: catalog.total };
    }
    if (catalog.changes === upTo && catalog.epoch === epoch && catalog.share === share)
      await catalog.changed(signal); // oxlint-disable-line no-await-in-loop
    const waitMs = Math.max(GATHER_MS, sentMs + PERIOD_MS - performance.now());
    if (!signal.aborted) await Bun.sleep(waitMs); // oxlint-disable-line no-await-in-loop
    sentMs = performance.now();
  }
}

/** The rows of the sessions that changed since, latest first, some at a time. */
function* changedSessions(catalog: Catalog, since: number): Generator<SessionRow[]> {
  const nowMs = Date.now();
  const changed = Array.from(catalog.sessions.values())
    .filter((session) => session.changed > since)
    .toSorted((a, b) => (a.summary.lastAt < b.summary.lastAt ? 1 : -1));
  for (let at = 0; at < changed.length; at += MAX_SESSIONS)
    yield changed.slice(at, at + MAX_SESSIONS).map((session) => rowOf(catalog, session, nowMs));
}

function lengthsOf({ days }: Catalog): Map<string, number> {
  return new Map(days.map(({ day, columns }) => [day, columns.length]));
}

function newEvents({ days }: Catalog, lengths: ReadonlyMap<string, number>): ChosenEvents[] {
  return days.flatMap(({ day, columns }) => {
    const first = lengths.get(day) ?? 0;
    if (columns.length <= first) return [];
    const places = Array.from({ length: columns.length - first }, (_, i) => first + i);
    return [{ day, columns, places }];
  });
}
