// `claude-session stats`: how much was done, how often it failed, how long it took.
import type { Colors } from "picocolors/types";
import { paths } from "../../environment";
import { isFromPerson } from "../../history/payload";
import { rowsOf, Stats, toRow, type By, type Row } from "../../history/statistics";
import { utcDay } from "../../log/log";
import { readHeads } from "../../log/reader";
import { defineCommand, DONE } from "../command";
import { hasLog, readingProgress, SkippedLines } from "../log/progress";
import {
  bar,
  sanitize,
  plural,
  safeJson,
  sparkline,
  table,
  wrap,
  type Column,
} from "../render/text";
import { formatDayAndTime, parseSince, formatDuration } from "../render/time";

export default defineCommand({
  description: "Counts events, failures and durations by tool, project or day",
  args: {
    by: {
      type: "enum",
      options: ["tool", "project", "day"] as By[],
      default: "tool",
      description: "A row for each",
    },
    since: { type: "string", description: "Only events since then", valueHint: "7d|DATE" },
    json: { type: "boolean", description: "Print the numbers as JSON" },
  },
  examples: [
    ["stats", "which tools were used, how often they failed, how long they took"],
    ["stats --by day --since 14d", "two weeks, day by day"],
    ["stats --by project --json", "for a program"],
  ],
  run({ by, since, json }, terminal) {
    const nowMs = Date.now();
    const sinceMs = since === undefined ? 0 : parseSince(since, nowMs);
    if (!hasLog(terminal, json)) return DONE;
    const stats = new Stats(by as By);
    const skipped = new SkippedLines();
    const sinceTime = new Date(sinceMs).toISOString();
    const onRead = readingProgress(terminal, utcDay(sinceMs));
    for (const entry of readHeads(paths.events, { since: utcDay(sinceMs), onRead })) {
      if (entry.kind === "skipped") skipped.add(entry.reason);
      else if (entry.head.timestamp >= sinceTime)
        stats.add(entry.head, () => {
          const record = entry.record();
          return record !== undefined && isFromPerson(record);
        });
    }
    if (json) terminal.print(safeJson(toJson(stats), 2));
    else terminal.print(renderStats(stats, nowMs, terminal));
    skipped.tell(terminal);
    return DONE;
  },
});

/** Sets the numbers in a table as wide as the terminal at most. */
export function renderStats(
  stats: Stats,
  nowMs: number,
  { columns, colors }: { columns: number; colors: Colors },
): string {
  const rows = rowsOf(stats);
  if (stats.total.events === 0) return "There are no such events.";
  const { bold, dim, red } = colors;
  const total = toRow("all", stats.total);
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
  const heading: Column[] = [{ head: stats.by, isFlexible: true }, ...COLUMNS];
  const shown = stats.by === "tool" ? heading.slice(0, -2) : heading;
  const span = [stats.firstAt, stats.lastAt].map((time) =>
    formatDayAndTime(Date.parse(time), nowMs),
  );
  const days = Array.from(stats.days.values(), ({ events }) => events).slice(
    SPARK_MARGIN - columns,
  );
  const { events, sessions, prompts } = total;
  const counts = [plural(events, "event"), plural(sessions, "session"), plural(prompts, "prompt")];
  return [
    wrap(`${bold(span.join(" to "))}  ${counts.join(", ")}`, columns, "  "),
    ...(days.length > 1 ? [`${dim("events a day")}  ${sparkline(days)}`] : []),
    "",
    table(shown, cells, columns, dim),
  ].join("\n");
}

const BAR_COLUMNS = 12;
const SPARK_MARGIN = 14;
const COLUMNS: readonly Column[] = [
  { head: "", dropRank: 3 },
  { head: "calls", align: "right" },
  { head: "failed", align: "right" },
  { head: "rate", align: "right", dropRank: 1 },
  { head: "p50", align: "right" },
  { head: "p95", align: "right" },
  { head: "sessions", align: "right", dropRank: 2 },
  { head: "prompts", align: "right", dropRank: 4 },
  { head: "events", align: "right", dropRank: 5 },
];

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function toJson(stats: Stats): unknown {
  const asJson = ({ key, failureRate, p50Ms, p95Ms, ...rest }: Row) => ({
    [stats.by]: key,
    ...rest,
    failure_rate: failureRate,
    p50_ms: p50Ms,
    p95_ms: p95Ms,
  });
  const isEmpty = stats.total.events === 0;
  return {
    first: isEmpty ? null : stats.firstAt,
    last: isEmpty ? null : stats.lastAt,
    total: asJson(toRow("all", stats.total)),
    rows: rowsOf(stats).map(asJson),
  };
}
