// `claude-session list`: the sessions, one per row.
import { paths } from "../../environment";
import type { SessionState } from "../../history/summary";
import type { Usage } from "../../history/usage";
import { utcDay } from "../../log/log";
import { Indexer, type IndexedSession } from "../../log-index/day-index";
import { readSessions } from "../../log-index/read-indexes";
import { defineCommand, DONE, UsageError } from "../command";
import { printDoubledEvents } from "../render/doubled-events";
import { hasLog } from "../log/no-log";
import { readingProgress } from "../log/progress";
import { SkippedLines } from "../log/skipped-lines";
import { sessionJson } from "../render/session-json";
import { renderSessions } from "../render/sessions";
import { safeJson } from "../render/text";
import { parseSince } from "../render/time";
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "List sessions, latest first",
  arguments: {
    project: { type: "string", description: "Only sessions of this project", value: "NAME" },
    since: {
      type: "string",
      description: "Only sessions with events since then",
      value: "7d|DATE",
    },
    active: { type: "boolean", description: "Only sessions that are at work or waiting for you" },
    limit: {
      type: "string",
      default: "20",
      description: "How many sessions; 0 for all",
      value: "N",
    },
    cost: { type: "boolean", description: "Read transcripts and show what each session cost" },
    json: { type: "boolean", description: "Print as JSON" },
  },
  examples: [
    ["list", "the latest 20 sessions"],
    ["list --active", "what is running and what is waiting for you"],
    ["list --project shop --since 7d", "a week of one project"],
    ["list --cost", "what the latest sessions cost"],
    ["list --json --limit 0", "every session, for a script"],
  ],
  async run({ project, since, active, limit, cost, json }, terminal) {
    const nowMs = Date.now();
    const sinceMs = since === undefined ? undefined : parseSince(since, nowMs);
    const maxSessions = parseLimit(limit);
    if (!json && !hasLog(terminal)) return DONE;
    const skipped = new SkippedLines();
    const onRead = readingProgress(terminal, dayOf(sinceMs));
    const sessions = readSessions(new Indexer(paths.events), { sinceMs, onRead }, (index) =>
      skipped.addAll(index.skipped),
    )
      .filter(({ summary }) => project === undefined || summary.project === project)
      .filter(({ summary }) => !active || isRunning(summary.stateAt(nowMs)))
      .toSorted((a, b) => (a.summary.lastAt < b.summary.lastAt ? 1 : -1));
    const shown = sessions.slice(0, maxSessions);
    const used = cost ? await usageBySession(shown, terminal) : undefined;
    if (json) {
      const rows = shown.map(({ id, summary, doubles }) =>
        sessionJson(summary, doubles, nowMs, used?.get(id)),
      );
      terminal.print(safeJson(rows, 2));
    } else if (shown.length === 0) terminal.print("No sessions match.");
    else {
      const summaries = shown.map(({ summary }) => summary);
      terminal.print(renderSessions(summaries, nowMs, terminal, used));
      const more = sessions.length - shown.length;
      if (more > 0) terminal.note(`\n${more} more; --limit 0 shows all.`);
    }
    printDoubledEvents(
      shown.reduce((sum, { doubles }) => sum + doubles, 0),
      terminal,
    );
    skipped.print(terminal);
    return DONE;
  },
});

async function usageBySession(
  sessions: readonly IndexedSession[],
  terminal: Terminal,
): Promise<Map<string, Usage>> {
  const { printUsageFaults, readUsage } = await import("../log/session-usage");
  const { costBy } = await import("../../history/session-cost");
  const wanted = new Set(sessions.map(({ id }) => id));
  const read = readUsage(wanted, terminal);
  printUsageFaults(read, terminal);
  return costBy(read.usage.answers, read.prices, ({ sessionId }) => sessionId);
}

function dayOf(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : utcDay(epochMs);
}

function isRunning(state: SessionState): boolean {
  return state === "active" || state === "waiting";
}

function parseLimit(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--limit: "${text}" is not a whole number`);
  return Number(text) || Infinity;
}
