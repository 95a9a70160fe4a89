// One session: what it continues, its timeline by agent, and its story as a tree, live while it runs.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { describeCall, describeEvent } from "../../../history/describe";
import type { SessionLink } from "../../../history/lineage";
import type { CallOutcome, Step, Turn } from "../../../history/timeline";
import { SessionSummary } from "../../../history/summary";
import { buildTimeline } from "../../../history/timeline-builder";
import type { EventRecord } from "../../../log/record";
import type { Place, PlacedRecord, SessionAnswer, SessionRow, UsageAnswer } from "../../answers";
import { address, linkTo, setParams } from "../address";
import { ApiError, askJson } from "../api";
import { formatDay, formatDuration, formatTime, plural } from "../format";
import { costsByRow, describeUsage, useLaunches, useUsage } from "../parts/cost";
import { Lanes, type Bar } from "../parts/lanes";
import { Panel } from "../parts/panel";
import { countUntil, Player } from "../parts/player";
import { Rows } from "../parts/rows";
import { State, titleOf } from "../parts/state";
import { now, sessionOf, sessionsChanged, stateOf } from "../store";

/** A row of the tree. */
interface TreeRow {
  readonly key: string;
  readonly depth: number;
  readonly kind: "turn" | "tool" | "agent" | "event" | "answer";
  readonly mark: string;
  readonly name: string;
  readonly text: string;
  readonly atMs: number;
  readonly durationMs: number | undefined;
  readonly tone: Tone;
  readonly words: string;
  /** Ids of the records that it is made of, the first first. */
  readonly records: readonly string[];
  readonly isClosed?: boolean;
}

type Tone = "plain" | "failed" | "asks" | "works" | "quiet";

const OUTCOMES: Readonly<Record<CallOutcome, readonly [mark: string, tone: Tone]>> = {
  succeeded: ["✓", "plain"],
  failed: ["✗", "failed"],
  denied: ["⊘", "failed"],
  interrupted: ["⊘", "quiet"],
  "denied or interrupted": ["⊘", "quiet"],
  asking: ["◆", "asks"],
  running: ["●", "works"],
  "no result": ["?", "quiet"],
};

interface Loaded {
  readonly records: Map<string, PlacedRecord>;
  links: readonly SessionLink[];
  next: readonly Place[];
}

export function Session({ id }: { readonly id: string }) {
  const loaded = useRef<Loaded>({ records: new Map(), links: [], next: [] });
  const [count, setCount] = useState(0);
  const [problem, setProblem] = useState("");
  const isAsking = useRef(false);
  const session = sessionOf(id);
  const events = session?.events ?? 0;
  void sessionsChanged.value;

  useEffect(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    const { next, records } = loaded.current;
    const from = next.map(({ day, offset }) => `${day}:${offset}`).join(",");
    askJson<SessionAnswer>(`/api/session?id=${encodeURIComponent(id)}&from=${from}`)
      .then((answer) => {
        for (const placed of answer.records) records.set(placed.record.id, placed);
        if (from === "") loaded.current.links = answer.links;
        loaded.current.next = answer.next;
        setProblem("");
        setCount(records.size);
      })
      .catch((error: unknown) => {
        if (error instanceof ApiError) setProblem(error.message);
      })
      .finally(() => (isAsking.current = false));
    // A new event of it, or an answer that came while one was asked for.
  }, [id, events, count]);

  const { params } = address.value;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const state = session === undefined ? "ended" : stateOf(session);
  const isOver = state === "ended" || state === "silent";
  const records = useMemo(
    () => Array.from(loaded.current.records.values(), ({ record }) => record),
    [count],
  );
  const playback = usePlayback(records);
  const { at } = playback;
  const nowMs = at ?? (isOver ? (session?.last_ms ?? 0) : now.value);
  // The durations of what runs grow with each tick, which a large session cannot afford.
  const tick = at === undefined ? (isOver ? 0 : nowMs) : records.length < MANY_RECORDS ? at : 0;
  const usage = useUsage(id, session?.last_ms ?? 0);
  const launches = useLaunches(usage);
  const timeline = useMemo(
    () => buildTimeline(playback.shown, nowMs, at === undefined && isOver, launches),
    [playback.shown, isOver, tick, launches],
  );
  const costs = useMemo(() => costsByRow(timeline.entries, usage), [timeline, usage]);
  const places = useMemo(() => placesByKey(loaded.current.records), [count]);
  const rows = useMemo(
    () => treeRows(timeline.entries, session?.project_dir ?? "", closed),
    [timeline, closed],
  );
  const bars = useMemo(() => barsOf(timeline.entries, nowMs), [timeline]);
  useEffect(() => {
    const list = document.querySelector("[role=tree]");
    if (playback.isPlaying && list !== null) list.scrollTop = list.scrollHeight;
  }, [rows.length, playback.isPlaying]);
  const selected = rows.findIndex(({ key }) => key === params["sel"]);
  const chosen = rows[selected];
  const [first, last] = rangeOf(records, nowMs, isOver || at !== undefined);

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
  return (
    <div class={chosen === undefined ? "session" : "session with-panel"}>
      <Head
        session={at === undefined ? session : rowAt(session, playback.shown, at)}
        links={loaded.current.links}
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
      <Rows
        count={rows.length}
        height={26}
        label="Story"
        role="tree"
        selected={selected}
        onSelect={(index) => choose(rows[index]?.key)}
        keys={(event) => {
          if (event.key === "Escape" && chosen !== undefined) {
            choose(undefined);
            return true;
          }
          if (chosen?.kind !== "turn" && chosen?.kind !== "agent") return false;
          if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return false;
          toggle(chosen.key, event.key === "ArrowLeft");
          return true;
        }}
        row={(index, attributes) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <div
              key={row.key}
              {...attributes}
              class={`${attributes.class} tree-line ${row.kind} ${row.tone}`}
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
            </div>
          );
        }}
      />
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
    const sorted = records.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    return [sorted, sorted.map(({ timestamp }) => Date.parse(timestamp))];
  }, [records]);
  const count = at === undefined ? undefined : countUntil(moments, at);
  const shown = useMemo(
    () => (count === undefined ? records : ordered.slice(0, count)),
    [records, count],
  );
  const save = (moment: number | undefined) =>
    setParams({ at: moment === undefined ? undefined : String(Math.round(moment)) });
  return {
    at,
    shown,
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

/** The session's row as it was at a moment. */
function rowAt(session: SessionRow, records: readonly EventRecord[], atMs: number): SessionRow {
  const [first] = records;
  if (first === undefined) return session;
  const summary = new SessionSummary(first);
  for (const record of records) summary.add(record, () => record);
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
      <h1>{titleOf(session)}</h1>
      <p>
        <State session={session} atMs={atMs} /> <span class="project">{session.project}</span>{" "}
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
            const known = sessionOf(other);
            return (
              <a key={other} href={linkTo("session", other)}>
                {parent === id ? "→ continued after" : "← continues, by"} {by}:{" "}
                {known === undefined ? other.slice(0, 8) : titleOf(known)}
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
        <span class="name">{name}</span> <span class="text">{text}</span>
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

function treeRows(
  entries: readonly (Turn | Step)[],
  projectDir: string,
  closed: ReadonlySet<string>,
  depth = 0,
): TreeRow[] {
  return entries.flatMap((entry): TreeRow[] => {
    const { atMs } = entry;
    switch (entry.kind) {
      case "turn": {
        const key = `turn-${atMs}`;
        const isClosed = closed.has(key);
        const [line = ""] = entry.prompt.trim().split("\n");
        const head: TreeRow = {
          key,
          depth,
          kind: "turn",
          mark: entry.isFromPerson ? "›" : "·",
          name: "",
          text: line,
          atMs,
          durationMs: entry.durationMs,
          tone: entry.error === undefined ? "plain" : "failed",
          words: entry.isFromPerson ? "a prompt" : "a prompt that no person wrote",
          records: [`UserPromptSubmit ${atMs}`],
          isClosed,
        };
        if (isClosed) return [head];
        return [
          head,
          ...treeRows(entry.steps, projectDir, closed, depth + 1),
          ...answerRow(key, entry.answer ?? entry.error, entry, depth + 1),
        ];
      }
      case "tool": {
        const [mark, tone] = OUTCOMES[entry.outcome];
        const key = `call-${entry.id}`;
        return [
          {
            key,
            depth,
            kind: "tool",
            mark,
            name: entry.tool,
            text: describeCall(entry, projectDir).replace(/\s+/g, " "),
            atMs,
            durationMs: entry.durationMs,
            tone,
            words: entry.isAsked ? `${entry.outcome}; you were asked` : entry.outcome,
            records: [`call ${entry.id}`],
          },
          ...treeRows(entry.agents, projectDir, closed, depth + 1),
        ];
      }
      case "agent": {
        const key = `agent-${entry.id}`;
        const isClosed = closed.has(key);
        const head: TreeRow = {
          key,
          depth,
          kind: "agent",
          mark: "↳",
          name: entry.type,
          text: plural(entry.steps.length, "step"),
          atMs,
          durationMs: entry.durationMs,
          tone: entry.durationMs === undefined && !entry.isInterrupted ? "works" : "plain",
          words: entry.isInterrupted ? "a subagent, interrupted" : "a subagent",
          records: [`agent ${entry.id}`],
          isClosed,
        };
        if (isClosed) return [head];
        return [
          head,
          ...treeRows(entry.steps, projectDir, closed, depth + 1),
          ...answerRow(key, entry.answer, entry, depth + 1),
        ];
      }
      case "event": {
        const { record, event } = entry;
        const isWait =
          event === "PermissionRequest" ||
          event === "Elicitation" ||
          (event === "Notification" && record.should_notify);
        return [
          {
            key: `event-${record.id}`,
            depth,
            kind: "event",
            mark: isWait ? "◆" : "○",
            name: "",
            text: describeEvent(entry).replace(/\s+/g, " "),
            atMs,
            durationMs: undefined,
            tone: isWait ? "asks" : event.endsWith("Failure") ? "failed" : "quiet",
            words: event,
            records: [record.id],
          },
        ];
      }
    }
  });
}

function answerRow(
  key: string,
  answer: string | undefined,
  { atMs, durationMs, kind }: Turn | Extract<Step, { kind: "agent" }>,
  depth: number,
): TreeRow[] {
  if (answer === undefined || durationMs === undefined) return [];
  return [
    {
      key: `${key}-answer`,
      depth,
      kind: "answer",
      mark: "‹",
      name: "",
      text: answer.replace(/\s+/g, " ").trim(),
      atMs: atMs + durationMs,
      durationMs: undefined,
      tone: "plain",
      words: "the answer",
      records: [`${kind === "turn" ? "Stop" : "SubagentStop"} ${atMs + durationMs}`],
    },
  ];
}

// Where the records are of what the tree shows: calls and agents have two, their beginning and their end.
function placesByKey(records: ReadonlyMap<string, PlacedRecord>): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  const put = (key: string, place: Place) => places.set(key, [...(places.get(key) ?? []), place]);
  for (const { record, place } of records.values()) {
    const { id, event, tool_use_id, agent_id, timestamp } = record;
    put(id, place);
    put(`${event} ${Date.parse(timestamp)}`, place);
    if (event === "PreToolUse") put(`call ${tool_use_id ?? id}`, place);
    if (event === "PostToolUse" || event === "PostToolUseFailure")
      put(`call ${tool_use_id ?? id}`, place);
    if (event === "SubagentStart" || event === "SubagentStop")
      put(`agent ${agent_id ?? ""}`, place);
  }
  return places;
}

function barsOf(
  entries: readonly (Turn | Step)[],
  nowMs: number,
  lane = "main",
  laneName = "main",
): Bar[] {
  return entries.flatMap((entry): Bar[] => {
    switch (entry.kind) {
      case "turn":
        return [
          {
            key: `turn-${entry.atMs}`,
            lane,
            laneName,
            kind: "turn",
            startMs: entry.atMs,
            endMs: entry.atMs + (entry.durationMs ?? nowMs - entry.atMs),
            tone: "quiet",
            label: entry.prompt.slice(0, 80),
          },
          ...barsOf(entry.steps, nowMs, lane, laneName),
        ];
      case "tool":
        return [
          {
            key: `call-${entry.id}`,
            lane,
            laneName,
            kind: "call",
            startMs: entry.atMs,
            endMs: entry.atMs + (entry.durationMs ?? 0),
            tone: OUTCOMES[entry.outcome][1],
            label: entry.tool,
          },
          ...barsOf(entry.agents, nowMs, lane, laneName),
        ];
      case "agent":
        return [
          {
            key: `agent-${entry.id}`,
            lane: entry.id,
            laneName: entry.type,
            kind: "turn",
            startMs: entry.atMs,
            endMs: entry.atMs + (entry.durationMs ?? Math.max(0, nowMs - entry.atMs)),
            tone: "quiet",
            label: entry.type,
          },
          ...barsOf(entry.steps, nowMs, entry.id, entry.type),
        ];
      case "event":
        return entry.event === "PermissionRequest" || entry.event === "Elicitation"
          ? [
              {
                key: `event-${entry.record.id}`,
                lane,
                laneName,
                kind: "call",
                startMs: entry.atMs,
                endMs: entry.atMs,
                tone: "asks",
                label: "asks",
              },
            ]
          : [];
    }
  });
}

function rangeOf(
  records: readonly { readonly timestamp: string }[],
  nowMs: number,
  isOver: boolean,
): readonly [number, number] {
  let first = Infinity;
  let last = isOver ? -Infinity : nowMs;
  for (const { timestamp } of records) {
    const atMs = Date.parse(timestamp);
    first = Math.min(first, atMs);
    last = Math.max(last, atMs);
  }
  return [first, Math.max(last, first + 1)];
}
