// What `claude-session forward --sql clickhouse` prints: a table, and queries.
import tableForOldServers from "./clickhouse-18.sql" with { type: "text" };
import activity from "./clickhouse/activity.sql" with { type: "text" };
import calls from "./clickhouse/calls.sql" with { type: "text" };
import durations from "./clickhouse/durations.sql" with { type: "text" };
import failures from "./clickhouse/failures.sql" with { type: "text" };
import lineage from "./clickhouse/lineage.sql" with { type: "text" };
import preface from "./clickhouse/preface.sql" with { type: "text" };
import sessions from "./clickhouse/sessions.sql" with { type: "text" };
import states from "./clickhouse/states.sql" with { type: "text" };
import story from "./clickhouse/story.sql" with { type: "text" };
import subagents from "./clickhouse/subagents.sql" with { type: "text" };
import table from "./clickhouse/table.sql" with { type: "text" };
import waits from "./clickhouse/waits.sql" with { type: "text" };
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

/** What a query is narrowed to: conditions and expressions of SQL. */
export interface Scope extends Readonly<Record<string, string>> {
  /** Which events, apart from their time. */
  readonly scope: string;
  /** Which time. */
  readonly range: string;
  /** The end of that time. */
  readonly until: string;
  /** The interval that a `timestamp` is in, for a chart. */
  readonly step: string;
  /** The id of one session. */
  readonly session: string;
}

/** Not the events of other agents, as everywhere. */
export const OWN_EVENTS = "client = ''";

const LAST_MONTH: Scope = {
  scope: OWN_EVENTS,
  range: "timestamp >= now() - INTERVAL 30 DAY",
  until: "now64(3)",
  step: "toStartOfDay(timestamp)",
  session: `(SELECT argMax(session_id, timestamp) FROM claude_events WHERE ${OWN_EVENTS})`,
};

/** The query that answers a question; it ends without a semicolon. */
export function clickhouseQuery(question: Question, scope: Scope): string {
  return fillIn(QUERIES[question], scope).trimEnd();
}

/** The table as a single statement, which is all that ClickHouse takes over HTTP, with the queries as comments. */
export function clickhouseText(): string {
  const queries = Object.entries(QUESTIONS).map(([question, description]) => {
    const query = clickhouseQuery(question as Question, LAST_MONTH);
    return `-- ${description}\n/*\n${query}\n*/\n`;
  });
  return [preface, table, AFTER_TABLE, ...queries].join("\n").trimEnd();
}

/** The same for servers before 2024, with less: only what 18.16 can do. */
export function oldClickhouseText(): string {
  return tableForOldServers.trimEnd();
}

const AFTER_TABLE = "-- Queries, each of the last 30 days.\n";
