// `claude-session search`: the events that contain a text, newest first.
import { paths } from "../../environment";
import { EVENT_KEYS, search, type Found } from "../../log-index/search";
import { parseFilter } from "../../log-index/filter-words";
import type { Pattern } from "../../log-index/pattern";
import { defineCommand, DONE, UsageError } from "../command";
import { printDoubledEvents } from "../render/doubled-events";
import { hasLog } from "../log/no-log";
import { readingProgress } from "../log/progress";
import { renderEventLine } from "../render/event-line";
import { fit, safeJson, sanitize } from "../render/text";
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "Search the texts of all sessions, newest first",
  arguments: {
    words: {
      type: "words",
      description:
        "Texts that an event must contain, and filters such as project:shop, failed or since:7d",
      value: "WORDS",
    },
    "ignore-case": {
      type: "boolean",
      alias: "i",
      description: "Ignore case",
    },
    regex: {
      type: "boolean",
      alias: "e",
      description: "Treat the texts as regular expressions (RE2 syntax)",
    },
    limit: {
      type: "string",
      alias: "n",
      default: "20",
      description: "How many events; 0 for all",
      value: "N",
    },
    json: { type: "boolean", description: "Print whole records, one per line" },
  },
  examples: [
    ['search "rm -rf"', "the newest 20 events that contain it"],
    ["search tool:Edit cart.ts since:7d", "changes to a file in the last week"],
    ['search --regex "rm -[rf]+ .*build" tool:Bash', "events that match a pattern"],
    ["search failed project:shop --limit 0 --json", "all failures in a project, for a script"],
  ],
  async run({ words, "ignore-case": ignoresCase, regex, limit, json }, terminal) {
    if (!/^\d{1,9}$/.test(limit)) throw new UsageError(`--limit: "${limit}" is not a whole number`);
    if (words.length === 0) throw new UsageError("search needs at least one word");
    // The shell has taken the quotes away.
    const filter = parseFilter(
      words.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" "),
    );
    const unknown = filter.terms.find(({ key }) => !EVENT_KEYS.includes(key));
    if (unknown !== undefined) throw new UsageError(`${unknown.key}: filters sessions, not events`);
    if (!json && !hasLog(terminal)) return DONE;
    const most = Number(limit) || Infinity;
    let count = 0;
    let doubles = 0;
    const onRead = readingProgress(terminal);
    const isCaseExact = !ignoresCase;
    const patterns = regex ? await compileAll(filter.texts, isCaseExact) : undefined;
    const options = { filter, isCaseExact, patterns, nowMs: Date.now(), onRead };
    for (const found of search(paths.events, options)) {
      const { record, doubleOf } = found;
      if (doubleOf !== undefined) {
        doubles++;
        if (json) terminal.print(safeJson({ ...record, double_of: doubleOf }));
        continue;
      }
      if (count === most) {
        if (!json) terminal.note("\nThere are more; --limit 0 shows all.");
        break;
      }
      count++;
      terminal.print(json ? safeJson(record) : renderFound(found, terminal));
    }
    if (count === 0 && !json) terminal.print("Nothing was found.");
    if (!json) printDoubledEvents(doubles, terminal);
    return DONE;
  },
});

// Few searches need it, and it is as large as all of this program's views.
async function compileAll(texts: readonly string[], isCaseExact: boolean): Promise<Pattern[]> {
  const { compilePattern } = await import("../../log-index/pattern");
  try {
    return texts.map((text) => compilePattern(text, isCaseExact));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`--regex: ${error.message}`);
    throw error;
  }
}

const INDENT = "    ";

/** The event on a line, and below it what was found, with what is around it. */
function renderFound({ record, text, at, length }: Found, terminal: Terminal): string {
  const line = renderEventLine(record, terminal);
  if (text === "") return line;
  const { bold, dim } = terminal.colors;
  const columns = terminal.columns - INDENT.length;
  const room = Math.max(10, Math.floor((columns - length) / 2));
  const before = sanitize(text.slice(Math.max(0, at - room), at));
  const after = sanitize(text.slice(at + length, at + length + room));
  const match = sanitize(text.slice(at, at + length));
  const parts = [
    at > room ? "…" : "",
    dim(before + (/\s$/.test(text.slice(0, at)) ? " " : "")),
    bold(match),
    dim((/^\s/.test(text.slice(at + length)) ? " " : "") + after),
  ];
  return `${line}\n${INDENT}${fit(parts.join(""), columns)}`;
}
