// The heads of one day's events as columns of numbers, 39 bytes per event: a million of them take no more space than a
// photo.
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
  /** Bits: {@link FLAGS}. */
  readonly flags: number;
}

const FIRST_CAPACITY = 256;

// In the order in which they are in a file: the widest first, so that each begins where its numbers may.
const KINDS = {
  offset: Float64Array,
  atMs: Float64Array,
  durationMs: Float64Array,
  session: Uint32Array,
  project: Uint32Array,
  event: Uint16Array,
  tool: Uint16Array,
  user: Uint16Array,
  flags: Uint8Array,
} as const;

type ColumnName = keyof typeof KINDS;
const COLUMN_NAMES = Object.keys(KINDS) as ColumnName[];
/** The columns whose numbers stand for names. */
const NAME_COLUMNS = ["session", "project", "event", "tool", "user"] as const;

/** Columns that grow. */
export class Columns {
  length = 0;
  offset = new Float64Array(FIRST_CAPACITY);
  atMs = new Float64Array(FIRST_CAPACITY);
  durationMs = new Float64Array(FIRST_CAPACITY);
  session = new Uint32Array(FIRST_CAPACITY);
  project = new Uint32Array(FIRST_CAPACITY);
  event = new Uint16Array(FIRST_CAPACITY);
  tool = new Uint16Array(FIRST_CAPACITY);
  user = new Uint16Array(FIRST_CAPACITY);
  flags = new Uint8Array(FIRST_CAPACITY);

  /** How many bytes {@link toBytes} has for an event. */
  static readonly bytesAnEvent = COLUMN_NAMES.reduce(
    (sum, name) => sum + KINDS[name].BYTES_PER_ELEMENT,
    0,
  );

  /**
   * The columns that {@link toBytes} made.
   *
   * @param offset where they begin, a multiple of eight
   */
  static from(bytes: ArrayBuffer, offset: number, length: number): Columns {
    const columns = new Columns();
    let at = offset;
    for (const name of COLUMN_NAMES) {
      const column = new KINDS[name](bytes, at, length);
      Object.assign(columns, { [name]: column });
      at += column.byteLength;
    }
    columns.length = length;
    return columns;
  }

  /** The columns one after the other, in the byte order of the machine. */
  toBytes(): Uint8Array[] {
    return COLUMN_NAMES.map((name) => {
      const used = this[name].subarray(0, this.length);
      return new Uint8Array(used.buffer, used.byteOffset, used.byteLength);
    });
  }

  /** The same events with other numbers for their names. */
  renumbered(newNumberOf: (number: number) => number): Columns {
    const columns = new Columns();
    for (const name of COLUMN_NAMES) Object.assign(columns, { [name]: this[name] });
    columns.length = this.length;
    const known: number[] = [];
    for (const name of NAME_COLUMNS) {
      const numbers = this[name].slice(0, this.length);
      for (let at = 0; at < numbers.length; at++) {
        const number = numbers[at] as number;
        numbers[at] = known[number] ??= newNumberOf(number);
      }
      Object.assign(columns, { [name]: numbers });
    }
    return columns;
  }

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
    const capacity = Math.max(FIRST_CAPACITY, this.length * 2);
    for (const name of COLUMN_NAMES) {
      const grown = new KINDS[name](capacity);
      grown.set(this[name]);
      Object.assign(this, { [name]: grown });
    }
  }
}
