// How many events, failures and durations there were, by what they are of. It is counted from the columns of the index, in
// numbers alone: a million events take tens of milliseconds.
import { knownEvent } from "../events";
import { QUARTER_MS } from "../history/time-spent";
import type { Names } from "./columns";
import type { DayIndex } from "./day-index";
import { FLAGS } from "./flags";
import type { GroupBy } from "./group-by";

/** The numbers of one row. */
export interface StatisticsRow {
  /** The tool, project, day (`2026-11-22`), hour (`09`), user or model. */
  readonly key: string;
  readonly events: number;
  readonly sessions: number;
  readonly prompts: number;
  readonly calls: number;
  readonly failed: number;
  /** From 0 to 1, of the calls that ended. */
  readonly failureRate: number;
  /** How long half of the calls took at most, in milliseconds; `undefined` where none has ended. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  /** Events by day, as in {@link StatisticsResult.days}. */
  readonly byDay: readonly number[];
}

/** What was counted. */
export interface StatisticsResult {
  readonly by: GroupBy;
  /** Of the first event, in milliseconds since 1970 UTC; later than all if there is none. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly total: StatisticsRow;
  /** Days and hours in their order, others by their number of calls. */
  readonly rows: readonly StatisticsRow[];
  /** The local days that have events, in their order. */
  readonly days: readonly string[];
  /** Events by weekday, Monday first, and hour. */
  readonly heatmap: readonly (readonly number[])[];
}

/** What to count. */
export interface StatisticsOptions {
  readonly by: GroupBy;
  /** From when on, in milliseconds since 1970 UTC. */
  readonly sinceMs?: number;
  /** Until when, exclusively. */
  readonly untilMs?: number;
  /** The local time, as `2025-09-24T12:52…`, of a time in milliseconds since 1970 UTC. */
  readonly localTimeOf: (epochMs: number) => string;
  /** Models of sessions that began on days that are not added. */
  readonly models?: ReadonlyMap<string, string>;
}

const WEEKDAYS = 7;
const HOURS = 24;

/** Counts the events of indexes. */
export class Statistics {
  readonly #tallies: Tally[] = [];
  /** Of each tally, what it is of: a number of a name, a day, an hour or a model. */
  readonly #keys: number[] = [];
  /** Where the tally of each key is, plus one. */
  #places = new Uint32Array(64);
  readonly #own: string[] = [];
  readonly #ownNumbers = new Map<string, number>();
  readonly #days: string[] = [];
  readonly #dayNumbers = new Map<string, number>();
  readonly #heatmap = Array.from({ length: WEEKDAYS }, () => new Float64Array(HOURS));
  readonly #models: Map<string, string>;
  readonly #kinds: Kind[] = [];
  #firstMs = Infinity;
  #lastMs = -Infinity;

  constructor(
    readonly names: Names,
    readonly options: StatisticsOptions,
  ) {
    this.#models = new Map(options.models);
  }

  /**
   * Counts a day's events.
   *
   * @param places only these, by their places in the columns
   */
  add({ columns, sessions }: DayIndex, places?: ArrayLike<number>): void {
    const { by, sinceMs = -Infinity, untilMs = Infinity } = this.options;
    for (const { id, summary } of sessions.values())
      if (summary.model !== undefined) this.#models.set(id, summary.model);
    this.#learnKinds();
    const { atMs, event, flags, durationMs, session } = columns;
    // As one kind of array whatever the column is, so that the loop below is compiled for one.
    const groupColumn =
      by === "tool" || by === "project" || by === "user"
        ? new Uint32Array(columns[by].subarray(0, columns.length))
        : undefined;
    // Of each session, plus one.
    const modelNumbers = new Uint32Array(by === "model" ? this.names.texts.length : 0);
    let quarter = NaN;
    let [day, hour, weekday] = [0, 0, 0];
    let tally: Tally | undefined;
    let tallyKey = -1;
    const length = places?.length ?? columns.length;
    for (let i = 0; i < length; i++) {
      const at = places === undefined ? i : (places[i] as number);
      const time = atMs[at] as number;
      const flag = flags[at] as number;
      if (time < sinceMs || time >= untilMs || (flag & FLAGS.otherClient) !== 0) continue;
      if (time < this.#firstMs) this.#firstMs = time;
      if (time > this.#lastMs) this.#lastMs = time;
      if (Math.floor(time / QUARTER_MS) !== quarter) {
        quarter = Math.floor(time / QUARTER_MS);
        [day, hour, weekday] = this.#localTime(quarter * QUARTER_MS);
      }
      (this.#heatmap[weekday] as Float64Array)[hour]!++;
      const of = session[at] as number;
      const key =
        groupColumn !== undefined
          ? (groupColumn[at] as number)
          : by === "day"
            ? day
            : by === "hour"
              ? hour
              : (modelNumbers[of] ||= this.#modelNumber(of) + 1) - 1;
      if (key !== tallyKey || tally === undefined) {
        tally = this.#tallyOf(key);
        tallyKey = key;
      }
      tally.events++;
      tally.byDay[day] = (tally.byDay[day] ?? 0) + 1;
      tally.addSession(of);
      if ((flag & FLAGS.prompt) !== 0) tally.prompts++;
      const kind = this.#kinds[event[at] as number];
      if (kind === undefined) continue;
      if (kind === "begun") {
        tally.calls++;
        continue;
      }
      if (kind === "succeeded") tally.succeeded++;
      else tally.failed++;
      if ((durationMs[at] as number) >= 0) tally.addDuration(durationMs[at] as number);
    }
  }

  /** What was counted. Nothing may be added afterwards. */
  result(): StatisticsResult {
    const { by } = this.options;
    // Days may have been added in any order.
    const order = Array.from(this.#days.keys()).toSorted((a, b) =>
      (this.#days[a] as string) < (this.#days[b] as string) ? -1 : 1,
    );
    const all = new Tally();
    const rows: StatisticsRow[] = [];
    for (const [place, tally] of this.#tallies.entries()) {
      all.merge(tally);
      const key = this.#nameOf(this.#keys[place] ?? 0);
      // Events of no tool.
      if (key !== "" || by !== "tool") rows.push(toRow(key, tally, order));
    }
    const isInOrder = by === "day" || by === "hour";
    return {
      by,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      total: toRow("all", all, order),
      rows: rows.toSorted((a, b) =>
        isInOrder ? (a.key < b.key ? -1 : 1) : b.calls - a.calls || b.events - a.events,
      ),
      days: order.map((number) => this.#days[number] as string),
      heatmap: this.#heatmap.map((hours) => Array.from(hours)),
    };
  }

  #tallyOf(key: number): Tally {
    if (key >= this.#places.length) this.#places = grown(this.#places, key + 1);
    const place = this.#places[key] as number;
    if (place > 0) return this.#tallies[place - 1] as Tally;
    const tally = new Tally();
    this.#keys.push(key);
    this.#places[key] = this.#tallies.push(tally);
    return tally;
  }

  #nameOf(number: number): string {
    switch (this.options.by) {
      case "day":
        return this.#days[number] ?? "";
      case "hour":
        return String(number).padStart(2, "0");
      case "model":
        return this.#own[number] ?? "";
      case "user":
        return this.names.texts[number] || "unknown";
      default:
        return this.names.texts[number] ?? "";
    }
  }

  // Asking for the local time at each event would take longer than counting it.
  #localTime(quarterMs: number): [day: number, hour: number, weekday: number] {
    const text = this.options.localTimeOf(quarterMs);
    const day = text.slice(0, 10);
    let number = this.#dayNumbers.get(day);
    if (number === undefined) {
      number = this.#days.push(day) - 1;
      this.#dayNumbers.set(day, number);
    }
    const sundayFirst = new Date(`${day}T00:00:00Z`).getUTCDay();
    return [number, Number(text.slice(11, 13)), (sundayFirst + WEEKDAYS - 1) % WEEKDAYS];
  }

  #modelNumber(session: number): number {
    const model = this.#models.get(this.names.texts[session] ?? "") ?? "unknown";
    let number = this.#ownNumbers.get(model);
    if (number === undefined) {
      number = this.#own.push(model) - 1;
      this.#ownNumbers.set(model, number);
    }
    return number;
  }

  #learnKinds(): void {
    const { texts } = this.names;
    for (let number = this.#kinds.length; number < texts.length; number++)
      this.#kinds.push(kindOf(texts[number] as string));
  }
}

/** What an event says of a tool call. */
type Kind = "begun" | "succeeded" | "failed" | undefined;

function kindOf(event: string): Kind {
  switch (knownEvent(event)) {
    case "PreToolUse":
      return "begun";
    case "PostToolUse":
      return "succeeded";
    case "PostToolUseFailure":
      return "failed";
    default:
      return undefined;
  }
}

/** What is counted for one row. */
class Tally {
  events = 0;
  prompts = 0;
  /** Tool calls that started. */
  calls = 0;
  succeeded = 0;
  failed = 0;
  readonly byDay: number[] = [];
  #lastSession = -1;
  /** A bit for each session that was seen. */
  #sessions = new Uint32Array(64);
  #durations = new Float64Array(64);
  #durationCount = 0;

  addSession(number: number): void {
    if (number === this.#lastSession) return;
    this.#lastSession = number;
    const word = number >>> 5;
    if (word >= this.#sessions.length) this.#sessions = grown(this.#sessions, word + 1);
    this.#sessions[word]! |= 1 << (number & 31);
  }

  addDuration(ms: number): void {
    if (this.#durationCount === this.#durations.length)
      this.#durations = grown(this.#durations, this.#durationCount + 1);
    this.#durations[this.#durationCount++] = ms;
  }

  get sessionCount(): number {
    let count = 0;
    for (let bits of this.#sessions) for (; bits !== 0; bits &= bits - 1) count++;
    return count;
  }

  /** Of the calls that ended, in milliseconds, in no order; it may be reordered. */
  get durations(): Float64Array {
    return this.#durations.subarray(0, this.#durationCount);
  }

  merge(other: Tally): void {
    this.events += other.events;
    this.prompts += other.prompts;
    this.calls += other.calls;
    this.succeeded += other.succeeded;
    this.failed += other.failed;
    for (const [day, count] of other.byDay.entries())
      if (count > 0) this.byDay[day] = (this.byDay[day] ?? 0) + count;
    if (other.#sessions.length > this.#sessions.length)
      this.#sessions = grown(this.#sessions, other.#sessions.length);
    for (const [word, bits] of other.#sessions.entries()) this.#sessions[word]! |= bits;
    const count = this.#durationCount + other.#durationCount;
    if (count > this.#durations.length) this.#durations = grown(this.#durations, count);
    this.#durations.set(other.durations, this.#durationCount);
    this.#durationCount = count;
  }
}

function grown<T extends Uint32Array | Float64Array>(array: T, length: number): T {
  const Kind = array.constructor as new (length: number) => T;
  const larger = new Kind(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}

function toRow(key: string, tally: Tally, dayOrder: readonly number[]): StatisticsRow {
  const { events, prompts, calls, succeeded, failed, sessionCount, durations } = tally;
  const ended = succeeded + failed;
  return {
    key,
    events,
    sessions: sessionCount,
    prompts,
    // Without PreToolUse only the ends of calls are recorded.
    calls: Math.max(calls, ended),
    failed,
    failureRate: ended === 0 ? 0 : failed / ended,
    p50Ms: percentile(durations, 0.5),
    p95Ms: percentile(durations, 0.95),
    byDay: dayOrder.map((number) => tally.byDay[number] ?? 0),
  };
}

/**
 * The number that a share of numbers does not exceed, by the nearest rank. They are put into another order: sorting all of
 * them would take longer than counting them did.
 *
 * @param share from 0 to 1
 * @returns `undefined` where there are none
 */
export function percentile(numbers: Float64Array, share: number): number | undefined {
  const rank = Math.max(Math.ceil(numbers.length * share) - 1, 0);
  let low = 0;
  let high = numbers.length - 1;
  // Quickselect: what is not larger than the pivot goes to its left, until only the wanted one is left.
  while (low < high) {
    const pivot = numbers[(low + high) >>> 1] as number;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((numbers[left] as number) < pivot) left++;
      while ((numbers[right] as number) > pivot) right--;
      if (left > right) break;
      const swapped = numbers[left] as number;
      numbers[left++] = numbers[right] as number;
      numbers[right--] = swapped;
    }
    if (rank <= right) high = right;
    else if (rank >= left) low = left;
    else break;
  }
  return numbers[rank];
}
