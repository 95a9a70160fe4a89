// Token usage of sessions. Transcripts are read only when a view needs it.
import { loadConfig } from "../../load-config";
import { paths } from "../../environment";
import { withConfiguredPrices, type Prices } from "../../history/prices";
import {
  readAllUsage,
  readSessionsUsage,
  type TranscriptUsage,
} from "../../transcripts/read-usage";
import { plural } from "../render/text";
import type { Terminal } from "../terminal";

/** What transcripts say, and what it costs. */
export interface SessionsUsage {
  readonly usage: TranscriptUsage;
  readonly prices: Prices;
  /** A line for each item of `prices` in config.json that is not a price. */
  readonly faults: readonly string[];
}

/** Reads what some sessions used, or all of them since a time in milliseconds since 1970 UTC. */
export function readUsage(
  wanted: Iterable<string> | { readonly sinceMs: number },
  terminal: Terminal,
): SessionsUsage {
  let read = 0;
  const onRead = (bytes: number, total: number) => {
    read += bytes;
    terminal.progress("Reading transcripts", Math.min(read / Math.max(total, 1), 1));
  };
  const projects = `${paths.claude}/projects`;
  const usage =
    "sinceMs" in wanted
      ? readAllUsage(projects, { ...wanted, onRead })
      : readSessionsUsage(projects, wanted, { onRead });
  return { usage, ...withConfiguredPrices(loadConfig().config.prices) };
}

/** Prints a footnote about what could not be read or used, if there was anything. */
export function printUsageFaults({ usage, faults }: SessionsUsage, terminal: Terminal): void {
  const { torn, foreign, tooLong, unreadable } = usage.skipped;
  const lines = torn + foreign + tooLong;
  if (lines > 0) terminal.note(`Skipped ${plural(lines, "line")} of transcripts.`);
  if (unreadable > 0) terminal.note(`${plural(unreadable, "transcript")} could not be read.`);
  for (const fault of faults) terminal.note(`config.json: ${fault}`);
}
