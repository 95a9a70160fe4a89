// `claude-session dashboard`: every session in a browser, live, from the log on this machine.
import { loadConfig } from "../../config";
import { readDashboard, forgetDashboard, saveDashboard } from "../../dashboard/key";
import type { Checked } from "../../dashboard/health";
import { serveDashboard, type DashboardServer } from "../../dashboard/server";
import { environment, paths } from "../../environment";
import { reportForwarding } from "../../forward/status";
import { faultCode } from "../../os/fault";
import { CommandError, defineCommand, DONE, UsageError } from "../command";
import { collectFacts } from "../doctor/collect";
import { diagnose } from "../doctor/diagnose";
import { openBrowser, whyNoBrowser } from "../open-browser";
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "Show every session in a browser, live",
  arguments: {
    port: {
      type: "string",
      description: "The port on this machine; by default one that is free",
      value: "N",
    },
    "no-open": { type: "boolean", description: "Only print the link" },
  },
  examples: [
    ["dashboard", "open the browser; Ctrl-C ends it"],
    ["dashboard --no-open --port 4321", "for a tunnel: ssh -L 4321:127.0.0.1:4321 HOST"],
  ],
  async run({ port, "no-open": isQuiet }, terminal) {
    const wanted = parsePort(port);
    const running = await findRunning(wanted);
    const whyNot = isQuiet ? "" : whyNoBrowser(environment);
    if (running !== undefined) {
      terminal.print(`The dashboard is running already: ${running}`);
      if (whyNot === undefined) openBrowser(running);
      return DONE;
    }
    const end = interrupted();
    const server = start(wanted, terminal);
    saveDashboard({ pid: process.pid, port: server.port, token: server.token });
    terminal.print(`The dashboard is at ${server.tokenUrl}`);
    terminal.note("Anyone with this link can look. Press Ctrl-C to stop the dashboard.");
    if (whyNot === undefined) openBrowser(server.ticketUrl());
    else if (whyNot !== "") terminal.note(`No browser was opened: ${whyNot}.`);
    await end;
    forgetDashboard({ pid: process.pid, port: server.port, token: server.token });
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

// Another port than that of the running one is a wish for a second server.
async function findRunning(port: number | undefined): Promise<string | undefined> {
  const found = readDashboard();
  if (found === undefined || (port !== undefined && port !== found.port)) return undefined;
  const address = `http://127.0.0.1:${found.port}`;
  try {
    const headers = { authorization: `Bearer ${found.token}` };
    // A server that is not ours learns a token that is good nowhere else, and nothing more.
    const { ok } = await fetch(`${address}/api/texts`, {
      headers,
      signal: AbortSignal.timeout(2000),
    });
    return ok ? `${address}/#token=${found.token}` : undefined;
  } catch {
    return undefined; // It has ended without saying so.
  }
}

function start(port: number | undefined, terminal: Terminal): DashboardServer {
  try {
    return serveDashboard({
      events: paths.events,
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
  const findings = Array.from(diagnose(await collectFacts(silent), Date.now()));
  const hasDestinations = loadConfig().config.destinations.length > 0;
  return {
    findings: findings.map(({ level, topic, what, fix = null }) => ({ level, topic, what, fix })),
    destinations: (hasDestinations ? reportForwarding().destinations : []).map((one) => ({
      name: one.name,
      type: one.type,
      url: one.url,
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
