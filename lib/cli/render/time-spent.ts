// Where time went, as tables: `show --time` and `stats --by time`.
import type { Holdup } from "../../history/critical-path";
import { describeCall } from "../../history/describe";
import {
  noTime,
  workingMs,
  type Activity,
  type SessionTime,
  type TimeSpent,
} from "../../history/time-spent";
import { renderTable, type Column } from "./table";
import { bar, sanitize, wrap } from "./text";
import { formatClock, formatDuration } from "./time";
import type { Screen } from "./timeline";

/** What each activity is called. */
const NAMES: Readonly<Record<Activity, string>> = {
  tools: "tools",
  model: "model",
  waiting: "waiting for you",
  idle: "idle",
};

const BAR_COLUMNS = 12;
const COLUMNS: readonly Column[] = [
  { head: "", dropRank: 1 },
  { head: "total", align: "right" },
  { head: NAMES.model, align: "right", narrowRank: 1 },
  { head: NAMES.tools, align: "right", narrowRank: 2 },
  { head: "waiting", align: "right", narrowRank: 3 },
];

/** Where the time of a session went: as a whole, by prompt and by tool. */
export function renderSessionTime(
  time: SessionTime,
  prompts: ReadonlyMap<number, string>,
  holdups: readonly Holdup[],
  projectDir: string,
  { columns, colors }: Screen,
): string {
  const { bold, dim } = colors;
  const longestHoldup = holdups[0]?.ms ?? 1;
  const most = time.turns.reduce((largest, { spent }) => Math.max(largest, workingMs(spent)), 1);
  const turns = time.turns.map(({ atMs, spent }) => [
    formatClock(atMs),
    sanitize(prompts.get(atMs) ?? ""),
    ...cells(spent, most),
  ]);
  const tools = Array.from(time.tools).toSorted(([, a], [, b]) => b - a);
  const [[, longest] = ["", 1]] = tools;
  return [
    wrap(describeTime(time.total), columns, "  "),
    "",
    renderTable(
      [{ head: "at", narrowRank: 4 }, { head: "prompt", isFlexible: true }, ...COLUMNS],
      turns,
      columns,
      dim,
    ),
    ...(holdups.length === 0
      ? []
      : [
          "",
          renderTable(
            [
              { head: "delayed the turn", isFlexible: true },
              { head: "", dropRank: 1 },
              { head: "for", align: "right" },
            ],
            holdups.map(({ call, ms }) => [
              sanitize(`${call.tool} ${describeCall(call, projectDir)}`),
              bar(ms / longestHoldup, BAR_COLUMNS),
              formatDuration(ms),
            ]),
            columns,
            dim,
          ),
        ]),
    ...(tools.length === 0
      ? []
      : [
          "",
          renderTable(
            [
              { head: "tool", isFlexible: true },
              { head: "", narrowRank: 1 },
              { head: "time", align: "right" },
            ],
            tools.map(([tool, ms]) => [
              bold(sanitize(tool)),
              bar(ms / longest, BAR_COLUMNS),
              formatDuration(ms),
            ]),
            columns,
            dim,
          ),
        ]),
  ].join("\n");
}

/** Where the time of each day went. */
export function renderDaysTime(
  days: ReadonlyMap<string, TimeSpent>,
  { columns, colors }: Screen,
): string {
  if (days.size === 0) return "No events match.";
  const total = noTime();
  for (const spent of days.values())
    for (const activity of Object.keys(total) as Activity[]) total[activity] += spent[activity];
  const most = Math.max(1, ...Array.from(days.values(), workingMs));
  const rows = Array.from(days, ([day, spent]) => [day, ...cells(spent, most)]);
  const all = [colors.bold("all"), ...cells(total, Infinity)];
  return [
    wrap(describeTime({ ...total, idle: 0 }), columns, "  "),
    "",
    renderTable([{ head: "day" }, ...COLUMNS], [...rows, all], columns, colors.dim),
  ].join("\n");
}

function cells(spent: TimeSpent, most: number): string[] {
  const all = workingMs(spent);
  const duration = (ms: number) => (ms === 0 ? "" : formatDuration(ms));
  return [
    bar(all / most, BAR_COLUMNS),
    duration(all),
    duration(spent.model),
    duration(spent.tools),
    duration(spent.waiting),
  ];
}

function describeTime(spent: TimeSpent): string {
  const all = workingMs(spent);
  if (all === 0) return "No prompt was answered.";
  const parts = (["model", "tools", "waiting"] as const).flatMap((activity) =>
    spent[activity] === 0
      ? []
      : `${NAMES[activity]} ${formatDuration(spent[activity])} (${Math.round((spent[activity] / all) * 100)} %)`,
  );
  const idle = spent.idle > 0 ? `; ${formatDuration(spent.idle)} idle between prompts` : "";
  return `${formatDuration(all)} of work: ${parts.join(", ")}${idle}`;
}
