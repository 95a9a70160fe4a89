// The events that a view shows once, although the log has them twice.
import { plural } from "./text";
import type { Terminal } from "../terminal";

/** Prints a footnote, if there were any. */
export function printDoubledEvents(count: number, terminal: Terminal): void {
  if (count > 0)
    terminal.note(
      `${plural(count, "event")} recorded twice, shown once; claude-session doctor says why.`,
    );
}
