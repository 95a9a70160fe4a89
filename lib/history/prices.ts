// What a model's tokens cost, in US dollars, as Claude Code itself computes it: `tests/e2e/cost.e2e.ts` plays each kind
// of usage through the real client and compares. A model without a price here has none; nothing is guessed.

/** Dollars per million tokens, and what they are multiplied by. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Kept for five minutes. */
  readonly cacheWrite5m: number;
  /** Kept for an hour. */
  readonly cacheWrite1h: number;
  /** The factor of fast mode. */
  readonly fast: number;
  /** The factor of a prompt of more than 100,000 tokens. */
  readonly longPrompt: number;
}

/** Prices by the name of a model, without a date. */
export type Prices = ReadonlyMap<string, Price>;

/** What was used. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  /** Searches of the web, not tokens. */
  readonly webSearches: number;
}

/** How it was used. */
export interface Terms {
  /** As the client names it; may have a date, a provider's prefix, or `[1m]`. */
  readonly model: string;
  readonly isFast: boolean;
  /** Whether it had to run in the United States. */
  readonly isUsOnly: boolean;
}

const WEB_SEARCH = 0.01;
const US_ONLY = 1.1;
/** What was sent, the cache included. */
const LONG_PROMPT_TOKENS = 100_000;
const MILLION = 1_000_000;

// Claude Code 2.1.330. It asks Opus 5.5 instead of Opus 4.1 and older, so those have no price.
const ROWS: readonly (readonly [
  models: string,
  input: number,
  output: number,
  cacheRead: number,
  fast?: number,
  longPrompt?: number,
])[] = [
  ["fable-5-2 mythos-5-2", 8, 40, 0.2, 2],
  ["fable-5-1 mythos-5-1", 10, 50, 0.25],
  ["fable-5 mythos-5", 10, 50, 1],
  ["opus-5-5", 4, 20, 0.2, 2],
  ["opus-5 opus-4-8", 5, 25, 0.5, 2],
  ["opus-4-7 opus-4-6", 5, 25, 0.5, 6],
  ["opus-4-5", 5, 25, 0.5],
  ["sonnet-5-5", 2, 10, 0.1],
  ["sonnet-5", 2, 10, 0.2],
  ["sonnet-4-6 sonnet-4-5 sonnet-4-0 sonnet-4 3-7-sonnet", 3, 15, 0.3],
  ["haiku-5-5", 0.1, 0.5, 0.01, 1, 5],
  ["haiku-4-5", 1, 5, 0.1],
  ["3-5-haiku", 0.8, 4, 0.08],
];

/** The prices of Claude Code. */
export const CLIENT_PRICES: Prices = new Map(
  ROWS.flatMap(([models, input, output, cacheRead, fast = 1, longPrompt = 1]) =>
    models
      .split(" ")
      .map((model) => [
        `claude-${model}`,
        { ...withWrites(input), output, cacheRead, fast, longPrompt },
      ]),
  ),
);

// Writing a cache costs a fixed part more than sending the same as input.
function withWrites(input: number) {
  return { input, cacheWrite5m: 1.25 * input, cacheWrite1h: 2 * input };
}

/**
 * A model's name without its date, its provider's prefix and version, and its size of context:
 * `us.anthropic.claude-haiku-4-5-20251001-v1:0` is `claude-haiku-4-5`.
 */
export function modelName(model: string): string {
  const [, name = model] =
    /(claude-[a-z0-9-]+?)(?:[-@]\d{8})?(?:-v\d+(?::\d+)?)?(?:\[[^\]]*\])?$/.exec(model) ?? [];
  return name;
}

/** What tokens cost in dollars; `undefined` if the model has no price, however many there are. */
export function costOf(tokens: Tokens, terms: Terms, prices: Prices): number | undefined {
  const price = prices.get(terms.model) ?? prices.get(modelName(terms.model));
  if (price === undefined) return undefined;
  const sent = tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h;
  const factor =
    (terms.isFast ? price.fast : 1) *
    (terms.isUsOnly ? US_ONLY : 1) *
    (sent > LONG_PROMPT_TOKENS ? price.longPrompt : 1);
  const perMillion =
    tokens.input * price.input +
    tokens.output * price.output +
    tokens.cacheRead * price.cacheRead +
    tokens.cacheWrite5m * price.cacheWrite5m +
    tokens.cacheWrite1h * price.cacheWrite1h;
  return (perMillion / MILLION) * factor + tokens.webSearches * WEB_SEARCH;
}

/** Prices, and what of a configuration could not be used. */
export interface ConfiguredPrices {
  readonly prices: Prices;
  /** A line for each item that is not a price. */
  readonly faults: readonly string[];
}

/**
 * Adds the prices of `config.json` to those of the client; of two for the same model, the configured one counts.
 *
 * @param items `{ "model", "input", "output" }`, in dollars per million tokens, and if they are not what Claude Code
 *   usually charges for them, `cache_read`, `cache_write_5m`, `cache_write_1h`, and `fast`, a factor
 */
export function withConfiguredPrices(
  items: readonly Readonly<Record<string, unknown>>[],
  known: Prices = CLIENT_PRICES,
): ConfiguredPrices {
  const prices = new Map(known);
  const faults: string[] = [];
  for (const [at, item] of items.entries()) {
    const { model, input, output } = item;
    const fault = faultOf(item);
    if (fault !== undefined) faults.push(`prices[${at}]: ${fault}; ignored`);
    else {
      const basic = withWrites(Number(input));
      prices.set(String(model), {
        input: basic.input,
        output: Number(output),
        cacheRead: Number(item["cache_read"] ?? basic.input / 10),
        cacheWrite5m: Number(item["cache_write_5m"] ?? basic.cacheWrite5m),
        cacheWrite1h: Number(item["cache_write_1h"] ?? basic.cacheWrite1h),
        fast: Number(item["fast"] ?? 1),
        longPrompt: 1,
      });
    }
  }
  return { prices, faults };
}

function faultOf(item: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof item["model"] !== "string" || item["model"] === "") return "no model";
  for (const key of ["input", "output"])
    if (!isAmount(item[key])) return `${key} is not a dollar amount`;
  for (const key of ["cache_read", "cache_write_5m", "cache_write_1h", "fast"])
    if (item[key] !== undefined && !isAmount(item[key])) return `${key} is not a number`;
  return undefined;
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
