// What became of every event: on the server, still in the log, rejected, or counted as lost.
import { expect } from "bun:test";
import type { RejectedEvent } from "../../lib/forward/rejected";
import { readRecords } from "../../lib/log/reader";
import type { Sandbox } from "../../scripts/harness/sandbox";
import type { Collector } from "./collector";

/** Where the events are. One may be in several places, because delivery is at least once. */
export interface Ledger {
  /** Ids on the server, each once, in the order in which they first arrived. */
  readonly arrived: readonly string[];
  /** Ids after the cursor, in the order of the log. */
  readonly undelivered: readonly string[];
  /** Ids in `rejected.jsonl`, in its order. */
  readonly rejected: readonly string[];
  /** How many retention took before they were delivered. */
  readonly lost: number;
}

/**
 * Accounts for the events that a destination was to get. Expects that each is on the server, after the
 * cursor or rejected, except for as many as are counted as lost; that nothing else arrived; that every
 * event arrived under its own session; and that the events of a session first arrived in the order of the
 * log.
 *
 * @param mayBeLate whether lines were appended to earlier days: then the order is that within each day
 */
export async function ledger(
  sandbox: Sandbox,
  destination: string,
  emittedIds: Iterable<string>,
  collector: Collector,
  { mayBeLate = false }: { readonly mayBeLate?: boolean } = {},
): Promise<Ledger> {
  const emitted = new Set(emittedIds);
  const cursor = await readCursorFile(sandbox, destination);
  const { lost } = cursor;
  const rejected = (await rejectedOf(sandbox, destination)).map(({ record }) => record.id);
  const arrived = collector.ids;
  const undelivered: string[] = [];
  const places = new Map<string, Place>();
  for (const entry of readRecords(sandbox.events)) {
    if (entry.kind !== "record" || !emitted.has(entry.record.id)) continue;
    const { id, session_id } = entry.record;
    if (isAfter(cursor, entry)) undelivered.push(id);
    const sequence = `${session_id} ${mayBeLate ? entry.day : ""}`;
    places.set(id, { session_id, sequence, place: places.size });
  }

  const accounted = new Set([...arrived, ...undelivered, ...rejected]);
  const missing = [...emitted].filter((id) => !accounted.has(id));
  expect(missing.length > lost ? missing : []).toEqual([]);
  expect([...arrived, ...rejected].filter((id) => !emitted.has(id))).toEqual([]);
  expect(collector.unreadable).toEqual([]);

  const underOtherSessions = collector.arrivals.filter(
    ({ id, session_id }) => places.get(id)?.session_id !== session_id && places.has(id),
  );
  expect(underOtherSessions).toEqual([]);

  const last = new Map<string, number>();
  const outOfOrder = arrived.filter((id) => {
    const { sequence, place } = places.get(id) ?? EXPIRED;
    const isEarlier = place < (last.get(sequence) ?? 0);
    last.set(sequence, place);
    return isEarlier;
  });
  expect(outOfOrder).toEqual([]);
  return { arrived, undelivered, rejected, lost };
}

/** Where an event is in the log. */
interface Place {
  readonly session_id: string;
  /** Events with the same sequence stay in order. */
  readonly sequence: string;
  readonly place: number;
}

/** Retention took the event's day, and its place with it. */
const EXPIRED: Pick<Place, "sequence" | "place"> = { sequence: "", place: 0 };

/** The ids of all events after a destination's cursor. */
export async function undeliveredOf(sandbox: Sandbox, destination: string): Promise<string[]> {
  const cursor = await readCursorFile(sandbox, destination);
  return Array.from(readRecords(sandbox.events)).flatMap((entry) =>
    entry.kind === "record" && isAfter(cursor, entry) ? [entry.record.id] : [],
  );
}

function isAfter({ days }: CursorFile, { day, end }: { day: string; end: number }): boolean {
  return end > (days[day]?.offset ?? 0);
}

/** The events in a destination's `rejected.jsonl`. */
export async function rejectedOf(
  sandbox: Sandbox,
  destination: string,
): Promise<readonly RejectedEvent[]> {
  const file = Bun.file(`${sandbox.state}/forward/${destination}/rejected.jsonl`);
  if (!(await file.exists())) return [];
  const lines = (await file.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as RejectedEvent);
}

interface CursorFile {
  readonly days: Readonly<Record<string, { readonly offset: number }>>;
  readonly lost: number;
}

/** Reads a cursor; without a valid one, everything is undelivered. */
async function readCursorFile(sandbox: Sandbox, destination: string): Promise<CursorFile> {
  try {
    const { days = {}, lost = 0 } = (await Bun.file(
      `${sandbox.state}/forward/${destination}/cursor.json`,
    ).json()) as Partial<CursorFile>;
    return { days, lost };
  } catch {
    return { days: {}, lost: 0 };
  }
}
