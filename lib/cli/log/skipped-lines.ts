// The lines of the log that a view could not show.
import type { SkipReason } from "../../log/reader";
import type { Terminal } from "../terminal";

const REASONS: Readonly<Record<SkipReason, string>> = {
  torn: "cut short",
  foreign: "not ours",
  unreadable: "in files that cannot be read",
};

/** Counts them by reason. */
export class SkippedLines {
  readonly #counts = new Map<SkipReason, number>();

  /** Counts one line. */
  add(reason: SkipReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** Counts the skipped lines of an index. */
  addAll(counts: Readonly<Partial<Record<SkipReason, number>>>): void {
    for (const [reason, count] of Object.entries(counts) as [SkipReason, number][])
      this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** Prints a footnote, if there were any. */
  print(terminal: Terminal): void {
    const parts = Array.from(this.#counts, ([reason, count]) => `${count} ${REASONS[reason]}`);
    if (parts.length > 0) terminal.note(`Skipped lines of the log: ${parts.join(", ")}.`);
  }
}
