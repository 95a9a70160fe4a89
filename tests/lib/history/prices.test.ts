// What tokens cost. That the client charges the same is proved by the e2e tests.
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  CLIENT_PRICES,
  costOf,
  modelName,
  withConfiguredPrices,
  type Terms,
  type Tokens,
} from "../../../lib/history/prices";

const NONE: Tokens = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  webSearches: 0,
};
const opus: Terms = { model: "claude-opus-5-5", isFast: false, isUsOnly: false };
const sonnet: Terms = { ...opus, model: "claude-sonnet-5" };
const haiku: Terms = { ...opus, model: "claude-haiku-5-5" };

test.each<[string, Partial<Tokens>, Terms, number]>([
  ["input", { input: 1e6 }, opus, 4],
  ["output", { output: 1e6 }, opus, 20],
  ["reading the cache, at a twentieth", { cacheRead: 1e6 }, opus, 0.2],
  ["reading the cache, at a tenth", { cacheRead: 1e6 }, sonnet, 0.2],
  ["a cache of five minutes", { cacheWrite5m: 1e6 }, opus, 5],
  ["a cache of an hour", { cacheWrite1h: 1e6 }, opus, 8],
  ["fast mode", { input: 1e6 }, { ...opus, isFast: true }, 8],
  ["fast mode of a model that has none", { input: 1e6 }, { ...sonnet, isFast: true }, 2],
  ["in the United States", { input: 1e6 }, { ...opus, isUsOnly: true }, 4.4],
  ["both", { input: 1e6 }, { ...opus, isFast: true, isUsOnly: true }, 8.8],
  ["a prompt that is not long", { cacheRead: 1e5, output: 1e6 }, haiku, 0.501],
  ["a long prompt", { input: 1, cacheRead: 5e4, cacheWrite5m: 5e4, output: 1e6 }, haiku, 2.5337505],
  ["a long prompt of another model", { input: 1e6 }, sonnet, 2],
  ["searches, which no factor changes", { webSearches: 100 }, { ...opus, isUsOnly: true }, 1],
])("%s", (_, tokens, terms, dollars) => {
  expect(costOf({ ...NONE, ...tokens }, terms, CLIENT_PRICES)).toBeCloseTo(dollars, 9);
});

test.each([
  ["claude-haiku-4-5-20251001", "claude-haiku-4-5"],
  ["claude-opus-5-5[1m]", "claude-opus-5-5"],
  ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
  ["claude-sonnet-4@20250514", "claude-sonnet-4"],
  ["claude-3-5-haiku-20241022", "claude-3-5-haiku"],
  ["claude-fable-5", "claude-fable-5"],
  ["gpt-9", "gpt-9"],
  ["", ""],
])("the name of %p is %p", (model, name) => expect(modelName(model)).toBe(name));

test.each(["gpt-9", "claude-opus-9", "claude-opus-4-1", "", "unknown", "__proto__"])(
  "%p has no price, also for no tokens",
  (model) => expect(costOf(NONE, { ...opus, model }, CLIENT_PRICES)).toBeUndefined(),
);

test("no model is cheaper to write to the cache than to send, or dearer to read from it", () => {
  for (const price of CLIENT_PRICES.values()) {
    expect(price.cacheRead).toBeLessThan(price.input);
    expect(price.cacheWrite5m).toBeGreaterThan(price.input);
    expect(price.cacheWrite1h).toBeGreaterThan(price.cacheWrite5m);
    expect(price.fast).toBeGreaterThanOrEqual(1);
  }
});

test("a configured price adds a model, or takes the place of the client's", () => {
  const { prices, faults } = withConfiguredPrices([
    { model: "gpt-9", input: 10, output: 30 },
    { model: "claude-opus-5-5", input: 1, output: 2, cache_read: 3, fast: 4 },
  ]);
  expect(faults).toEqual([]);
  expect(costOf({ ...NONE, cacheRead: 1e6 }, { ...opus, model: "gpt-9" }, prices)).toBeCloseTo(
    1,
    9,
  );
  expect(costOf({ ...NONE, cacheRead: 1e6 }, { ...opus, isFast: true }, prices)).toBeCloseTo(12, 9);
  expect(CLIENT_PRICES.has("gpt-9")).toBe(false);
});

test.each<[string, Record<string, unknown>]>([
  ["no model", { input: 1, output: 1 }],
  ["a text for an amount", { model: "m", input: "1", output: 1 }],
  ["a negative amount", { model: "m", input: 1, output: -1 }],
  ["a factor that is none", { model: "m", input: 1, output: 1, fast: "2" }],
])("an item with %s is ignored, and said to be", (_, item) => {
  const { prices, faults } = withConfiguredPrices([item]);
  expect(prices).toEqual(CLIENT_PRICES);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toStartWith("prices[0]: ");
});

test("a cost is the sum of its parts, unless the prompt is a long one", () => {
  const amount = fc.nat(20_000);
  const tokens = fc.record({
    input: amount,
    output: amount,
    cacheRead: amount,
    cacheWrite5m: amount,
    cacheWrite1h: amount,
    webSearches: fc.nat(100),
  });
  const terms = fc.record({
    model: fc.constantFrom(...CLIENT_PRICES.keys()),
    isFast: fc.boolean(),
    isUsOnly: fc.boolean(),
  });
  fc.assert(
    fc.property(tokens, terms, (used, how) => {
      const whole = costOf(used, how, CLIENT_PRICES) ?? NaN;
      const parts = Object.entries(used).map(
        ([key, count]) => costOf({ ...NONE, [key]: count }, how, CLIENT_PRICES) ?? NaN,
      );
      expect(parts.reduce((a, b) => a + b)).toBeCloseTo(whole, 6);
    }),
  );
});
