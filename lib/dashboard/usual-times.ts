// How long the calls of each tool usually take, so that one that takes far longer can be seen.
import { isEvent } from "../events";
import type { UsualTimesAnswer } from "./answers";
import type { Catalog } from "./catalog";

// Enough for a stable percentile, and few enough to sort at once.
const MAX_SAMPLES = 2000;

/** The usual times by tool, from the newest calls of each. */
export function answerUsualTimes({ days, names }: Catalog): UsualTimesAnswer {
  const isResult = names.texts.map((text) => isEvent(text, "PostToolUse"));
  const samples = new Map<number, number[]>();
  for (const { columns } of days.toReversed())
    for (let at = columns.length - 1; at >= 0; at--) {
      const ms = columns.durationMs[at] as number;
      if (ms < 0 || !isResult[columns.event[at] as number]) continue;
      const tool = columns.tool[at] as number;
      const times = samples.get(tool);
      if (times === undefined) samples.set(tool, [ms]);
      else if (times.length < MAX_SAMPLES) times.push(ms);
    }
  return Object.fromEntries(
    Array.from(samples, ([tool, times]) => {
      const sorted = Float64Array.from(times).toSorted();
      const p95_ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0;
      return [names.texts[tool] ?? "", { calls: times.length, p95_ms }];
    }),
  );
}
