// One session: what it continues, its timeline by agent, and its story as a tree, live while it runs.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { longestHoldups } from "../../../history/critical-path";
import { withoutProject } from "../../../history/describe";
import type { Timeline, ToolCall } from "../../../history/timeline";
import type { SessionLink } from "../../../history/lineage";
import { SessionSummary } from "../../../history/summary";
import { TimelineBuilder } from "../../../history/timeline-builder";
import type { EventRecord } from "../../../log/record";
import { filesTouched } from "../../../history/files-touched";
import { describeHint, findRepeats, isSlow, type Hint } from "../../../history/repeats";
import { SessionTime } from "../../../history/time-spent";
import { inWrittenOrder } from "../../../history/written-order";
import type { SessionRow, UsageAnswer } from "../../answers";
import { address, linkTo, setParams } from "../address";
import { formatDay, formatDuration, formatTime, plural } from "../format";
import { costsByRow, describeUsage, useLaunches, useUsage } from "../parts/session-cost";
import { FileTable } from "../parts/file-table";
import { Lanes, type Bar } from "../parts/lanes";
import { Panel } from "../parts/panel";
import { countUntil, Player } from "../parts/player";
import { Rows } from "../parts/rows";
import { useSessionData } from "../parts/session-data";
import { State, titleOf, titleOrId } from "../parts/state";
import { barsOf, callRowKey, KeptParts, placesByKey, treeRows, type TreeRow } from "../parts/story";
import { TimeTable } from "../parts/time-table";
import { saveSeen, seenOf, type Seen } from "../seen";
import { now, sessionOf, sharedFiles, stateOf, usualTimes } from "../store";

export function Session({ id }: { readonly id: string }) {
  const { records: placed, links, count, problem } = useSessionData(id);
  const session = sessionOf(id);
  const { params } = address.value;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const state = session === undefined ? "ended" : stateOf(session);
  const isOver = state === "ended" || state === "silent";
  const records = useMemo(() => Array.from(placed.values(), ({ record }) => record), [count]);
  const playback = usePlayback(records);
  const { at } = playback;
  const nowMs = at ?? (isOver ? (session?.last_ms ?? 0) : now.value);
  // The durations of what runs grow with each tick, which a large session cannot afford.
  const tick = at === undefined ? (isOver ? 0 : nowMs) : records.length < MANY_RECORDS ? at : 0;
  const usage = useUsage(id, session?.last_ms ?? 0);
  const launches = useLaunches(usage);
  const tellStory = useStory(playback.ordered, launches);
  const [timeline, summary] = useMemo(
    () => tellStory(playback.count, nowMs, at === undefined && isOver),
    [tellStory, playback.count, isOver, tick],
  );
  const costs = useMemo(
    () => (playback.isPlaying ? NO_COSTS : costsByRow(timeline.entries, usage)),
    [timeline, usage, playback.isPlaying],
  );
  const places = useMemo(() => placesByKey(placed), [count]);
  const projectDir = session?.project_dir ?? "";
  const keptRows = useMemo(() => new KeptParts<TreeRow>(), [closed, projectDir]);
  const rows = useMemo(
    () =>
      keptRows.partsOf(timeline.entries, nowMs, (entry) => treeRows([entry], projectDir, closed)),
    [timeline, closed, projectDir],
  );
  const keptBars = useMemo(() => new KeptParts<Bar>(), []);
  const bars = useMemo(
    () => keptBars.partsOf(timeline.entries, nowMs, (entry) => barsOf([entry], nowMs)),
    [timeline],
  );
  useEffect(() => {
    const list = document.querySelector("[role=tree]");
    if (playback.isPlaying && list !== null) list.scrollTop = list.scrollHeight;
  }, [rows.length, playback.isPlaying]);
  const tab = params["tab"] ?? "story";
  // While it plays, no moment stays long enough to be judged.
  const judged = playback.isPlaying ? undefined : timeline;
  const files = useMemo(() => (judged === undefined ? [] : filesTouched(judged)), [judged]);
  const hints = useMemo(() => (judged === undefined ? [] : findRepeats(judged)), [judged]);
  const firstNew = useFirstNew(session, rows);
  const selected = rows.findIndex(({ key }) => key === params["sel"]);
  const chosen = rows[selected];
  const [first, lastEvent] = useMemo(() => rangeOf(playback.moments), [playback.moments]);
  const last = isOver || at !== undefined ? lastEvent : Math.max(lastEvent, nowMs);

  if (problem !== "" && session === undefined)
    return (
      <div class="empty">
        <h1>{problem}</h1>
        <p>
          It may have been removed from the log. <a href={linkTo("sessions")}>All sessions</a>
        </p>
      </div>
    );
  if (session === undefined || rows.length === 0)
    return (
      <div class="empty">
        <h1>Reading the session …</h1>
      </div>
    );
  const choose = (key: string | undefined) => setParams({ sel: key });
  const toggle = (key: string, isClosed: boolean) => {
    const next = new Set(closed);
    if (isClosed) next.add(key);
    else next.delete(key);
    setClosed(next);
  };
  const chosenPlaces =
    chosen === undefined ? [] : chosen.records.flatMap((one) => places.get(one) ?? []);
  const goOn = (by: 1 | -1, isMeant: (row: TreeRow) => boolean) => {
    const from = selected < 0 && by < 0 ? rows.length : selected;
    const found =
      by > 0
        ? rows.findIndex((row, i) => i > from && isMeant(row))
        : rows.findLastIndex((row, i) => i < from && isMeant(row));
    if (found >= 0) choose(rows[found]?.key);
  };
  const onKeyInStory = (event: KeyboardEvent): boolean => {
    switch (event.key) {
      case "Escape":
        if (chosen === undefined) return false;
        choose(undefined);
        return true;
      case "f":
      case "F":
        goOn(event.key === "f" ? 1 : -1, ({ tone }) => tone === "failed");
        return true;
      case "]":
      case "[":
        goOn(event.key === "]" ? 1 : -1, ({ kind }) => kind === "turn");
        return true;
      case "ArrowLeft":
      case "ArrowRight":
        if (chosen?.kind !== "turn" && chosen?.kind !== "agent") return false;
        toggle(chosen.key, event.key === "ArrowLeft");
        return true;
      default:
        return false;
    }
  };
  return (
    <div class={chosen === undefined ? "session" : "session with-panel"}>
      <div class="session-main">
        <Head
          session={at === undefined ? session : rowAt(session, summary, at)}
          links={links}
          usage={usage}
          atMs={at}
        />
        <Player
          moments={playback.moments}
          at={at}
          onSeek={playback.seek}
          onPlaying={playback.setPlaying}
        />
        <Lanes
          bars={bars}
          first={first}
          last={last}
          moment={at}
          selected={params["sel"]}
          onSelect={choose}
        />
        <Tabs session={session} tab={tab} fileCount={files.length} />
        <Hints
          hints={hints}
          session={session}
          isNow={at === undefined}
          selected={params["sel"]}
          onCall={(call) => setParams({ sel: callRowKey(call), tab: undefined })}
        />
        {tab === "files" ? (
          <FileTable
            files={files}
            projectDir={session.project_dir}
            shared={sharedFiles.value}
            sessionId={id}
            onCall={(call) => setParams({ sel: callRowKey(call), tab: undefined })}
          />
        ) : tab === "time" ? (
          <Time
            records={playback.ordered.slice(0, playback.count)}
            rows={rows}
            untilMs={isOver && at === undefined ? undefined : nowMs}
            timeline={timeline}
            projectDir={session.project_dir}
          />
        ) : (
          <Rows
            count={rows.length}
            height={26}
            label="Story"
            role="tree"
            selected={selected}
            selectedKey={chosen?.key}
            onSelect={(index) => choose(rows[index]?.key)}
            keys={onKeyInStory}
            row={(index, attributes) => {
              const row = rows[index];
              if (row === undefined) return null;
              const isFirstNew = index === firstNew;
              return (
                <div
                  key={row.key}
                  {...attributes}
                  class={`${attributes.class} tree-line ${row.kind} ${row.tone}${isFirstNew ? " first-new" : ""}`}
                  aria-level={row.depth + 1}
                  {...(row.isClosed !== undefined && { "aria-expanded": !row.isClosed })}
                >
                  <TreeLine
                    row={row}
                    cost={costs.get(row.key)}
                    first={first}
                    last={last}
                    onToggle={toggle}
                  />
                  {isFirstNew ? <span class="new-mark">new since you last looked</span> : null}
                </div>
              );
            }}
          />
        )}
      </div>
      {chosen === undefined || chosenPlaces[0] === undefined ? null : (
        <Panel
          place={chosenPlaces[0]}
          other={chosenPlaces.at(1)}
          onClose={() => choose(undefined)}
        />
      )}
    </div>
  );
}

interface TabsProps {
  readonly session: SessionRow;
  readonly tab: string;
  readonly fileCount: number;
}

function Tabs({ session, tab, fileCount }: TabsProps) {
  const tabs = [
    ["story", "Story"],
    ["files", fileCount === 0 ? "Files" : `Files ${fileCount}`],
    ["time", "Time"],
  ] as const;
  return (
    <div class="tabs">
      {tabs.map(([name, label]) => (
        <button
          key={name}
          type="button"
          class="quiet"
          aria-pressed={tab === name}
          onClick={() => setParams({ tab: name === "story" ? undefined : name })}
        >
          {label}
        </button>
      ))}
      <a class="quiet" href={linkTo("compare", session.id)}>
        Compare with …
      </a>
    </div>
  );
}

interface HintsProps {
  readonly hints: readonly Hint[];
  readonly session: SessionRow;
  readonly isNow: boolean;
  readonly selected: string | undefined;
  /** Shows a call. */
  readonly onCall: (call: ToolCall) => void;
}

/** What may go in circles, or take too long. A click goes from call to call. */
function Hints({ hints, session, isNow, selected, onCall }: HintsProps) {
  const slow = session.running.filter(
    ({ tool, since_ms }) =>
      isNow &&
      stateOf(session) === "active" &&
      isSlow(now.value - since_ms, usualTimes.value.get(tool)),
  );
  const shared = sharedFiles.value.filter(({ sessions }) =>
    sessions.some((one) => one.session === session.id),
  );
  const doubled = session.doubled_events;
  if (hints.length + slow.length + shared.length + doubled === 0) return null;
  const next = ({ calls }: Hint) => {
    const at = calls.findIndex((call) => callRowKey(call) === selected);
    const call = calls[(at + 1) % calls.length];
    if (call !== undefined) onCall(call);
  };
  return (
    <ul class="hints" aria-label="Hints">
      {hints.map((hint) => (
        <li key={`${hint.kind} ${hint.calls[0] && callRowKey(hint.calls[0])}`}>
          <button type="button" class="hint" onClick={() => next(hint)}>
            ↺ <span class="private">{describeHint(hint, session.project_dir)}</span>
          </button>
        </li>
      ))}
      {slow.map(({ tool, since_ms }) => (
        <li key={`slow ${since_ms}`} class="hint">
          ↺ {tool} has run for {formatDuration(now.value - since_ms)}; it usually takes up to{" "}
          {formatDuration(usualTimes.value.get(tool)?.p95Ms ?? 0)}
        </li>
      ))}
      {doubled === 0 ? null : (
        <li class="hint">
          ⚠ {plural(doubled, "event")} recorded twice, shown once;{" "}
          <a href={linkTo("health")}>Health</a> shows why
        </li>
      )}
      {shared.map(({ path, sessions }) => (
        <li key={path} class="hint">
          ⚠ <code class="private">{withoutProject(path, session.project_dir)}</code> is in use by{" "}
          {sessions
            .filter((one) => one.session !== session.id)
            .map((one, i) => (
              <>
                {i === 0 ? "" : ", "}
                <a class="private" href={linkTo("session", one.session)}>
                  {titleOrId(one.session, sessionOf(one.session))}
                </a>
              </>
            ))}
        </li>
      ))}
    </ul>
  );
}

interface TimeProps {
  readonly records: readonly EventRecord[];
  readonly rows: readonly TreeRow[];
  /** Until when it goes on, if it is not over. */
  readonly untilMs: number | undefined;
  readonly timeline: Timeline;
  readonly projectDir: string;
}

const MAX_HOLDUPS = 10;

function Time({ records, rows, untilMs, timeline, projectDir }: TimeProps) {
  const time = useMemo(() => SessionTime.of(records, untilMs), [records.length, untilMs]);
  const prompts = new Map(
    rows.flatMap((row) => (row.kind === "turn" ? [[row.atMs, row.text]] : [])),
  );
  const holdups = useMemo(() => longestHoldups(timeline, MAX_HOLDUPS), [timeline]);
  return (
    <TimeTable
      time={time}
      prompts={prompts}
      holdups={holdups}
      projectDir={projectDir}
      onCall={(call) => setParams({ sel: callRowKey(call), tab: undefined })}
    />
  );
}

/** The first row that came after the session was last looked at; -1 if there is none. It is looked at from now on. */
function useFirstNew(session: SessionRow | undefined, rows: readonly TreeRow[]): number {
  const before = useRef<Seen | undefined | null>(null);
  if (before.current === null && session !== undefined) before.current = seenOf(session.id);
  const events = session?.events ?? 0;
  useEffect(() => {
    if (session !== undefined && !document.hidden)
      saveSeen(session.id, { events, last_ms: session.last_ms });
  }, [events]);
  const seen = before.current ?? undefined;
  if (seen === undefined || seen.events >= events) return -1;
  return rows.findIndex(({ atMs, kind }) => atMs > seen.last_ms && kind !== "answer");
}

const NO_COSTS: ReadonlyMap<string, string> = new Map();
const MANY_RECORDS = 3000;
// Browsers allow a page only so many changes of its address.
const ADDRESS_MS = 500;

/** The moment of the session that is shown, which is in the address, and the records up to it. */
function usePlayback(records: readonly EventRecord[]) {
  const given = Number(address.value.params["at"]);
  const [at, setAt] = useState(given > 0 ? given : undefined);
  const [isPlaying, setPlaying] = useState(false);
  const savedMs = useRef(0);
  const [ordered, moments] = useMemo(() => {
    const written = inWrittenOrder(records);
    // Where the clock was set back, what follows belongs to the latest moment there was.
    let latest = -Infinity;
    const times = written.map(
      ({ timestamp }) => (latest = Math.max(latest, Date.parse(timestamp))),
    );
    return [written, times];
  }, [records]);
  const count = at === undefined ? ordered.length : countUntil(moments, at);
  const save = (moment: number | undefined) =>
    setParams({ at: moment === undefined ? undefined : String(Math.round(moment)) });
  return {
    at,
    ordered,
    /** How many of them are shown. */
    count,
    moments,
    isPlaying,
    seek: (moment: number | undefined) => {
      setAt(moment);
      if (moment !== undefined && performance.now() - savedMs.current < ADDRESS_MS) return;
      savedMs.current = performance.now();
      save(moment);
    },
    setPlaying: (wanted: boolean) => {
      setPlaying(wanted);
      if (!wanted) savedMs.current = 0;
    },
  };
}

/** The timeline and the summary of some of a session's records, oldest first. */
type TellStory = (count: number, nowMs: number, isOver: boolean) => [Timeline, SessionSummary];

/** Tells a session's story at any moment; a later one only needs the events since the one before. */
function useStory(
  ordered: readonly EventRecord[],
  launches: ReadonlyMap<string, string>,
): TellStory {
  return useMemo(() => {
    let told = 0;
    let builder = new TimelineBuilder(launches);
    let summary = new SessionSummary(ordered[0] ?? NO_SESSION);
    return (count, nowMs, isOver) => {
      if (count < told) {
        told = 0;
        builder = new TimelineBuilder(launches);
        summary = new SessionSummary(ordered[0] ?? NO_SESSION);
      }
      for (const record of ordered.slice(told, count)) {
        builder.add(record);
        summary.add(record, () => record);
      }
      told = count;
      return [builder.timeline(nowMs, isOver), summary];
    };
  }, [ordered, launches]);
}

const NO_SESSION = { session_id: "", project: "", project_dir: "", timestamp: "" };

/** The session's row as it was at a moment. */
function rowAt(session: SessionRow, summary: SessionSummary, atMs: number): SessionRow {
  const { prompts, tools, failures, agents, waitsFor } = summary;
  return {
    ...session,
    prompts,
    tools,
    failures,
    agents,
    state: summary.stateAt(atMs),
    waits_for: waitsFor ?? null,
    last_ms: atMs,
  };
}

interface HeadProps {
  readonly session: SessionRow;
  readonly links: readonly SessionLink[];
  readonly usage: UsageAnswer | undefined;
  /** The moment that is shown, if not now. */
  readonly atMs: number | undefined;
}

function Head({ session, links, usage, atMs }: HeadProps) {
  const used = describeUsage(usage);
  const { id } = session;
  return (
    <header class="session-head">
      <h1 class="private">{titleOf(session)}</h1>
      <p>
        <State session={session} atMs={atMs} /> <span class="quiet">·</span>{" "}
        <span class="project">{session.project}</span>{" "}
        <span class="quiet">
          · {plural(session.prompts, "prompt")}, {plural(session.tools, "tool call")}
          {session.failures > 0 ? `, ${session.failures} failed` : ""}
          {session.agents > 0 ? `, ${plural(session.agents, "subagent")}` : ""} ·{" "}
          {formatDay(session.started_ms)} {formatTime(session.started_ms)},{" "}
          {formatDuration(session.last_ms - session.started_ms)}
          {used === undefined ? null : <span title={used.more}> · {used.text}</span>}
          {session.model === null ? "" : ` · ${session.model}`} · <code>{id.slice(0, 8)}</code>
        </span>
      </p>
      {links.length === 0 ? null : (
        <p class="lineage">
          {links.map(({ parent, child, by }) => {
            const other = parent === id ? child : parent;
            return (
              <a key={other} href={linkTo("session", other)}>
                {parent === id ? "→ continued after" : "← continues, by"} {by}:{" "}
                <span class="private">{titleOrId(other, sessionOf(other))}</span>
              </a>
            );
          })}
        </p>
      )}
    </header>
  );
}

interface TreeLineProps {
  readonly row: TreeRow;
  readonly cost: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly onToggle: (key: string, isClosed: boolean) => void;
}

function TreeLine({ row, cost, first, last, onToggle }: TreeLineProps) {
  const { key, depth, mark, name, text, atMs, durationMs, words, isClosed } = row;
  const span = Math.max(1, last - first);
  return (
    <>
      <time class="quiet">{formatTime(atMs)}</time>
      <span class="tree-text" style={{ paddingLeft: `${depth * 18}px` }}>
        {isClosed === undefined ? null : (
          <button
            type="button"
            class="twist"
            tabIndex={-1}
            aria-label={isClosed ? "Open" : "Close"}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(key, !isClosed);
            }}
          >
            {isClosed ? "▸" : "▾"}
          </button>
        )}
        <span class="mark" title={words}>
          {mark}
        </span>{" "}
        <span class="name">{name}</span> <span class="text private">{text}</span>
      </span>
      <svg class="bar wide-only" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect
          x={((atMs - first) / span) * 100}
          y="2"
          width={Math.max(0.4, ((durationMs ?? 0) / span) * 100)}
          height="6"
        />
      </svg>
      <span class="number quiet wide-only">{cost}</span>
      <span class="number">{durationMs === undefined ? "" : formatDuration(durationMs)}</span>
    </>
  );
}

/** From the first of some times in their order to the last, and a moment at least. */
function rangeOf(moments: readonly number[]): readonly [number, number] {
  let first = Infinity;
  for (const atMs of moments) first = Math.min(first, atMs);
  return [first, Math.max(moments.at(-1) ?? first, first + 1)];
}
