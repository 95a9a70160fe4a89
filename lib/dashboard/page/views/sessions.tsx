// All sessions: filtered as you type, grouped, sorted, with counts for what they can be filtered by.
import { useMemo, useState } from "preact/hooks";
import type { SessionRow } from "../../answers";
import {
  holdsFor,
  matchesState,
  matchesValue,
  parseFilter,
  timeOf,
  type Filter,
  type FilterKey,
} from "../../../log-index/filter-words";
import { describeState } from "../../../history/summary";
import { address, goTo, linkTo, setParams } from "../address";
import { formatAgo, formatCount, formatDay, formatDuration } from "../format";
import { Facets, type Facet } from "../parts/facets";
import { FilterBox } from "../parts/filter-box";
import { Rows } from "../parts/rows";
import { State, titleOf } from "../parts/state";
import { unseenCount } from "../seen";
import { now, progress, sessions, stateOf } from "../store";
import { Begin, Reading } from "./now";

const SORTS: Readonly<Record<string, (a: SessionRow, b: SessionRow) => number>> = {
  latest: (a, b) => b.last_ms - a.last_ms,
  longest: (a, b) => b.last_ms - b.started_ms - (a.last_ms - a.started_ms),
  "most calls": (a, b) => b.tools - a.tools,
  "most failures": (a, b) => b.failures - a.failures,
};

const GROUPS: Readonly<Record<string, (session: SessionRow) => string>> = {
  day: ({ last_ms }) =>
    new Date(last_ms).toDateString() === new Date(now.value).toDateString()
      ? "Today"
      : formatDay(last_ms),
  project: ({ project }) => project,
  state: (session) => describeState(stateOf(session), session.waits_for),
  user: ({ user }) => user,
  model: ({ model }) => model ?? "unknown model",
  none: () => "",
};

const FACETS: readonly (readonly [FilterKey, string, (session: SessionRow) => string])[] = [
  ["state", "State", (session) => describeState(stateOf(session), session.waits_for)],
  ["project", "Project", ({ project }) => project],
  ["user", "User", ({ user }) => user],
  ["model", "Model", ({ model }) => model ?? "unknown"],
];

const STATES: readonly string[] = ["needs you", "your turn", "at work", "ended", "silent"];

function orderOf(state: string): number {
  return STATES.indexOf(state);
}

type Line = { readonly group: string; readonly count: number } | { readonly session: SessionRow };

export function Sessions() {
  const { params } = address.value;
  const filterText = params["filter"] ?? "";
  const sort = params["sort"] ?? "latest";
  const group = params["group"] ?? "day";
  const [selected, select] = useState(-1);
  const all = sessions.value;
  // States grow old: once a minute is soon enough here.
  const minute = Math.floor(now.value / 60_000);
  const filter = useMemo(() => parseFilter(filterText), [filterText]);
  const found = useMemo(
    () => all.filter((session) => matches(session, filter)).toSorted(SORTS[sort]),
    [all, filter, sort, minute],
  );
  const lines = useMemo(
    () => groupLines(found, GROUPS[group] ?? GROUPS["none"]),
    [found, group, minute],
  );
  const facets = useMemo(() => facetsOf(all, filter), [all, filter, minute]);
  if (all.length === 0) return progress.value < 1 ? <Reading /> : <Begin />;
  const open = (index: number) => {
    const line = lines[index];
    if (line !== undefined && "session" in line) goTo(linkTo("session", line.session.id));
  };
  return (
    <div class="with-facets">
      <h1 class="hidden">Sessions</h1>
      <Facets facets={facets} filter={filter} />
      <div class="list">
        <div class="tools">
          <FilterBox
            text={filterText}
            hint='project:shop state:"needs you" since:7d "words of the title"'
          />
          <label>
            Sort{" "}
            <select
              value={sort}
              onChange={(event) => setParams({ sort: event.currentTarget.value })}
            >
              {Object.keys(SORTS).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            Group{" "}
            <select
              value={group}
              onChange={(event) => setParams({ group: event.currentTarget.value })}
            >
              {Object.keys(GROUPS).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <span class="quiet count">
            {formatCount(found.length)} of {formatCount(all.length)}
          </span>
        </div>
        {found.length === 0 ? (
          <div class="empty">
            <h2>No session matches</h2>
            <p>
              <button type="button" onClick={() => setParams({ filter: undefined })}>
                Clear the filter
              </button>
            </p>
          </div>
        ) : (
          <>
            <div class="columns session-line" aria-hidden="true">
              <span>state</span>
              <span>project</span>
              <span>about</span>
              <span class="number">agents</span>
              <span class="number">calls</span>
              <span class="number">failed</span>
              <span class="number">took</span>
              <span class="number">last</span>
            </div>
            <Rows
              count={lines.length}
              height={28}
              label="Sessions"
              selected={selected}
              onSelect={select}
              onOpen={open}
              row={(index, attributes) => {
                const line = lines[index];
                if (line === undefined) return null;
                if ("group" in line)
                  return (
                    <div key={index} {...attributes} class="row group">
                      <span role="gridcell">
                        <strong>{line.group}</strong>{" "}
                        <span class="quiet">{formatCount(line.count)}</span>
                      </span>
                    </div>
                  );
                return <SessionLine key={index} session={line.session} attributes={attributes} />;
              }}
            />
          </>
        )}
      </div>
    </div>
  );
}

function SessionLine({ session, attributes }: { session: SessionRow; attributes: object }) {
  const { project, tools, failures, agents, started_ms, last_ms, id } = session;
  const unseen = unseenCount(session);
  return (
    <div {...attributes}>
      <div role="gridcell" class="cell">
        <a class="session-line" href={linkTo("session", id)} tabIndex={-1}>
          <State session={session} />
          <span class="project">{project}</span>
          <span class="about">
            <span class="title">{titleOf(session)}</span>
            {unseen > 0 ? <span class="unseen">{formatCount(unseen)} new</span> : null}
          </span>
          <span class="number wide-only">{agents > 0 ? formatCount(agents) : ""}</span>
          <span class="number">{formatCount(tools)}</span>
          <span class={failures > 0 ? "number failed" : "number quiet"}>
            {failures > 0 ? `✗ ${formatCount(failures)}` : ""}
          </span>
          <span class="number wide-only">{formatDuration(last_ms - started_ms)}</span>
          <span class="number">{formatAgo(last_ms, now.value)}</span>
        </a>
      </div>
    </div>
  );
}

function groupLines(
  found: readonly SessionRow[],
  groupOf: ((session: SessionRow) => string) | undefined,
): Line[] {
  if (groupOf === undefined || groupOf === GROUPS["none"])
    return found.map((session) => ({ session }));
  const groups = Array.from(Map.groupBy(found, groupOf));
  // What needs the person first comes first, however the sessions are sorted.
  if (groupOf === GROUPS["state"]) groups.sort(([a], [b]) => orderOf(a) - orderOf(b));
  return Array.from(groups, ([group, list]): Line[] => [
    { group, count: list.length },
    ...list.map((session) => ({ session })),
  ]).flat();
}

function matches(session: SessionRow, filter: Filter, but?: FilterKey): boolean {
  const text =
    `${session.title ?? ""}\n${session.first_prompt ?? ""}\n${session.id}\n${session.project}`.toLowerCase();
  const terms = filter.terms.filter(({ key }) => key !== but);
  return (
    filter.texts.every((one) => text.includes(one.toLowerCase())) &&
    holdsFor({ ...filter, terms }, (key, value) => matchesKey(session, key, value))
  );
}

function matchesKey(session: SessionRow, key: FilterKey, value: string): boolean {
  switch (key) {
    case "project":
      return matchesValue(session.project, value);
    case "user":
      return matchesValue(session.user, value);
    case "model":
      return matchesValue(session.model ?? "unknown", value);
    case "state":
      return matchesState(stateOf(session), session.waits_for, value);
    case "session":
      return session.id.startsWith(value);
    case "since":
      return session.last_ms >= (timeOf(value, now.value) ?? -Infinity);
    case "until":
      return session.started_ms < (timeOf(value, now.value) ?? Infinity);
    case "is":
      if (value === "failed") return session.failures > 0;
      return value === "agent" ? session.agents > 0 : stateOf(session) === "waiting";
    // These are of events, not of sessions.
    case "event":
    case "tool":
      return true;
  }
}

// What each value would give, if nothing else were chosen of its kind.
function facetsOf(all: readonly SessionRow[], filter: Filter): Facet[] {
  return FACETS.map(([key, title, valueOf]) => {
    const counts = new Map<string, number>();
    for (const session of all)
      if (matches(session, filter, key))
        counts.set(valueOf(session), (counts.get(valueOf(session)) ?? 0) + 1);
    const values = Array.from(counts).toSorted((a, b) =>
      key === "state" ? orderOf(a[0]) - orderOf(b[0]) : b[1] - a[1],
    );
    return { key, title, values };
  });
}
