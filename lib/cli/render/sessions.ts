// The table of `claude-session list`.
import type { Colors } from "picocolors/types";
import { describeCost } from "../../history/session-cost";
import type { SessionSummary } from "../../history/summary";
import type { Usage } from "../../history/usage";
import { renderState } from "./state";
import { renderTable, type Column } from "./table";
import { sanitize } from "./text";
import { formatAgo, formatDayAndTime, formatDuration } from "./time";

// Enough of an id for `show` to find the session, and for a person to tell two apart.
const ID_CHARACTERS = 8;
const COLUMNS: readonly Column[] = [
  { head: "session" },
  { head: "project", maxWidth: 16, dropRank: 2 },
  { head: "about", isFlexible: true, narrowRank: 2 },
  { head: "started", dropRank: 8 },
  { head: "last", align: "right", dropRank: 1 },
  { head: "state", narrowRank: 1 },
  { head: "prompts", align: "right", dropRank: 4 },
  { head: "tools", align: "right", dropRank: 3 },
  { head: "failed", align: "right", dropRank: 5 },
  { head: "agents", align: "right", dropRank: 7 },
  { head: "took", align: "right", dropRank: 6 },
];

const COST: Column = { head: "cost", align: "right" };

/**
 * Renders sessions as a table no wider than the terminal.
 *
 * @param used what they used, by their ids, if transcripts were read
 */
export function renderSessions(
  sessions: readonly SessionSummary[],
  nowMs: number,
  { columns, colors }: { readonly columns: number; readonly colors: Colors },
  used?: ReadonlyMap<string, Usage>,
): string {
  const costOf = (id: string) => {
    const usage = used?.get(id);
    return usage === undefined ? "" : describeCost(usage);
  };
  const rows = sessions.map((session) => [
    colors.cyan(sanitize(session.sessionId).slice(0, ID_CHARACTERS)),
    sanitize(session.project),
    sanitize(session.title ?? session.firstPrompt ?? ""),
    formatDayAndTime(Date.parse(session.startedAt), nowMs),
    formatAgo(Date.parse(session.lastAt), nowMs),
    renderState(session, nowMs, colors),
    String(session.prompts),
    String(session.tools),
    session.failures > 0 ? colors.red(String(session.failures)) : "0",
    String(session.agents),
    formatDuration(session.durationMs),
    costOf(session.sessionId),
  ]);
  const shown = used === undefined ? COLUMNS : [...COLUMNS, COST];
  return renderTable(shown, rows, columns, colors.dim);
}
