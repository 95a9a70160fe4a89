// Sessions as the page shows them in a row.
import { describeCall, describeRecord } from "../history/describe";
import { readRecordsAt } from "../log/reader";
import type { EventRecord, RecordHead } from "../log/record";
import type { RunningCall, SessionRow } from "./answers";
import type { IndexedSession } from "../log-index/day-index";
import type { Catalog } from "./catalog";

// What fits into a row.
const MAX_TEXT = 300;
// A dozen at a time are many; calls that were interrupted may stay longer.
const MAX_RUNNING = 8;

/** The row of a session. Only what waits or works is looked up in the log. */
export function rowOf(catalog: Catalog, session: IndexedSession, nowMs: number): SessionRow {
  const { summary } = session;
  const state = summary.stateAt(nowMs);
  const isOpen = state === "active" || state === "waiting";
  const since = isOpen ? summary.waitsSince : undefined;
  const calls = isOpen ? summary.running.slice(-MAX_RUNNING) : [];
  return {
    id: session.id,
    project: summary.project,
    project_dir: summary.projectDir ?? "",
    user: session.user,
    model: summary.model ?? null,
    title: cut(summary.title) ?? null,
    first_prompt: cut(summary.firstPrompt) ?? null,
    state,
    waits_for: (state === "waiting" && summary.waitsFor) || null,
    waiting_text: (since && textOf(catalog, since)) ?? null,
    waiting_since_ms: since === undefined ? null : Date.parse(since.timestamp),
    running: calls.map((head): RunningCall => ({
      tool: head.tool ?? head.event,
      text: textOf(catalog, head, describeTarget) ?? "",
      since_ms: Date.parse(head.timestamp),
    })),
    started_ms: Date.parse(summary.startedAt),
    last_ms: Date.parse(summary.lastAt),
    prompts: summary.prompts,
    tools: summary.tools,
    failures: summary.failures,
    agents: summary.agents,
    events: session.events,
    doubled_events: session.doubles,
  };
}

const texts = new WeakMap<RecordHead, string>();
const describeTarget = (record: EventRecord) =>
  describeCall(
    { tool: record.tool ?? "", parameters: record.parameters },
    record.project_dir ?? "",
  );

function textOf(
  catalog: Catalog,
  head: RecordHead,
  describe: (record: EventRecord) => string = describeRecord,
): string | undefined {
  const known = texts.get(head);
  if (known !== undefined) return known;
  const place = catalog.placeOf(head);
  if (place === undefined) return undefined;
  const [text] = textsAt(catalog.events, place.day, [place.offset], describe);
  if (text !== undefined) texts.set(head, text);
  return text;
}

/** What the events at some places of a day are about; `undefined` for those that are not there any more. */
export function textsAt(
  events: string,
  day: string,
  offsets: readonly number[],
  describe: (record: EventRecord) => string = describeRecord,
): (string | undefined)[] {
  return readRecordsAt(events, day, offsets).map(
    (record) => record && cut(describe(record).replace(/\s+/g, " ").trim()),
  );
}

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
