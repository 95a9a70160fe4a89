// `claude-session forward`: delivers events to observability servers and collectors. Hooks start it.
import { loadConfig } from "../../config";
import { environment } from "../../environment";
import { readDestinations } from "../../forward/destination";
import { drain, runForwarder, type Drained } from "../../forward/forwarder";
import { reportForwarding, type ForwardingReport } from "../../forward/report";
import { isFailing } from "../../forward/status-file";
import { defineCommand, DONE, FAILED, UsageError, type ExitCode, type Terminal } from "../command";
import { renderForwarding, describeWaiting } from "../render/forwarding";
import { sanitize, plural, safeJson } from "../render/text";

const NOWHERE = `There is nowhere to forward to: config.json has no destinations.

To have one, run for example \`claude-session install --server http://127.0.0.1:4000\`.`;

export default defineCommand({
  description: "Delivers events to servers; hooks start it by themselves",
  args: {
    once: { type: "boolean", description: "Deliver what there is, and end" },
    refused: {
      type: "boolean",
      description: "With --once: then try again what servers refused before",
    },
    status: { type: "boolean", description: "Show how each destination fares" },
    json: { type: "boolean", description: "With --status: as JSON" },
    sql: {
      type: "enum",
      options: ["clickhouse"],
      description: "Print a database's table, and useful queries",
    },
  },
  examples: [
    ["forward --status", "what is delivered, and what waits"],
    ["forward --once", "exit status 1 if something is left"],
    ["forward --once --refused", "when what they refused is mended"],
    ["forward --sql clickhouse", "the table for a team's events"],
  ],
  async run({ once, refused, status, json, sql }, terminal) {
    const modes = [once === true, status === true, sql !== undefined];
    if (modes.filter(Boolean).length > 1)
      throw new UsageError("either --once, --status or --sql, not two of them");
    if (json === true && status !== true) throw new UsageError("--json goes with --status");
    if (refused === true && once !== true) throw new UsageError("--refused goes with --once");
    if (sql !== undefined) {
      const { clickhouseSql } = await import("../../forward/destinations/clickhouse");
      terminal.print(clickhouseSql().trimEnd());
      return DONE;
    }
    if (status !== true) return deliver(once === true, refused === true, terminal);
    const report = reportForwarding();
    if (json === true) terminal.print(safeJson(report, 2));
    else if (isNowhere(report)) terminal.print(NOWHERE);
    else terminal.print(renderForwarding(report, terminal, Date.now()));
    return DONE;
  },
});

function isNowhere({ destinations, faults }: Pick<ForwardingReport, "destinations" | "faults">) {
  return destinations.length === 0 && faults.length === 0;
}

async function deliver(
  isOnce: boolean,
  triesRefused: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const { usable, faults } = readDestinations(loadConfig().config, environment);
  for (const fault of faults) terminal.note(`config.json: ${sanitize(fault)}`);
  if (usable.length + faults.length === 0) {
    terminal.print(NOWHERE);
    return DONE;
  }
  if (environment[NOISY]) return deliverQuietly();
  if (isOnce) {
    const isDone = await deliverOnce(triesRefused, terminal);
    return isDone && faults.length === 0 ? DONE : FAILED;
  }
  if (!(await runForwarder())) terminal.note("Another forwarder is at work.");
  return DONE;
}

/** Makes the runtime print every request, with all secrets in its headers (Bun 1.4.5). */
const NOISY = "BUN_CONFIG_VERBOSE_FETCH";

// The runtime has read it before us, so that only another process can do without.
async function deliverQuietly(): Promise<ExitCode> {
  const child = Bun.spawn([process.execPath, ...Bun.argv.slice(2)], {
    env: { ...environment, [NOISY]: undefined },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  return (await child.exited) === 0 ? DONE : FAILED;
}

/** How often to look how far another forwarder is. */
const WATCH_MS = 200;

/** Delivers what there is, by itself or by the forwarder that is at work, and says how it went. */
async function deliverOnce(triesRefused: boolean, terminal: Terminal): Promise<boolean> {
  const begun = new Date().toISOString();
  const before = reportForwarding();
  const total = undelivered(before);
  let done = 0;
  const onDone = (events: number) => {
    done += events;
    terminal.progress("Delivering", Math.min(done / Math.max(total, 1), 1));
  };
  let drained: Drained | undefined;
  while ((drained = await drain(triesRefused, onDone)) === undefined) {
    const now = reportForwarding();
    onDone(total - undelivered(now) - done);
    // It goes on trying; whoever waits here would wait for the server.
    const isStuck = now.destinations.some(
      (one) => isFailing(one) && (one.last_error?.at ?? "") > begun,
    );
    // For what was refused it has to be at its end.
    if (isStuck || (undelivered(now) === 0 && !triesRefused)) break;
    await Bun.sleep(WATCH_MS);
  }
  const after = reportForwarding();
  for (const report of after.destinations) {
    const earlier = before.destinations.find(({ name }) => name === report.name);
    const aside = report.set_aside - (earlier?.set_aside ?? 0);
    const gone = (earlier?.undelivered.events ?? 0) - report.undelivered.events - aside;
    const isLeft = drained?.failed.includes(report.name) ?? report.undelivered.events > 0;
    const words = [
      isLeft ? describeWaiting(report) : `${plural(Math.max(gone, 0), "event")} delivered`,
      ...(aside > 0 ? [`${plural(aside, "event")} set aside`] : []),
    ];
    terminal.print(`${sanitize(report.name)}: ${sanitize(words.join(", "))}`);
  }
  return drained === undefined ? undelivered(after) === 0 : drained.failed.length === 0;
}

function undelivered({ destinations }: ForwardingReport): number {
  return destinations.reduce((sum, { undelivered: { events } }) => sum + events, 0);
}
