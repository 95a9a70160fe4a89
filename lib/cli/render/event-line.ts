// One event as a line of `claude-session tail`.
import { describeRecord } from "../../history/describe";
import type { EventRecord } from "../../log/record";
import type { Terminal } from "../terminal";
import { fit, pad, sanitize, unpainted } from "./text";
import { formatClock, formatDuration } from "./time";

/** Renders an event as one line, no wider than the terminal. */
export function renderEventLine(
  record: EventRecord,
  { columns, colors }: Pick<Terminal, "columns" | "colors">,
): string {
  const { cyan, dim, red, yellow } = colors;
  const paint = record.event.endsWith("Failure") ? red : record.should_notify ? yellow : unpainted;
  const session = cyan(sanitize(record.session_id.slice(0, 8)));
  const project = pad(fit(sanitize(record.project), PROJECT_COLUMNS), PROJECT_COLUMNS);
  const line = [
    dim(formatClock(Date.parse(record.timestamp))),
    ...(columns < NARROW_COLUMNS ? [] : [session, project]),
    paint(pad(sanitize(record.event), EVENT_COLUMNS)),
    sanitize(describeRecord(record, (ms) => `${formatDuration(ms)}  `)),
  ];
  return fit(line.join("  "), columns).trimEnd();
}

// On a narrower screen, what happened needs the room.
const NARROW_COLUMNS = 60;
const PROJECT_COLUMNS = 10;
const EVENT_COLUMNS = 18;
