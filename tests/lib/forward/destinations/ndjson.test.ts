// What a collector receives, and how its answers are read.
import { expect, test } from "bun:test";
import { sendNdjson } from "../../../../lib/forward/destinations/ndjson";
import { pendingEvent, sendAll } from "./sending";

function send(lines: readonly string[], statusOf: (body: string) => number, stop?: AbortSignal) {
  const events = lines.map((line, i) => pendingEvent(String(i), line));
  const answer = (body: string) => new Response("because", { status: statusOf(body) });
  return sendAll(sendNdjson, events, answer, stop === undefined ? {} : { stop });
}

test.each([
  [String.raw`{"a":"x\ud83d"}`, String.raw`{"a":"x\ufffd"}`, "half a character"],
  [String.raw`{"a":"\ud83d\udc00"}`, String.raw`{"a":"\ufffd\ufffd"}`, "an escaped pair"],
  [String.raw`{"\udc00":1}`, String.raw`{"\ufffd":1}`, "in a key"],
  [String.raw`{"a":"C:\\ud83d"}`, String.raw`{"a":"C:\\ud83d"}`, "a path"],
  [String.raw`{"a":"\\\ud83d"}`, String.raw`{"a":"\\\ufffd"}`, "after a backslash"],
  ['{"a":"🛒"}', '{"a":"🛒"}', "a whole character"],
])("%s is sent as %s: %s", async (line, sent) => {
  const { bodies } = await send([line], () => 200);
  expect(bodies).toEqual([`${sent}\n`]);
  expect(() => JSON.parse(bodies[0] ?? "")).not.toThrow();
});

test.each([400, 413, 422])(
  "a batch answered with %d is halved until only the bad events are rejected",
  async (status) => {
    const lines = Array.from({ length: 100 }, (_, i) => `{"n":${i},"bad":${i === 17 || i === 18}}`);
    const statusOf = (body: string) => (body.includes('"bad":true') ? status : 200);
    const { delivered, rejected, retryReasons, bodies } = await send(lines, statusOf);
    expect(retryReasons).toEqual([]);
    expect(rejected).toEqual([
      ["17", status],
      ["18", status],
    ]);
    expect(delivered).toHaveLength(98);
    expect(delivered).toEqual(delivered.toSorted((a, b) => Number(a) - Number(b)));
    expect(bodies.length).toBeLessThan(30);
  },
);

test.each([401, 402, 403, 404, 405, 407, 410, 415, 408, 425, 429, 451, 500, 503])(
  "a batch answered with %d is to be sent again, after one request",
  async (status) => {
    expect(await send(["{}", "{}"], () => status)).toMatchObject({
      bodies: ["{}\n{}\n"],
      delivered: [],
      rejected: [],
      retryReasons: [`it answered ${status}: because`],
    });
  },
);

test("a failure ends it: the rest of a halved batch is not sent", async () => {
  const statusOf = (body: string) => (body.startsWith("0\n1\n2") ? 413 : 503);
  const { bodies, retryReasons } = await send(["0", "1", "2", "3"], statusOf);
  expect(bodies).toEqual(["0\n1\n2\n3\n", "0\n1\n"]);
  expect(retryReasons).toHaveLength(1);
});

test("nothing is sent after it was stopped", async () => {
  expect((await send(["{}"], () => 200, AbortSignal.abort())).bodies).toEqual([]);
});

test("the key of a batch is its first and last id", async () => {
  const { keys } = await send(["{}", "{}", "{}"], () => 204);
  expect(keys).toEqual(["0-2"]);
});
