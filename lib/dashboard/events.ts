// Answers questions for events: which of all match a filter, and what those on the screen are about.
import { readHeads } from "../log/reader";
import type { EventsAnswer, Place, TextsAnswer } from "./answers";
import type { Columns, Names } from "../log-index/columns";
import type { DayIndex } from "../log-index/day-index";
import type { Catalogue } from "./catalogue";
import { toAnswer, type ChosenEvents } from "./event-columns";
import {
  flagsOf,
  matchesState,
  matchesValue,
  timeOf,
  type Filter,
  type Term,
} from "../log-index/filter";
import { textsAt } from "./session-rows";

/** The newest events that match a filter. */
export function findEvents(
  catalogue: Catalogue,
  filter: Filter,
  limit: number,
  nowMs: number,
): EventsAnswer {
  const chosen: ChosenEvents[] = [];
  let matched = 0;
  let left = limit;
  for (const { index, places } of chooseEvents(catalogue, filter, nowMs)) {
    const { day, columns } = index;
    matched += places.length;
    if (left > 0) chosen.push({ day, columns, places: places.slice(-left) });
    left = Math.max(0, left - places.length);
  }
  const events = toAnswer(chosen.toReversed(), catalogue.names);
  return { events, matched, total: catalogue.total };
}

/** All events that match a filter, by day, the newest day first. */
export function* chooseEvents(
  catalogue: Catalogue,
  filter: Filter,
  nowMs: number,
): Generator<{ readonly index: DayIndex; readonly places: readonly number[] }> {
  const tests = filter.terms.map((term) => testOf(term, catalogue, nowMs));
  for (const index of catalogue.days.toReversed()) {
    const places = placesIn(index, catalogue, filter.texts, (columns, at) =>
      tests.every((test) => test(columns, at)),
    );
    if (places.length > 0) yield { index, places };
  }
}

type Test = (columns: Columns, at: number) => boolean;

function placesIn(
  { day, columns, end }: DayIndex,
  { events }: Catalogue,
  texts: readonly string[],
  test: Test,
): number[] {
  const places: number[] = [];
  const [first, ...others] = texts;
  if (first === undefined) {
    for (let at = 0; at < columns.length; at++) if (test(columns, at)) places.push(at);
    return places;
  }
  // As it is written in JSON. A byte scan of a day takes milliseconds, so there is no index.
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const found = new Set<number>();
  for (const entry of readHeads(events, { since: day, until: day, containing: inJson(first) })) {
    if (entry.begin >= end) break;
    if (entry.kind === "skipped") continue;
    if (others.every((text) => entry.text().includes(inJson(text)))) found.add(entry.begin);
  }
  if (found.size === 0) return places;
  for (let at = 0; at < columns.length; at++)
    if (found.has(columns.offset[at] as number) && test(columns, at)) places.push(at);
  return places;
}

function testOf({ key, values, isNot }: Term, catalogue: Catalogue, nowMs: number): Test {
  const test = positiveTest(key, values, catalogue, nowMs);
  return isNot ? (columns, at) => !test(columns, at) : test;
}

function positiveTest(
  key: Term["key"],
  values: readonly string[],
  catalogue: Catalogue,
  nowMs: number,
): Test {
  const { names } = catalogue;
  switch (key) {
    case "project":
    case "session":
    case "event":
    case "tool":
    case "user": {
      const wanted = numbersOf(values, names, key === "session");
      return (columns, at) => wanted.has(columns[key][at] as number);
    }
    case "model":
    case "state": {
      const wanted = new Set<number>();
      for (const { id, summary } of catalogue.sessions.values()) {
        const isWanted = (value: string) =>
          key === "model"
            ? matchesValue(summary.model ?? "", value)
            : matchesState(summary.stateAt(nowMs), summary.waitsFor, value);
        if (values.some(isWanted)) wanted.add(names.numberOf(id));
      }
      return (columns, at) => wanted.has(columns.session[at] as number);
    }
    case "since":
    case "until": {
      const time = timeOf(values[0] ?? "", nowMs) ?? (key === "since" ? -Infinity : Infinity);
      return (columns, at) =>
        key === "since"
          ? (columns.atMs[at] as number) >= time
          : (columns.atMs[at] as number) < time;
    }
    case "is": {
      const bits = flagsOf(values);
      return (columns, at) => ((columns.flags[at] as number) & bits) !== 0;
    }
  }
}

/** The numbers of all names that one of the values means; of sessions, the start of an id is enough. */
function numbersOf(values: readonly string[], { texts }: Names, isStart: boolean): Set<number> {
  const numbers = new Set<number>();
  for (const [number, text] of texts.entries())
    if (
      values.some((value) => matchesValue(text, isStart ? `${value.replace(/\*$/, "")}*` : value))
    )
      numbers.add(number);
  return numbers;
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
