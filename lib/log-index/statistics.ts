// Counts of events, failures and durations by group. They are computed from the numeric columns of the index, so a million
// events take tens of milliseconds.
import { knownEvent } from "../events";
import { QUARTER_MS } from "../history/time-spent";
import type { Columns, Names } from "./columns";
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

/** A row as `--json` and the dashboard's server give it: docs/json.md. */
export function rowJson(row: StatisticsRow) {
  const { events, sessions, prompts, calls, failed, failureRate, p50Ms, p95Ms } = row;
  return {
    events,
    sessions,
    prompts,
    calls,
    failed,
    failure_rate: failureRate,
    p50_ms: p50Ms ?? null,
    p95_ms: p95Ms ?? null,
  };
}

/** What was counted. */
export interface StatisticsResult {
  readonly by: GroupBy;
  /** Of the first event, in milliseconds since 1970 UTC; later than all if there is none. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly total: StatisticsRow;
  /** How many more records there were of these events, because the hooks are registered twice. */
  readonly doubles: number;
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

/** What an event says of a tool call: where its counts are in {@link Statistics.#counts}. */
const NO_CALL = 0;
const BEGUN = 1;
const SUCCEEDED = 2;
const FAILED = 3;
const KINDS = 4;

/** Counts the events of indexes. */
export class Statistics {
  // The key of each group: the number of a name, a day, an hour or a model.
  readonly #keys: number[] = [];
  /** The group of each key, plus one. */
  #groups = new Uint32Array(64);
  /** Events by group and kind. */
  #counts = new Uint32Array(64 * KINDS);
  #prompts = new Uint32Array(64);
  /** Events by day and group. */
  readonly #byDay: Uint32Array[] = [];
  /** A bit for each session that a group has. */
  readonly #sessions: Uint32Array[] = [];
  readonly #durations: Durations[] = [];

  readonly #models: Map<string, string>;
  readonly #modelNames: string[] = [];
  readonly #modelNumbers = new Map<string, number>();
  readonly #days: string[] = [];
  readonly #dayNumbers = new Map<string, number>();
  readonly #heatmap = new Uint32Array(WEEKDAYS * HOURS);
  /** The kind of each event, by the number of its name. */
  #kinds = new Uint8Array(64);
  #kindCount = 0;
  #doubles = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;
  // For the events of one index: their places, their groups, and where each quarter of an hour begins.
  #chosen = new Uint32Array(0);
  #groupOf = new Uint32Array(0);
  readonly #segments: Segment[] = [];

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
   * @param doubles only these of the events that were recorded twice, by their places in the columns of these
   */
  add(index: DayIndex, places?: ArrayLike<number>, doubles?: ArrayLike<number>): void {
    this.#addDoubles(index.doubles, doubles);
    for (const { id, summary } of index.sessions.values())
      if (summary.model !== undefined) this.#models.set(id, summary.model);
    this.#learnKinds();
    const length = this.#choose(index.columns, places);
    this.#findGroups(index.columns, length);
    this.#makeRoom();
    const { event, flags, durationMs, session } = index.columns;
    const [chosen, groupOf, kinds, counts] = [
      this.#chosen,
      this.#groupOf,
      this.#kinds,
      this.#counts,
    ];
    const sessions = this.#sessions;
    let begin = 0;
    for (const { end, day, cell } of this.#segments) {
      const ofDay = this.#byDay[day] as Uint32Array;
      this.#heatmap[cell]! += end - begin;
      for (let i = begin; i < end; i++) {
        const at = chosen[i] as number;
        const group = groupOf[i] as number;
        const kind = kinds[event[at] as number] as number;
        const of = session[at] as number;
        ofDay[group]!++;
        counts[group * KINDS + kind]!++;
        (sessions[group] as Uint32Array)[of >>> 5]! |= 1 << (of & 31);
        if (((flags[at] as number) & FLAGS.prompt) !== 0) this.#prompts[group]!++;
        if (kind >= SUCCEEDED && (durationMs[at] as number) >= 0)
          (this.#durations[group] as Durations).add(durationMs[at] as number);
      }
      begin = end;
    }
  }

  #addDoubles(columns: Columns, places: ArrayLike<number> | undefined): void {
    const { sinceMs = -Infinity, untilMs = Infinity } = this.options;
    const most = places?.length ?? columns.length;
    for (let i = 0; i < most; i++) {
      const at = places === undefined ? i : (places[i] as number);
      const time = columns.atMs[at] as number;
      if (time < sinceMs || time >= untilMs) continue;
      if (((columns.flags[at] as number) & FLAGS.otherClient) === 0) this.#doubles++;
    }
  }

  /** Finds the events that count, and when they were; returns how many they are. */
  #choose({ atMs, flags, length: all }: Columns, places: ArrayLike<number> | undefined): number {
    const { sinceMs = -Infinity, untilMs = Infinity } = this.options;
    const most = places?.length ?? all;
    if (most > this.#chosen.length) {
      this.#chosen = new Uint32Array(most);
      this.#groupOf = new Uint32Array(most);
    }
    const chosen = this.#chosen;
    let [firstMs, lastMs] = [this.#firstMs, this.#lastMs];
    // Asking for the local time at each event would take longer than counting it.
    let [beginMs, endMs] = [0, 0];
    let segment: Segment | undefined;
    let length = 0;
    this.#segments.length = 0;
    for (let i = 0; i < most; i++) {
      const at = places === undefined ? i : (places[i] as number);
      const time = atMs[at] as number;
      if (time < sinceMs || time >= untilMs) continue;
      if (((flags[at] as number) & FLAGS.otherClient) !== 0) continue;
      if (time < firstMs) firstMs = time;
      if (time > lastMs) lastMs = time;
      if (time < beginMs || time >= endMs) {
        if (segment !== undefined) segment.end = length;
        beginMs = Math.floor(time / QUARTER_MS) * QUARTER_MS;
        endMs = beginMs + QUARTER_MS;
        segment = this.#segmentAt(beginMs);
        this.#segments.push(segment);
      }
      chosen[length++] = at;
    }
    if (segment !== undefined) segment.end = length;
    [this.#firstMs, this.#lastMs] = [firstMs, lastMs];
    return length;
  }

  #segmentAt(quarterMs: number): Segment {
    const text = this.options.localTimeOf(quarterMs);
    const name = text.slice(0, 10);
    let day = this.#dayNumbers.get(name);
    if (day === undefined) {
      day = this.#days.push(name) - 1;
      this.#dayNumbers.set(name, day);
    }
    const hour = Number(text.slice(11, 13));
    const sundayFirst = new Date(`${name}T00:00:00Z`).getUTCDay();
    const weekday = (sundayFirst + WEEKDAYS - 1) % WEEKDAYS;
    return { end: 0, day, hour, cell: weekday * HOURS + hour };
  }

  /** Finds the group of each event that was chosen. */
  #findGroups(columns: Columns, length: number): void {
    const { by } = this.options;
    if (by === "day" || by === "hour") {
      let begin = 0;
      for (const segment of this.#segments) {
        this.#groupOf.fill(this.#groupFor(segment[by]), begin, segment.end);
        begin = segment.end;
      }
      return;
    }
    const isModel = by === "model";
    const column = isModel ? columns.session : columns[by];
    // The model of a session may become known on a later day, so each day asks again.
    const known = new Uint32Array(this.names.texts.length);
    const [chosen, groupOf] = [this.#chosen, this.#groupOf];
    for (let i = 0; i < length; i++) {
      const number = column[chosen[i] as number] as number;
      let group = known[number] as number;
      if (group === 0) {
        group = this.#groupFor(isModel ? this.#modelOf(number) : number) + 1;
        known[number] = group;
      }
      groupOf[i] = group - 1;
    }
  }

  #groupFor(key: number): number {
    this.#groups = atLeast(this.#groups, key + 1);
    const known = this.#groups[key] as number;
    if (known > 0) return known - 1;
    this.#durations.push(new Durations());
    this.#sessions.push(new Uint32Array(0));
    const group = this.#keys.push(key) - 1;
    this.#groups[key] = group + 1;
    return group;
  }

  #makeRoom(): void {
    const groups = this.#keys.length;
    this.#counts = atLeast(this.#counts, groups * KINDS);
    this.#prompts = atLeast(this.#prompts, groups);
    for (let day = 0; day < this.#days.length; day++)
      this.#byDay[day] = atLeast(this.#byDay[day] ?? new Uint32Array(groups), groups);
    const words = (this.names.texts.length >>> 5) + 1;
    for (let group = 0; group < groups; group++)
      this.#sessions[group] = atLeast(this.#sessions[group] as Uint32Array, words);
  }

  #modelOf(session: number): number {
    const model = this.#models.get(this.names.texts[session] ?? "") ?? "unknown";
    let number = this.#modelNumbers.get(model);
    if (number === undefined) {
      number = this.#modelNames.push(model) - 1;
      this.#modelNumbers.set(model, number);
    }
    return number;
  }

  #learnKinds(): void {
    const { texts } = this.names;
    this.#kinds = atLeast(this.#kinds, texts.length);
    for (; this.#kindCount < texts.length; this.#kindCount++)
      this.#kinds[this.#kindCount] = kindOf(texts[this.#kindCount] as string);
  }

  /** What was counted. Nothing may be added afterwards. */
  result(): StatisticsResult {
    const { by } = this.options;
    // Days may have been added in any order.
    const order = Array.from(this.#days.keys()).toSorted((a, b) =>
      (this.#days[a] as string) < (this.#days[b] as string) ? -1 : 1,
    );
    const rows: StatisticsRow[] = [];
    for (let group = 0; group < this.#keys.length; group++) {
      const key = this.#nameOf(this.#keys[group] as number);
      // Events of no tool.
      if (key !== "" || by !== "tool") rows.push(this.#toRow(key, [group], order));
    }
    const isInOrder = by === "day" || by === "hour";
    return {
      by,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      total: this.#toRow("all", Array.from(this.#keys.keys()), order),
      doubles: this.#doubles,
      rows: rows.toSorted((a, b) =>
        isInOrder ? (a.key < b.key ? -1 : 1) : b.calls - a.calls || b.events - a.events,
      ),
      days: order.map((number) => this.#days[number] as string),
      heatmap: Array.from({ length: WEEKDAYS }, (_, weekday) =>
        Array.from(this.#heatmap.subarray(weekday * HOURS, (weekday + 1) * HOURS)),
      ),
    };
  }

  #nameOf(number: number): string {
    switch (this.options.by) {
      case "day":
        return this.#days[number] ?? "";
      case "hour":
        return String(number).padStart(2, "0");
      case "model":
        return this.#modelNames[number] ?? "";
      case "user":
        return this.names.texts[number] || "unknown";
      default:
        return this.names.texts[number] ?? "";
    }
  }

  /** The row of some groups together. */
  #toRow(key: string, groups: readonly number[], dayOrder: readonly number[]): StatisticsRow {
    const sumOf = (numbers: Uint32Array | undefined, width = 1, at = 0) =>
      groups.reduce((sum, group) => sum + (numbers?.[group * width + at] ?? 0), 0);
    const kinds = [NO_CALL, BEGUN, SUCCEEDED, FAILED].map((kind) =>
      sumOf(this.#counts, KINDS, kind),
    );
    const [, begun = 0, succeeded = 0, failed = 0] = kinds;
    const ended = succeeded + failed;
    const durations = Durations.of(groups.map((group) => this.#durations[group] as Durations));
    return {
      key,
      events: kinds.reduce((sum, count) => sum + count, 0),
      sessions: countBits(groups.map((group) => this.#sessions[group] as Uint32Array)),
      prompts: sumOf(this.#prompts),
      // Without PreToolUse only the ends of calls are recorded.
      calls: Math.max(begun, ended),
      failed,
      failureRate: ended === 0 ? 0 : failed / ended,
      p50Ms: durations.percentile(0.5),
      p95Ms: durations.percentile(0.95),
      byDay: dayOrder.map((day) => sumOf(this.#byDay[day])),
    };
  }
}

/** Events that follow each other in one quarter of an hour, up to the one with the number `end`. */
interface Segment {
  end: number;
  readonly day: number;
  readonly hour: number;
  /** Of the heatmap. */
  readonly cell: number;
}

function kindOf(event: string): number {
  switch (knownEvent(event)) {
    case "PreToolUse":
      return BEGUN;
    case "PostToolUse":
      return SUCCEEDED;
    case "PostToolUseFailure":
      return FAILED;
    default:
      return NO_CALL;
  }
}

/** How many bits are set in any of these. */
function countBits(sets: readonly Uint32Array[]): number {
  const all = new Uint32Array(Math.max(0, ...sets.map(({ length }) => length)));
  for (const set of sets) for (let word = 0; word < set.length; word++) all[word]! |= set[word]!;
  let count = 0;
  for (let bits of all) for (; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** An array with the same numbers, that is at least as long. */
function atLeast<T extends Uint32Array | Uint8Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const Kind = array.constructor as new (length: number) => T;
  const larger = new Kind(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}

/** Shorter durations, in whole milliseconds, are only counted. */
const COUNTED_MS = 2048;

/** Durations, for percentiles. */
class Durations {
  /** How many there are of each length; empty until there is one. */
  #counts = new Uint32Array(0);
  #counted = 0;
  /** All others. */
  readonly #others: number[] = [];
  #hasFractions = false;

  static of(parts: readonly Durations[]): Durations {
    if (parts.length === 1) return parts[0] as Durations;
    const all = new Durations();
    for (const part of parts) {
      if (part.#counted > 0) all.#counts = atLeast(all.#counts, COUNTED_MS);
      for (const [ms, count] of part.#counts.entries()) all.#counts[ms]! += count;
      all.#counted += part.#counted;
      for (const ms of part.#others) all.#others.push(ms);
      all.#hasFractions ||= part.#hasFractions;
    }
    return all;
  }

  add(ms: number): void {
    const whole = ms | 0;
    if (whole === ms && whole < COUNTED_MS) {
      if (this.#counted++ === 0) this.#counts = new Uint32Array(COUNTED_MS);
      this.#counts[whole]!++;
      return;
    }
    this.#others.push(ms);
    if (ms < COUNTED_MS) this.#hasFractions = true;
  }

  /** As {@link percentile}. */
  percentile(share: number): number | undefined {
    const length = this.#counted + this.#others.length;
    let rank = rankOf(share, length);
    // With fractions, not all of the others are longer.
    if (this.#hasFractions) {
      const all = Float64Array.from(this.#others.concat(Array.from(this.#each())));
      return percentile(all, share);
    }
    if (rank >= this.#counted) return nth(Float64Array.from(this.#others), rank - this.#counted);
    for (let ms = 0; ; ms++) {
      rank -= this.#counts[ms] as number;
      if (rank < 0) return ms;
    }
  }

  *#each(): Generator<number> {
    for (const [ms, count] of this.#counts.entries()) for (let n = 0; n < count; n++) yield ms;
  }
}

/**
 * The number that a share of numbers does not exceed, by the nearest rank. They are put into another order: sorting all of
 * them would take longer than counting them did.
 *
 * @param share from 0 to 1
 * @returns `undefined` if there are none
 */
export function percentile(numbers: Float64Array, share: number): number | undefined {
  return nth(numbers, rankOf(share, numbers.length));
}

function rankOf(share: number, length: number): number {
  return Math.max(Math.ceil(length * share) - 1, 0);
}

/** The number that would have this place if they were sorted. */
function nth(numbers: Float64Array, rank: number): number | undefined {
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
