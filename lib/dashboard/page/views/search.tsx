// Search: prompts, questions and answers of all sessions, newest first, shown while the search is still running.
import { useEffect, useRef, useState } from "preact/hooks";
import { parseFilter } from "../../../log-index/filter-words";
import type { SearchHit, SearchMessage } from "../../answers";
import { address, goTo, linkTo, setParams } from "../address";
import { ask, messagesIn } from "../api";
import { formatAgo, formatCount, formatTime } from "../format";
import { FilterBox } from "../parts/filter-box";
import { Panel } from "../parts/panel";
import { Rows } from "../parts/rows";
import { titleOrId } from "../parts/state";
import { callRowKey } from "../parts/story";
import { eventCount, now, peekSession, progress } from "../store";
import { Begin, Reading } from "./now";

interface Found {
  readonly hits: readonly SearchHit[];
  readonly state: "searching" | "cut" | "done";
  /** The day that is looked at. */
  readonly day: string;
  /** How many more records say the same as a hit. */
  readonly doubled: number;
  readonly problem: string;
}

const NOTHING: Found = { hits: [], state: "done", day: "", doubled: 0, problem: "" };

export function Search() {
  const { params } = address.value;
  const filterText = params["filter"] ?? "";
  const isAnyCase = params["case"] !== "exact";
  const isRegex = params["regex"] === "yes";
  const found = useSearch(filterText, isAnyCase, isRegex);
  const [selected, select] = useState(-1);
  useEffect(() => select(-1), [filterText, isAnyCase, isRegex]);
  useEffect(
    () => document.querySelector<HTMLInputElement>(".search input[type=search]")?.focus(),
    [],
  );
  if (eventCount.value === 0) return progress.value < 1 ? <Reading /> : <Begin />;
  const { hits, state, day, doubled, problem } = found;
  const words = isRegex ? undefined : wordsIn(filterText, isAnyCase);
  const chosen = hits[selected];
  const open = (index: number) => {
    const hit = hits[index];
    if (hit !== undefined) goTo(linkToHit(hit));
  };
  return (
    <div class={chosen === undefined ? "search" : "search with-panel"}>
      <div class="list">
        <h1 class="hidden">Search</h1>
        <div class="tools">
          <FilterBox
            text={filterText}
            hint='words, "several words", project:shop tool:Bash since:7d'
          />
          <label>
            <input
              type="checkbox"
              checked={isAnyCase}
              onChange={(event) =>
                setParams({ case: event.currentTarget.checked ? undefined : "exact" })
              }
            />{" "}
            ignore case
          </label>
          <label>
            <input
              type="checkbox"
              checked={isRegex}
              onChange={(event) =>
                setParams({ regex: event.currentTarget.checked ? "yes" : undefined })
              }
            />{" "}
            regular expression
          </label>
          <span class="count quiet" aria-live="polite">
            {filterText.trim() === ""
              ? ""
              : state === "searching"
                ? `${hits.length} found, searching ${day} …`
                : state === "cut"
                  ? `the newest ${hits.length}; there are more`
                  : `${hits.length} found`}
            {doubled === 0 ? "" : `, ${formatCount(doubled)} recorded twice`}
          </span>
        </div>
        {problem === "" ? null : <p class="problem">{problem}</p>}
        {filterText.trim() === "" ? (
          <div class="empty">
            <h2>Search prompts, answers, commands and results</h2>
            <p>
              An event must contain all words. Use quotes for a phrase. Filters narrow the search:{" "}
              <code>tool:Bash failed since:7d</code>.
            </p>
          </div>
        ) : state === "done" && hits.length === 0 && problem === "" ? (
          <div class="empty">
            <h2>Nothing found</h2>
            <p>
              {parseFilter(filterText).texts.length > 1
                ? "One event must contain all words."
                : isAnyCase
                  ? "Try fewer words."
                  : "Turn on “ignore case”."}
            </p>
          </div>
        ) : (
          <Rows
            count={hits.length}
            height={46}
            label="Found"
            selected={selected}
            onSelect={select}
            onOpen={open}
            keys={(event) => {
              if (event.key !== "Escape" || chosen === undefined) return false;
              select(-1);
              return true;
            }}
            row={(index, attributes) => {
              const hit = hits[index];
              return hit === undefined ? null : (
                <div key={index} {...attributes}>
                  <HitLine hit={hit} words={words} />
                </div>
              );
            }}
          />
        )}
      </div>
      {chosen === undefined ? null : (
        <Panel place={chosen.place} link={linkToHit(chosen)} onClose={() => select(-1)} />
      )}
    </div>
  );
}

/** Matches each of the words that are looked for; `undefined` if only one is. */
function wordsIn(filterText: string, isAnyCase: boolean): RegExp | undefined {
  const { texts } = parseFilter(filterText);
  if (texts.length < 2) return undefined;
  const escaped = texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(${escaped.join("|")})`, isAnyCase ? "gi" : "g");
}

function markWords(text: string, words: RegExp | undefined) {
  if (words === undefined) return text;
  return text.split(words).map((part, i) => (i % 2 === 1 ? <mark key={i}>{part}</mark> : part));
}

interface HitLineProps {
  readonly hit: SearchHit;
  readonly words: RegExp | undefined;
}

function HitLine({ hit, words }: HitLineProps) {
  const { session, at_ms, event, tool, before, match, after } = hit;
  return (
    <div role="gridcell" class="cell hit">
      <span class="hit-head">
        <time class="quiet" title={formatTime(at_ms)}>
          {formatAgo(at_ms, now.value)}
        </time>
        <span class="name">{tool ?? event}</span>
        <span class="project">{hit.project}</span>
        <span class="quiet private">{titleOrId(session, peekSession(session))}</span>
      </span>
      <span class="hit-text private">
        {markWords(before.slice(-BEFORE), words)}
        <mark>{match}</mark>
        {markWords(after, words)}
      </span>
    </div>
  );
}

// So that what was found is on the screen, also on a narrow one.
const BEFORE = 30;

/** The event in its session. */
function linkToHit({ session, event, tool, id, tool_use_id, agent_id, at_ms }: SearchHit): string {
  const sel =
    tool !== null && event !== "PermissionRequest"
      ? callRowKey({ id: tool_use_id ?? id, agentId: agent_id ?? undefined })
      : event === "UserPromptSubmit"
        ? `turn-${at_ms}`
        : event === "Stop" || event === "SubagentStop"
          ? undefined
          : `event-${id}`;
  return linkTo("session", session, { sel });
}

function useSearch(filterText: string, isAnyCase: boolean, isRegex: boolean): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    running.current?.abort();
    const stop = (running.current = new AbortController());
    if (filterText.trim() === "") {
      setFound(NOTHING);
      return undefined;
    }
    const query = new URLSearchParams({
      filter: filterText,
      case: isAnyCase ? "any" : "exact",
      regex: isRegex ? "yes" : "no",
    });
    void follow(query.toString(), stop.signal, setFound);
    return () => stop.abort();
  }, [filterText, isAnyCase, isRegex]);
  return found;
}

async function follow(
  query: string,
  signal: AbortSignal,
  show: (found: Found) => void,
): Promise<void> {
  const hits: SearchHit[] = [];
  const told = new Set<string>();
  let [day, problem] = ["", ""];
  let doubled = 0;
  let shownMs = 0;
  const update = (state: Found["state"], isLast = false) => {
    // A frame at a time: hits come faster than they can be shown.
    if (signal.aborted || (!isLast && performance.now() - shownMs < FRAME_MS)) return;
    shownMs = performance.now();
    show({ hits: hits.slice(), state, day, doubled, problem });
  };
  try {
    const response = await ask(`/api/search?${query}`, signal);
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    let state: Found["state"] = "searching";
    for await (const message of messagesIn<SearchMessage>(response.body)) {
      if (message.kind === "hit") {
        // A call's beginning says the same as its end, which is newer.
        const { session, tool_use_id, agent_id, before, match } = message.hit;
        const key = tool_use_id && [session, agent_id, tool_use_id, before, match].join("\n");
        if (key === null || !told.has(key)) hits.push(message.hit);
        if (key !== null) told.add(key);
      }
      if (message.kind === "progress") ({ day } = message);
      else if (message.kind === "problem") problem = message.text;
      else if (message.kind === "end") {
        state = message.is_cut ? "cut" : "done";
        doubled = message.doubled_events;
      }
      update(state);
    }
    update(state === "searching" ? "done" : state, true);
  } catch (error) {
    problem = (error as Error).message;
    update("done", true);
  }
}

const FRAME_MS = 50;
