// Where the time of a session went.
import type { Holdup } from "../../../history/critical-path";
import { describeCall } from "../../../history/describe";
import type { ToolCall } from "../../../history/timeline";
import { workingMs, type Activity, type SessionTime } from "../../../history/time-spent";
import { formatDuration, formatTime } from "../format";
import { callRowKey } from "./story";

/** What a session spends its time on, in the words of the page. */
export const ACTIVITIES: readonly (readonly [Activity, string])[] = [
  ["model", "model"],
  ["tools", "tools"],
  ["waiting", "waiting for you"],
];

interface TimeTableProps {
  readonly time: SessionTime;
  /** The prompts by the time at which they came. */
  readonly prompts: ReadonlyMap<number, string>;
  /** The calls that turns waited for the longest. */
  readonly holdups: readonly Holdup[];
  readonly projectDir: string;
  readonly onCall: (call: ToolCall) => void;
}

export function TimeTable({ time, prompts, holdups, projectDir, onCall }: TimeTableProps) {
  const all = workingMs(time.total);
  const tools = Array.from(time.tools).toSorted(([, a], [, b]) => b - a);
  const longestTool = tools[0]?.[1] ?? 1;
  const longestTurn = Math.max(1, ...time.turns.map(({ spent }) => workingMs(spent)));
  return (
    <div class="time-table" tabIndex={0} role="region" aria-label="Where the time went">
      {all === 0 ? (
        <p class="quiet">No prompt has been answered.</p>
      ) : (
        <p>
          <strong>{formatDuration(all)}</strong> of work:{" "}
          {ACTIVITIES.filter(([activity]) => time.total[activity] > 0)
            .map(
              ([activity, name]) =>
                `${name} ${formatDuration(time.total[activity])} (${Math.round((time.total[activity] / all) * 100)} %)`,
            )
            .join(", ")}
          {time.total.idle > 0 ? (
            <span class="quiet">; {formatDuration(time.total.idle)} idle between prompts</span>
          ) : null}
        </p>
      )}
      <p class="legend quiet">
        {ACTIVITIES.map(([activity, name]) => (
          <span key={activity}>
            <i class={`spent-${activity}`} /> {name}
          </span>
        ))}
      </p>
      <table>
        <thead>
          <tr>
            <th>prompt</th>
            <td class="wide-only" />
            <th class="number">total</th>
            <th class="number wide-only">model</th>
            <th class="number wide-only">tools</th>
            <th class="number">waiting</th>
          </tr>
        </thead>
        <tbody>
          {time.turns.map(({ atMs, spent }) => (
            <tr key={atMs}>
              <td>
                <time class="quiet">{formatTime(atMs)}</time>{" "}
                <span class="private">
                  {(prompts.get(atMs) ?? "").split("\n")[0]?.slice(0, 120)}
                </span>
              </td>
              <td class="wide-only">
                <TimeBar spent={spent} longest={longestTurn} />
              </td>
              <td class="number">{formatDuration(workingMs(spent))}</td>
              <td class="number wide-only">{durationOrNothing(spent.model)}</td>
              <td class="number wide-only">{durationOrNothing(spent.tools)}</td>
              <td class="number">{durationOrNothing(spent.waiting)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {holdups.length === 0 ? null : (
        <table>
          <thead>
            <tr>
              <th title="Among parallel calls, only the one that ended last counts">
                delayed the turn
              </th>
              <td class="wide-only" />
              <th class="number">for</th>
            </tr>
          </thead>
          <tbody>
            {holdups.map(({ call, ms }) => (
              <tr key={callRowKey(call)}>
                <td>
                  <button type="button" class="link" onClick={() => onCall(call)}>
                    {call.tool}{" "}
                    <code class="private">{describeCall(call, projectDir).slice(0, 120)}</code>
                  </button>
                </td>
                <td class="wide-only">
                  <TimeBar spent={{ tools: ms }} longest={holdups[0]?.ms ?? 1} />
                </td>
                <td class="number">{formatDuration(ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {tools.length === 0 ? null : (
        <table>
          <thead>
            <tr>
              <th>tool</th>
              <td />
              <th class="number">time</th>
            </tr>
          </thead>
          <tbody>
            {tools.map(([tool, ms]) => (
              <tr key={tool}>
                <td>{tool}</td>
                <td>
                  <TimeBar spent={{ tools: ms }} longest={longestTool} />
                </td>
                <td class="number">{formatDuration(ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function durationOrNothing(ms: number): string {
  return ms === 0 ? "" : formatDuration(ms);
}

interface TimeBarProps {
  readonly spent: Partial<Record<Activity, number>>;
  readonly longest: number;
}

/** How much of a time was what, as long as it was. */
export function TimeBar({ spent, longest }: TimeBarProps) {
  let x = 0;
  return (
    <svg class="time-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      {ACTIVITIES.map(([activity]) => {
        const width = ((spent[activity] ?? 0) / longest) * 100;
        x += width;
        return (
          <rect
            key={activity}
            class={`spent-${activity}`}
            x={x - width}
            y="1"
            width={width}
            height="8"
          />
        );
      })}
    </svg>
  );
}
