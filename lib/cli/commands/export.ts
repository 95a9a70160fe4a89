// `claude-session export`: one session as a file to share.
import { existsSync } from "node:fs";
import { paths } from "../../environment";
import { withoutDoubles } from "../../history/doubles";
import { SessionSummary } from "../../history/summary";
import { buildTimeline } from "../../history/timeline-builder";
import { replaceFile } from "../../os/file";
import { absolutePath } from "../../os/working-folder";
import { CommandError, defineCommand, DONE, UsageError } from "../command";
import { findSession } from "../log/find-session";
import { hasLog } from "../log/no-log";
import { escapeLine, formatSize, safeJson } from "../render/text";
import { renderPage } from "../render/timeline-html";

const PARTS = ["prompts", "parameters", "responses"] as const;

export default defineCommand({
  description: "Write one session as an HTML page, or print its records as JSON",
  arguments: {
    session: {
      type: "positional",
      default: "latest",
      description: "A session id, the start of one, or latest",
      value: "SESSION",
    },
    html: {
      type: "string",
      description: "Write a self-contained page to this file",
      value: "FILE",
    },
    without: {
      type: "string",
      description: "With --html: leave out prompts, parameters or responses (comma-separated)",
      value: "PARTS",
    },
    json: {
      type: "boolean",
      description: "Print the records, one per line, as they are in the log",
    },
  },
  examples: [
    ["export 04e66903 --html cart.html", "to share a session"],
    ["export --html cart.html --without responses", "without the answers of tools and Claude"],
    ["export latest --json > cart.jsonl", "the records themselves"],
  ],
  run({ session, html, without, json }, terminal) {
    if ((html === undefined) === !json)
      throw new UsageError("export needs one of --html FILE and --json");
    if (without !== undefined && html === undefined) throw new UsageError("--without needs --html");
    const leftOut = partsOf(without);
    if (!json && !hasLog(terminal)) return DONE;
    const all = findSession(paths.events, session).records.toReversed();
    // As data, the records are what the log has.
    const records = json ? all : withoutDoubles(all).records;
    const [first] = records;
    if (first === undefined) throw new Error("a session that was found has records");
    if (html === undefined) {
      for (const record of records) terminal.print(safeJson(record));
      return DONE;
    }
    const path = absolutePath(html);
    if (path === undefined)
      throw new CommandError("the working folder no longer exists; give an absolute path");
    if (existsSync(path))
      throw new CommandError(
        `${escapeLine(path)} already exists; remove it or choose another name`,
      );
    const nowMs = Date.now();
    const summary = new SessionSummary(first);
    for (const record of records) summary.add(record, () => record);
    const state = summary.stateAt(nowMs);
    const timeline = buildTimeline(records, nowMs, state === "ended" || state === "silent");
    const page = renderPage({ summary, timeline, leftOut, nowMs });
    replaceFile(path, page);
    terminal.print(
      `Wrote ${escapeLine(path)}, ${formatSize(Buffer.byteLength(page))}. Only you can read it.`,
    );
    terminal.note("Secrets are masked as in the log. Review the page before you share it.");
    return DONE;
  },
});

function partsOf(text: string | undefined): Record<(typeof PARTS)[number], boolean> {
  const given = text === undefined ? [] : text.split(",").map((part) => part.trim());
  for (const part of given)
    if (!(PARTS as readonly string[]).includes(part))
      throw new UsageError(`--without: "${part}" is not one of ${PARTS.join(", ")}`, {
        given: part,
        known: PARTS,
      });
  const has = (part: string) => given.includes(part);
  return { prompts: has("prompts"), parameters: has("parameters"), responses: has("responses") };
}
