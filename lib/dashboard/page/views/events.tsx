// All events, the newest last: live, with a pause, filtered by the server, and grouped by session if you like.
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { EventColumns, EventsAnswer } from "../../answers";
import {
  flagsOf,
  holdsFor,
  matchesValue,
  parseFilter,
  type Filter,
} from "../../../log-index/filter-words";
import { FLAGS } from "../../../log-index/flags";
import { address, linkTo, setParams } from "../address";
import { askJson } from "../api";
import { formatCount, formatDay, formatDuration, formatTime } from "../format";
import { Facets, type Facet } from "../parts/facets";
import { FilterBox } from "../parts/filter-box";
import { Panel } from "../parts/panel";
import { Rows } from "../parts/rows";
import { titleOrId } from "../parts/state";
import { loadTexts, textAt } from "../parts/event-texts";
import { epoch, onEvents, peekSession } from "../store";
import { Begin } from "./now";

const LIMIT = 100_000;
const ASK_AGAIN_MS = 1000;
// A row that leaves the screen is reused for one that enters it, which is cheaper than creating it. More than any screen
// has.
const KEYS = 256;
// While rows fly past, their texts are not requested.
const SETTLE_MS = 60;

/** One event of the columns. */
interface EventRow {
  readonly day: string;
  readonly offset: number;
  readonly atMs: number;
  readonly session: string;
  readonly event: string;
  readonly tool: string;
  readonly durationMs: number;
  readonly flags: number;
}

/** All rows that are loaded: columns in parts, because a hundred thousand objects would be too many. */
class EventList {
  readonly #parts: EventColumns[] = [];
  readonly #ends: number[] = [];
  /** How many events there are by event and by tool. */
  readonly counts: Readonly<Record<"event" | "tool", Map<string, number>>> = {
    event: new Map(),
    tool: new Map(),
  };

  get length(): number {
    return this.#ends.at(-1) ?? 0;
  }

  add(part: EventColumns): void {
    if (part.at_ms.length === 0) return;
    this.#parts.push(part);
    this.#ends.push(this.length + part.at_ms.length);
    this.#count(part);
  }

  at(index: number): EventRow | undefined {
    let which = 0;
    for (let high = this.#ends.length; which < high;) {
      const middle = (which + high) >> 1;
      if (index < (this.#ends[middle] ?? 0)) high = middle;
      else which = middle + 1;
    }
    const part = this.#parts[which];
    if (part === undefined) return undefined;
    const at = index - (this.#ends[which - 1] ?? 0);
    const name = (column: readonly number[]) => part.names[column[at] ?? 0] ?? "";
    return {
      day: name(part.day),
      offset: part.offset[at] ?? 0,
      atMs: part.at_ms[at] ?? 0,
      session: name(part.session),
      event: name(part.event),
      tool: name(part.tool),
      durationMs: part.duration_ms[at] ?? -1,
      flags: part.flags[at] ?? 0,
    };
  }

  #count(part: EventColumns): void {
    for (const key of ["event", "tool"] as const) {
      const numbers = new Uint32Array(part.names.length);
      for (const number of part[key]) numbers[number] = (numbers[number] ?? 0) + 1;
      for (const [number, count] of numbers.entries()) {
        const name = part.names[number] ?? "";
        if (count > 0 && name !== "")
          this.counts[key].set(name, (this.counts[key].get(name) ?? 0) + count);
      }
    }
  }
}

export function Events() {
  const { params } = address.value;
  const filterText = params["filter"] ?? "";
  const isGrouped = params["group"] === "session";
  const filter = useMemo(() => parseFilter(filterText), [filterText]);
  const list = useRef(new EventList());
  const paused = useRef<EventColumns[] | undefined>(undefined);
  const textTimer = useRef(0);
  const [pausedCount, setPausedCount] = useState(0);
  const [answer, setAnswer] = useState<Omit<EventsAnswer, "events"> | undefined>();
  const [problem, setProblem] = useState("");
  const [changes, redraw] = useReducer((count: number) => count + 1, 0);
  const [selected, select] = useState(-1);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const [order, setOrder] = useState<readonly number[]>([]);
  const [asked, askAgain] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    const stop = new AbortController();
    select(-1);
    const query = new URLSearchParams({ filter: filterText, limit: String(LIMIT) });
    askJson<EventsAnswer>(`/api/events?${query}`, stop.signal)
      .then((found) => {
        list.current = new EventList();
        list.current.add(found.events);
        setAnswer(found);
        setProblem("");
        redraw(undefined);
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setProblem(String(error));
      });
    return () => stop.abort();
  }, [filterText, asked, epoch.value]);

  useEffect(() => {
    let frame = 0;
    let timer = 0;
    const end = onEvents((events) => {
      // Only the server can look for texts.
      if (filter.texts.length > 0) {
        if (paused.current === undefined && timer === 0)
          timer = setTimeout(
            () => ((timer = 0), askAgain(undefined)),
            ASK_AGAIN_MS,
          ) as unknown as number;
        return;
      }
      const wanted = filterColumns(events, filter);
      if (wanted.at_ms.length === 0) return;
      if (paused.current !== undefined) {
        paused.current.push(wanted);
        setPausedCount((count) => count + wanted.at_ms.length);
        return;
      }
      list.current.add(wanted);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => redraw(undefined));
    });
    return () => {
      end();
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [filter]);

  useEffect(() => {
    if (!isGrouped) return;
    const bySession = new Map<string, number[]>();
    for (let index = 0; index < list.current.length; index++) {
      const id = list.current.at(index)?.session ?? "";
      const group = bySession.get(id) ?? [];
      bySession.set(id, group);
      group.push(index);
    }
    const groups = Array.from(bySession.values());
    setOrder(groups.toSorted((a, b) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0)).flat());
  }, [isGrouped, changes]);

  const togglePause = () => {
    if (paused.current === undefined) paused.current = [];
    else {
      for (const events of paused.current) list.current.add(events);
      paused.current = undefined;
      setPausedCount(0);
    }
    redraw(undefined);
  };
  const isPaused = paused.current !== undefined;
  const firstMs = list.current.at(0)?.atMs;
  const hasDays =
    firstMs !== undefined && new Date(firstMs).toDateString() !== new Date().toDateString();
  const indexOf = (row: number) => (isGrouped ? (order[row] ?? row) : row);
  const facets = useMemo(() => facetsOf(list.current), [changes]);
  const chosen = selected < 0 ? undefined : list.current.at(indexOf(selected));
  if (answer?.total === 0 && list.current.length === 0) return <Begin />;
  return (
    <div class={chosen === undefined ? "with-facets" : "with-facets with-panel"}>
      <h1 class="hidden">Events</h1>
      <Facets facets={facets} filter={filter} />
      <div class="list">
        <div class="tools">
          <FilterBox text={filterText} hint='tool:Bash failed since:1d "text of the event"' />
          <label>
            <input
              type="checkbox"
              checked={isGrouped}
              onChange={(event) =>
                setParams({ group: event.currentTarget.checked ? "session" : undefined })
              }
            />{" "}
            by session
          </label>
          <button type="button" aria-pressed={isPaused} onClick={togglePause}>
            {isPaused
              ? `Resume${pausedCount > 0 ? ` (${formatCount(pausedCount)} new)` : ""}`
              : "Pause"}
          </button>
          <span class="quiet count">
            {answer === undefined
              ? "…"
              : answer.matched > LIMIT
                ? `the newest ${formatCount(LIMIT)} of ${formatCount(answer.matched)}`
                : `${formatCount(list.current.length)} events`}
            {answer === undefined || answer.doubled_events === 0
              ? ""
              : `, ${formatCount(answer.doubled_events)} recorded twice`}
          </span>
        </div>
        {problem !== "" ? <p class="problem">{problem}</p> : null}
        {answer !== undefined && list.current.length === 0 ? (
          <div class="empty">
            <h2>No event matches</h2>
            <p>Quoted text is matched exactly, including upper and lower case.</p>
          </div>
        ) : (
          <Rows
            count={isGrouped ? order.length : list.current.length}
            height={26}
            label="Events"
            selected={selected}
            onSelect={select}
            isFollowing={isAtEnd && !isPaused && selected < 0}
            onLeaveEnd={setIsAtEnd}
            onWindow={(first, last) => {
              const places: EventRow[] = [];
              for (let row = first; row < last; row++) {
                const event = list.current.at(indexOf(row));
                if (event !== undefined) places.push(event);
              }
              clearTimeout(textTimer.current);
              const load = () => void loadTexts(places).then((isNew) => isNew && redraw(undefined));
              textTimer.current = setTimeout(load, SETTLE_MS) as unknown as number;
            }}
            keys={(event) => {
              if (event.key === "Escape" && selected >= 0) {
                select(-1);
                return true;
              }
              if (event.key !== "p") return false;
              togglePause();
              return true;
            }}
            row={(row, attributes) => {
              const event = list.current.at(indexOf(row));
              if (event === undefined) return null;
              const before = row === 0 ? undefined : list.current.at(indexOf(row - 1));
              return (
                <div key={row % KEYS} {...attributes}>
                  <EventLine
                    event={event}
                    isNewSession={before?.session !== event.session}
                    hasDay={hasDays}
                  />
                </div>
              );
            }}
          />
        )}
      </div>
      {chosen === undefined ? null : (
        <Panel place={chosen} link={linkTo("session", chosen.session)} onClose={() => select(-1)} />
      )}
    </div>
  );
}

interface EventLineProps {
  readonly event: EventRow;
  readonly isNewSession: boolean;
  /** Whether the events are not all of today. */
  readonly hasDay: boolean;
}

function EventLine({ event, isNewSession, hasDay }: EventLineProps) {
  const { day, offset, atMs, session, tool, durationMs, flags } = event;
  const isFailed = (flags & FLAGS.failed) !== 0;
  return (
    <div role="gridcell" class={hasDay ? "cell event-line of-days" : "cell event-line"}>
      <time class="quiet" title={formatDay(atMs)}>
        {hasDay ? <span class="wide-only">{formatDay(atMs)} </span> : null}
        {formatTime(atMs)}
      </time>
      <a
        class={isNewSession ? "of-session private" : "of-session same private"}
        href={linkTo("session", session)}
        tabIndex={-1}
      >
        {titleOrId(session, peekSession(session))}
      </a>
      <span class={isFailed ? "name failed" : (flags & FLAGS.waiting) !== 0 ? "name asks" : "name"}>
        {isFailed ? "✗ " : (flags & FLAGS.waiting) !== 0 ? "◆ " : ""}
        {(flags & FLAGS.agent) !== 0 ? "↳ " : ""}
        {event.event}
      </span>
      <span class="text">{textAt(day, offset) ?? tool}</span>
      <span class="number">{durationMs >= 0 ? formatDuration(durationMs) : ""}</span>
    </div>
  );
}

// What came over the stream is chosen here, by what its columns say.
function filterColumns(columns: EventColumns, filter: Filter): EventColumns {
  if (filter.terms.length === 0) return columns;
  const places = Array.from(columns.at_ms.keys()).filter((at) => {
    const name = (column: readonly number[]) => columns.names[column[at] ?? 0] ?? "";
    const session = peekSession(name(columns.session));
    return holdsFor(filter, (key, value) => {
      switch (key) {
        case "event":
        case "tool":
          return matchesValue(name(columns[key]), value);
        case "session":
          return name(columns.session).toLowerCase().startsWith(value.toLowerCase());
        case "project":
        case "user":
        case "model":
        case "state":
          return matchesValue(session?.[key] ?? "", value);
        case "since":
          return true;
        case "until":
          return false;
        case "is":
          return ((columns.flags[at] ?? 0) & flagsOf([value])) !== 0;
      }
    });
  });
  const pick = (column: readonly number[]) => places.map((at) => column[at] ?? 0);
  return {
    names: columns.names,
    day: pick(columns.day),
    offset: pick(columns.offset),
    at_ms: pick(columns.at_ms),
    session: pick(columns.session),
    event: pick(columns.event),
    tool: pick(columns.tool),
    duration_ms: pick(columns.duration_ms),
    flags: pick(columns.flags),
  };
}

function facetsOf({ counts }: EventList): Facet[] {
  const values = (of: ReadonlyMap<string, number>) =>
    Array.from(of.entries()).toSorted((a, b) => b[1] - a[1]);
  return [
    { key: "tool", title: "Tool", values: values(counts.tool) },
    { key: "event", title: "Event", values: values(counts.event) },
  ];
}
