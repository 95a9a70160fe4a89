// Times and durations as a person writes and reads them.
import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../../lib/cli/command";
import {
  formatAgo,
  formatClock,
  formatDayAndTime,
  formatSpan,
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
])("%s is parsed as a duration", (text, expected) => {
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
])("%j is not a duration", (text) => {
  expect(() => parseDuration(text, "--since")).toThrow(UsageError);
});

describe("--since", () => {
  test.each([
    ["2d", NOW - 48 * HOUR_MS, "that long ago"],
    ["2026-11-20", new Date(2026, 10, 20).getTime(), "local midnight"],
    ["2026-11-20 10:30", new Date(2026, 10, 20, 10, 30).getTime(), "a local time"],
    ["2026-11-20T10:00:00Z", Date.UTC(2026, 10, 20, 10), "a UTC time"],
  ])("%s means %p: %s", (text, expected) => {
    expect(parseSince(text, NOW)).toBe(expected);
  });

  test.each(["2026-13-01", "2026-02-31", "2026-02-31T10:00:00Z", "yesterday"])(
    "%j is rejected",
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
])("%p milliseconds are shown as %s", (durationMs, words) => {
  expect(formatDuration(durationMs)).toBe(words);
});

test.each([
  [0, "just now"],
  [999, "just now"],
  [180_000, "3m ago"],
  [-30_000, "just now"],
  [-HOUR_MS, "in the future"],
  [50 * HOUR_MS, "2d ago"],
])("%p milliseconds before now are shown as %s", (elapsedMs, words) => {
  expect(formatAgo(NOW - elapsedMs, NOW)).toBe(words);
});

test("a day of another year is shown with its year", () => {
  expect(formatDayAndTime(new Date(2026, 0, 2, 3, 4).getTime(), NOW)).toBe("01-02 03:04");
  expect(formatDayAndTime(new Date(2025, 0, 2, 3, 4).getTime(), NOW)).toBe("2025-01-02 03:04");
});

test.each([
  [0, "11-22 12:00", "to the minute, it has no length"],
  [4 * HOUR_MS, "11-22 12:00 to 16:00", "within a day, the day is shown once"],
  [24 * HOUR_MS, "11-22 12:00 to 11-23 12:00", "the same time on another day is another moment"],
])("a span of %p milliseconds is shown as %s: %s", (lengthMs, words) => {
  expect(formatSpan(NOW, NOW + lengthMs, NOW)).toBe(words);
});

test("a span that began in another year shows both years' days", () => {
  const firstMs = new Date(2025, 10, 22, 12).getTime();
  expect(formatSpan(firstMs, NOW, NOW)).toBe("2025-11-22 12:00 to 11-22 12:00");
});

test("a time of day is local, to the second", () => {
  expect(formatClock(new Date(2026, 10, 22, 3, 4, 5, 678).getTime())).toBe("03:04:05");
});

test("the day of the log is the UTC day", () => {
  expect(utcDay(Date.UTC(2026, 10, 22, 23, 59, 59))).toBe("2026-11-22");
});
