// Searches the texts of all sessions for the page: what is found goes out at once, newest first.
import { EVENT_KEYS, daysToSearch, searchDay, type Found } from "../log-index/search";
import type { Filter } from "../log-index/filter-words";
import { compilePattern, type Pattern } from "../log-index/pattern";
import { Slices } from "../os/slices";
import type { SearchHit, SearchMessage } from "./answers";

const MAX_HITS = 500;
/** What is shown around what was found. */
const AROUND = 120;

/** What to search. */
export interface SearchRequest {
  readonly filter: Filter;
  readonly isCaseExact: boolean;
  /** Whether the texts of the filter are regular expressions. */
  readonly isRegex: boolean;
}

/** The messages of one search, until there is nothing left, enough was found, or the signal aborts. */
export async function* searchMessages(
  events: string,
  { filter, isCaseExact, isRegex }: SearchRequest,
  signal: AbortSignal,
): AsyncGenerator<SearchMessage> {
  const unknown = filter.terms.find(({ key }) => !EVENT_KEYS.includes(key));
  if (unknown !== undefined) {
    yield { kind: "problem", text: `${unknown.key}: filters sessions, not events` };
    return;
  }
  let patterns: Pattern[] | undefined;
  try {
    patterns = isRegex ? filter.texts.map((text) => compilePattern(text, isCaseExact)) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    yield { kind: "problem", text: error.message };
    return;
  }
  const options = { filter, isCaseExact, patterns, nowMs: Date.now() };
  const days = daysToSearch(events, options);
  let count = 0;
  let doubled = 0;
  const slices = new Slices();
  for (const [read, day] of days.entries()) {
    yield { kind: "progress", day, share: read / days.length };
    for (const found of searchDay(events, day, options)) {
      if (found.doubleOf !== undefined) {
        doubled++;
        continue;
      }
      if (count++ === MAX_HITS) {
        yield { kind: "end", is_cut: true, doubled_events: doubled };
        return;
      }
      yield { kind: "hit", hit: toHit(found) };
      if (!slices.isOver) continue;
      await slices.pause(); // oxlint-disable-line no-await-in-loop
      if (signal.aborted) return;
    }
    await slices.pause(); // oxlint-disable-line no-await-in-loop
    if (signal.aborted) return;
  }
  yield { kind: "end", is_cut: false, doubled_events: doubled };
}

function toHit({ record, text, at, length, place }: Found): SearchHit {
  const { timestamp, session_id, project, event, tool, id, tool_use_id, agent_id } = record;
  const begin = Math.max(0, at - AROUND);
  const end = Math.min(text.length, at + length + AROUND);
  return {
    place,
    at_ms: Date.parse(timestamp),
    session: session_id,
    project,
    event,
    tool: tool ?? null,
    id,
    tool_use_id: tool_use_id ?? null,
    agent_id: agent_id ?? null,
    before: (begin > 0 ? "…" : "") + text.slice(begin, at),
    match: text.slice(at, at + length),
    after: text.slice(at + length, end) + (end < text.length ? "…" : ""),
  };
}
