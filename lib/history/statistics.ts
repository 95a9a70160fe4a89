// How much was done, how often it failed and how long it took, counted from the heads of records.
import { isEvent } from "../events";
import type { RecordHead } from "../log/record";
import { formatLocalTime } from "../os/local-time";

/** What the numbers are broken down by. */
export type By = "tool" | "project" | "day";

/** The numbers of one row. */
export interface Tally {
  events: number;
  prompts: number;
  /** Tool calls that began. */
  calls: number;
  succeeded: number;
  failed: number;
  /** By the numbers that they were given in the order of their coming. */
  readonly sessions: Set<number>;
  /** In milliseconds, of the calls that ended; sorted once asked for. */
  readonly durations: number[];
}

/** Counts events, all together and by what is asked for. */
export class Stats {
  readonly total = newTally();
  readonly rows = new Map<string, Tally>();
  readonly days = new Map<string, { readonly day: string; events: number }>();
  firstAt = "9999";
  lastAt = "";
  readonly #sessions = new Map<string, number>();
  #minute = "";
  #today = { day: "", events: 0 };

  constructor(readonly by: By) {}

  /** Takes in an event; whether its prompt is a person's is asked only where it has one. */
  add(head: RecordHead, isPersons: () => boolean): void {
    const { timestamp, event, project, tool } = head;
    if (timestamp < this.firstAt) this.firstAt = timestamp;
    if (timestamp > this.lastAt) this.lastAt = timestamp;
    if (!timestamp.startsWith(this.#minute) || this.#minute === "") this.#turnTo(timestamp);
    this.#today.events++;
    const session = this.#numberOf(head.session_id);
    const isPrompt = isEvent(event, "UserPromptSubmit") && isPersons();
    count(this.total, head, session, isPrompt);
    const key = this.by === "day" ? this.#today.day : this.by === "project" ? project : tool;
    if (key === undefined) return;
    let row = this.rows.get(key);
    if (row === undefined) this.rows.set(key, (row = newTally()));
    count(row, head, session, isPrompt);
  }

  // What day it is here is costly to find out; within a minute it does not change.
  #turnTo(timestamp: string): void {
    this.#minute = timestamp.slice(0, 16);
    const day = formatLocalTime(Date.parse(timestamp)).slice(0, 10);
    let found = this.days.get(day);
    if (found === undefined) this.days.set(day, (found = { day, events: 0 }));
    this.#today = found;
  }

  #numberOf(sessionId: string): number {
    let number = this.#sessions.get(sessionId);
    if (number === undefined) this.#sessions.set(sessionId, (number = this.#sessions.size));
    return number;
  }
}

function newTally(): Tally {
  return {
    events: 0,
    prompts: 0,
    calls: 0,
    succeeded: 0,
    failed: 0,
    sessions: new Set(),
    durations: [],
  };
}

function count(tally: Tally, head: RecordHead, session: number, isPrompt: boolean): void {
  tally.events++;
  tally.sessions.add(session);
  if (isPrompt) tally.prompts++;
  if (isEvent(head.event, "PreToolUse")) tally.calls++;
  if (!isEvent(head.event, "PostToolUse") && !isEvent(head.event, "PostToolUseFailure")) return;
  if (isEvent(head.event, "PostToolUse")) tally.succeeded++;
  else tally.failed++;
  if (head.duration_ms !== undefined) tally.durations.push(head.duration_ms);
}

/** The duration that a share of calls stayed within, by the nearest rank; `undefined` of none. */
export function percentile(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
}

/** The figures of a row. */
export interface Row {
  readonly key: string;
  readonly sessions: number;
  readonly prompts: number;
  readonly calls: number;
  readonly failed: number;
  readonly failureRate: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly events: number;
}

/** The figures of a tally. */
export function toRow(key: string, tally: Tally): Row {
  const { events, prompts, succeeded, failed } = tally;
  const ended = succeeded + failed;
  const sorted = Float64Array.from(tally.durations).toSorted();
  return {
    key,
    events,
    sessions: tally.sessions.size,
    prompts,
    // Where only the ends of calls are recorded, those are what there is to count.
    calls: Math.max(tally.calls, ended),
    failed,
    failureRate: ended === 0 ? 0 : failed / ended,
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
  };
}

/** The rows in the order in which they are read: days by date, others by their number of calls. */
export function rowsOf({ rows, by }: Stats): Row[] {
  const all = Array.from(rows, ([key, tally]) => toRow(key, tally));
  return by === "day"
    ? all.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    : all.toSorted((a, b) => b.calls - a.calls || b.events - a.events);
}
