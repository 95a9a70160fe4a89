// Statistics: counts, failure rates, durations, where the time went, and a comparison with the period before.
import { useMemo } from "preact/hooks";
import { formatFilter, parseFilter, type Filter } from "../../../log-index/filter-words";
import { GROUPS, type GroupBy } from "../../../log-index/group-by";
import type { StatisticsAnswer, StatisticsAnswerRow, StatisticsNumbers } from "../../answers";
import { address, linkTo, setParams } from "../address";
import { formatCount, formatDuration, plural } from "../format";
import { Costs } from "../parts/cost-table";
import { FilterBox } from "../parts/filter-box";
import { TimeBar } from "../parts/time-table";
import { useAnswer } from "../parts/use-answer";
import { eventCount, progress } from "../store";
import { Begin, Reading } from "./now";

const DEFAULT_FILTER = "since:7d";
const TODAY = "since:today";
const PERIODS = [
  [TODAY, "today"],
  ["since:1d", "24 hours"],
  ["since:7d", "7 days"],
  ["since:30d", "30 days"],
  ["", "all"],
] as const;

export function Statistics() {
  const { params } = address.value;
  const filterText = params["filter"] ?? DEFAULT_FILTER;
  const by = GROUPS.find((group) => group === params["by"]) ?? "tool";
  const filter = useMemo(() => parseFilter(filterText), [filterText]);
  // New events come all the time; every few seconds is soon enough for sums.
  const events = Math.floor(eventCount.value / EVENTS_A_LOOK);
  const isRead = progress.value === 1;
  const query = new URLSearchParams({ by, filter: filterText }).toString();
  const { answer, problem } = useAnswer<StatisticsAnswer>(`/api/statistics?${query}`, [
    isRead,
    events,
  ]);
  if (eventCount.value === 0) return progress.value < 1 ? <Reading /> : <Begin />;
  return (
    <div class="statistics">
      <h1 class="hidden">Statistics</h1>
      <div class="tools">
        <FilterBox text={filterText} hint="project:shop since:7d tool:Bash" />
        <label>
          By{" "}
          <select value={by} onChange={(event) => setParams({ by: event.currentTarget.value })}>
            {GROUPS.map((group) => (
              <option key={group}>{group}</option>
            ))}
          </select>
        </label>
        <span class="periods">
          {PERIODS.map(([term, label]) => (
            <button
              key={label}
              type="button"
              class="quiet"
              aria-pressed={hasPeriod(filter, term)}
              onClick={() => setParams({ filter: withPeriod(filter, term) })}
            >
              {label}
            </button>
          ))}
        </span>
      </div>
      {problem === "" ? null : <p class="problem">{problem}</p>}
      {answer === undefined ? (
        <Reading />
      ) : answer.total.events === 0 ? (
        <div class="empty">
          <h2>No events match</h2>
          <p>
            <button type="button" onClick={() => setParams({ filter: "" })}>
              Count all events
            </button>
          </p>
        </div>
      ) : (
        <div class="numbers" tabIndex={0} role="region" aria-label="Numbers">
          <Figures answer={answer} />
          {answer.doubled_events === 0 ? null : (
            <p class="quiet">
              {plural(answer.doubled_events, "event")} recorded twice, counted once;{" "}
              <a href={linkTo("health")}>Health</a> shows why.
            </p>
          )}
          <WaitingLine answer={answer} isToday={hasPeriod(filter, TODAY)} />
          <Table answer={answer} filter={filter} />
          <Costs filter={filterText} />
          <Heatmap heatmap={answer.heatmap} />
        </div>
      )}
    </div>
  );
}

const EVENTS_A_LOOK = 50;

function hasPeriod({ terms }: Filter, term: string): boolean {
  const own = terms.filter(({ key }) => key === "since" || key === "until");
  return formatFilter({ terms: own, texts: [] }) === term;
}

function withPeriod(filter: Filter, term: string): string {
  const terms = filter.terms.filter(({ key }) => key !== "since" && key !== "until");
  return [formatFilter({ ...filter, terms }), term].filter(Boolean).join(" ");
}

const FIGURES: readonly (readonly [
  name: string,
  of: (numbers: StatisticsNumbers) => number | null,
  format: (value: number) => string,
])[] = [
  ["sessions", ({ sessions }) => sessions, formatCount],
  ["prompts", ({ prompts }) => prompts, formatCount],
  ["tool calls", ({ calls }) => calls, formatCount],
  ["failed", ({ failure_rate }) => failure_rate * 100, formatPercent],
  ["p50", ({ p50_ms }) => p50_ms, formatDuration],
  ["p95", ({ p95_ms }) => p95_ms, formatDuration],
  ["events", ({ events }) => events, formatCount],
];

function Figures({ answer }: { readonly answer: StatisticsAnswer }) {
  const { total, before } = answer;
  return (
    <dl class="figures">
      {FIGURES.map(([name, of, format]) => {
        const value = of(total);
        const earlier = before === null ? null : of(before);
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <strong>{value === null ? "–" : format(value)}</strong>
              {before === null ? null : (
                <span class="quiet">
                  {earlier === null || before.events === 0
                    ? "before: none"
                    : `before: ${format(earlier)}`}
                </span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function WaitingLine({
  answer: { time },
  isToday,
}: {
  readonly answer: StatisticsAnswer;
  readonly isToday: boolean;
}) {
  const all = time.model_ms + time.tools_ms + time.waiting_ms;
  if (all === 0) return null;
  return (
    <p class="waiting-line">
      <TimeBar
        spent={{ model: time.model_ms, tools: time.tools_ms, waiting: time.waiting_ms }}
        longest={all}
      />{" "}
      {formatDuration(all)} of work: <i class="key spent-model" /> model{" "}
      {formatDuration(time.model_ms)}, <i class="key spent-tools" /> tools{" "}
      {formatDuration(time.tools_ms)}.{" "}
      {time.waiting_ms === 0 ? (
        `Nothing waited for you${isToday ? " today" : ""}.`
      ) : (
        <>
          <i class="key spent-waiting" /> You kept agents waiting for{" "}
          <strong>{formatDuration(time.waiting_ms)}</strong>
          {isToday ? " today" : ""}.
        </>
      )}
      {time.idle_ms > 0 ? (
        <span class="quiet"> {formatDuration(time.idle_ms)} idle between prompts.</span>
      ) : null}
    </p>
  );
}

function Table({ answer, filter }: { readonly answer: StatisticsAnswer; readonly filter: Filter }) {
  const { by, rows, matched, days } = answer;
  const hasTime = rows.some(({ time }) => time !== null);
  const longest = Math.max(1, ...rows.map(({ time }) => workOf(time)));
  const most = Math.max(1, ...rows.map(({ calls, events }) => (by === "tool" ? calls : events)));
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>{by}</th>
            <td class="wide-only" />
            <th class="number">calls</th>
            <th class="number">failed</th>
            <th class="number wide-only">p50</th>
            <th class="number">p95</th>
            <th class="number wide-only">sessions</th>
            <th class="number wide-only">prompts</th>
            <th class="number wide-only">events</th>
            {days.length > 1 && by !== "day" ? <th class="wide-only">by day</th> : null}
            {hasTime ? <th class="wide-only">time</th> : null}
            {hasTime ? <th class="number wide-only">waiting for you</th> : null}
            {answer.before === null || by === "day" ? null : (
              <th class="number wide-only">calls before</th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                <Name by={by} name={row.name} filter={filter} />
              </th>
              <td class="wide-only">
                <Bar value={by === "tool" ? row.calls : row.events} most={most} />
              </td>
              <td class="number">{formatCount(row.calls)}</td>
              <td class={row.failed > 0 ? "number failed" : "number quiet"}>
                {row.failed === 0 ? "0" : formatPercent(row.failure_rate * 100)}
              </td>
              <td class="number wide-only">{durationOrNothing(row.p50_ms)}</td>
              <td class="number">{durationOrNothing(row.p95_ms)}</td>
              <td class="number wide-only">{formatCount(row.sessions)}</td>
              <td class="number wide-only">{formatCount(row.prompts)}</td>
              <td class="number wide-only">{formatCount(row.events)}</td>
              {days.length > 1 && by !== "day" ? (
                <td class="wide-only">
                  <Sparkline values={row.by_day} />
                </td>
              ) : null}
              {hasTime ? (
                <td class="wide-only">
                  <RowTime row={row} longest={longest} />
                </td>
              ) : null}
              {hasTime ? (
                <td class="number wide-only">{durationOrNothing(row.time?.waiting_ms || null)}</td>
              ) : null}
              {answer.before === null || by === "day" ? null : (
                <td class="number quiet wide-only">{formatCount(row.before?.calls ?? 0)}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {matched > rows.length ? (
        <p class="quiet">and {plural(matched - rows.length, "more row")}</p>
      ) : null}
    </div>
  );
}

function RowTime({
  row: { time },
  longest,
}: {
  readonly row: StatisticsAnswerRow;
  readonly longest: number;
}) {
  if (time === null) return null;
  const { model_ms: model, tools_ms: tools, waiting_ms: waiting } = time;
  return (
    <span class="row-time">
      <TimeBar spent={{ model, tools, waiting }} longest={longest} />{" "}
      {formatDuration(model + tools + waiting)}
    </span>
  );
}

function workOf(time: StatisticsAnswerRow["time"]): number {
  return time === null ? 0 : time.model_ms + time.tools_ms + time.waiting_ms;
}

function Name({ by, name, filter }: { by: GroupBy; name: string; filter: Filter }) {
  const link = linkFor(by, name, filter);
  if (link === undefined) return <>{name === "" ? "none" : by === "hour" ? `${name}:00` : name}</>;
  return <a href={link}>{name}</a>;
}

/** The events of a row; an hour is of every day, and its events cannot be asked for. */
function linkFor(by: GroupBy, name: string, filter: Filter): string | undefined {
  if (name === "" || by === "hour") return undefined;
  if (by === "day") {
    const next = new Date(`${name}T12:00:00`);
    next.setDate(next.getDate() + 1);
    const until = [next.getFullYear(), next.getMonth() + 1, next.getDate()]
      .map((part) => String(part).padStart(2, "0"))
      .join("-");
    return linkTo("events", "", { filter: withPeriod(filter, `since:${name} until:${until}`) });
  }
  const terms = [...filter.terms, { key: by, values: [name], isNot: false }];
  const view = by === "tool" ? "events" : "sessions";
  return linkTo(view, "", { filter: formatFilter({ ...filter, terms }) });
}

function Bar({ value, most }: { readonly value: number; readonly most: number }) {
  return (
    <svg class="amount" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect x="0" y="1" width={(value / most) * 100} height="8" />
    </svg>
  );
}

function Sparkline({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(1, ...values);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${values.length} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`by day: ${values.join(", ")}`}
    >
      {values.map((value, i) => {
        const height = value === 0 ? 0 : Math.max(0.8, (value / most) * 10);
        return <rect key={i} x={i + 0.1} y={10 - height} width="0.8" height={height} />;
      })}
    </svg>
  );
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** When there is most to do. The number is in the cell for those who cannot see its shade. */
function Heatmap({ heatmap }: { readonly heatmap: readonly (readonly number[])[] }) {
  const most = Math.max(1, ...heatmap.flat());
  return (
    <table class="heatmap">
      <caption>Events by weekday and hour</caption>
      <thead>
        <tr>
          <td />
          {Array.from({ length: 24 }, (_, hour) => (
            <th key={hour} scope="col">
              {hour % 3 === 0 ? String(hour).padStart(2, "0") : <span class="hidden">{hour}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {WEEKDAYS.map((weekday, day) => (
          <tr key={weekday}>
            <th scope="row">{weekday}</th>
            {Array.from({ length: 24 }, (_, hour) => {
              const events = heatmap[day]?.[hour] ?? 0;
              const share = Math.ceil((events / most) * 100);
              return (
                <td
                  key={hour}
                  title={`${weekday} ${String(hour).padStart(2, "0")}:00, ${plural(events, "event")}`}
                  style={{ "--share": `${share}%` }}
                >
                  <span class="hidden">{events}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function formatPercent(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

function durationOrNothing(ms: number | null): string {
  return ms === null ? "" : formatDuration(ms);
}
