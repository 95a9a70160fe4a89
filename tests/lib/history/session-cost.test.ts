// What a session cost, by prompt, subagent and model, and in words.
import { expect, test } from "bun:test";
import { CLIENT_PRICES } from "../../../lib/history/prices";
import {
  costBy,
  costGroups,
  costOfSession,
  dearestFirst,
  describeCost,
  formatDollars,
  formatTokens,
  untoldCost,
} from "../../../lib/history/session-cost";
import { answerOf, noUsage, type Answer } from "../../../lib/history/usage";
import { answerLine, TRANSCRIBED, type LineOptions } from "../../support/transcript-lines";

const OTHER = "5b2f0c1e-0000-4000-8000-000000000002";

/** An answer of a million tokens of output. */
function answer(promptId: string, options: LineOptions = {}): Answer {
  const line = answerLine({ output: 1e6, usage: { input_tokens: 0 }, ...options });
  return answerOf(line, { promptId }) as Answer;
}

const ANSWERS = [
  answer("p1"),
  answer("p1", { more: { agentId: "a1", isSidechain: true } }),
  answer("p2", { model: "claude-haiku-4-5" }),
  answer("", { model: "claude-haiku-4-5" }),
  answer("p1", { sessionId: OTHER, more: { requestSessionId: "its parent" } }),
  answer("p1", { sessionId: OTHER }),
];

test("a prompt includes its subagents, a subagent only itself, and other sessions count for nothing", () => {
  const cost = costOfSession(ANSWERS, TRANSCRIBED, CLIENT_PRICES);
  const dollars = (groups: typeof cost.prompts) =>
    Array.from(groups, ([key, { costUsd }]) => [key, costUsd]);
  expect(cost.total.costUsd).toBe(50);
  expect(dollars(cost.prompts)).toEqual([
    ["p1", 40],
    ["p2", 5],
  ]);
  expect(dollars(cost.agents)).toEqual([["a1", 20]]);
  expect(dollars(cost.models)).toEqual([
    ["claude-opus-5-5", 40],
    ["claude-haiku-4-5", 10],
  ]);
  expect(cost.copied.costUsd).toBe(20);
});

test.each<[string, number | undefined, number | undefined]>([
  ["nothing, without a sum", undefined, undefined],
  ["nothing, where they are the same with what was copied", 70, undefined],
  ["nothing, where they differ by rounding", 70.004, undefined],
  ["what is in no transcript", 70.5, 0.5],
  ["that there is more in the transcript", 69.5, -0.5],
])("the client's own sum tells %s", (_, billed, untold) => {
  const cost = costOfSession(ANSWERS, TRANSCRIBED, CLIENT_PRICES);
  if (untold === undefined) expect(untoldCost(cost, billed)).toBeUndefined();
  else expect(untoldCost(cost, billed)).toBeCloseTo(untold, 9);
});

test("the client's own sum tells nothing where a model has no price", () => {
  const cost = costOfSession([answer("p1", { model: "gpt-9" })], TRANSCRIBED, CLIENT_PRICES);
  expect(untoldCost(cost, 3)).toBeUndefined();
});

test("what has no key is in no group, and the dearest comes first", () => {
  const groups = costBy(ANSWERS, CLIENT_PRICES, ({ model, promptId }) =>
    promptId === "" ? undefined : model,
  );
  expect(Array.from(groups.values(), ({ answers }) => answers)).toEqual([4, 1]);
  const turned = new Map([...groups].toReversed());
  expect([...dearestFirst(turned).keys()]).toEqual([...groups.keys()]);
});

test.each([
  ["model", ["claude-opus-5-5", "claude-haiku-4-5"]],
  ["agent", ["main", "subagent"]],
  ["project", ["shop", "not in the log"]],
  ["day", ["2026-11-22", "2026-11-23"]],
] as const)("by %s, days come in their order and others by their cost", (by, expected) => {
  const haikuAt = (timestamp: string) =>
    answer("p2", { model: "claude-haiku-4-5", more: { timestamp } });
  const answers = [haikuAt("2026-11-23T00:00:00Z"), haikuAt("2026-11-22T23:59:59Z"), ...ANSWERS];
  const groups = costGroups(by, answers, CLIENT_PRICES, {
    projectOf: (sessionId) => (sessionId === TRANSCRIBED ? "shop" : undefined),
    localTimeOf: (epochMs) => new Date(epochMs).toISOString(),
  });
  expect([...groups.keys()]).toEqual([...expected]);
  const all = Array.from(groups.values(), (usage) => usage.answers);
  expect(all.reduce((sum, count) => sum + count)).toBe(answers.length);
});

test.each([
  [{ costUsd: 0.4216, answers: 2, unpriced: 0 }, "$0.42"],
  [{ costUsd: 0.4216, answers: 2, unpriced: 1 }, "$0.42+"],
  [{ costUsd: 0, answers: 2, unpriced: 2 }, "no price"],
  [{ costUsd: 0, answers: 0, unpriced: 0 }, "$0.00"],
])("%j is %s", (usage, text) => expect(describeCost({ ...noUsage(), ...usage })).toBe(text));

test.each([
  [0, "$0.00"],
  [0.004, "<$0.01"],
  [0.999, "$1.00"],
  [1234.5, "$1,234.50"],
  [1_234_567.891, "$1,234,567.89"],
])("%p dollars are %s", (dollars, text) => expect(formatDollars(dollars)).toBe(text));

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1.0k"],
  [9949, "9.9k"],
  [9950, "10k"],
  [999_499, "999k"],
  [999_500, "1.0M"],
  [4_123_456, "4.1M"],
  [2e9, "2.0G"],
  [2e12, "2000G"],
])("%p tokens are %s", (tokens, text) => expect(formatTokens(tokens)).toBe(text));
