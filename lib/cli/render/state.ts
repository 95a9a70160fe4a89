// The state of a session, in words and colors.
import type { Colors } from "picocolors/types";
import type { SessionState } from "../../history/summary";

/** A state as a person reads it. */
export function renderState(state: SessionState, { green, yellow, dim }: Colors): string {
  switch (state) {
    case "active":
      return green("active");
    case "waiting":
      return yellow("waiting for you");
    default:
      return dim(state);
  }
}
