// What a suite tried, printed at its end: a suite that tried nothing must not look like one that found nothing.

/** Counts of what a suite tried, and notes. */
export class Tally {
  readonly #name: string;
  readonly #counts = new Map<string, number>();
  readonly #notes = new Set<string>();

  constructor(name: string) {
    this.#name = name;
  }

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  /** Notes cases that cannot be tried here, and why. */
  skip(why: string): void {
    this.note(`skipped ${why}`);
  }

  /** Notes anything else about the run, once. */
  note(what: string): void {
    this.#notes.add(what);
  }

  print(): void {
    const counts = Array.from(this.#counts, ([what, count]) => `${count} ${what}`);
    console.log(`\n${this.#name}: ${counts.join(", ") || "nothing was tried"}`);
    for (const note of this.#notes) console.log(`${this.#name}: ${note}`);
  }
}
