// A real ClickHouse server, of an old version, set up as `claude-session forward --sql clickhouse-18` prints: it takes records as
// they are, has each of them once, and answers the printed queries.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { EventRecord } from "../../lib/log/record";
import { capturedPayloads } from "../../scripts/harness/payloads";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { ClickHouse, isInstalled, PASSWORD, type Row } from "../support/clickhouse";
import { rejectedOf } from "../support/ledger";
import { recordedSession, recordsFrom } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

// A failing delivery takes three seconds of waits, and a busy machine takes its time.
setDefaultTimeout(60_000);

const records = yearOf(await recordedSession());
const ended = records.filter(({ event }) => /^PostToolUse(Failure)?$/.test(event));

const title = isInstalled
  ? "ClickHouse"
  : "ClickHouse (skipped: clickhouse-server is not installed)";
describe.skipIf(!isInstalled)(title, () => {
  let shared: Sandbox;
  let server: ClickHouse;
  let printed: string;

  beforeAll(async () => {
    shared = new Sandbox();
    server = await ClickHouse.start(shared.root);
    printed = (await runCli(shared, "forward --sql clickhouse-18")).stdout;
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    shared[Symbol.dispose]();
  });

  /** A sandbox whose events go to an empty database of the server, by the printed destination. */
  async function newLake(): Promise<Lake> {
    const lake = new Lake(server, printed);
    await server.run(`CREATE DATABASE ${lake.database}`);
    return lake;
  }

  test("stores every kind of event as it is in the log", async () => {
    using lake = await newLake();
    await lake.makeTable();
    const names = (await capturedPayloads()).map(({ name }) =>
      name.includes(".") ? `variants/${name}` : name,
    );
    const all = await recordsFrom(names.map((name) => [name]));
    writeRecords(lake.sandbox, all);
    expect(await lake.forward()).toMatchObject({ code: 0, stderr: "" });
    expect(await lake.rows("SELECT *, time FROM claude_events ORDER BY id")).toEqual(
      all.map(toRow),
    );
  });

  test("shows an event that was delivered twice once, before a merge and after it", async () => {
    using lake = await newLake();
    await lake.makeTable();
    await lake.deliverTwice(records);
    const everyId = records.map(({ id }) => id).toSorted();
    expect(await lake.ids()).toEqual(everyId);
    expect(await lake.count()).toBe(2 * records.length);
    await lake.mergeAll();
    expect(await lake.count()).toBe(records.length);
    expect(await lake.ids()).toEqual(everyId);
  });

  test("answers the printed queries correctly while each event is there twice", async () => {
    using lake = await newLake();
    await lake.makeTable();
    await lake.deliverTwice(records);
    const [sessions = "", tools = "", failures = "", ...others] = lake.queries;
    expect(others).toEqual([]);
    expect(await lake.rows(sessions)).toEqual(expectedSessions());
    expect(await lake.rows(tools)).toEqual(expectedTools());
    expect(await lake.rows(failures)).toEqual(expectedFailures());
    expect(await lake.count()).toBe(2 * records.length);
  });

  test("has every event once after it was killed and started again", async () => {
    using lake = await newLake();
    await lake.makeTable();
    writeRecords(lake.sandbox, records.slice(0, 200));
    expect((await lake.forward()).code).toBe(0);
    await server.kill();
    writeRecords(lake.sandbox, records.slice(200));
    expect((await lake.forward()).code).toBe(1);
    await server.start();
    expect((await lake.forward()).code).toBe(0);
    expect(await lake.ids()).toEqual(records.map(({ id }) => id).toSorted());
  });

  test("rejects only the event that it cannot read, and says why", async () => {
    using lake = await newLake();
    await lake.makeTable();
    // As where someone has changed the table.
    await lake.server.run(
      "ALTER TABLE claude_events MODIFY COLUMN duration_ms String",
      lake.database,
    );
    const others = records.map((record): EventRecord => ({ ...record, duration_ms: undefined }));
    const wrong = { ...(others[5] as EventRecord), duration_ms: 12 };
    writeRecords(lake.sandbox, others.with(5, wrong));
    expect((await lake.forward()).code).toBe(0);
    expect(await rejectedOf(lake.sandbox, "clickhouse")).toMatchObject([
      { status: 400, answer: expect.stringContaining("key duration_ms"), record: wrong },
    ]);
    expect(await lake.ids()).toEqual(
      records
        .toSpliced(5, 1)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  const mistakes: readonly Mistake[] = [
    { what: "the table is missing", status: 404, repair: (lake) => lake.makeTable() },
    {
      what: "the password is wrong",
      status: 401,
      make: (lake) => lake.configure({ user: "guarded", password: "wrong" }),
      repair: (lake) => lake.configure({ user: "guarded", password: PASSWORD }),
    },
    {
      what: "the url has an unknown setting",
      status: 404,
      make: (lake) => lake.configure({ settings: "&no_such_setting=1" }),
      repair: (lake) => lake.configure(),
    },
  ];
  test.concurrent.each(mistakes)("events wait while $what", async ({ status, make, repair }) => {
    using lake = await newLake();
    if (make !== undefined) await lake.makeTable();
    make?.(lake);
    writeRecords(lake.sandbox, records);
    expect((await lake.forward()).code).toBe(1);
    expect(await rejectedOf(lake.sandbox, "clickhouse")).toEqual([]);
    const { stdout } = await runCli(lake.sandbox, "forward --status");
    expect(stdout).toContain(String(status));
    await repair(lake);
    expect((await lake.forward()).code).toBe(0);
    expect(await lake.ids()).toEqual(records.map(({ id }) => id).toSorted());
  });
});

/** Something that is wrong with the destination, not with the events. */
interface Mistake {
  readonly what: string;
  /** The server's answer to it. */
  readonly status: number;
  make?(lake: Lake): void;
  repair(lake: Lake): unknown;
}

let lakes = 0;

/** A sandbox, and a database for its events. */
class Lake implements Disposable {
  readonly sandbox = new Sandbox();
  readonly database = `lake${++lakes}`;

  constructor(
    readonly server: ClickHouse,
    readonly printed: string,
  ) {
    mkdirSync(this.sandbox.state, { recursive: true, mode: 0o700 });
    this.configure();
  }

  /** The queries in the comments. */
  get queries(): string[] {
    return Array.from(this.printed.matchAll(/\/\*\n(SELECT[^]*?)\*\//g), ([, query = ""]) => query);
  }

  /** Writes `config.json` with the printed destination. */
  configure({ user = "default", password = "", settings = "" } = {}): void {
    const [destinations = ""] = /"destinations": \[[^]*?\n {2}\]/.exec(this.printed) ?? [];
    const text = `{${destinations}}`
      .replace("http://HOST:8123", this.server.url)
      .replace("/?query=", `/?database=${this.database}${settings}&query=`)
      .replace("NAME", user)
      .replace("PASSWORD", password);
    const path = `${this.sandbox.state}/config.json`;
    writeFileSync(path, text, { mode: 0o600 });
  }

  makeTable(): Promise<string> {
    return this.server.run(this.printed, this.database);
  }

  forward() {
    return runCli(this.sandbox, "forward --once");
  }

  /** Delivers everything twice, while the server may not merge. */
  async deliverTwice(all: readonly EventRecord[]): Promise<void> {
    await this.server.run("SYSTEM STOP MERGES");
    writeRecords(this.sandbox, all);
    for (let i = 0; i < 2; i++) {
      expect(await this.forward()).toMatchObject({ code: 0, stderr: "" });
      rmSync(`${this.sandbox.state}/forward/clickhouse/cursor.json`);
    }
  }

  async mergeAll(): Promise<void> {
    await this.server.run("SYSTEM START MERGES");
    // It merges a month at a time.
    const months = new Set(records.map(({ timestamp }) => timestamp.slice(0, 7).replace("-", "")));
    for (const month of months)
      await this.server.run(`OPTIMIZE TABLE claude_events PARTITION ${month} FINAL`, this.database);
  }

  rows(query: string): Promise<Row[]> {
    return this.server.rows(query, this.database);
  }

  /** The ids of its events, as a query with FINAL returns them. */
  async ids(): Promise<unknown[]> {
    const rows = await this.rows("SELECT id FROM claude_events FINAL ORDER BY id");
    return rows.map(({ id }) => id);
  }

  /** How many rows there are, merged or not. */
  async count(): Promise<number> {
    const [row] = await this.rows("SELECT count() AS n FROM claude_events");
    return Number(row?.["n"]);
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }
}

/** A year of sessions in four projects. One of them continues after New Year, and in another project. */
function yearOf(all: readonly EventRecord[]): EventRecord[] {
  return Array.from({ length: 12 }, (_, month) =>
    all.map((record, i): EventRecord => {
      const startedMs = Date.UTC(2026, month + 1, 1) - 10_000;
      return {
        ...record,
        id: Bun.randomUUIDv7("hex", startedMs + i * 1000),
        timestamp: new Date(startedMs + i * 1000).toISOString(),
        session_id: `${record.session_id.slice(0, -2)}${String(month).padStart(2, "0")}`,
        project: month === 11 && i > 20 ? "elsewhere" : `shop-${month % 3}`,
        ...(record.duration_ms !== undefined && {
          duration_ms: record.duration_ms * (1 + ((month * 7) % 12) / 4),
        }),
      };
    }),
  ).flat();
}

/** A record as it is stored in the table. */
function toRow(record: EventRecord): Row {
  const { tool = "", tool_use_id = "", duration_ms = null, prompt_id = "" } = record;
  const { agent_id = "", agent_type = "", should_notify, timestamp } = record;
  const { id, event, session_id, session_id_source, project, project_dir, user, pid } = record;
  return {
    id,
    timestamp,
    time: timestamp.slice(0, 19).replace("T", " "),
    event,
    session_id,
    session_id_source,
    project,
    project_dir,
    user,
    pid,
    should_notify: Number(should_notify),
    tool,
    tool_use_id,
    duration_ms,
    agent_id,
    agent_type,
    prompt_id,
  };
}

function expectedSessions(): Row[] {
  const rows = Array.from(
    Map.groupBy(records, ({ session_id }) => session_id),
    ([id, own]) => {
      const count = (...events: string[]) =>
        own.filter(({ event }) => events.includes(event)).length;
      const times = own.map(({ timestamp }) => timestamp).toSorted();
      return {
        session_id: id,
        in_project: own[0]?.project,
        by_user: own[0]?.user,
        first_event: times[0],
        last_event: times.at(-1),
        events: own.length,
        prompts: count("UserPromptSubmit"),
        tool_calls: Math.max(count("PreToolUse"), count("PostToolUse", "PostToolUseFailure")),
      };
    },
  );
  return rows.toSorted((a, b) => (String(a.last_event) < String(b.last_event) ? 1 : -1));
}

function expectedTools(): Row[] {
  const timed = ended.filter(({ duration_ms }) => duration_ms !== undefined);
  const rows = Array.from(
    Map.groupBy(timed, ({ tool }) => tool),
    ([tool, calls]) => {
      const sorted = calls.map(({ duration_ms }) => Number(duration_ms)).toSorted((a, b) => a - b);
      return {
        tool,
        calls: calls.length,
        p50_ms: sorted[Math.floor(sorted.length * 0.5)],
        p95_ms: sorted[Math.floor(sorted.length * 0.95)],
        max_ms: sorted.at(-1),
      };
    },
  );
  return rows.toSorted((a, b) => Number(b.p95_ms) - Number(a.p95_ms));
}

function expectedFailures(): Row[] {
  const rows = Array.from(
    Map.groupBy(ended, ({ project }) => project),
    ([project, calls]) => {
      const failures = calls.filter(({ event }) => event === "PostToolUseFailure").length;
      const percent = Math.round((1000 * failures) / calls.length) / 10;
      return { project, calls: calls.length, failures, percent };
    },
  );
  return rows.toSorted((a, b) => b.failures - a.failures || (a.project < b.project ? -1 : 1));
}
