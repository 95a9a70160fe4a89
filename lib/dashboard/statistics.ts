// Statistics of what a filter chooses, next to the period before, and where the time of its sessions went.
import {
  addTime,
  noTime,
  QUARTER_MS,
  timeJson,
  type Activity,
  type TimeSpent,
} from "../history/time-spent";
import type { IndexedSession } from "../log-index/day-index";
import {
  holdsFor,
  matchesState,
  matchesValue,
  timeOf,
  type Filter,
} from "../log-index/filter-words";
import type { GroupBy } from "../log-index/group-by";
import { rowJson, Statistics, type StatisticsResult } from "../log-index/statistics";
import { formatLocalTime } from "../os/local-time";
import type { StatisticsAnswer } from "./answers";
import type { Catalog } from "./catalog";
import { chooseEvents } from "./events";

const MAX_ROWS = 500;
const DAY_MS = 86_400_000;

/** A part of time, in milliseconds since 1970 UTC. */
interface Period {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Counts what a filter chooses, by something. */
export function answerStatistics(
  catalog: Catalog,
  by: GroupBy,
  filter: Filter,
  nowMs: number,
): StatisticsAnswer {
  const startedMs = performance.now();
  const [period, rest] = takePeriod(filter, nowMs);
  const models = modelsOf(catalog);
  const result = count(catalog, by, rest, period, models, nowMs);
  const isOpen = period.sinceMs === -Infinity;
  const earlier = periodBefore(period, nowMs);
  const before = isOpen ? undefined : count(catalog, by, rest, earlier, models, nowMs);
  const rowsBefore = new Map(before?.rows.map((row) => [row.key, row]));
  const time = timeBy(catalog, by, rest, period, nowMs);
  const isEmpty = result.total.events === 0;
  return {
    by,
    first_ms: isEmpty ? null : result.firstMs,
    last_ms: isEmpty ? null : result.lastMs,
    total: rowJson(result.total),
    doubled_events: result.doubles,
    before: before === undefined ? null : rowJson(before.total),
    time: timeJson(time.total),
    rows: result.rows.slice(0, MAX_ROWS).map((row) => {
      const earlierRow = rowsBefore.get(row.key);
      const spent = time.rows.get(row.key);
      return Object.assign(rowJson(row), {
        name: row.key,
        by_day: row.byDay,
        before: earlierRow === undefined ? null : rowJson(earlierRow),
        time: spent === undefined ? null : timeJson(spent),
      });
    }),
    matched: result.rows.length,
    days: result.days,
    by_day: result.total.byDay,
    heatmap: result.heatmap,
    took_ms: performance.now() - startedMs,
  };
}

/** What a filter says of time, and the rest of it. */
export function takePeriod(filter: Filter, nowMs: number): [Period, Filter] {
  let [sinceMs, untilMs] = [-Infinity, Infinity];
  const terms = filter.terms.filter(({ key, values, isNot }) => {
    const at = isNot ? undefined : timeOf(values[0] ?? "", nowMs);
    if (at === undefined || (key !== "since" && key !== "until")) return true;
    if (key === "since") sinceMs = Math.max(sinceMs, at);
    else untilMs = Math.min(untilMs, at);
    return false;
  });
  return [
    { sinceMs, untilMs },
    { ...filter, terms },
  ];
}

/** As long a time before; of a part of a day that begins at midnight, the same hours of the day before. */
function periodBefore({ sinceMs, untilMs }: Period, nowMs: number): Period {
  const lengthMs = Math.min(untilMs, nowMs) - sinceMs;
  const isOfDay = lengthMs < DAY_MS && formatLocalTime(sinceMs).slice(11, 19) === "00:00:00";
  const backMs = isOfDay ? DAY_MS : lengthMs;
  return { sinceMs: sinceMs - backMs, untilMs: sinceMs - backMs + lengthMs };
}

function modelsOf({ sessions }: Catalog): Map<string, string> {
  const models = new Map<string, string>();
  for (const { id, summary } of sessions.values())
    if (summary.model !== undefined) models.set(id, summary.model);
  return models;
}

function count(
  catalog: Catalog,
  by: GroupBy,
  filter: Filter,
  period: Period,
  models: ReadonlyMap<string, string>,
  nowMs: number,
): StatisticsResult {
  const statistics = new Statistics(catalog.names, {
    by,
    ...period,
    localTimeOf: formatLocalTime,
    models,
  });
  if (filter.terms.length === 0 && filter.texts.length === 0)
    for (const index of catalog.days) statistics.add(index);
  else
    for (const { index, places, doubles } of chooseEvents(catalog, filter, nowMs))
      statistics.add(index, places, doubles);
  return statistics.result();
}

/** Where the time of the sessions that match a filter went, by group. */
function timeBy(
  catalog: Catalog,
  by: GroupBy,
  filter: Filter,
  { sinceMs, untilMs }: Period,
  nowMs: number,
): { readonly total: TimeSpent; readonly rows: ReadonlyMap<string, TimeSpent> } {
  const total = noTime();
  const rows = new Map<string, Record<Activity, number>>();
  // Many sessions share a quarter of an hour, and a local time takes long to find.
  const localTimes = new Map<number, string>();
  const localTimeAt = (startMs: number) => {
    const text = localTimes.get(startMs) ?? formatLocalTime(startMs);
    localTimes.set(startMs, text);
    return text;
  };
  const sessionFilter = ofSessions(filter);
  for (const session of catalog.sessions.values()) {
    if (!isChosen(session, sessionFilter, nowMs)) continue;
    for (const [startMs, spent] of timesOf(session, nowMs)) {
      if (startMs + QUARTER_MS <= sinceMs || startMs >= untilMs) continue;
      addTime(total, spent);
      const key = keyOf(session, by, startMs, localTimeAt);
      if (key === undefined) continue;
      const row = rows.get(key) ?? noTime();
      addTime(row, spent);
      rows.set(key, row);
    }
  }
  return { total, rows };
}

/** The times of a session, with that which goes on. */
function* timesOf(
  { time, summary }: IndexedSession,
  nowMs: number,
): Generator<readonly [startMs: number, spent: TimeSpent]> {
  yield* time.quarters();
  const state = summary.stateAt(nowMs);
  if (state !== "active" && state !== "waiting") return;
  const { activity, ms } = time.since(nowMs);
  if (ms > 0) yield [nowMs, { ...noTime(), [activity]: ms }];
}

/** Whether a filter chooses a session; its terms have to be {@link ofSessions}. */
export function isChosen(session: IndexedSession, filter: Filter, nowMs: number): boolean {
  return holdsFor(filter, (key, value) => {
    switch (key) {
      case "project":
        return matchesValue(session.summary.project, value);
      case "user":
        return matchesValue(session.user, value);
      case "model":
        return matchesValue(session.summary.model ?? "unknown", value);
      case "state":
        return matchesState(session.summary.stateAt(nowMs), session.summary.waitsFor, value);
      default:
        return session.id.startsWith(value.replace(/\*$/, ""));
    }
  });
}

/** What a filter says of sessions. What it says of single events, such as their tool, chooses none. */
export function ofSessions(filter: Filter): Filter {
  return { ...filter, terms: filter.terms.filter(isOfSessions) };
}

function isOfSessions({ key }: Filter["terms"][number]): boolean {
  return ["project", "user", "model", "state", "session"].includes(key);
}

function keyOf(
  { summary, user }: IndexedSession,
  by: GroupBy,
  startMs: number,
  localTimeAt: (epochMs: number) => string,
): string | undefined {
  switch (by) {
    case "tool":
      return undefined;
    case "project":
      return summary.project;
    case "user":
      return user || "unknown";
    case "model":
      return summary.model ?? "unknown";
    case "day":
      return localTimeAt(startMs).slice(0, 10);
    case "hour":
      return localTimeAt(startMs).slice(11, 13);
  }
}
