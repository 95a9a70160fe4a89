// `claude-session show`: the story of one session.
import { paths } from "../../environment";
import { Summary } from "../../history/summary";
import { buildTimeline } from "../../history/timeline-builder";
import { defineCommand, DONE } from "../command";
import { findLinks, findSession } from "../log/find-session";
import { hasLog } from "../log/progress";
import { plural, safeJson } from "../render/text";
import { renderTimeline } from "../render/timeline";

export default defineCommand({
  description: "Tells the story of one session: prompts, tool calls, subagents, results",
  args: {
    session: {
      type: "positional",
      default: "latest",
      description: "Its id, the beginning of it, or latest",
      valueHint: "ID|latest",
    },
    full: { type: "boolean", description: "Show whole prompts, parameters and responses" },
    json: { type: "boolean", description: "Print the story as JSON" },
  },
  examples: [
    ["show latest", "the session of the newest event"],
    ["show 04e66903", "one that list shows, by the beginning of its id"],
    ["show latest --full | less -R", "everything that was recorded of it"],
  ],
  run({ session, full, json }, terminal) {
    if (!hasLog(terminal, json)) return DONE;
    const nowMs = Date.now();
    const found = findSession(paths.events, session);
    const records = found.records.toReversed();
    const [first] = records;
    if (first === undefined) throw new Error("a session that was found has records");
    const summary = new Summary(first);
    for (const record of records) summary.add(record, () => record);
    const state = summary.stateAt(nowMs);
    const story = buildTimeline(records, nowMs, state === "ended" || state === "silent");
    const links = findLinks(paths.events, found);
    if (json) terminal.print(safeJson({ ...story, state, links }, 2));
    else
      for (const line of renderTimeline(
        { summary, story, links, nowMs, isFull: full === true },
        terminal,
      ))
        terminal.print(line);
    if (found.skipped > 0)
      terminal.note(`\nSkipped ${plural(found.skipped, "line")} that are no records.`);
    return DONE;
  },
});
