// What a session used: each rule of counting, and the public mistakes behind them.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { CLIENT_PRICES } from "../../../lib/history/prices";
import {
  addAnswer,
  allTokens,
  Answers,
  answerOf,
  cacheShare,
  knownCost,
  noUsage,
  type Answer,
  type Usage,
} from "../../../lib/history/usage";
import { answerLine, billLine, promptLine, TRANSCRIBED } from "../../support/transcript-lines";

const CONTEXT = { promptId: "p1" };

function usageOf(lines: readonly object[]): Usage {
  const answers = new Answers();
  for (const line of lines) {
    const answer = answerOf(line, CONTEXT);
    if (answer !== undefined) answers.add(answer);
  }
  return sum(answers);
}

function sum(answers: Iterable<Answer>): Usage {
  const usage = noUsage();
  for (const answer of answers) addAnswer(usage, answer, CLIENT_PRICES);
  return usage;
}

const side = { isSidechain: true };
const OTHER = "5b2f0c1e-0000-4000-8000-000000000002";
const fork = { requestSessionId: TRANSCRIBED };

test.each<[why: string, lines: readonly object[], answers: number, output: number]>([
  ["one answer", [answerLine()], 1, 10],
  ["a line for each of its blocks", [answerLine(), answerLine(), answerLine()], 1, 10],
  ["an early line that knows too little", [answerLine({ output: 1 }), answerLine()], 1, 10],
  ["a late line that knows too little", [answerLine(), answerLine({ output: 1 })], 1, 10],
  ["two answers", [answerLine(), answerLine({ id: "msg_2", requestId: "req_2" })], 2, 20],
  [
    "a gateway's ids, which are used again",
    [answerLine(), answerLine({ requestId: "req_2" })],
    2,
    20,
  ],
  [
    "an aside that repeats the conversation under new requests",
    [
      answerLine({ more: side, requestId: "req_8" }),
      answerLine(),
      answerLine({ more: side, requestId: "req_9" }),
    ],
    1,
    10,
  ],
  ["a subagent's own answer", [answerLine(), answerLine({ id: "msg_2", more: side })], 2, 20],
  ["a fork that copies", [answerLine(), answerLine({ sessionId: OTHER, more: fork })], 1, 10],
  [
    "an early client's fork, which does not say so",
    [answerLine(), answerLine({ sessionId: OTHER })],
    1,
    10,
  ],
  ["what Claude Code made up", [answerLine({ model: "<synthetic>" })], 0, 0],
  ["an error", [answerLine({ more: { isApiErrorMessage: true } })], 0, 0],
  [
    "other lines",
    [
      promptLine("p1"),
      billLine(1),
      { type: "assistant" },
      { type: "user", message: { usage: {} } },
    ],
    0,
    0,
  ],
  ["no JSON that we know", [[], "text" as unknown as object, 3 as unknown as object], 0, 0],
  [
    "counts that are none",
    [
      answerLine({
        usage: { output_tokens: "10", input_tokens: -1, cache_read_input_tokens: null },
      }),
    ],
    1,
    0,
  ],
])("%s", (_, lines, answers, output) => {
  for (const order of [lines, lines.toReversed()]) {
    const usage = usageOf(order);
    expect([usage.answers, usage.output]).toEqual([answers, output]);
  }
});

test.each<[string, object, Partial<Usage>]>([
  [
    "written for five minutes and for an hour",
    {
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
    },
    { cacheWrite5m: 100, cacheWrite1h: 200 },
  ],
  ["written, by an early client", { cache_creation_input_tokens: 300 }, { cacheWrite5m: 300 }],
  [
    "written, and only partly said for how long",
    { cache_creation_input_tokens: 300, cache_creation: { ephemeral_1h_input_tokens: 100 } },
    { cacheWrite5m: 200, cacheWrite1h: 100 },
  ],
  ["searched", { server_tool_use: { web_search_requests: 3 } }, { webSearches: 3 }],
])("%s", (_, usage, expected) => {
  expect(usageOf([answerLine({ usage })])).toMatchObject(expected);
});

test("the answer is the session's that asked, also where only a fork's copy is left", () => {
  const copy = answerOf(answerLine({ sessionId: OTHER, more: fork }), CONTEXT);
  expect(copy).toMatchObject({ sessionId: TRANSCRIBED, isCopy: true });
  const answers = new Answers();
  for (const promptId of ["fork's", "own"])
    answers.add(
      answerOf(answerLine(promptId === "own" ? {} : { sessionId: OTHER, more: fork }), {
        promptId,
      }) as Answer,
    );
  expect([...answers]).toMatchObject([{ promptId: "own", isCopy: false }]);
});

test("the client charges for the model it asked for, even if another one answered", () => {
  const line = answerLine({ model: "claude-opus-9", more: { requestedModel: "claude-sonnet-5" } });
  expect(answerOf(line, CONTEXT)?.model).toBe("claude-sonnet-5");
});

test("the cost of a model without a price is unknown, and so is that of a sum with it", () => {
  const priced = answerLine();
  const unpriced = answerLine({ id: "msg_2", model: "gpt-9" });
  expect(knownCost(usageOf([priced]))).toBeCloseTo(0.0006, 9);
  expect(knownCost(usageOf([priced, unpriced]))).toBeUndefined();
  expect(usageOf([priced, unpriced])).toMatchObject({ unpriced: 1, answers: 2 });
  expect(knownCost(noUsage())).toBe(0);
});

test("the share of the cache is that of what was sent", () => {
  const usage = usageOf([answerLine({ usage: { cache_read_input_tokens: 300 } })]);
  expect(cacheShare(usage)).toBe(0.75);
  expect(allTokens(usage)).toBe(410);
  expect(cacheShare(noUsage())).toBeUndefined();
});

test("whichever order lines are read in, and however often, the same is counted and for the same", () => {
  const line = fc
    .record({
      id: fc.constantFrom("m1", "m2", "m3"),
      requestId: fc.constantFrom("r1", "r2", "r3"),
      sessionId: fc.constantFrom(TRANSCRIBED, OTHER),
      output: fc.nat(3),
      isSidechain: fc.boolean(),
      asker: fc.constantFrom(undefined, TRANSCRIBED),
      promptId: fc.constantFrom("p1", "p2"),
      second: fc.nat(3),
    })
    .map(({ promptId, isSidechain, asker, second, ...options }) => {
      const timestamp = new Date(second * 1000).toISOString();
      const more = { isSidechain, timestamp, ...(asker && { requestSessionId: asker }) };
      return answerOf(answerLine({ ...options, more }), { promptId }) as Answer;
    });
  const counted = (lines: readonly Answer[]) => {
    const answers = new Answers();
    for (const answer of lines) answers.add(answer);
    return Array.from(answers, (answer) => JSON.stringify(answer)).toSorted();
  };
  fc.assert(
    fc.property(
      fc
        .array(line, { maxLength: 12 })
        .chain((lines) =>
          fc.tuple(
            fc.constant(lines),
            fc.shuffledSubarray(lines, { minLength: lines.length }),
            fc.subarray(lines),
          ),
        ),
      ([lines, shuffled, again]) => {
        expect(counted([...shuffled, ...again])).toEqual(counted(lines));
        const keys = new Set(lines.map(({ id, requestId }) => `${id} ${requestId}`));
        expect(counted(lines).length).toBeLessThanOrEqual(keys.size);
      },
    ),
  );
});
