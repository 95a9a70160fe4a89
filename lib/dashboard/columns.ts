// The heads of one day's events as columns of numbers, about 40 bytes an event: a million of them take no more room
// than a picture.
import type { EventColumns } from "./answers";

/** Gives each text a number, always the same. */
export class Names {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** The number of a text. */
  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.length;
      this.texts.push(text);
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The number of a text that has one. */
  find(text: string): number | undefined {
    return this.#numbers.get(text);
  }
}

/** The numbers of one column's texts: most are the same as the one before, which is cheaper to see than to look up. */
export class ColumnNames {
  #text: string | undefined;
  #number = 0;

  constructor(readonly names: Names) {}

  numberOf(text: string): number {
    if (text !== this.#text) {
      this.#number = this.names.numberOf(text);
      this.#text = text;
    }
    return this.#number;
  }
}

const USUAL_LENGTH = "2026-11-22T09:58:01.123Z".length;

/** Reads the times of records, which are nearly all of the same minute as the one before. */
export class Clock {
  #minute = "\0";
  #minuteMs = 0;

  /** Milliseconds since 1970 UTC. */
  msOf(timestamp: string): number {
    if (timestamp.length !== USUAL_LENGTH) return Date.parse(timestamp);
    if (!timestamp.startsWith(this.#minute)) {
      this.#minute = timestamp.slice(0, 17);
      this.#minuteMs = Date.parse(`${this.#minute}00.000Z`);
    }
    const digit = (at: number) => timestamp.charCodeAt(at) - 48;
    const seconds = digit(17) * 10 + digit(18);
    return this.#minuteMs + seconds * 1000 + digit(20) * 100 + digit(21) * 10 + digit(22);
  }
}

/** One event, as numbers. */
export interface EventNumbers {
  readonly offset: number;
  readonly atMs: number;
  readonly session: number;
  readonly project: number;
  readonly event: number;
  readonly tool: number;
  readonly user: number;
  readonly durationMs: number;
  readonly flags: number;
}

const FIRST_CAPACITY = 256;

/** Columns that grow. */
export class Columns {
  length = 0;
  offset = new Float64Array(FIRST_CAPACITY);
  atMs = new Float64Array(FIRST_CAPACITY);
  session = new Uint32Array(FIRST_CAPACITY);
  project = new Uint32Array(FIRST_CAPACITY);
  event = new Uint16Array(FIRST_CAPACITY);
  tool = new Uint16Array(FIRST_CAPACITY);
  user = new Uint16Array(FIRST_CAPACITY);
  durationMs = new Float32Array(FIRST_CAPACITY);
  flags = new Uint8Array(FIRST_CAPACITY);

  /** Adds an event behind the others. */
  push(numbers: EventNumbers): void {
    if (this.length === this.offset.length) this.#grow();
    const at = this.length++;
    this.offset[at] = numbers.offset;
    this.atMs[at] = numbers.atMs;
    this.session[at] = numbers.session;
    this.project[at] = numbers.project;
    this.event[at] = numbers.event;
    this.tool[at] = numbers.tool;
    this.user[at] = numbers.user;
    this.durationMs[at] = numbers.durationMs;
    this.flags[at] = numbers.flags;
  }

  #grow(): void {
    const capacity = this.offset.length * 2;
    this.offset = grown(this.offset, new Float64Array(capacity));
    this.atMs = grown(this.atMs, new Float64Array(capacity));
    this.session = grown(this.session, new Uint32Array(capacity));
    this.project = grown(this.project, new Uint32Array(capacity));
    this.event = grown(this.event, new Uint16Array(capacity));
    this.tool = grown(this.tool, new Uint16Array(capacity));
    this.user = grown(this.user, new Uint16Array(capacity));
    this.durationMs = grown(this.durationMs, new Float32Array(capacity));
    this.flags = grown(this.flags, new Uint8Array(capacity));
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Which of a day's events are meant. */
export interface ChosenEvents {
  readonly day: string;
  readonly columns: Columns;
  /** Their places in the columns, in order. */
  readonly places: ArrayLike<number>;
}

/** Makes the columns that go to the page, with only those names that they use. */
export function toAnswer(chosen: readonly ChosenEvents[], names: Names): EventColumns {
  const used = new Names();
  const answer = {
    names: used.texts,
    day: [] as number[],
    offset: [] as number[],
    at_ms: [] as number[],
    session: [] as number[],
    event: [] as number[],
    tool: [] as number[],
    duration_ms: [] as number[],
    flags: [] as number[],
  };
  const rename = (number: number | undefined) => used.numberOf(names.texts[number ?? 0] ?? "");
  for (const { day, columns, places } of chosen)
    for (let i = 0; i < places.length; i++) {
      const at = places[i] as number;
      answer.day.push(used.numberOf(day));
      answer.offset.push(columns.offset[at] as number);
      answer.at_ms.push(columns.atMs[at] as number);
      answer.session.push(rename(columns.session[at]));
      answer.event.push(rename(columns.event[at]));
      answer.tool.push(rename(columns.tool[at]));
      answer.duration_ms.push(Math.round(columns.durationMs[at] as number));
      answer.flags.push(columns.flags[at] as number);
    }
  return answer;
}
