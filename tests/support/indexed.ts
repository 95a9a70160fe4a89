// Records as the index has them, without a log.
import { emptyIndex, Indexer, type DayIndex } from "../../lib/log-index/day-index";
import {
  Statistics,
  type StatisticsOptions,
  type StatisticsResult,
} from "../../lib/log-index/statistics";
import type { EventRecord } from "../../lib/log/record";

/** The indexes of the days of some records, each day by its UTC date. */
export function indexesOf(records: readonly EventRecord[]): [Indexer, DayIndex[]] {
  const indexer = new Indexer("/nowhere");
  const days = Map.groupBy(records, ({ timestamp }) => timestamp.slice(0, 10));
  const indexes = Array.from(days, ([day, own]) => {
    const index = emptyIndex(day, undefined);
    for (const [at, head] of own.entries())
      indexer.add(index, {
        kind: "head",
        day,
        begin: at,
        end: at + 1,
        isWhole: true,
        head,
        record: () => head,
        text: () => JSON.stringify(head),
      });
    return index;
  });
  return [indexer, indexes];
}

/** The statistics of some records. */
export function statisticsOf(
  records: readonly EventRecord[],
  options: StatisticsOptions,
): StatisticsResult {
  const [indexer, indexes] = indexesOf(records);
  const statistics = new Statistics(indexer.names, options);
  for (const index of indexes) statistics.add(index);
  return statistics.result();
}
