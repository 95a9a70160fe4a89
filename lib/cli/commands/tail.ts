// `claude-session tail`: the newest events, and new ones as they arrive.
import { paths } from "../../environment";
import { DoubleDetector } from "../../history/doubles";
import { LogFollower } from "../../log/follower";
import { listDays } from "../../log/log";
import { readHeads, textInLines } from "../../log/reader";
import type { EventRecord, RecordHead } from "../../log/record";
import { defineCommand, DONE, UsageError } from "../command";
import { printDoubledEvents } from "../render/doubled-events";
import { hasLog } from "../log/no-log";
import { SkippedLines } from "../log/skipped-lines";
import { renderEventLine } from "../render/event-line";
import { safeJson } from "../render/text";

// Soon enough for a person who watches, and a hundredth of a core.
const POLL_MS = 150;

export default defineCommand({
  description: "Show the newest events, and new ones as they arrive",
  arguments: {
    follow: { type: "boolean", alias: "f", description: "Wait for new events, until interrupted" },
    lines: {
      type: "string",
      alias: "n",
      default: "20",
      description: "How many events",
      value: "N",
    },
    session: { type: "string", description: "Only events of this session", value: "SESSION" },
    project: { type: "string", description: "Only events of this project", value: "NAME" },
    json: { type: "boolean", description: "Print whole records, one per line" },
  },
  examples: [
    ["tail", "the newest 20 events"],
    ["tail -f", "everything that happens from now on"],
    ["tail -f --project shop --json | jq .event", "for a script"],
  ],
  async run({ follow, lines, session, project, json }, terminal) {
    if (!/^\d{1,6}$/.test(lines)) throw new UsageError(`--lines: "${lines}" is not a whole number`);
    if (listDays(paths.events).length === 0 && !follow) {
      if (!json) hasLog(terminal);
      return DONE;
    }
    const matches = (head: RecordHead) =>
      (session === undefined || head.session_id.startsWith(session)) &&
      (project === undefined || head.project === project);
    const shown = new DoubleDetector();
    let doubles = 0;
    const show = (record: EventRecord) => {
      const earlier = shown.addRecord(record);
      if (earlier !== undefined) doubles++;
      if (json) terminal.print(safeJson(earlier ? { ...record, double_of: earlier.id } : record));
      else if (earlier === undefined) terminal.print(renderEventLine(record, terminal));
    };
    const follower = new LogFollower(paths.events);
    const skipped = new SkippedLines();
    const records: EventRecord[] = [];
    const distinct = new DoubleDetector();
    let count = 0;
    const containing =
      session === undefined ? project && textInLines(project, true) : textInLines(session, false);
    for (const entry of readHeads(paths.events, { newestFirst: true, containing })) {
      follower.markSeen(entry);
      if (count === Number(lines)) break;
      if (entry.kind === "skipped") skipped.add(entry.reason);
      const record = entry.kind === "head" && matches(entry.head) ? entry.record() : undefined;
      if (record === undefined) continue;
      records.push(record);
      if (distinct.addRecord(record) === undefined) count++;
    }
    for (const record of records.toReversed()) show(record);
    if (!json) printDoubledEvents(doubles, terminal);
    skipped.print(terminal);
    if (!follow) return DONE;
    while (!terminal.isClosed()) {
      for (const record of follower.newRecords()) if (matches(record)) show(record);
      await Bun.sleep(POLL_MS);
    }
    return DONE;
  },
});
