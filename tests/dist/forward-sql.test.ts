// What `forward --sql` and `forward --grafana` print, as far as it can be known without a database. The databases
// themselves are in tests/e2e.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Dashboard } from "../../lib/forward/grafana/schema";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { recordedSession } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox[Symbol.dispose]());

async function print(options: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(sandbox, `forward ${options}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test.each(["clickhouse", "clickhouse-18"])(
  "the address that --sql %s prints reaches the server as it is written",
  async (database) => {
    const printed = await print(`--sql ${database}`);
    const [destinations = ""] = /"destinations": \[[^]*?\n {2}\]/.exec(printed) ?? [];
    const [, path = ""] = /"http:\/\/HOST:8123([^"]*)"/.exec(destinations) ?? [];
    expect(path).toStartWith("/?query=INSERT%20INTO%20claude_events%20FORMAT%20JSONEachRow&");
    await using server = new Collector();
    using sender = new Sandbox();
    mkdirSync(sender.state, { recursive: true, mode: 0o700 });
    writeFileSync(
      `${sender.state}/config.json`,
      `{${destinations.replace("http://HOST:8123", server.url)}}`,
      { mode: 0o600 },
    );
    const records = await recordedSession();
    writeRecords(sender, records);
    expect(await runCli(sender, "forward --once")).toMatchObject({ code: 0, stderr: "" });
    expect(new Set(server.deliveries.map((delivery) => delivery.path))).toEqual(new Set([path]));
    expect(server.deliveries[0]?.headers).toMatchObject({
      "x-clickhouse-user": "NAME",
      "x-clickhouse-key": "PASSWORD",
    });
    expect(server.ids).toEqual(records.map(({ id }) => id));
  },
);

test("ClickHouse gets one statement over HTTP, which is all that it takes", async () => {
  const code = (await print("--sql clickhouse"))
    .replaceAll(/\/\*[^]*?\*\//g, "")
    .replaceAll(/^\s*--.*$/gm, "");
  expect(code.match(/;/g)).toHaveLength(1);
  expect(code.trim()).toStartWith("CREATE TABLE");
  expect(code.trim()).toEndWith(";");
});

test("DuckDB reads the log of the user who asks", async () => {
  expect(await print("--sql duckdb")).toContain(`'${sandbox.events}/*.jsonl'`);
});

describe("the dashboard", () => {
  let printed: string;
  let dashboard: Dashboard & Readonly<Record<"__inputs" | "__requires", readonly Item[]>>;
  let panels: readonly Panel[];
  interface Item {
    readonly id?: string;
    readonly name: string;
    readonly type: string;
  }
  type Panel = Extract<NonNullable<Dashboard["panels"]>[number], { targets?: unknown }>;

  beforeAll(async () => {
    printed = await print("--grafana clickhouse");
    dashboard = JSON.parse(printed);
    panels = (dashboard.panels ?? []) as readonly Panel[];
  });

  function sqlOf({ targets = [] }: Panel): string {
    expect(targets).toHaveLength(1);
    return String(targets[0]?.["rawSql"]);
  }

  test("asks for its data source at the import, and uses no other", () => {
    expect(dashboard.__inputs.map(({ name }) => name)).toEqual(["DS_CLICKHOUSE"]);
    const used = printed.matchAll(/"uid": "([^"]*)"/g);
    const uids = new Set(Array.from(used, ([, uid]) => uid));
    expect(uids).toEqual(new Set(["${DS_CLICKHOUSE}", "claude-session-hooks"]));
  });

  test("names what it needs", () => {
    const kinds = dashboard.__requires.filter(({ type }) => type === "panel").map(({ id }) => id);
    expect(new Set(kinds)).toEqual(new Set(panels.map(({ type }) => type)));
  });

  test("has nine panels, each with an id, a title and a description, and none on top of another", () => {
    expect(panels).toHaveLength(9);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(9);
    const taken = new Set<string>();
    for (const { title, description, gridPos } of panels) {
      expect(title).not.toBeEmpty();
      expect(description?.length).toBeGreaterThan(40);
      if (gridPos === undefined) throw new Error(`${title} has no place`);
      const { x, y, w, h } = gridPos;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++)
        for (let row = y; row < y + h; row++) {
          expect(taken).not.toContain(`${column},${row}`);
          taken.add(`${column},${row}`);
        }
    }
    const bottom = Math.max(...panels.map(({ gridPos }) => (gridPos?.y ?? 0) + (gridPos?.h ?? 0)));
    expect(taken.size).toBe(24 * bottom);
  });

  test("uses only variables that it has", () => {
    const own = dashboard.templating?.list?.map(({ name }) => name) ?? [];
    expect(own).toEqual(["project", "user", "session", "traces"]);
    const used = printed.matchAll(/\$\{?(\w+)/g);
    const names = new Set(Array.from(used, ([, name = ""]) => name));
    const grafanas = Array.from(names).filter((name) => name.startsWith("__"));
    expect(names).toEqual(new Set([...own, ...grafanas, "DS_CLICKHOUSE"]));
  });

  test("has no comment with a quote, which a plug-in that looks for texts could take for the start of one", () => {
    for (const panel of panels)
      for (const line of sqlOf(panel).split("\n")) expect(line.split("'").length % 2).toBe(1);
  });

  test("shows each column that a setting is about", () => {
    for (const panel of panels)
      for (const { matcher } of panel.fieldConfig?.overrides ?? []) {
        const name = String(matcher.options).replace(/^\/\^|\\b\/$/g, "");
        expect(sqlOf(panel)).toContain(name);
      }
  });

  test("asks what `forward --sql clickhouse` asks, in the same words", async () => {
    const text = await print("--sql clickhouse");
    const queries = Array.from(
      text.matchAll(/\/\*\n((?:WITH|SELECT)[^]*?)\*\//g),
      ([, query = ""]) => query.trim(),
    );
    const lines = queries.map((query) => query.split("\n"));
    for (const panel of panels) {
      const own = sqlOf(panel).split("\n");
      const most = lines.map(
        (other) => other.filter((line, i) => line === own[i]).length / own.length,
      );
      // All but the line or two that narrow it.
      const best = lines[most.indexOf(Math.max(...most))] ?? [];
      const differing = own.filter((line, i) => line !== best[i]);
      expect(best).toHaveLength(own.length);
      expect(differing.every((line) => /\$__|\$\{/.test(line))).toBeTrue();
    }
  });
});
