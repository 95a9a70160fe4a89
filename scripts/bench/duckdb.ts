// The rival that reads the raw log as well as anything does: DuckDB, asked what `list` and `stats` answer. It is fetched
// on demand, because 70 MB would make every `npm ci` a third slower.
//
// usage: bun scripts/bench/duckdb.ts list|stats EVENTS
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const VERSION = "1.5.6-r.1";
const PACKAGE = "@duckdb/node-api";
const cache = resolve(import.meta.dir, `../../node_modules/.cache/duckdb-${VERSION}`);
const library = `${cache}/node_modules/${PACKAGE}/lib/index.js`;
const INSTALL_MS = 300_000;

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
  if (existsSync(library)) return undefined;
  if (Bun.which("npm") === null) return "npm, which fetches it, is not installed";
  const { exitCode, stderr } = Bun.spawnSync(
    ["npm", "install", "--ignore-scripts", "--no-save", "--prefix", cache].concat(
      `${PACKAGE}@${VERSION}`,
    ),
    { stdout: "ignore", stderr: "pipe", timeout: INSTALL_MS },
  );
  if (existsSync(library)) return undefined;
  return `npm ended with ${exitCode}: ${stderr.toString().trim().split("\n")[0]}`;
}

/** The command that asks it, and prints the answer as JSON: one process, as ours is. */
export function duckdbCommand(question: Question, events: string): string[] {
  return [process.execPath, import.meta.path, question, events];
}

/** What is used of it. */
interface Duckdb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{
      connect(): Promise<{
        runAndReadAll(sql: string): Promise<{ getRowObjectsJson(): object[] }>;
      }>;
    }>;
  };
}

/** Asks it, and prints the rows as JSON. */
async function ask(question: Question, events: string): Promise<void> {
  const { DuckDBInstance } = (await import(library)) as Duckdb;
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  const { columns, sql } = QUESTIONS[question];
  const files = `${events}/*.jsonl`.replaceAll("'", "''");
  const types = JSON.stringify(columns).replaceAll('"', "'");
  const result = await connection.runAndReadAll(
    `with log as (from read_json('${files}', format = 'newline_delimited', columns = ${types})) ${sql}`,
  );
  console.log(JSON.stringify(result.getRowObjectsJson()));
}

if (import.meta.main) {
  const [, , question, events] = process.argv;
  if (events === undefined || (question !== "list" && question !== "stats"))
    throw new Error("usage: bun scripts/bench/duckdb.ts list|stats EVENTS");
  await ask(question, events);
}
