// Whether everything works, and how certain it is which events belong together.
import type { HealthAnswer } from "./answers";
import type { Catalog } from "./catalog";

/** What `claude-session doctor` and `forward --status` say. */
export type Checked = Pick<HealthAnswer, "findings" | "destinations">;

// Doctor starts each program, which a page that is looked at must not do all the time.
const FRESH_MS = 10_000;

/** Answers for the health of everything, checked at most every ten seconds. */
export class Health {
  #checked: { readonly atMs: number; readonly result: Promise<Checked> } | undefined;

  constructor(readonly check: () => Promise<Checked>) {}

  /** The findings, and the correlation of each day, newest first. */
  async answer({ days }: Catalog): Promise<HealthAnswer> {
    const nowMs = performance.now();
    if (this.#checked === undefined || nowMs - this.#checked.atMs > FRESH_MS)
      this.#checked = { atMs: nowMs, result: this.check() };
    const correlation = days.map(({ day, tally }) => tally.toAnswer(day)).toReversed();
    return { ...(await this.#checked.result), correlation };
  }
}
