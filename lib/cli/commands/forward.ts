// `claude-session forward`: delivers events to observability servers and collectors. Hooks start it.
import { environment, paths } from "../../environment";
import { readDestinations } from "../../forward/destination";
import { drain, type DrainResult } from "../../forward/drain";
import { runForwarder } from "../../forward/forwarder";
import { reportForwarding, type ForwardingReport } from "../../forward/status";
import { isFailing } from "../../forward/status-file";
import { loadConfig } from "../../load-config";
import { defineCommand, DONE, FAILED, UsageError, type ExitStatus } from "../command";
import { inConfigFile } from "../render/config-fault";
import { describeWaiting, renderForwarding } from "../render/forwarding";
import { plural, safeJson, sanitize } from "../render/text";
import type { Terminal } from "../terminal";

const NO_DESTINATIONS = `Nothing is forwarded, because config.json has no destinations.

Add one with \`claude-session install --server http://127.0.0.1:4000\`, for example.`;

export default defineCommand({
  description: "Deliver events to servers; the hooks start this automatically",
  arguments: {
    status: { type: "boolean", description: "Show the state of each destination" },
    json: { type: "boolean", description: "With --status: print as JSON" },
    once: { type: "boolean", description: "Deliver pending events and exit" },
    rejected: {
      type: "boolean",
      description: "With --once: then retry the events that servers rejected",
    },
    sql: {
      type: "choice",
      choices: ["clickhouse", "clickhouse-18", "duckdb"],
      description:
        "Print a table and queries for ClickHouse (2024 and later, or older), or queries for DuckDB, which reads the log itself",
    },
    grafana: {
      type: "choice",
      choices: ["clickhouse"],
      description: "Print a Grafana dashboard to import, for events in this database",
    },
  },
  examples: [
    ["forward --status", "what was delivered and what is pending"],
    ["forward --once", "exit status 1 if events remain"],
    ["forward --once --rejected", "after you have fixed the cause"],
    ["forward --sql clickhouse", "the table for a team's events"],
    ["forward --grafana clickhouse > sessions.json", "a dashboard for that table"],
    ["forward --sql duckdb | duckdb", "queries on your own log, without a server"],
  ],
  async run({ once, rejected, status, json, sql, grafana }, terminal) {
    if ([once, status, sql !== undefined, grafana !== undefined].filter(Boolean).length > 1)
      throw new UsageError("--once, --status, --sql and --grafana cannot be combined");
    if (json && !status) throw new UsageError("--json needs --status");
    if (rejected && !once) throw new UsageError("--rejected needs --once");
    if (sql !== undefined) {
      terminal.print(await sqlFor(sql));
      return DONE;
    }
    if (grafana !== undefined) {
      const { clickhouseDashboard } = await import("../../forward/grafana/dashboard");
      terminal.print(safeJson(clickhouseDashboard(), 2));
      return DONE;
    }
    if (!status) return deliver({ once, rejected }, terminal);
    const report = reportForwarding();
    if (json) terminal.print(safeJson(report, 2));
    else if (report.destinations.length + report.faults.length === 0)
      terminal.print(NO_DESTINATIONS);
    else terminal.print(renderForwarding(report, terminal, Date.now()));
    return DONE;
  },
});

// Loaded late: a forwarder, which hooks start, needs none of it.
async function sqlFor(database: "clickhouse" | "clickhouse-18" | "duckdb"): Promise<string> {
  switch (database) {
    case "clickhouse":
      return (await import("../../forward/sql/clickhouse")).clickhouseText();
    case "clickhouse-18":
      return (await import("../../forward/sql/clickhouse")).oldClickhouseText();
    case "duckdb":
      return (await import("../../forward/sql/duckdb")).duckdbText(paths.events);
  }
}

interface DeliverOptions {
  readonly once: boolean;
  readonly rejected: boolean;
}

async function deliver(options: DeliverOptions, terminal: Terminal): Promise<ExitStatus> {
  const { usable, faults } = readDestinations(loadConfig(), environment);
  for (const fault of faults) terminal.note(sanitize(inConfigFile(fault)));
  if (usable.length + faults.length === 0) {
    terminal.print(NO_DESTINATIONS);
    return DONE;
  }
  if (environment[VERBOSE_FETCH]) return restartWithoutVerboseFetch();
  if (options.once) {
    const isComplete = await deliverOnce(options.rejected, terminal);
    return isComplete && faults.length === 0 ? DONE : FAILED;
  }
  if (!(await runForwarder())) terminal.note("Another forwarder is running.");
  return DONE;
}

/** Makes the runtime print every request, with the secrets in its headers (Bun 1.4.5). */
const VERBOSE_FETCH = "BUN_CONFIG_VERBOSE_FETCH";

// The runtime read it before our first line, so only another process can do without.
async function restartWithoutVerboseFetch(): Promise<ExitStatus> {
  const child = Bun.spawn([process.execPath, ...Bun.argv.slice(2)], {
    env: { ...environment, [VERBOSE_FETCH]: undefined },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  return (await child.exited) === 0 ? DONE : FAILED;
}

// How often to look at the progress of another forwarder.
const POLL_MS = 200;

/** Delivers what is waiting, or watches the forwarder that does, and reports on each destination. */
async function deliverOnce(retriesRejected: boolean, terminal: Terminal): Promise<boolean> {
  const startedAt = new Date().toISOString();
  const before = reportForwarding();
  const total = undelivered(before);
  let done = 0;
  const onDone = (events: number) => {
    done += events;
    terminal.progress("Delivering", Math.min(done / Math.max(total, 1), 1));
  };
  let drained: DrainResult | undefined;
  while ((drained = await drain(retriesRejected, onDone)) === undefined) {
    const now = reportForwarding();
    onDone(total - undelivered(now) - done);
    // The other forwarder keeps trying; waiting for it would be waiting for the server.
    const isStuck = now.destinations.some(
      (one) => isFailing(one) && (one.last_error?.at ?? "") > startedAt,
    );
    // To retry rejected events, it has to end first.
    if (isStuck || (undelivered(now) === 0 && !retriesRejected)) break;
    await Bun.sleep(POLL_MS);
  }
  const after = reportForwarding();
  for (const report of after.destinations) {
    const earlier = before.destinations.find(({ name }) => name === report.name);
    const rejected = report.rejected - (earlier?.rejected ?? 0);
    const gone = (earlier?.undelivered.events ?? 0) - report.undelivered.events - rejected;
    const isLeft = drained?.failed.includes(report.name) ?? report.undelivered.events > 0;
    const parts = [
      isLeft ? describeWaiting(report) : `${plural(Math.max(gone, 0), "event")} delivered`,
      ...(rejected > 0 ? [`${plural(rejected, "event")} rejected`] : []),
    ];
    terminal.print(`${sanitize(report.name)}: ${sanitize(parts.join(", "))}`);
  }
  return drained === undefined ? undelivered(after) === 0 : drained.failed.length === 0;
}

function undelivered({ destinations }: ForwardingReport): number {
  return destinations.reduce((sum, { undelivered: { events } }) => sum + events, 0);
}
