// The table of `claude-session stats`.
import type { Colors } from "picocolors/types";
import type { StatisticsResult } from "../../log-index/statistics";
import { renderTable, type Column } from "./table";
import { bar, plural, sanitize, sparkline, wrap } from "./text";
import { formatDuration, formatSpan } from "./time";

/** Renders statistics as a table no wider than the terminal. */
export function renderStatistics(
  { by, firstMs, lastMs, total, rows }: StatisticsResult,
  nowMs: number,
  { columns, colors }: { columns: number; colors: Colors },
): string {
  if (total.events === 0) return "No events match.";
  const { bold, dim, red } = colors;
  const most = rows.reduce((largest, { calls }) => Math.max(largest, calls), 1);
  const cells = [...rows, total].map((row) => [
    row === total ? bold(row.key) : sanitize(row.key),
    row === total ? "" : bar(row.calls / most, BAR_COLUMNS),
    String(row.calls),
    row.failed > 0 ? red(String(row.failed)) : "0",
    percent(row.failureRate),
    row.p50Ms === undefined ? "" : formatDuration(row.p50Ms),
    row.p95Ms === undefined ? "" : formatDuration(row.p95Ms),
    String(row.sessions),
    String(row.prompts),
    String(row.events),
  ]);
  // A part of a date says nothing.
  const heading: Column[] = [{ head: by, isFlexible: by !== "day" }, ...COLUMNS];
  const shown = by === "tool" ? heading.slice(0, -2) : heading;
  const span = formatSpan(firstMs, lastMs, nowMs);
  const days = total.byDay.slice(-Math.max(columns - SPARKLINE_MARGIN, 1));
  const { events, sessions, prompts } = total;
  const counts = [plural(events, "event"), plural(sessions, "session"), plural(prompts, "prompt")];
  return [
    wrap(`${bold(span)}  ${counts.join(", ")}`, columns, "  "),
    ...(days.length > 1 ? [`${dim("events per day")}  ${sparkline(days)}`] : []),
    "",
    renderTable(shown, cells, columns, dim),
  ].join("\n");
}

const BAR_COLUMNS = 12;
// Of its label.
const SPARKLINE_MARGIN = 16;
const COLUMNS: readonly Column[] = [
  { head: "", dropRank: 3 },
  { head: "calls", align: "right" },
  { head: "failed", align: "right", narrowRank: 1 },
  { head: "rate", align: "right", dropRank: 1 },
  { head: "p50", align: "right", narrowRank: 3 },
  { head: "p95", align: "right", narrowRank: 2 },
  { head: "sessions", align: "right", dropRank: 2 },
  { head: "prompts", align: "right", dropRank: 4 },
  { head: "events", align: "right", dropRank: 5 },
];

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
