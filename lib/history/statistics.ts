// How many events, failures and durations there were, counted from what the index has of each.
import { isEvent } from "../events";

/** What a row stands for. */
export type GroupBy = "tool" | "project" | "day";

/** What is counted of an event. */
export interface CountedEvent {
  /** Milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly event: string;
  readonly sessionId: string;
  readonly project: string;
  /** Empty where it is no tool's. */
  readonly tool: string;
  /** In milliseconds; negative where there is none. */
  readonly durationMs: number;
  /** A prompt that a person wrote. */
  readonly isPrompt: boolean;
}

/** What is counted for one row. */
export interface Tally {
  events: number;
  prompts: number;
  /** Tool calls that started. */
  calls: number;
  succeeded: number;
  failed: number;
  /** By number: the first session is 0. Ids would take more memory. */
  readonly sessions: Set<number>;
  /** Of the calls that ended, in milliseconds, unsorted. */
  readonly durations: number[];
}

/** Counts events: all of them, those of each row, and those of each day. */
export class Stats {
  readonly total = newTally();
  readonly rows = new Map<string, Tally>();
  readonly days = new Map<string, { readonly day: string; events: number }>();
  /** Milliseconds since 1970 UTC. Until there is an event, later than all. */
  firstMs = Infinity;
  /** Until there is an event, earlier than all. */
  lastMs = -Infinity;
  readonly #sessions = new Map<string, number>();
  #minute = NaN;
  #today = { day: "", events: 0 };

  /** @param dayOf the local day, such as `2025-09-24`, of a time in milliseconds since 1970 UTC */
  constructor(
    readonly groupBy: GroupBy,
    readonly dayOf: (epochMs: number) => string,
  ) {}

  /** Counts an event. */
  add(counted: CountedEvent): void {
    const { atMs } = counted;
    if (atMs < this.firstMs) this.firstMs = atMs;
    if (atMs > this.lastMs) this.lastMs = atMs;
    const minute = Math.floor(atMs / 60_000);
    if (minute !== this.#minute) this.#startMinute(minute);
    this.#today.events++;
    const session = this.#numberOf(counted.sessionId);
    count(this.total, counted, session);
    const key = this.#keyOf(counted);
    if (key === undefined) return;
    let row = this.rows.get(key);
    if (row === undefined) this.rows.set(key, (row = newTally()));
    count(row, counted, session);
  }

  #keyOf({ project, tool }: CountedEvent): string | undefined {
    switch (this.groupBy) {
      case "day":
        return this.#today.day;
      case "project":
        return project;
      case "tool":
        return tool || undefined;
    }
  }

  // Asking for the local day at each event would take longer than reading it. Within a minute of UTC it does
  // not change: offsets are whole minutes.
  #startMinute(minute: number): void {
    this.#minute = minute;
    const day = this.dayOf(minute * 60_000);
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

function count(tally: Tally, { event, durationMs, isPrompt }: CountedEvent, session: number): void {
  tally.events++;
  tally.sessions.add(session);
  if (isPrompt) tally.prompts++;
  if (isEvent(event, "PreToolUse")) tally.calls++;
  if (!isEvent(event, "PostToolUse") && !isEvent(event, "PostToolUseFailure")) return;
  if (isEvent(event, "PostToolUse")) tally.succeeded++;
  else tally.failed++;
  if (durationMs >= 0) tally.durations.push(durationMs);
}

/**
 * The duration that a share of calls did not exceed, by the nearest rank.
 *
 * @param sorted durations in ascending order
 * @param share from 0 to 1
 * @returns `undefined` where there are none
 */
export function percentile(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
}

/** The numbers of one row. */
export interface StatsRow {
  /** The tool, project or day. */
  readonly key: string;
  readonly sessions: number;
  readonly prompts: number;
  readonly calls: number;
  readonly failed: number;
  /** From 0 to 1, of the calls that ended. */
  readonly failureRate: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly events: number;
}

/** Turns what was counted into a row. */
export function toStatsRow(key: string, tally: Tally): StatsRow {
  const { events, prompts, succeeded, failed } = tally;
  const ended = succeeded + failed;
  const sorted = Float64Array.from(tally.durations).toSorted();
  return {
    key,
    events,
    sessions: tally.sessions.size,
    prompts,
    // Without PreToolUse only the ends of calls are recorded.
    calls: Math.max(tally.calls, ended),
    failed,
    failureRate: ended === 0 ? 0 : failed / ended,
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
  };
}

/** All rows: days by date, tools and projects by their number of calls. */
export function statsRows({ rows, groupBy }: Stats): StatsRow[] {
  const all = Array.from(rows, ([key, tally]) => toStatsRow(key, tally));
  return groupBy === "day"
    ? all.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    : all.toSorted((a, b) => b.calls - a.calls || b.events - a.events);
}
