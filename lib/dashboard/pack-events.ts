// Events as they go to the page.
import type { Columns } from "../log-index/columns";
import { Names } from "../log-index/columns";
import type { EventColumns } from "./answers";

/** Which of a day's events are meant. */
export interface ChosenEvents {
  readonly day: string;
  readonly columns: Columns;
  /** Their places in the columns, in order. */
  readonly places: ArrayLike<number>;
}

/** Makes the columns that go to the page, with only those names that they use. */
export function toAnswer(chosen: readonly ChosenEvents[], names: Names): EventColumns {
  const used = new Names();
  const answer = {
    names: used.texts,
    day: [] as number[],
    offset: [] as number[],
    at_ms: [] as number[],
    session: [] as number[],
    event: [] as number[],
    tool: [] as number[],
    duration_ms: [] as number[],
    flags: [] as number[],
  };
  const rename = (number: number | undefined) => used.numberOf(names.texts[number ?? 0] ?? "");
  for (const { day, columns, places } of chosen)
    for (let i = 0; i < places.length; i++) {
      const at = places[i] as number;
      answer.day.push(used.numberOf(day));
      answer.offset.push(columns.offset[at] as number);
      answer.at_ms.push(columns.atMs[at] as number);
      answer.session.push(rename(columns.session[at]));
      answer.event.push(rename(columns.event[at]));
      answer.tool.push(rename(columns.tool[at]));
      answer.duration_ms.push(Math.round(columns.durationMs[at] as number));
      answer.flags.push(columns.flags[at] as number);
    }
  return answer;
}
