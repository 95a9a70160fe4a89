// The waits after failures.
import { expect, test } from "bun:test";
import { Backoff } from "../../../lib/forward/backoff";

test("waits double from a second to a minute, by half at random, until a success", () => {
  const backoff = new Backoff();
  for (const longest of [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000)) {
    const waitMs = backoff.afterFailure();
    expect(waitMs).toBeGreaterThanOrEqual(longest / 2);
    expect(waitMs).toBeLessThanOrEqual(longest);
  }
  backoff.reset();
  expect(backoff.afterFailure()).toBeLessThanOrEqual(1000);
});

test.each([
  [5000, 5000, "as long as it asks"],
  [86_400_000, 60_000, "a minute at most"],
])("a server that asks to wait %d ms is left alone for %d ms: %s", (askedMs, waitMs) => {
  expect(new Backoff().afterFailure(askedMs)).toBe(waitMs);
});
