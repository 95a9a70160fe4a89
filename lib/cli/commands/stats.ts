// `claude-session stats`: how much was done, how often it failed, how long it took.
import { paths } from "../../environment";
import { COST_GROUPS } from "../../history/session-cost";
import {
  addTime,
  noTime,
  QUARTER_MS,
  timeJson,
  type Activity,
  type TimeSpent,
} from "../../history/time-spent";
import { dayBefore, utcDay } from "../../log/log";
import { Indexer } from "../../log-index/day-index";
import { readIndexes, readSessions } from "../../log-index/read-indexes";
import { rowJson, Statistics, type StatisticsResult } from "../../log-index/statistics";
import { formatLocalTime } from "../../os/local-time";
import { defineCommand, DONE, UsageError } from "../command";
import { printDoubledEvents } from "../render/doubled-events";
import { hasLog } from "../log/no-log";
import { readingProgress } from "../log/progress";
import { SkippedLines } from "../log/skipped-lines";
import { renderDaysTime } from "../render/time-spent";
import { renderStatistics } from "../render/statistics";
import { safeJson } from "../render/text";
import { parseSince } from "../render/time";
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "Count calls, failures and durations, or show where the time went",
  arguments: {
    by: {
      type: "choice",
      choices: ["tool", "project", "day", "hour", "user", "time", "model", "agent", "outcome"],
      default: "tool",
      description: "Group by",
    },
    cost: { type: "boolean", description: "Read transcripts and show tokens and cost" },
    since: { type: "string", description: "Only events since then", value: "7d|DATE" },
    json: { type: "boolean", description: "Print as JSON" },
  },
  examples: [
    ["stats", "which tools were used, how often they failed, how long they took"],
    ["stats --by day --since 14d", "two weeks, day by day"],
    ["stats --by time --since 7d", "how long the model, tools and you took, day by day"],
    ["stats --by model", "what each model cost; also by agent and by outcome"],
    ["stats --by day --cost", "what each day cost; also --by project"],
    ["stats --by project --json", "for a script"],
  ],
  async run({ by, cost, since, json }, terminal) {
    const nowMs = Date.now();
    const sinceMs = since === undefined ? 0 : parseSince(since, nowMs);
    // The log does not know the last three.
    if (cost || by === "model" || by === "agent" || by === "outcome") {
      if (!hasCost(by))
        throw new UsageError(`--cost: cannot group by ${by}; use ${GROUPS_WITH_COST.join(", ")}`);
      await printCosts(by, sinceMs, json, terminal);
      return DONE;
    }
    if (!json && !hasLog(terminal)) return DONE;
    const skipped = new SkippedLines();
    const onRead = readingProgress(terminal, utcDay(sinceMs));
    if (by === "time") {
      const { days, doubles } = timeByDay(sinceMs, skipped, onRead);
      if (json)
        terminal.print(
          safeJson(
            Array.from(days, ([day, spent]) => ({ day, ...timeJson(spent) })),
            2,
          ),
        );
      else terminal.print(renderDaysTime(days, terminal));
      printDoubledEvents(doubles, terminal);
      skipped.print(terminal);
      return DONE;
    }
    const indexer = new Indexer(paths.events);
    const statistics = new Statistics(indexer.names, { by, sinceMs, localTimeOf: formatLocalTime });
    for (const index of readIndexes(indexer, { sinceMs, onRead })) {
      skipped.addAll(index.skipped);
      statistics.add(index);
    }
    const counted = statistics.result();
    if (json) terminal.print(safeJson(toJson(counted), 2));
    else terminal.print(renderStatistics(counted, nowMs, terminal));
    printDoubledEvents(counted.doubles, terminal);
    skipped.print(terminal);
    return DONE;
  },
});

const GROUPS_WITH_COST = [...COST_GROUPS, "outcome"] as const;
type GroupWithCost = (typeof GROUPS_WITH_COST)[number];

function hasCost(by: string): by is GroupWithCost {
  return GROUPS_WITH_COST.some((group) => group === by);
}

/** What was used, from transcripts. */
async function printCosts(
  by: GroupWithCost,
  sinceMs: number,
  isJson: boolean,
  terminal: Terminal,
): Promise<void> {
  const { printUsageFaults, readUsage } = await import("../log/session-usage");
  const { costGroupsSince } = await import("../log/cost-groups");
  const { costsJson, renderCosts } = await import("../render/cost");
  const read = readUsage({ sinceMs }, terminal);
  const groups = costGroupsSince(by, sinceMs, read);
  terminal.print(isJson ? safeJson(costsJson(by, groups), 2) : renderCosts(by, groups, terminal));
  printUsageFaults(read, terminal);
}

/** Where the time of all sessions went, by local day, oldest first, and how many events were recorded twice. */
function timeByDay(
  sinceMs: number,
  skipped: SkippedLines,
  onRead: (bytes: number) => void,
): { readonly days: Map<string, TimeSpent>; readonly doubles: number } {
  const days = new Map<string, Record<Activity, number>>();
  // A session that is at work since then may have begun on the day before.
  const from = sinceMs <= 0 ? -Infinity : Date.parse(dayBefore(utcDay(sinceMs)));
  const sessions = readSessions(new Indexer(paths.events), { sinceMs: from, onRead }, (index) =>
    skipped.addAll(index.skipped),
  );
  for (const { time } of sessions)
    for (const [startMs, spent] of time.quarters()) {
      if (startMs + QUARTER_MS <= sinceMs) continue;
      const day = formatLocalTime(startMs).slice(0, 10);
      const sum = days.get(day) ?? noTime();
      addTime(sum, spent);
      days.set(day, sum);
    }
  return {
    days: new Map(Array.from(days).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    doubles: sessions.reduce((sum, { doubles }) => sum + doubles, 0),
  };
}

/** Statistics as `--json` prints them: docs/json.md. */
function toJson({ by, firstMs, lastMs, total, rows, doubles }: StatisticsResult): unknown {
  const isEmpty = total.events === 0;
  return {
    by,
    first_at: isEmpty ? null : new Date(firstMs).toISOString(),
    last_at: isEmpty ? null : new Date(lastMs).toISOString(),
    total: rowJson(total),
    rows: rows.map((row) => Object.assign({ name: row.key }, rowJson(row))),
    doubled_events: doubles,
  };
}
