// The rival that reads the raw log as well as anything does: DuckDB, asked what `list` and `stats` answer. It is fetched
// on demand, because 70 MB would make every `npm ci` a third slower.
//
// usage: bun scripts/bench/duckdb.ts list|stats EVENTS
import { findDuckdb, openDuckdb } from "../harness/duckdb";

/** What it is asked. */
export type Question = "list" | "stats";

// Only the named columns are parsed, and times stay texts: both are how it is fastest.
const QUESTIONS: Readonly<Record<Question, { readonly columns: object; readonly sql: string }>> = {
  list: {
    columns: {
      session_id: "VARCHAR",
      project: "VARCHAR",
      timestamp: "VARCHAR",
      event: "VARCHAR",
      payload: "STRUCT(prompt VARCHAR)",
    },
    sql: `select session_id, any_value(project) as project, min(timestamp) as started_at,
        max(timestamp) as last_at, count(*) filter (event = 'UserPromptSubmit') as prompts,
        count(*) filter (event = 'PreToolUse') as tools,
        count(*) filter (event = 'PostToolUseFailure') as failures,
        arg_min(payload.prompt, timestamp) filter (event = 'UserPromptSubmit') as first_prompt
      from log group by session_id order by last_at desc, session_id`,
  },
  stats: {
    columns: {
      session_id: "VARCHAR",
      tool: "VARCHAR",
      event: "VARCHAR",
      duration_ms: "DOUBLE",
    },
    sql: `select tool as name, count(*) as events, count(distinct session_id) as sessions,
        count(*) filter (event = 'PreToolUse') as calls,
        count(*) filter (event = 'PostToolUseFailure') as failed,
        quantile_disc(duration_ms, 0.5) as p50_ms, quantile_disc(duration_ms, 0.95) as p95_ms
      from log where tool is not null group by tool order by calls desc`,
  },
};

/** Fetches it, if it is not there; says why it cannot be used, if so. */
export function fetchDuckdb(): string | undefined {
  const found = findDuckdb();
  return "reason" in found ? found.reason : undefined;
}

/** The command that asks it, and prints the answer as JSON: one process, as ours is. */
export function duckdbCommand(question: Question, events: string): string[] {
  return [process.execPath, import.meta.path, question, events];
}

/** Asks it, and prints the rows as JSON. */
async function ask(question: Question, events: string): Promise<void> {
  const found = findDuckdb();
  if ("reason" in found) throw new Error(found.reason);
  const database = await openDuckdb(found.path);
  const { columns, sql } = QUESTIONS[question];
  const files = `${events}/*.jsonl`.replaceAll("'", "''");
  const types = JSON.stringify(columns).replaceAll('"', "'");
  const rows = await database.rows(
    `with log as (from read_json('${files}', format = 'newline_delimited', columns = ${types})) ${sql}`,
  );
  console.log(JSON.stringify(rows));
}

if (import.meta.main) {
  const [, , question, events] = process.argv;
  if (events === undefined || (question !== "list" && question !== "stats"))
    throw new Error("usage: bun scripts/bench/duckdb.ts list|stats EVENTS");
  await ask(question, events);
}
