// Answers about events: which ones match a filter, and the details of those on the screen.
import { readHeads } from "../log/reader";
import type { EventsAnswer, Place, TextsAnswer } from "./answers";
import type { Columns, Names } from "../log-index/columns";
import type { DayIndex } from "../log-index/day-index";
import type { Catalog } from "./catalog";
import { toAnswer, type ChosenEvents } from "./pack-events";
import {
  flagsOf,
  matchesState,
  matchesValue,
  timeOf,
  type Filter,
  type Term,
} from "../log-index/filter-words";
import { textsAt } from "./session-rows";

/** The newest events that match a filter. */
export function findEvents(
  catalog: Catalog,
  filter: Filter,
  limit: number,
  nowMs: number,
): EventsAnswer {
  const chosen: ChosenEvents[] = [];
  let matched = 0;
  let doubled = 0;
  let left = limit;
  for (const { index, places, doubles } of chooseEvents(catalog, filter, nowMs)) {
    const { day, columns } = index;
    matched += places.length;
    doubled += doubles.length;
    if (left > 0) chosen.push({ day, columns, places: places.slice(-left) });
    left = Math.max(0, left - places.length);
  }
  const events = toAnswer(chosen.toReversed(), catalog.names);
  return { events, matched, total: catalog.total, doubled_events: doubled };
}

/** Those events of a day that match a filter, by their places. */
interface ChosenOfDay {
  readonly index: DayIndex;
  /** In its columns. */
  readonly places: Uint32Array;
  /** In the columns of what was recorded twice. */
  readonly doubles: Uint32Array;
}

/** All events that match a filter, by day, the newest day first. */
export function* chooseEvents(
  catalog: Catalog,
  filter: Filter,
  nowMs: number,
): Generator<ChosenOfDay> {
  const tests = filter.terms.map((term) => testOf(term, catalog, nowMs));
  for (const index of catalog.days.toReversed()) {
    const offsets = offsetsOfTexts(index, catalog, filter.texts);
    const placesIn = (columns: Columns) => {
      let places = placesAt(columns, offsets);
      for (const keep of tests) places = places.subarray(0, keep(columns, places));
      return places;
    };
    const [places, doubles] = [placesIn(index.columns), placesIn(index.doubles)];
    if (places.length > 0 || doubles.length > 0) yield { index, places, doubles };
  }
}

/** Keeps the places that pass, in their order, at the beginning; returns how many they are. */
type Test = (columns: Columns, places: Uint32Array) => number;

/** Where the lines begin that have all texts; `undefined` if there are no texts to look for. */
function offsetsOfTexts(
  { day, end }: DayIndex,
  { events }: Catalog,
  texts: readonly string[],
): ReadonlySet<number> | undefined {
  const [first, ...others] = texts;
  if (first === undefined) return undefined;
  // As it is written in JSON. A byte scan of a day takes milliseconds, so there is no index.
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const found = new Set<number>();
  for (const entry of readHeads(events, { since: day, until: day, containing: inJson(first) })) {
    if (entry.begin >= end) break;
    if (entry.kind === "skipped") continue;
    if (others.every((text) => entry.text().includes(inJson(text)))) found.add(entry.begin);
  }
  return found;
}

/** The places of the events whose lines begin at these offsets, or of all. */
function placesAt(columns: Columns, offsets: ReadonlySet<number> | undefined): Uint32Array {
  const places = new Uint32Array(columns.length);
  let length = 0;
  for (let at = 0; at < columns.length; at++)
    if (offsets === undefined || offsets.has(columns.offset[at] as number)) places[length++] = at;
  return places.subarray(0, length);
}

// Each test goes through a column by itself: asking all tests of each event took ten times as long.
function testOf({ key, values, isNot }: Term, catalog: Catalog, nowMs: number): Test {
  const { names } = catalog;
  switch (key) {
    case "project":
    case "session":
    case "event":
    case "tool":
    case "user": {
      const wanted = numbersOf(values, names, key === "session");
      return (columns, places) => keepNumbers(columns[key], places, wanted, isNot);
    }
    case "model":
    case "state": {
      const wanted = new Uint8Array(names.texts.length);
      for (const { id, summary } of catalog.sessions.values()) {
        const number = names.find(id);
        const isWanted = (value: string) =>
          key === "model"
            ? matchesValue(summary.model ?? "", value)
            : matchesState(summary.stateAt(nowMs), summary.waitsFor, value);
        if (number !== undefined && values.some(isWanted)) wanted[number] = 1;
      }
      return (columns, places) => keepNumbers(columns.session, places, wanted, isNot);
    }
    case "since":
    case "until": {
      const time = timeOf(values[0] ?? "", nowMs) ?? (key === "since" ? -Infinity : Infinity);
      return (columns, places) =>
        keepTimes(columns.atMs, places, time, (key === "since") !== isNot);
    }
    case "is": {
      const bits = flagsOf(values);
      const wanted = Uint8Array.from({ length: 256 }, (_, flags) => Number((flags & bits) !== 0));
      return (columns, places) => keepNumbers(columns.flags, places, wanted, isNot);
    }
  }
}

/** Keeps the events of which the number is wanted, or is not. */
function keepNumbers(
  column: ArrayLike<number>,
  places: Uint32Array,
  wanted: Uint8Array,
  isNot: boolean,
): number {
  const passing = isNot ? 0 : 1;
  let length = 0;
  for (let i = 0; i < places.length; i++) {
    const at = places[i] as number;
    if ((wanted[column[at] as number] as number) === passing) places[length++] = at;
  }
  return length;
}

/** Keeps the events from a time on, or those before it. */
function keepTimes(
  atMs: Float64Array,
  places: Uint32Array,
  timeMs: number,
  isFrom: boolean,
): number {
  let length = 0;
  for (let i = 0; i < places.length; i++) {
    const at = places[i] as number;
    if ((atMs[at] as number) >= timeMs === isFrom) places[length++] = at;
  }
  return length;
}

/** Of each name, 1 if one of the values means it; of sessions, the start of an id is enough. */
function numbersOf(values: readonly string[], { texts }: Names, isStart: boolean): Uint8Array {
  return Uint8Array.from(texts, (text) =>
    Number(
      values.some((value) => matchesValue(text, isStart ? `${value.replace(/\*$/, "")}*` : value)),
    ),
  );
}

/** What the events at these places are about, in their order. */
export function describePlaces(events: string, places: readonly Place[]): TextsAnswer {
  const byDay = new Map<string, number[]>();
  for (const [at, { day }] of places.entries()) byDay.set(day, [...(byDay.get(day) ?? []), at]);
  const texts: (string | null)[] = places.map(() => null);
  for (const [day, positions] of byDay) {
    const offsets = positions.map((at) => places[at]?.offset ?? 0);
    for (const [i, text] of textsAt(events, day, offsets).entries())
      texts[positions[i] as number] = text ?? null;
  }
  return texts;
}
