// The state of forwarding as lines of text.
import type { DestinationReport, ForwardingReport } from "../../forward/status";
import { isFailing } from "../../forward/status-file";
import type { Terminal } from "../terminal";
import { paths } from "../../environment";
import { inConfigFile } from "./config-fault";
import { sanitize, plural, formatSize, wrap } from "./text";
import { formatAgo } from "./time";

const LABEL_COLUMNS = 16;
/** Where a text is that has no room next to its label. */
const BELOW = "    ";
const NO_FORWARDER =
  "No forwarder was found: put claude-session next to the hooks, or run claude-session install again.";

/** Renders the forwarder and each destination; what is normal is left out. */
export function renderForwarding(
  { alive, forwarder, destinations, faults }: ForwardingReport,
  { columns, colors: { bold, dim, green, red, yellow } }: Pick<Terminal, "columns" | "colors">,
  nowMs: number,
): string {
  const row = (label: string, text: string, paint: (line: string) => string = (line) => line) =>
    columns < 2 * LABEL_COLUMNS
      ? `  ${label}\n${BELOW}${paint(wrap(sanitize(text), columns, BELOW, true))}`
      : `  ${label.padEnd(LABEL_COLUMNS - 2)}${paint(wrap(sanitize(text), columns, " ".repeat(LABEL_COLUMNS)))}`;
  const lines = [
    alive
      ? green(wrap("A forwarder is running.", columns, "  "))
      : forwarder === null
        ? red(wrap(NO_FORWARDER, columns, "  "))
        : dim(wrap("No forwarder is running; the next event starts one.", columns, "  ")),
    ...faults.map((fault) => red(wrap(sanitize(inConfigFile(fault)), columns, "  ", true))),
  ];
  for (const report of destinations) {
    const { name, type, url, undelivered, last_success_at: success, last_error: error } = report;
    const { rejected, lost, skipped, repeated, refused, restarted } = report;
    const when = (at: string) => formatAgo(Date.parse(at), nowMs);
    lines.push("", wrap(`${bold(sanitize(name))}  ${type}  ${sanitize(url)}`, columns, "  ", true));
    if (report.configured_in === paths.machineConfig)
      lines.push(row("configured", "for all users, in the machine's config.json"));
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
    if (rejected > 0)
      lines.push(row("rejected", `${plural(rejected, "event")}, kept in rejected.jsonl`, yellow));
    if (refused > 0)
      lines.push(
        row("refused", `${plural(refused, "event")} that the server did not accept`, yellow),
      );
    if (lost > 0)
      lines.push(
        row("lost", `${plural(lost, "event")} removed by retention before delivery`, yellow),
      );
    if (skipped > 0)
      lines.push(row("skipped", `${plural(skipped, "line")} of the log that are not records`, dim));
    if (repeated > 0)
      lines.push(
        row("sent again", `${plural(repeated, "event")}, because the log was changed`, yellow),
      );
    if (restarted !== null)
      lines.push(row("started", `${when(restarted.at)}, ${restarted.reason}`, dim));
  }
  return lines.join("\n");
}

/** What is waiting for a server, and why. */
export function describeWaiting(report: DestinationReport): string {
  const { undelivered, last_error: error } = report;
  const why = error !== null && isFailing(report) ? `: ${error.message}` : "";
  return `${plural(undelivered.events, "event")} waiting${why}`;
}
