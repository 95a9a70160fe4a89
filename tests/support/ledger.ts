// The books of a delivery: every event that was recorded is somewhere, and what came, came in order.
import { expect } from "bun:test";
import { readDays } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import type { Sandbox } from "../../scripts/harness/sandbox";
import type { Collector } from "./collector";

/** Where the events are. An event may be in several places, for delivery is at least once. */
export interface Ledger {
  /** Ids on the server, each once, in the order of their coming. */
  readonly arrived: readonly string[];
  /** Ids behind the cursor, in the order of the log. */
  readonly undelivered: readonly string[];
  /** Ids in `rejected.jsonl`, in its order. */
  readonly setAside: readonly string[];
  /** How many retention took. */
  readonly lost: number;
}

/** A line of `rejected.jsonl`. */
export interface SetAside {
  readonly at: string;
  readonly status: number;
  readonly answer: string;
  readonly record: EventRecord;
}

/**
 * Holds the ids that a destination was to get against what became of them: each is on the server,
 * behind the cursor, or set aside, but for as many as are counted lost; nothing else came, nothing
 * came under another session, and each session's events first came in the order of the log.
 * A line that was written to a day already over comes late; where there may be such, order is that
 * within each day.
 */
export async function ledger(
  sandbox: Sandbox,
  destination: string,
  emittedIds: Iterable<string>,
  collector: Collector,
  { mayBeLate = false }: { readonly mayBeLate?: boolean } = {},
): Promise<Ledger> {
  const emitted = new Set(emittedIds);
  const { days, lost } = await cursorOf(sandbox, destination);
  const rejected = await setAsideOf(sandbox, destination);
  const setAside = rejected.map(({ record }) => record.id);
  const arrived = collector.ids;
  const undelivered: string[] = [];
  const places = new Map<string, Place>();
  for (const entry of readDays(sandbox.events)) {
    if (entry.kind !== "record" || !emitted.has(entry.record.id)) continue;
    const { id, session_id } = entry.record;
    if (entry.end > (days[entry.day]?.offset ?? 0)) undelivered.push(id);
    const sequence = `${session_id} ${mayBeLate ? entry.day : ""}`;
    places.set(id, { session_id, sequence, place: places.size });
  }

  const accounted = new Set([...arrived, ...undelivered, ...setAside]);
  const missing = [...emitted].filter((id) => !accounted.has(id));
  expect(missing.length > lost ? missing : []).toEqual([]);
  expect([...arrived, ...setAside].filter((id) => !emitted.has(id))).toEqual([]);
  expect(collector.unreadable).toEqual([]);

  const strangers = collector.arrivals.filter(
    ({ id, session_id }) => places.get(id)?.session_id !== session_id && places.has(id),
  );
  expect(strangers).toEqual([]);

  const last = new Map<string, number>();
  const late = arrived.filter((id) => {
    // Retention took its day, and its place with it.
    const { sequence, place } = places.get(id) ?? NOWHERE;
    const isLate = place < (last.get(sequence) ?? 0);
    last.set(sequence, place);
    return isLate;
  });
  expect(late).toEqual([]);
  return { arrived, undelivered, setAside, lost };
}

/** Where an event is in the log. */
interface Place {
  readonly session_id: string;
  /** What its order is kept within: the session, or a day of it. */
  readonly sequence: string;
  readonly place: number;
}

const NOWHERE: Pick<Place, "sequence" | "place"> = { sequence: "", place: 0 };

/** What was set aside of a destination's events. */
export async function setAsideOf(sandbox: Sandbox, destination: string): Promise<SetAside[]> {
  const file = Bun.file(`${sandbox.state}/forward/${destination}/rejected.jsonl`);
  if (!(await file.exists())) return [];
  const lines = (await file.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as SetAside);
}

interface CursorFile {
  readonly days: Readonly<Record<string, { readonly offset: number }>>;
  readonly lost: number;
}

/** A cursor's file; where there is none, or no good one, everything is behind it. */
async function cursorOf(sandbox: Sandbox, destination: string): Promise<CursorFile> {
  try {
    const { days = {}, lost = 0 } = (await Bun.file(
      `${sandbox.state}/forward/${destination}/cursor.json`,
    ).json()) as Partial<CursorFile>;
    return { days, lost };
  } catch {
    return { days: {}, lost: 0 };
  }
}
