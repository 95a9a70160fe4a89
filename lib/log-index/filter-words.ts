// The syntax of filters for sessions and events, the same in the page, in its address and in the server:
// `project:shop tool:Bash -tool:Read failed since:7d "rm -rf"`.

import { describeState, type SessionState } from "../history/summary";
import { FLAGS } from "./flags";

/** What a filter asks for. All of its terms have to hold. */
export interface Filter {
  readonly terms: readonly Term[];
  /** Texts that have to be there, in this case of letters. */
  readonly texts: readonly string[];
}

/** A field, and the values of which it must have one (or none, if excluded). */
export interface Term {
  readonly key: FilterKey;
  readonly values: readonly string[];
  readonly isNot: boolean;
}

const KEYS = [
  "project",
  "session",
  "event",
  "tool",
  "user",
  "model",
  "state",
  "since",
  "until",
  "is",
] as const;

/** The key of a term. `is` stands for the words that are used alone: failed, agent, waiting. */
export type FilterKey = (typeof KEYS)[number];

/** The words that stand alone. */
const WORDS = ["failed", "agent", "waiting"] as const;

/** Parses a filter. There are no errors, because anything that is not a term is a text. */
export function parseFilter(text: string): Filter {
  const terms: Term[] = [];
  const texts: string[] = [];
  for (const [whole, quoted, word = ""] of text.matchAll(/"([^"]*)"?|((?:[^\s"]|"[^"]*"?)+)/g)) {
    if (quoted !== undefined) {
      if (quoted !== "") texts.push(quoted);
      continue;
    }
    const [, minus, key = "", value = ""] = /^(-?)(\w+):(.*)$/.exec(word) ?? [];
    if (isKey(key) && value !== "") {
      const values = value.replaceAll('"', "").split(",").filter(Boolean);
      terms.push({ key, values, isNot: minus === "-" });
    } else if (isWord(word.replace(/^-/, "")))
      terms.push({ key: "is", values: [word.replace(/^-/, "")], isNot: word.startsWith("-") });
    else texts.push(whole.replaceAll('"', ""));
  }
  return { terms, texts };
}

function isWord(word: string): boolean {
  return (WORDS as readonly string[]).includes(word);
}

function isKey(key: string): key is FilterKey {
  return (KEYS as readonly string[]).includes(key);
}

/** Writes a filter as a person would. */
export function formatFilter({ terms, texts }: Filter): string {
  const words = terms.map(({ key, values, isNot }) => {
    const value = values.join(",");
    const word = key === "is" ? value : `${key}:${/\s/.test(value) ? `"${value}"` : value}`;
    return `${isNot ? "-" : ""}${word}`;
  });
  return [...words, ...texts.map((text) => `"${text}"`)].join(" ");
}

/** A filter with one more value of a key, or without it if it was there. */
export function toggleTerm(filter: Filter, key: FilterKey, value: string, isNot = false): Filter {
  const same = filter.terms.find((term) => term.key === key && term.isNot === isNot);
  const others = filter.terms.filter((term) => term !== same);
  const values = same?.values.includes(value)
    ? same.values.filter((one) => one !== value)
    : [...(same?.values ?? []), value];
  const terms = values.length === 0 ? others : [...others, { key, values, isNot }];
  return { ...filter, terms };
}

/** The bits that words of a filter mean. */
export function flagsOf(words: readonly string[]): number {
  let bits = 0;
  for (const word of WORDS) if (words.includes(word)) bits |= FLAGS[word];
  return bits;
}

/**
 * Whether all terms of a filter hold.
 *
 * @param holds says of one value of a term whether it does
 */
export function holdsFor(
  { terms }: Filter,
  holds: (key: FilterKey, value: string) => boolean,
): boolean {
  return terms.every(
    ({ key, values, isNot }) => values.some((value) => holds(key, value)) !== isNot,
  );
}

/** Whether a filter has a value of a key. */
export function hasTerm(filter: Filter, key: FilterKey, value: string, isNot = false): boolean {
  return filter.terms.some(
    (term) => term.key === key && term.isNot === isNot && term.values.includes(value),
  );
}

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The time that `7d`, `2h`, `today`, `2026-11-22` or a whole time means; `undefined` if it means none. */
export function timeOf(text: string, nowMs: number): number | undefined {
  if (text === "today") return new Date(nowMs).setHours(0, 0, 0, 0);
  const [, count = "", unit = ""] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs !== undefined) return nowMs - Number(count) * unitMs;
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  // A day alone is one of the person's own zone.
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(at) ? undefined : at;
}

/** Whether a text has the form that a value asks for: the same, or the start of it before an asterisk. */
export function matchesValue(text: string, value: string): boolean {
  return value.endsWith("*")
    ? text.toLowerCase().startsWith(value.slice(0, -1).toLowerCase())
    : text.toLowerCase() === value.toLowerCase();
}

/** Whether a value means a session's state, in words or as in JSON: both `needs you` and `waiting` match. */
export function matchesState(
  state: SessionState,
  waitsFor: "answer" | "prompt" | null | undefined,
  value: string,
): boolean {
  return matchesValue(state, value) || matchesValue(describeState(state, waitsFor), value);
}
