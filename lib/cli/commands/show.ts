// `claude-session show`: the timeline of one session.
import { paths } from "../../environment";
import { withoutDoubles } from "../../history/doubles";
import type { SessionLink } from "../../history/lineage";
import { SessionSummary } from "../../history/summary";
import { SessionTime } from "../../history/time-spent";
import type { Timeline } from "../../history/timeline";
import { buildTimeline } from "../../history/timeline-builder";
import { inWrittenOrder } from "../../history/written-order";
import type { EventRecord } from "../../log/record";
import { defineCommand, DONE } from "../command";
import { findLinks, findSession } from "../log/find-session";
import { hasLog } from "../log/no-log";
import { sessionJson } from "../render/session-json";
import { plural, safeJson } from "../render/text";
import { renderSessionTime, timeJson } from "../render/time-spent";
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
    full: { type: "boolean", description: "Show prompts, parameters and responses in full" },
    json: { type: "boolean", description: "Print as JSON" },
  },
  examples: [
    ["show", "the session of the newest event"],
    ["show 04e66903", "a session of the list, by the start of its id"],
    ["show --time", "how long the model, tools and you took"],
    ["show --full | less -R", "everything that was recorded of it"],
  ],
  run({ session, time, full, json }, terminal) {
    if (!json && !hasLog(terminal)) return DONE;
    const nowMs = Date.now();
    const found = findSession(paths.events, session);
    const { records, doubles } = withoutDoubles(found.records.toReversed());
    const [first] = records;
    if (first === undefined) throw new Error("a session that was found has records");
    const summary = new SessionSummary(first);
    for (const record of records) summary.add(record, () => record);
    const state = summary.stateAt(nowMs);
    const timeline = buildTimeline(records, nowMs, state === "ended" || state === "silent");
    const links = findLinks(paths.events, found);
    const spent = timeOf(records);
    if (json) {
      const skipped = found.skipped;
      terminal.print(
        safeJson(toJson({ summary, timeline, links, spent, nowMs, skipped, doubles }), 2),
      );
      return DONE;
    }
    if (time) {
      terminal.print(renderSessionTime(spent, promptsByTime(timeline), terminal));
      return DONE;
    }
    const view = { summary, timeline, links, nowMs, isFull: full };
    for (const line of renderTimeline(view, terminal)) terminal.print(line);
    if (doubles > 0)
      terminal.note(
        `\n${plural(doubles, "event")} recorded twice, shown once; claude-session doctor says why.`,
      );
    if (found.skipped > 0)
      terminal.note(`\nSkipped ${plural(found.skipped, "line")} of the log that are not records.`);
    return DONE;
  },
});

function timeOf(records: readonly EventRecord[]): SessionTime {
  const time = new SessionTime();
  for (const record of inWrittenOrder(records)) time.add(record);
  return time;
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
  readonly links: readonly SessionLink[];
  readonly nowMs: number;
  readonly skipped: number;
  readonly doubles: number;
}

/** A session as `--json` prints it: docs/json.md. */
function toJson({ summary, timeline, links, spent, nowMs, skipped, doubles }: Shown): unknown {
  const id = timeline.sessionId;
  return {
    ...sessionJson(summary, nowMs),
    continues: links.flatMap(({ parent, child, by }) =>
      child === id ? [{ session_id: parent, by }] : [],
    ),
    continued_by: links.flatMap(({ parent, child, by }) =>
      parent === id ? [{ session_id: child, by }] : [],
    ),
    time: timeJson(spent.total),
    timeline: timelineJson(timeline.entries),
    skipped_lines: skipped,
    doubled_events: doubles,
  };
}
