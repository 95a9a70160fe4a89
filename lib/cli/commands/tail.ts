// `claude-session tail`: the newest events, and live.
import { paths } from "../../environment";
import { describeRecord } from "../../history/describe";
import { Follower } from "../../log/follower";
import { listDays } from "../../log/log";
import { readHeads } from "../../log/reader";
import type { EventRecord, RecordHead } from "../../log/record";
import { defineCommand, DONE, UsageError, type Terminal } from "../command";
import { HOW_TO_BEGIN, SkippedLines } from "../log/progress";
import { sanitize, fit, pad, safeJson } from "../render/text";
import { formatClock, formatDuration } from "../render/time";

/** How long to wait before looking for more. */
const POLL_MS = 150;

export default defineCommand({
  description: "Shows the newest events, and new ones as they come",
  args: {
    follow: { type: "boolean", alias: "f", description: "Wait for more, until interrupted" },
    lines: { type: "string", alias: "n", default: "20", description: "How many", valueHint: "N" },
    session: { type: "string", description: "Only of this session", valueHint: "ID" },
    project: { type: "string", description: "Only of this project", valueHint: "NAME" },
    json: { type: "boolean", description: "Print whole records, one a line" },
  },
  examples: [
    ["tail", "the newest twenty events"],
    ["tail -f", "all that happens from now on"],
    ["tail -f --project shop --json | jq .event", "for a program"],
  ],
  async run({ follow, lines, session, project, json }, terminal) {
    if (!/^\d{1,6}$/.test(lines)) throw new UsageError(`--lines: "${lines}" is no whole number`);
    if (listDays(paths.events).length === 0 && follow !== true) {
      if (json !== true) terminal.print(HOW_TO_BEGIN);
      return DONE;
    }
    const isWanted = ({ session_id, project: its }: RecordHead) =>
      (session === undefined || session_id.startsWith(session)) &&
      (project === undefined || its === project);
    const show = (record: EventRecord) =>
      terminal.print(json ? safeJson(record) : eventLine(record, terminal));
    const follower = new Follower(paths.events);
    const skipped = new SkippedLines();
    const records: EventRecord[] = [];
    const containing = needle(session, project);
    for (const entry of readHeads(paths.events, { newestFirst: true, containing })) {
      follower.hasSeen(entry);
      if (records.length === Number(lines)) break;
      if (entry.kind === "skipped") skipped.add(entry.reason);
      const record = entry.kind === "head" && isWanted(entry.head) ? entry.record() : undefined;
      if (record !== undefined) records.push(record);
    }
    for (const record of records.toReversed()) show(record);
    skipped.tell(terminal);
    if (follow !== true) return DONE;
    for (;;) {
      for (const record of follower.newRecords()) if (isWanted(record)) show(record);
      await Bun.sleep(POLL_MS);
    }
  },
});

/** An event in one line, as wide as the terminal at most. */
export function eventLine(
  record: EventRecord,
  { columns, colors }: Pick<Terminal, "columns" | "colors">,
): string {
  const { cyan, dim, red, yellow } = colors;
  const paint = record.event.endsWith("Failure") ? red : record.should_notify ? yellow : same;
  const line = [
    dim(formatClock(Date.parse(record.timestamp))),
    cyan(sanitize(record.session_id.slice(0, 8))),
    pad(fit(sanitize(record.project), PROJECT_COLUMNS), PROJECT_COLUMNS),
    paint(pad(sanitize(record.event), EVENT_COLUMNS)),
    sanitize(describeRecord(record, (ms) => `${formatDuration(ms)}  `)),
  ];
  return fit(line.join("  "), columns).trimEnd();
}

const PROJECT_COLUMNS = 10;
const EVENT_COLUMNS = 18;

function same(text: string): string {
  return text;
}

// What every line that is wanted has in it, so that the others need no look.
function needle(session: string | undefined, project: string | undefined): string | undefined {
  if (session !== undefined) return `"session_id":${JSON.stringify(session).slice(0, -1)}`;
  return project === undefined ? undefined : `"project":${JSON.stringify(project)}`;
}
