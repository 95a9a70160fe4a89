// `claude-session dashboard`: every session in a browser, live, from the log on this machine.
import { readDashboard, forgetDashboard, saveDashboard } from "../../dashboard/key";
import type { Checked } from "../../dashboard/health";
import { serveDashboard, type DashboardServer } from "../../dashboard/server";
import { environment, paths } from "../../environment";
import { faultCode } from "../../os/fault";
import { CommandError, defineCommand, DONE, UsageError } from "../command";
import { collectFacts } from "../doctor/collect";
import { diagnose } from "../doctor/diagnose";
import { findingJson } from "../doctor/finding";
import { findSession } from "../log/find-session";
import { openBrowser, whyNoBrowser } from "../open-browser";
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "Show every session in a browser, live",
  arguments: {
    session: {
      type: "positional",
      default: "",
      description: "A session to show: its id, the start of one, or latest",
      value: "SESSION",
    },
    port: {
      type: "string",
      description: "The port on this machine; by default any free port",
      value: "N",
    },
    "no-open": { type: "boolean", description: "Only print the link" },
  },
  examples: [
    ["dashboard", "open the browser; Ctrl-C stops the dashboard"],
    ["dashboard latest", "show the session with the newest event"],
    ["dashboard --no-open --port 4321", "for a tunnel: ssh -L 4321:127.0.0.1:4321 HOST"],
  ],
  async run({ session, port, "no-open": isQuiet }, terminal) {
    const wanted = parsePort(port);
    const view = session === "" ? "" : `/session/${findSession(paths.events, session).id}`;
    const running = await findRunning(wanted);
    const whyNot = isQuiet ? "" : whyNoBrowser(environment);
    if (running !== undefined) {
      terminal.print(`The dashboard is already running: ${running.tokenUrl}${view}`);
      if (whyNot === undefined) openBrowser(running.ticketUrl + view);
      return DONE;
    }
    const end = interrupted();
    const server = start(wanted, terminal);
    const own = { pid: process.pid, port: server.port, token: server.token };
    saveDashboard(own);
    terminal.print(`The dashboard is at ${server.tokenUrl}${view}`);
    terminal.note("Anyone with this link has access. Press Ctrl-C to stop the dashboard.");
    if (whyNot === undefined) openBrowser(server.ticketUrl(view));
    else if (whyNot !== "") terminal.note(`No browser was opened: ${whyNot}.`);
    await end;
    forgetDashboard(own);
    await server.close();
    return DONE;
  },
});

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`--port: "${text}" is not a port`);
}

/** The links of a dashboard that another call started: for a person, and for the arguments of a browser. */
interface RunningLinks {
  readonly tokenUrl: string;
  readonly ticketUrl: string;
}

// Another port than that of the running one is a wish for a second server.
async function findRunning(port: number | undefined): Promise<RunningLinks | undefined> {
  const found = readDashboard();
  if (found === undefined || (port !== undefined && port !== found.port)) return undefined;
  const address = `http://127.0.0.1:${found.port}`;
  try {
    const headers = { authorization: `Bearer ${found.token}` };
    // A server that is not ours learns a token that is good nowhere else, and nothing more.
    const response = await fetch(`${address}/api/ticket`, {
      headers,
      signal: AbortSignal.timeout(2000),
    });
    if (!response.ok) return undefined;
    const { ticket } = (await response.json()) as { ticket: string };
    return {
      tokenUrl: `${address}/#token=${found.token}`,
      ticketUrl: `${address}/#ticket=${ticket}`,
    };
  } catch {
    return undefined; // It has ended without saying so.
  }
}

function start(port: number | undefined, terminal: Terminal): DashboardServer {
  try {
    return serveDashboard({
      events: paths.events,
      projects: `${paths.claude}/projects`,
      port: port ?? 0,
      check: () => check(terminal),
      onTicketUsedTwice: () =>
        terminal.note("A link was used twice. If that was not you, stop the dashboard."),
    });
  } catch (error) {
    if (faultCode(error) !== "EADDRINUSE") throw error;
    throw new CommandError(`port ${port} is taken; use another one`, { cause: error });
  }
}

async function check(terminal: Terminal): Promise<Checked> {
  // Nobody sees its progress.
  const silent: Terminal = { ...terminal, progress: () => undefined, columns: 80 };
  const facts = await collectFacts(silent);
  return {
    findings: Array.from(diagnose(facts, Date.now()), findingJson),
    destinations: (facts.forwarding?.destinations ?? []).map((one) => ({
      name: one.name,
      type: one.type,
      url: one.url,
      configured_in: one.configured_in,
      undelivered: one.undelivered.events,
      rejected: one.rejected,
      lost: one.lost,
      last_success_at: one.last_success_at,
      last_error: one.last_error?.message ?? null,
    })),
  };
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, resolve);
  });
}
