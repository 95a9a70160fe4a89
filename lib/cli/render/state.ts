// The state of a session, in the words of the dashboard.
import type { Colors } from "picocolors/types";
import { describeState, type SessionSummary } from "../../history/summary";

/** What a session does at a moment, as a person reads it. */
export function renderState(
  session: SessionSummary,
  nowMs: number,
  { green, yellow, dim }: Colors,
): string {
  const words = describeState(session.stateAt(nowMs), session.waitsFor);
  switch (words) {
    case "at work":
      return green(words);
    case "needs you":
      return yellow(words);
    case "your turn":
      return words;
    default:
      return dim(words);
  }
}
