import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../../lib/cli/command";
import {
  formatAgo,
  formatClock,
  formatDayAndTime,
  parseDuration,
  parseSince,
  formatDuration,
} from "../../../../lib/cli/render/time";
import { utcDay } from "../../../../lib/log/log";

const NOW = new Date(2026, 10, 22, 12, 0, 0).getTime();
const HOUR_MS = 3_600_000;

test.each([
  ["7d", 168 * HOUR_MS],
  ["12h", 12 * HOUR_MS],
  ["30min", HOUR_MS / 2],
  ["2 weeks", 336 * HOUR_MS],
  ["1.5h", 1.5 * HOUR_MS],
])("%s is a duration", (text, expected) => {
  expect(parseDuration(text, "--since")).toBe(expected);
});

test.each([
  "",
  "soon",
  "-7d",
  "7",
  "7 parsecs",
  "1.2.3d",
  "1e99d",
  "99999999d",
  "1".repeat(200),
  "d",
])("%j is none", (text) => {
  expect(() => parseDuration(text, "--since")).toThrow(UsageError);
});

describe("since", () => {
  test.each([
    ["2d", NOW - 48 * HOUR_MS, "so long ago"],
    ["2026-11-20", new Date(2026, 10, 20).getTime(), "midnight here"],
    ["2026-11-20 10:30", new Date(2026, 10, 20, 10, 30).getTime(), "a moment here"],
    ["2026-11-20T10:00:00Z", Date.UTC(2026, 10, 20, 10), "a moment"],
  ])("%s is a moment: %p (%s)", (text, expected) => {
    expect(parseSince(text, NOW)).toBe(expected);
  });

  test.each(["2026-13-01", "2026-02-31", "2026-02-31T10:00:00Z", "yesterday"])(
    "%j is none",
    (text) => {
      expect(() => parseSince(text, NOW)).toThrow(UsageError);
    },
  );
});

test.each([
  [0, "0ms"],
  [12.4, "12ms"],
  [999.4, "999ms"],
  [1234, "1.2s"],
  [59_900, "59.9s"],
  [192_000, "3m 12s"],
  [14_700_000, "4h 5m"],
  [259_200_000, "3d"],
])("%p milliseconds are %s", (durationMs, words) => {
  expect(formatDuration(durationMs)).toBe(words);
});

test.each([
  [0, "now"],
  [999, "now"],
  [180_000, "3m ago"],
  [-30_000, "now"],
  [-HOUR_MS, "ahead of the clock"],
  [50 * HOUR_MS, "2d ago"],
])("%p milliseconds before now are %s", (elapsedMs, words) => {
  expect(formatAgo(NOW - elapsedMs, NOW)).toBe(words);
});

test("a day of another year says which", () => {
  expect(formatDayAndTime(new Date(2026, 0, 2, 3, 4).getTime(), NOW)).toBe("01-02 03:04");
  expect(formatDayAndTime(new Date(2025, 0, 2, 3, 4).getTime(), NOW)).toBe("2025-01-02 03:04");
});

test("a time of day is that of here, to the second", () => {
  expect(formatClock(new Date(2026, 10, 22, 3, 4, 5, 678).getTime())).toBe("03:04:05");
});

test("the day of the log is that of Greenwich", () => {
  expect(utcDay(Date.UTC(2026, 10, 22, 23, 59, 59))).toBe("2026-11-22");
});
