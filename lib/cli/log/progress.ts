// What all views of the log have in common: how far they are, what they skipped, and what to say
// where there is nothing yet.
import { paths } from "../../environment";
import { dayPath, listDays } from "../../log/log";
import type { Skipped } from "../../log/reader";
import type { Terminal } from "../command";

/** Tells somebody without a log how to begin. */
export const HOW_TO_BEGIN = `Nothing is recorded yet: there is no log in ${paths.events}.

To begin, run \`claude-session install\`, and start Claude Code anew.
If that is done already, \`claude-session doctor\` says what is missing.`;

/** Whether there is a log; where there is none, says how to begin, or prints an empty list as JSON. */
export function hasLog(terminal: Terminal, isJson: boolean | undefined): boolean {
  if (listDays(paths.events).length > 0) return true;
  terminal.print(isJson === true ? "[]" : HOW_TO_BEGIN);
  return false;
}

/** How large the logs of some days are. */
export function bytesOf(days: readonly string[]): number {
  return days.reduce((sum, day) => sum + Bun.file(dayPath(paths.events, day)).size, 0);
}

/** Shows how much of the log has been read; given to a reader as its `onRead`. */
export function readingProgress(terminal: Terminal, since = ""): (bytes: number) => void {
  const days = listDays(paths.events).filter((day) => day >= since);
  const total = bytesOf(days);
  let read = 0;
  return (bytes) => {
    read += bytes;
    terminal.progress("Reading the log", Math.min(read / Math.max(total, 1), 1));
  };
}

const REASONS: Readonly<Record<Skipped, string>> = {
  torn: "cut short",
  foreign: "not ours",
  unreadable: "in files that cannot be read",
};

/** Counts what a reader skipped, for a footnote. */
export class SkippedLines {
  readonly #counts = new Map<Skipped, number>();

  /** Counts one. */
  add(reason: Skipped): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** Says how many there were, beside the data, if there were any. */
  tell(terminal: Terminal): void {
    const parts = Array.from(this.#counts, ([reason, count]) => `${count} ${REASONS[reason]}`);
    if (parts.length > 0) terminal.note(`Skipped lines of the log: ${parts.join(", ")}.`);
  }
}
