// What the words of a filter mean.
import { expect, test } from "bun:test";
import { timeOf } from "../../../lib/log-index/filter-words";

const NOW = new Date(2026, 10, 22, 9, 58).getTime();

test.each([
  ["2h", NOW - 2 * 3_600_000],
  ["7d", NOW - 7 * 86_400_000],
  ["today", new Date(2026, 10, 22).getTime()],
  ["2026-11-20", new Date(2026, 10, 20).getTime()],
  ["2026-11-20T10:00:00Z", Date.UTC(2026, 10, 20, 10)],
  ["tomorrow", undefined],
  ["7", undefined],
  ["2026-13-45", undefined],
] as const)("since:%s", (text, expected) => {
  expect(timeOf(text, NOW)).toBe(expected);
});
