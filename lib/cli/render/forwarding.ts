// How forwarding fares, as lines of text.
import type { DestinationReport, ForwardingReport } from "../../forward/report";
import { isFailing } from "../../forward/status-file";
import type { Terminal } from "../command";
import { sanitize, plural, formatSize, wrap } from "./text";
import { formatAgo } from "./time";

const LABEL_COLUMNS = 16;

/** Sets each destination with what is worth view of it. */
export function renderForwarding(
  { alive, forwarder, destinations, faults }: ForwardingReport,
  { columns, colors: { bold, dim, green, red, yellow } }: Pick<Terminal, "columns" | "colors">,
  nowMs: number,
): string {
  const row = (label: string, text: string, paint: (line: string) => string = (line) => line) =>
    `  ${label.padEnd(LABEL_COLUMNS - 2)}${paint(wrap(sanitize(text), columns, " ".repeat(LABEL_COLUMNS)))}`;
  const lines = [
    alive
      ? green("A forwarder is at work.")
      : forwarder === null
        ? red("There is no forwarder: put claude-session beside the hooks, or run install from it.")
        : dim("No forwarder is at work; the next event starts one."),
    ...faults.map((fault) => red(wrap(`config.json: ${sanitize(fault)}`, columns, "  "))),
  ];
  for (const report of destinations) {
    const { name, type, url, undelivered, last_success: success, last_error: error } = report;
    const { set_aside: aside, lost, skipped, restarted } = report;
    const when = (at: string) => formatAgo(Date.parse(at), nowMs);
    lines.push("", `${bold(sanitize(name))}  ${type}  ${sanitize(url)}`);
    lines.push(
      row(
        "undelivered",
        undelivered.events === 0
          ? "nothing"
          : `${plural(undelivered.events, "event")}, ${formatSize(undelivered.bytes)}`,
      ),
      row("last success", success === null ? "never" : when(success)),
    );
    if (error !== null)
      lines.push(
        row("last error", `${when(error.at)}: ${error.message}`, isFailing(report) ? red : dim),
      );
    if (aside > 0)
      lines.push(row("set aside", `${plural(aside, "event")} that the server refused`, yellow));
    if (lost > 0) lines.push(row("lost", `${plural(lost, "event")}, older than is kept`, yellow));
    if (skipped > 0)
      lines.push(
        row("passed over", `${plural(skipped, "line")} of the log that are no records`, dim),
      );
    if (restarted !== null)
      lines.push(row("began", `${when(restarted.at)}: ${restarted.reason}`, dim));
  }
  return lines.join("\n");
}

/** What waits for a server, and why. */
export function describeWaiting(report: DestinationReport): string {
  const { undelivered, last_error: error } = report;
  const why = error !== null && isFailing(report) ? `: ${error.message}` : "";
  return `${plural(undelivered.events, "event")} ${undelivered.events === 1 ? "waits" : "wait"}${why}`;
}
