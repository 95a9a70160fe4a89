// The engine of a current ClickHouse, set up as `forward --sql clickhouse` prints: it takes what the forwarder sends, has
// each event once, and answers the printed queries and the dashboard's panels as the log does.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Dashboard } from "../../lib/forward/grafana/schema";
import { isFromPerson } from "../../lib/history/payload";
import type { EventRecord } from "../../lib/log/record";
import { CHDB_VERSION, findChdb, type Row } from "../../scripts/harness/chdb";
import { capturedPayloads } from "../../scripts/harness/payloads";
import { recordsOf } from "../../scripts/harness/read-records";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { programFor } from "../../lib/events";
import { Answers, renamed, toAnswer, type AnswerRow } from "../support/answers";
import { ChdbServer } from "../support/chdb-server";
import { teamRecords } from "../support/team";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(120_000);

const found = findChdb();
const library = "path" in found ? found.path : "";
if ("reason" in found)
  console.log(`skipped: chdb ${CHDB_VERSION} is not available: ${found.reason}`);

describe.skipIf(library === "")("a current ClickHouse", () => {
  let shared: Sandbox;
  let server: ChdbServer;
  let printed: string;
  let table: string;

  beforeAll(async () => {
    shared = new Sandbox();
    server = await ChdbServer.start(library, `${shared.root}/chdb`);
    printed = (await runCli(shared, "forward --sql clickhouse")).stdout;
    [table = ""] = /CREATE TABLE[^;]*/.exec(printed) ?? [];
    expect(table).toContain("ReplacingMergeTree");
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    shared[Symbol.dispose]();
  });

  /** Drops and creates the table, and gives a sandbox the printed destination. */
  function prepare(sandbox: Sandbox): void {
    server.engine.run("DROP TABLE IF EXISTS claude_events");
    server.engine.run(printed);
    const [destinations = ""] = /"destinations": \[[^]*?\n {2}\]/.exec(printed) ?? [];
    mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
    writeFileSync(
      `${sandbox.state}/config.json`,
      `{${destinations.replace("http://HOST:8123", server.url)}}`,
      { mode: 0o600 },
    );
  }

  async function forward(sandbox: Sandbox): Promise<void> {
    expect(await runCli(sandbox, "forward --once")).toMatchObject({ code: 0, stderr: "" });
  }

  /** Delivers everything once more, as after a lost answer. */
  async function forwardAgain(sandbox: Sandbox): Promise<void> {
    rmSync(`${sandbox.state}/forward/clickhouse/cursor.json`);
    await forward(sandbox);
  }

  function count(of = "claude_events"): number {
    return Number(server.engine.rows(`SELECT count() AS n FROM ${of}`)[0]?.["n"]);
  }

  /** The printed queries, by what they are about. */
  function printedQueries(): Map<string, string> {
    const all = printed.matchAll(/^-- (.*)\n\/\*\n((?:WITH|SELECT)[^]*?)\*\//gm);
    return new Map(Array.from(all, ([, title = "", query = ""]) => [title, query]));
  }

  test("stores each kind of event as a program recorded it", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    // The destination is not there yet, so that no hook starts a forwarder of its own.
    const config = `${sandbox.state}/config.json`;
    const text = await Bun.file(config).text();
    rmSync(config);
    for (const { event, text: payload } of await capturedPayloads())
      await runProgram(programFor(event), sandbox, payload); // oxlint-disable-line no-await-in-loop
    writeFileSync(config, text, { mode: 0o600 });
    await forward(sandbox);
    const records = await recordsOf(sandbox);
    expect(records.length).toBeGreaterThan(90);
    const rows = server.engine.rows(
      "SELECT *, is_prompt FROM claude_events ORDER BY timestamp, toString(id)",
    );
    const order = (record: EventRecord) => record.timestamp + record.id;
    const expected = records.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
    expect(rows.map(withParsedContent)).toEqual(expected.map(toRow));
  });

  test("asks the server to store an insert before it answers, and does not send if it should not", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    writeRecords(sandbox, await teamRecords(Date.now()));
    await forward(sandbox);
    expect(server.settings.at(-1)).toEqual({
      date_time_input_format: "best_effort",
      input_format_json_read_objects_as_strings: "1",
      input_format_skip_unknown_fields: "1",
      async_insert: "1",
      wait_for_async_insert: "1",
    });
    const config = `${sandbox.state}/config.json`;
    const text = await Bun.file(config).text();
    writeFileSync(config, text.replace("wait_for_async_insert=1", "wait_for_async_insert=0"));
    const { code, stderr } = await runCli(sandbox, "forward --once");
    expect(code).toBe(1);
    expect(stderr).toContain("wait_for_async_insert=0");
  });

  test("rejects an event that it cannot read, alone, and says why", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    const records = await teamRecords(Date.now());
    const wrong = { ...(records[5] as EventRecord), id: "not a UUID" };
    writeRecords(sandbox, records.with(5, wrong));
    await forward(sandbox);
    const rejected = await Bun.file(`${sandbox.state}/forward/clickhouse/rejected.jsonl`).text();
    expect(JSON.parse(rejected)).toMatchObject({ status: 400, record: { id: wrong.id } });
    expect(count()).toBe(records.length - 1);
  });

  test("shows an event that was delivered twice once, before a merge and after it", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    const records = await teamRecords(Date.now());
    server.engine.run("SYSTEM STOP MERGES");
    writeRecords(sandbox, records);
    await forward(sandbox);
    await forwardAgain(sandbox);
    expect(count()).toBe(2 * records.length);
    expect(count("claude_events FINAL")).toBe(records.length);
    server.engine.run("SYSTEM START MERGES");
    server.engine.run("OPTIMIZE TABLE claude_events FINAL");
    expect(count()).toBe(records.length);
  });

  test("lets go of content after 90 days and of rows after a year, and keeps what queries need", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    const records = await teamRecords(Date.now() - 100 * DAY_MS);
    const old = await teamRecords(Date.now() - 400 * DAY_MS);
    writeRecords(sandbox, [...old, ...records]);
    await forward(sandbox);
    server.engine.run("OPTIMIZE TABLE claude_events FINAL");
    const [row] = server.engine
      .rows(`SELECT count() AS n, countIf(payload != '' OR parameters != '') AS content,
      countIf(is_prompt) AS prompts, countIf(source = 'clear') AS clears FROM claude_events`);
    const prompts = records.filter((one) => one.event === "UserPromptSubmit" && isFromPerson(one));
    expect(row).toEqual({ n: records.length, content: 0, prompts: prompts.length, clears: 2 });
  });

  test("reads only the days that a query is about", () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    server.engine.run(`INSERT INTO claude_events (id, timestamp, event, session_id)
      SELECT generateUUIDv7(), toDateTime64('2026-03-01', 3, 'UTC') + number * 10, 'Stop', toString(number % 50)
      FROM numbers(200000)`);
    const [total] = server.engine.rows(
      "SELECT sum(rows) AS n FROM system.parts WHERE table = 'claude_events' AND active",
    );
    const [read] = server.engine.rows(`EXPLAIN ESTIMATE SELECT count() FROM claude_events FINAL
      WHERE timestamp >= '2026-03-10' AND timestamp < '2026-03-11' AND session_id != ''`);
    // One day of 23, and the edges of its granules.
    expect(Number(total?.["n"])).toBe(200_000);
    expect(Number(read?.["rows"])).toBeLessThan(40_000);
  });

  test("tells who wrote a prompt as the views do", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    const payloads = [
      { prompt: "Fix it" },
      { prompt: "Fix it", source: "sdk" },
      { prompt: "Fix it", source: "cron" },
      { prompt: "<task-notification>\nDone\n</task-notification>\n" },
      { prompt: "Another session says:\n <peer-message>x</peer-message>" },
      { prompt: "<task-notification>x</task-notification> What is this?" },
      { prompt: "<task-notification>x</task-notification>\nRead the output file" },
      {
        prompt:
          "[SYSTEM NOTIFICATION - NOT USER INPUT]\nA task.\n<task-notification>x</task-notification>",
      },
      { prompt: "<toast-notification>x</toast-notification>\nThis flickers" },
      { prompt: "<b>bold</b>" },
      { prompt: 'it\'s \\n \\\\ "x" \u2028 \ud83d' },
    ];
    const nowMs = Date.now();
    const first = (await teamRecords(nowMs)).find(({ event }) => event === "UserPromptSubmit");
    writeRecords(
      sandbox,
      payloads.map((payload, i) => ({
        ...(first as EventRecord),
        id: Bun.randomUUIDv7("hex", nowMs + i),
        timestamp: new Date(nowMs + i).toISOString(),
        payload,
      })),
    );
    await forward(sandbox);
    const rows = server.engine.rows(
      "SELECT is_prompt, JSONExtractString(payload, 'prompt') AS prompt FROM claude_events ORDER BY timestamp",
    );
    expect(rows).toEqual(
      payloads.map((payload) => ({
        is_prompt: isFromPerson({ payload }),
        // Half a surrogate pair is sent as what stands for it.
        prompt: payload.prompt.toWellFormed(),
      })),
    );
  });

  test("offers no name that could end its quotes in a query", async () => {
    using sandbox = new Sandbox();
    prepare(sandbox);
    const [record] = (await teamRecords(Date.now())) as [EventRecord];
    const projects = ["it's", "back\\slash", "\\' OR 1 = 1 --", "shop"];
    for (const project of projects)
      writeRecords(sandbox, [{ ...record, project, id: Bun.randomUUIDv7() }]);
    await forward(sandbox);
    const { stdout } = await runCli(sandbox, "forward --grafana clickhouse");
    const { templating } = JSON.parse(stdout) as Dashboard;
    const variable = templating?.list?.find(({ name }) => name === "project");
    const rawSql = String((variable?.query as Row | undefined)?.["rawSql"]);
    const [fromMs, toMs] = [0, Date.now()];
    const nothing = { project: [], user: [], session: [], fromMs, toMs, intervalS: 60 };
    const offered = server.engine.rows(expandMacros(rawSql, nothing)).map((row) => row["project"]);
    expect(offered).toEqual(["it's", "shop"]);
    for (const project of offered.map(String)) {
      const text = expandMacros("SELECT ${project:singlequote} AS project", {
        ...nothing,
        project: [project],
      });
      expect(server.engine.rows(text)).toEqual([{ project }]);
    }
  });

  describe("with a team's events, each there twice", () => {
    let nowMs: number;
    let answers: Answers;
    let queries: Map<string, string>;
    let dashboard: Dashboard & { readonly __inputs: readonly { readonly name: string }[] };
    let sandbox: Sandbox;

    beforeAll(async () => {
      sandbox = new Sandbox();
      prepare(sandbox);
      nowMs = Date.now();
      const records = await teamRecords(nowMs);
      answers = new Answers(records, nowMs);
      writeRecords(sandbox, records);
      await forward(sandbox);
      await forwardAgain(sandbox);
      queries = printedQueries();
      dashboard = JSON.parse((await runCli(sandbox, "forward --grafana clickhouse")).stdout);
    });
    afterAll(() => sandbox[Symbol.dispose]());

    function answerTo(title: string): AnswerRow[] {
      const query = queries.get(title);
      if (query === undefined) throw new Error(`no query is called ${title}`);
      return server.engine.rows(query).map(toAnswer);
    }

    /** A panel's answer, as the data source plug-in would ask for it. */
    function panel(title: string, variables: Partial<Variables> = {}): AnswerRow[] {
      const one = dashboard.panels?.find((candidate) => candidate.title?.startsWith(title));
      const target = one !== undefined && "targets" in one ? one.targets?.[0] : undefined;
      const sql = expandMacros(String(target?.["rawSql"]), {
        project: ["$__all"],
        user: ["$__all"],
        session: [answers.latestSession()],
        fromMs: nowMs - 7 * DAY_MS,
        toMs: nowMs,
        intervalS: 86_400,
        ...variables,
      });
      return server.engine.rows(sql).map(toAnswer);
    }

    const questions: readonly (readonly [
      query: string,
      panel: string | undefined,
      expected: () => AnswerRow[],
    ])[] = [
      [
        "Sessions, latest first. Only prompts written by a person count.",
        undefined,
        () => answers.sessions(),
      ],
      [
        "Tool calls without a result: denied, interrupted, or never ended.",
        "Tool calls without a result",
        () => answers.calls(),
      ],
      [
        "Minutes that sessions waited for a person's answer, until the tool ran or was denied.",
        "Minutes waited",
        () => answers.waits(),
      ],
      [
        "Failures by project and tool, out of all calls that ended.",
        "Failures",
        () => answers.failures(),
      ],
      ["The slowest tools, in milliseconds.", "Slowest tools", () => answers.durations()],
      [
        "Subagents by type: how many, how long from their start to their last end, and their calls.",
        "Subagents",
        () => answers.subagents(),
      ],
      [
        "Which session continues which, and how often one was resumed and compacted.",
        "Sessions that continue",
        () => answers.lineage(),
      ],
      ["Prompts and sessions by user and day.", "Prompts and sessions", () => answers.activity()],
    ];
    test.each(questions)("answers the query: %s", (title, _, expected) => {
      expect(expected().length).toBeGreaterThan(1);
      expect(answerTo(title)).toEqual(expected());
    });
    test.each(questions.filter(([, title]) => title !== undefined))(
      "answers the panel of the query: %s",
      (_, title = "", expected) => {
        expect(panel(title)).toEqual(expected());
      },
    );

    test("knows what sessions are doing", () => {
      const { ended, ...states } = answers.states();
      expect(ended).toBeGreaterThan(0);
      for (const state of ["at_work", "needs_answer", "waits_for_prompt", "silent"])
        expect([state, states[state]]).not.toEqual([state, 0]);
      expect(answerTo("What the sessions of the last day are doing now.")).toEqual([states]);
      expect(panel("Sessions now")).toEqual([states]);
    });

    test("knows what sessions were doing at the end of a time range", () => {
      const toMs = nowMs - 20 * 60_000;
      const earlier = new Answers(answers.until(toMs), toMs);
      const { ended: _, ...states } = earlier.states();
      expect(states).not.toEqual(answers.states());
      expect(panel("Sessions now", { toMs })).toEqual([states]);
    });

    test("tells the story of a session", () => {
      const session = answers.latestSession();
      const story = answerTo("The events of one session.");
      expect(renamed(story, { what: undefined })).toEqual(answers.story(session));
      expect(story.map(({ what }) => what)).toContain("bun run bench invoice");
      expect(panel("One session")).toEqual(story);
    });

    test("has no query and no panel that is not compared here", () => {
      const others = [
        "What the sessions of the last day are doing now.",
        "The events of one session.",
      ];
      expect([...queries.keys()].toSorted()).toEqual(
        [...questions.map(([title]) => title as string), ...others].toSorted(),
      );
      expect(dashboard.panels).toHaveLength(9);
    });

    test("narrows every panel to the chosen projects and users", () => {
      const variables = { project: ["shop", "it's"], user: ["ana"] };
      const chosen = answers.filter(({ project, user }) => project === "shop" && user === "ana");
      expect(panel("Tool calls without", variables)).toEqual(chosen.calls());
      expect(panel("Failures", variables)).toEqual(chosen.failures());
      expect(panel("Minutes waited", variables)).toEqual(chosen.waits());
      expect(panel("Slowest", variables)).toEqual(chosen.durations());
      expect(panel("Subagents", variables)).toEqual(chosen.subagents());
      expect(panel("Sessions that continue", variables)).toEqual(chosen.lineage());
      expect(panel("Prompts and sessions", variables)).toEqual(chosen.activity());
      const { ended: _, ...states } = chosen.states();
      expect(panel("Sessions now", variables)).toEqual([states]);
    });

    test("offers the projects, users and sessions of the time range", () => {
      const offered = (name: string): unknown[][] => {
        const variable = dashboard.templating?.list?.find((one) => one.name === name);
        const rawSql = String((variable?.query as Row | undefined)?.["rawSql"]);
        const sql = expandMacros(rawSql, {
          project: ["$__all"],
          user: ["$__all"],
          session: [],
          fromMs: nowMs - 7 * DAY_MS,
          toMs: nowMs,
          intervalS: 60,
        });
        return server.engine.rows(sql).map((row) => Object.values(row));
      };
      expect(offered("project").flat()).toContain("two");
      expect(offered("user").flat()).toEqual(["ana", "root", "you"]);
      const [latest] = offered("session");
      expect(latest?.[0]).toBe(answers.latestSession());
      expect(String(latest?.[1])).toMatch(/^shop \d\d-\d\d \d\d:\d\d [\da-f]{8}$/);
    });

    test("agrees with `claude-session list` and `stats`", async () => {
      const list = JSON.parse((await runCli(sandbox, "list --json --limit 0")).stdout) as Row[];
      const sessions = answerTo("Sessions, latest first. Only prompts written by a person count.");
      expect(
        sessions.map(({ session_id, prompts, tool_calls }) => [session_id, prompts, tool_calls]),
      ).toEqual(
        list.map(({ session_id, prompts, tools }) => [session_id, prompts, tools] as never),
      );
      const stats = JSON.parse((await runCli(sandbox, "stats --json")).stdout) as { rows: Row[] };
      for (const { tool, p50_ms, p95_ms } of answerTo("The slowest tools, in milliseconds."))
        expect(stats.rows.find(({ name }) => name === tool)).toMatchObject({ p50_ms, p95_ms });
    });
  });
});

const DAY_MS = 86_400_000;

/** What a person chose in a dashboard. `$__all` is what Grafana has for all values. */
interface Variables {
  readonly project: readonly string[];
  readonly user: readonly string[];
  readonly session: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalS: number;
}

/** Fills in macros and variables as the plug-in documents it: docs/sources/query-editor.md and template-variables.md there. */
function expandMacros(sql: string, variables: Variables): string {
  const { fromMs, toMs, intervalS, ...chosen } = variables;
  const values = (name: string) => chosen[name as keyof typeof chosen];
  const expanded = sql
    .replace(
      /\$__conditionalAll\(((?:[^()]|\([^()]*\))*), \$(\w+)\)/g,
      (_, condition: string, name: string) => (values(name).includes("$__all") ? "1=1" : condition),
    )
    .replace(/\$\{(\w+):singlequote\}/g, (_, name: string) =>
      values(name)
        .map((value) => `'${value.replaceAll("'", "\\'")}'`)
        .join(","),
    )
    .replace(
      /\$__timeFilter_ms\((\w+)\)/g,
      `$1 >= fromUnixTimestamp64Milli(${fromMs}) AND $1 <= fromUnixTimestamp64Milli(${toMs})`,
    )
    .replace(
      /\$__timeInterval\((\w+)\)/g,
      `toStartOfInterval(toDateTime($1), INTERVAL ${intervalS} second)`,
    )
    .replace(/\$__toTime_ms\b/g, `fromUnixTimestamp64Milli(${toMs})`);
  expect(expanded).not.toContain("$");
  return expanded;
}

/** A record as it is in the table. */
function toRow(record: EventRecord): Row {
  const {
    tool = "",
    tool_use_id = "",
    duration_ms = null,
    prompt_id = "",
    agent_id = "",
    agent_type = "",
  } = record;
  const {
    v: _,
    parameters = "",
    payload,
    redacted = 0,
    truncated = 0,
    client = "",
    ...rest
  } = record;
  return {
    ...rest,
    timestamp: record.timestamp.replace("T", " ").replace("Z", ""),
    client,
    tool,
    tool_use_id,
    duration_ms,
    agent_id,
    agent_type,
    prompt_id,
    parameters,
    payload,
    redacted,
    truncated,
    is_prompt: record.event === "UserPromptSubmit" && isFromPerson(record),
  };
}

function withParsedContent(row: Row): Row {
  const parsed = (value: unknown) => (value === "" ? "" : (JSON.parse(String(value)) as unknown));
  return { ...row, parameters: parsed(row["parameters"]), payload: parsed(row["payload"]) };
}
