// DuckDB on the raw log, by the text that `forward --sql duckdb` prints: it answers as the log and the views do.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdirSync, readdirSync } from "node:fs";
import { findDuckdb, openDuckdb, type Duckdb } from "../../scripts/harness/duckdb";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Answers, renamed, toAnswer, type AnswerRow } from "../support/answers";
import { teamRecords } from "../support/team";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(120_000);

const found = findDuckdb();
const library = "path" in found ? found.path : "";
if ("reason" in found) console.log(`skipped: DuckDB is not available: ${found.reason}`);

describe.skipIf(library === "")("DuckDB on the log", () => {
  let sandbox: Sandbox;
  let database: Duckdb;
  let answers: Answers;
  /** The printed queries, by what they are about. */
  let queries: Map<string, string>;

  beforeAll(async () => {
    sandbox = new Sandbox();
    const nowMs = Date.now();
    const records = await teamRecords(nowMs);
    answers = new Answers(records, nowMs);
    writeRecords(sandbox, records);
    // What a removed session and a full disk leave behind, and what another program may write.
    for (const day of readdirSync(sandbox.events))
      appendFileSync(
        `${sandbox.events}/${day}`,
        `${" ".repeat(300)}\n{"v":1,"id":"01a2\n{"id":"x","timestamp":"soon"}\n[]\nnothing\n`,
      );
    database = await openDuckdb(library);
    const { stdout } = await runCli(sandbox, "forward --sql duckdb");
    const [view = "", ...others] = statementsOf(stdout);
    await database.rows(view);
    queries = new Map(others.map((text) => [/^-- (.*)/.exec(text)?.[1] ?? "", text]));
  });
  afterAll(() => sandbox[Symbol.dispose]());

  async function answerTo(title: string): Promise<AnswerRow[]> {
    const query = queries.get(title);
    if (query === undefined) throw new Error(`no query is called ${title}`);
    return (await database.rows(query)).map(toAnswer);
  }

  const questions: readonly (readonly [query: string, expected: () => AnswerRow[]])[] = [
    [
      "Sessions, latest first. Only prompts written by a person count.",
      () => renamed(answers.sessions(), { by_user: undefined }),
    ],
    ["Tool calls without a result: denied, interrupted, or never ended.", () => answers.calls()],
    [
      "Minutes that sessions waited for a person's answer, until the tool ran or was denied.",
      () => renamed(answers.waits(), { time: "day" }),
    ],
    ["Failures by project and tool, out of all calls that ended.", () => answers.failures()],
    ["The slowest tools, in milliseconds.", () => answers.durations()],
    [
      "Subagents by type: how many, how long from their start to their last end, and their calls.",
      () => answers.subagents(),
    ],
    [
      "Which session continues which, and how often one was resumed and compacted.",
      () => renamed(answers.lineage(), { by_user: undefined }),
    ],
    ["Prompts and sessions by user and day.", () => renamed(answers.activity(), { time: "day" })],
  ];
  test.each(questions)("answers: %s", async (title, expected) => {
    expect(expected().length).toBeGreaterThan(1);
    expect(await answerTo(title)).toEqual(expected());
  });

  test("knows what sessions are doing", async () => {
    const rows = await answerTo("What the sessions of the last day are doing now.");
    const counts = Object.fromEntries(rows.map(({ state, sessions }) => [state, sessions]));
    const { at_work, needs_answer, waits_for_prompt, silent, ended } = answers.states();
    expect(counts).toEqual({
      "at work": at_work,
      "needs an answer": needs_answer,
      "waits for a prompt": waits_for_prompt,
      silent,
      ended,
    });
  });

  test("tells the story of the latest session", async () => {
    const story = await answerTo("The events of one session.");
    expect(renamed(story, { what: undefined })).toEqual(answers.story(answers.latestSession()));
    expect(story.map(({ what }) => what)).toContain("bun run bench invoice");
  });

  test("has no query that is not compared here", () => {
    const others = [
      "What the sessions of the last day are doing now.",
      "The events of one session.",
    ];
    expect([...queries.keys()].toSorted()).toEqual(
      [...questions.map(([title]) => title), ...others].toSorted(),
    );
  });

  test("agrees with `claude-session stats --json`", async () => {
    const stats = JSON.parse((await runCli(sandbox, "stats --json")).stdout) as {
      readonly total: Readonly<Record<string, unknown>>;
      readonly rows: readonly Readonly<Record<string, unknown>>[];
    };
    const durations = await answerTo("The slowest tools, in milliseconds.");
    expect(durations.length).toBeGreaterThan(5);
    for (const { tool, p50_ms, p95_ms } of durations)
      expect(stats.rows.find(({ name }) => name === tool)).toMatchObject({ p50_ms, p95_ms });
    const failures = await answerTo("Failures by project and tool, out of all calls that ended.");
    const sessions = await answerTo(
      "Sessions, latest first. Only prompts written by a person count.",
    );
    const sum = (rows: readonly AnswerRow[], key: string) =>
      rows.reduce((total, row) => total + Number(row[key]), 0);
    expect(stats.total).toMatchObject({
      failed: sum(failures, "failures"),
      events: sum(sessions, "events"),
      prompts: sum(sessions, "prompts"),
      sessions: sessions.length,
    });
  });

  test("reads a log whose folder has a name that means something to DuckDB", async () => {
    const state = `${sandbox.root}/it's [a] * folder?`;
    mkdirSync(state);
    const env = { CLAUDE_SESSION_HOME: state };
    const [record] = await teamRecords(Date.now());
    if (record === undefined) throw new Error("no records");
    writeRecords({ events: `${state}/events` } as Sandbox, [record]);
    const { stdout } = await runCli(sandbox, "forward --sql duckdb", { env });
    const [view = ""] = statementsOf(stdout);
    const other = await openDuckdb(library);
    await other.rows(view);
    expect(await other.rows("SELECT id FROM claude_events")).toEqual([{ id: record.id }]);
  });
});

/** The statements of a text, each with the comment before it. */
function statementsOf(text: string): string[] {
  return text
    .split(/;\n*(?=--|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
