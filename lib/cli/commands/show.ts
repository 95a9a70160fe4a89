// `claude-session show`: the timeline of one session.
import { paths } from "../../environment";
import { longestHoldups } from "../../history/critical-path";
import { withoutDoubles } from "../../history/doubles";
import type { SessionLink } from "../../history/lineage";
import { costOfSession } from "../../history/session-cost";
import { filesTouched } from "../../history/files-touched";
import { describeHint, findRepeats } from "../../history/repeats";
import { SessionSummary } from "../../history/summary";
import { SessionTime, timeJson } from "../../history/time-spent";
import type { Timeline } from "../../history/timeline";
import { buildTimeline } from "../../history/timeline-builder";
import { inWrittenOrder } from "../../history/written-order";
import { defineCommand, DONE } from "../command";
import { printDoubledEvents } from "../render/doubled-events";
import { findLinks, findSession } from "../log/find-session";
import { hasLog } from "../log/no-log";
import type { SessionsUsage } from "../log/session-usage";
import { costJson, type ShownCost } from "../render/cost";
import { filesJson, renderFiles } from "../render/files-touched";
import { sessionJson } from "../render/session-json";
import { fit, plural, safeJson, sanitize } from "../render/text";
import { renderSessionTime } from "../render/time-spent";
import { renderTimeline } from "../render/timeline";
import { timelineJson } from "../render/timeline-json";

export default defineCommand({
  description: "Show one session: its prompts, tool calls, subagents and answers",
  arguments: {
    session: {
      type: "positional",
      default: "latest",
      description: "A session id, the start of one, or latest",
      value: "SESSION",
    },
    time: { type: "boolean", description: "Show where the time went, by prompt and by tool" },
    files: { type: "boolean", description: "Show which files were changed and read" },
    full: { type: "boolean", description: "Show prompts, parameters and responses in full" },
    json: { type: "boolean", description: "Print as JSON" },
  },
  examples: [
    ["show", "the session with the newest event"],
    ["show 04e66903", "a session from the list, by the start of its id"],
    ["show --time", "how long the model, tools and you took"],
    ["show --files", "which files it changed and read"],
    ["show --full | less -R", "everything that was recorded"],
  ],
  async run({ session, time, files, full, json }, terminal) {
    if (!json && !hasLog(terminal)) return DONE;
    const nowMs = Date.now();
    const found = findSession(paths.events, session);
    const { records, doubles } = withoutDoubles(found.records.toReversed());
    const [first] = records;
    if (first === undefined) throw new Error("a session that was found has records");
    const summary = new SessionSummary(first);
    for (const record of records) summary.add(record, () => record);
    const state = summary.stateAt(nowMs);
    const isOver = state === "ended" || state === "silent";
    // Neither needs to know what the session cost.
    if ((time || files) && !json) {
      const timeline = buildTimeline(records, nowMs, isOver);
      terminal.print(
        time
          ? renderSessionTime(
              SessionTime.of(inWrittenOrder(records), isOver ? undefined : nowMs),
              promptsByTime(timeline),
              longestHoldups(timeline, MAX_HOLDUPS),
              summary.projectDir,
              terminal,
            )
          : renderFiles(filesTouched(timeline), summary.projectDir, terminal),
      );
      return DONE;
    }
    const { readUsage, printUsageFaults } = await import("../log/session-usage");
    const read = readUsage([found.id], terminal);
    const cost = costOf(found.id, read);
    const timeline = buildTimeline(records, nowMs, isOver, launchesOf(read));
    const links = findLinks(paths.events, found);
    if (json) {
      const spent = SessionTime.of(inWrittenOrder(records), isOver ? undefined : nowMs);
      const skipped = found.skipped;
      terminal.print(
        safeJson(toJson({ summary, timeline, links, spent, cost, nowMs, skipped, doubles }), 2),
      );
      return DONE;
    }
    const view = { summary, timeline, links, cost, nowMs, isFull: full };
    for (const line of renderTimeline(view, terminal)) terminal.print(line);
    const hints = findRepeats(timeline).map((hint) => describeHint(hint, summary.projectDir));
    if (hints.length > 0) terminal.print("");
    for (const hint of hints) terminal.print(fit(`↺ ${sanitize(hint)}`, terminal.columns));
    printUsageFaults(read, terminal);
    if (doubles > 0) terminal.note("");
    printDoubledEvents(doubles, terminal);
    if (found.skipped > 0)
      terminal.note(`\nSkipped ${plural(found.skipped, "line")} of the log that are not records.`);
    return DONE;
  },
});

const MAX_HOLDUPS = 10;

function costOf(id: string, { usage, prices }: SessionsUsage): ShownCost {
  const billedUsd = usage.bills.get(id)?.costUsd;
  return { ...costOfSession(usage.answers, id, prices), billedUsd };
}

/** The calls that started subagents, which only transcripts always know. */
function launchesOf({ usage }: SessionsUsage): Map<string, string> {
  return new Map(Array.from(usage.agents, ([id, { toolUseId }]) => [id, toolUseId]));
}

function promptsByTime({ entries }: Timeline): Map<number, string> {
  return new Map(
    entries.flatMap((entry) => (entry.kind === "turn" ? [[entry.atMs, entry.prompt]] : [])),
  );
}

interface Shown {
  readonly summary: SessionSummary;
  readonly spent: SessionTime;
  readonly timeline: Timeline;
  readonly cost: ShownCost;
  readonly links: readonly SessionLink[];
  readonly nowMs: number;
  readonly skipped: number;
  readonly doubles: number;
}

/** A session as `--json` prints it: docs/json.md. */
function toJson(shown: Shown): unknown {
  const { summary, timeline, links, spent, cost, nowMs, skipped, doubles } = shown;
  const id = timeline.sessionId;
  return {
    ...sessionJson(summary, doubles, nowMs, cost.total),
    billed_usd: cost.billedUsd ?? null,
    models: Array.from(cost.models, ([model, usage]) => ({ model, ...costJson(usage) })),
    continues: links.flatMap(({ parent, child, by }) =>
      child === id ? [{ session_id: parent, by }] : [],
    ),
    continued_by: links.flatMap(({ parent, child, by }) =>
      parent === id ? [{ session_id: child, by }] : [],
    ),
    time: timeJson(spent.total),
    files: filesJson(filesTouched(timeline)),
    hints: findRepeats(timeline).map(({ kind, tool, calls }) => ({
      kind,
      tool,
      tool_use_ids: calls.map((call) => call.id),
    })),
    timeline: timelineJson(timeline.entries, cost),
    skipped_lines: skipped,
  };
}
