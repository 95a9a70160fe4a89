// What `claude-session forward --sql duckdb` prints: queries over the log itself, without a server and without a copy.
import activity from "./duckdb/activity.sql" with { type: "text" };
import calls from "./duckdb/calls.sql" with { type: "text" };
import durations from "./duckdb/durations.sql" with { type: "text" };
import failures from "./duckdb/failures.sql" with { type: "text" };
import lineage from "./duckdb/lineage.sql" with { type: "text" };
import log from "./duckdb/log.sql" with { type: "text" };
import sessions from "./duckdb/sessions.sql" with { type: "text" };
import states from "./duckdb/states.sql" with { type: "text" };
import story from "./duckdb/story.sql" with { type: "text" };
import subagents from "./duckdb/subagents.sql" with { type: "text" };
import waits from "./duckdb/waits.sql" with { type: "text" };
import { fillIn } from "./fill-in";
import { QUESTIONS, type Question } from "./questions";

const QUERIES: Readonly<Record<Question, string>> = {
  sessions,
  states,
  calls,
  waits,
  failures,
  durations,
  subagents,
  lineage,
  activity,
  story,
};

/**
 * A view of the log, and queries over it.
 *
 * @param events the folder of the log
 */
export function duckdbText(events: string): string {
  const view = fillIn(log, { events: globbed(events) });
  const queries = Object.entries(QUESTIONS).map(
    ([question, description]) => `-- ${description}\n${QUERIES[question as Question].trimEnd()};\n`,
  );
  return [view, ...queries].join("\n").trimEnd();
}

/** A path as the literal text of a glob in quotes. */
function globbed(path: string): string {
  return path.replaceAll(/[*?[]/g, "[$&]").replaceAll("'", "''");
}
