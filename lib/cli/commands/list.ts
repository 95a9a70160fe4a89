// `claude-session list`: the sessions, one a row.
import type { Colors } from "picocolors/types";
import { paths } from "../../environment";
import { Summary, type State } from "../../history/summary";
import { utcDay } from "../../log/log";
import { readHeads } from "../../log/reader";
import { UNKNOWN } from "../../session";
import { defineCommand, DONE, UsageError } from "../command";
import { hasLog, readingProgress, SkippedLines } from "../log/progress";
import { sanitize, safeJson, table, type Column } from "../render/text";
import { formatAgo, formatDayAndTime, parseSince, formatDuration } from "../render/time";

export default defineCommand({
  description: "Lists the sessions, the latest first",
  args: {
    project: { type: "string", description: "Only those of this project", valueHint: "NAME" },
    since: {
      type: "string",
      description: "Only those with events since then",
      valueHint: "7d|DATE",
    },
    active: { type: "boolean", description: "Only those at work or waiting for you" },
    limit: {
      type: "string",
      default: "20",
      description: "How many at most; 0 for all",
      valueHint: "N",
    },
    json: { type: "boolean", description: "Print all that is known of them as JSON" },
  },
  examples: [
    ["list", "the latest twenty sessions"],
    ["list --active", "what is going on, and what waits for you"],
    ["list --project shop --since 7d", "a week of one project"],
    ["list --json --limit 0", "all of them, for a program"],
  ],
  run({ project, since, active, limit, json }, terminal) {
    const nowMs = Date.now();
    const sinceMs = since === undefined ? undefined : parseSince(since, nowMs);
    const most = parseLimit(limit);
    if (!hasLog(terminal, json)) return DONE;
    const skipped = new SkippedLines();
    const sessions = summarize(skipped, sinceMs, readingProgress(terminal, dayOf(sinceMs)))
      .filter((session) => project === undefined || session.project === project)
      .filter((session) => active !== true || isGoingOn(session.stateAt(nowMs)))
      .toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1));
    const shown = sessions.slice(0, most);
    if (json)
      terminal.print(
        safeJson(
          shown.map((session) => toJson(session, nowMs)),
          2,
        ),
      );
    else if (shown.length === 0) terminal.print("There are no such sessions.");
    else {
      terminal.print(renderList(shown, nowMs, terminal));
      const more = sessions.length - shown.length;
      if (more > 0) terminal.note(`\n${more} more; --limit 0 shows all.`);
    }
    skipped.tell(terminal);
    return DONE;
  },
});

const COLUMNS: readonly Column[] = [
  { head: "session" },
  { head: "project", most: 16, dropRank: 2 },
  { head: "about", isFlexible: true },
  { head: "started", dropRank: 8 },
  { head: "last", align: "right", dropRank: 1 },
  { head: "state" },
  { head: "asked", align: "right", dropRank: 4 },
  { head: "tools", align: "right", dropRank: 3 },
  { head: "failed", align: "right", dropRank: 5 },
  { head: "agents", align: "right", dropRank: 7 },
  { head: "took", align: "right", dropRank: 6 },
];

/** Sets sessions in a table as wide as the terminal at most. */
export function renderList(
  sessions: readonly Summary[],
  nowMs: number,
  { columns, colors }: { columns: number; colors: Colors },
): string {
  const rows = sessions.map((session) => {
    const state = session.stateAt(nowMs);
    return [
      colors.cyan(sanitize(session.sessionId).slice(0, 8)),
      sanitize(session.project),
      sanitize(session.title ?? session.firstPrompt ?? ""),
      formatDayAndTime(Date.parse(session.startedAt), nowMs),
      formatAgo(Date.parse(session.lastAt), nowMs),
      paintState(state, colors),
      String(session.prompts),
      String(session.tools),
      session.failures > 0 ? colors.red(String(session.failures)) : "0",
      String(session.agents),
      formatDuration(session.durationMs),
    ];
  });
  return table(COLUMNS, rows, columns, colors.dim);
}

/** A state in words and its colour. */
export function paintState(state: State, { green, yellow, dim }: Colors): string {
  switch (state) {
    case "active":
      return green("active");
    case "waiting":
      return yellow("waiting for you");
    default:
      return dim(state);
  }
}

function summarize(
  skipped: SkippedLines,
  sinceMs: number | undefined,
  onRead: (bytes: number) => void,
): Summary[] {
  const sessions = new Map<string, Summary>();
  const sinceTime = sinceMs === undefined ? "" : new Date(sinceMs).toISOString();
  for (const entry of readHeads(paths.events, { since: dayOf(sinceMs), onRead })) {
    if (entry.kind === "skipped") {
      skipped.add(entry.reason);
      continue;
    }
    const { head } = entry;
    if (head.timestamp < sinceTime || head.session_id === UNKNOWN) continue;
    let session = sessions.get(head.session_id);
    if (session === undefined) sessions.set(head.session_id, (session = new Summary(head)));
    session.add(head, entry.record);
  }
  return Array.from(sessions.values());
}

function dayOf(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : utcDay(epochMs);
}

function isGoingOn(state: State): boolean {
  return state === "active" || state === "waiting";
}

function toJson(session: Summary, nowMs: number): unknown {
  return {
    session_id: session.sessionId,
    project: session.project,
    project_dir: session.projectDir,
    title: session.title,
    first_prompt: session.firstPrompt,
    started: session.startedAt,
    last: session.lastAt,
    state: session.stateAt(nowMs),
    prompts: session.prompts,
    tools: session.tools,
    failures: session.failures,
    agents: session.agents,
    duration_ms: session.durationMs,
  };
}

function parseLimit(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--limit: "${text}" is no whole number`);
  return Number(text) || Infinity;
}
