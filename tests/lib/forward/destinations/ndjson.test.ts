// What a collector is sent, and what it may have against it.
import { expect, test } from "bun:test";
import type { PendingEvent } from "../../../../lib/forward/backlog";
import { sendNdjson } from "../../../../lib/forward/destinations/ndjson";
import type { Receipts, Refused } from "../../../../lib/forward/verdict";

function eventOf(id: string, line: string): PendingEvent {
  const position = { offset: 0, id };
  return { id, session: "s", line, day: "2026-11-22", position, bytes: line.length };
}

/** A server that answers by what is in a request, and what was delivered to it and refused by it. */
async function deliver(lines: readonly string[], statusOf: (body: string) => number) {
  const bodies: string[] = [];
  const keys: (string | null)[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text();
      bodies.push(body);
      keys.push(request.headers.get("Idempotency-Key"));
      return new Response("said", { status: statusOf(body) });
    },
  });
  const destination = {
    url: server.url.href,
    headers: new Headers(),
    isLoopback: true,
    secrets: [],
  };
  const delivered: string[] = [];
  const refused: [string, number][] = [];
  const receipts: Receipts = {
    delivered: (events) => void delivered.push(...events.map(({ id }) => id)),
    refused(events, { status }: Refused) {
      for (const { id } of events) refused.push([id, status]);
      return undefined;
    },
  };
  const events = lines.map((line, i) => eventOf(`${i}`, line));
  const failure = await sendNdjson(destination)(events, receipts);
  return { bodies, keys, delivered, refused, failure };
}

test.each([
  [String.raw`{"a":"x\ud83d"}`, String.raw`{"a":"x\ufffd"}`, "half a character"],
  [
    String.raw`{"a":"\ud83d\udc00"}`,
    String.raw`{"a":"\ufffd\ufffd"}`,
    "two halves, as nobody writes",
  ],
  [String.raw`{"\udc00":1}`, String.raw`{"\ufffd":1}`, "in a key"],
  [String.raw`{"a":"C:\\ud83d"}`, String.raw`{"a":"C:\\ud83d"}`, "a path"],
  [String.raw`{"a":"\\\ud83d"}`, String.raw`{"a":"\\\ufffd"}`, "behind a backslash"],
  ['{"a":"🛒"}', '{"a":"🛒"}', "a whole character"],
])("%s is sent as %s: %s", async (line, sent) => {
  const { bodies } = await deliver([line], () => 200);
  expect(bodies).toEqual([`${sent}\n`]);
  expect(() => JSON.parse(bodies[0] ?? "")).not.toThrow();
});

test.each([400, 403, 413, 422])(
  "of events answered with %d only those to blame are set aside",
  async (status) => {
    const lines = Array.from({ length: 100 }, (_, i) => `{"n":${i},"bad":${i === 17 || i === 18}}`);
    const { delivered, refused, failure, bodies } = await deliver(lines, (body) =>
      body.includes('"bad":true') ? status : 200,
    );
    expect(failure).toBeUndefined();
    expect(refused).toEqual([
      ["17", status],
      ["18", status],
    ]);
    expect(delivered).toHaveLength(98);
    expect(delivered).toEqual(delivered.toSorted((a, b) => Number(a) - Number(b)));
    expect(bodies.length).toBeLessThan(30);
  },
);

test.each([401, 404, 407, 408, 425, 429, 500, 503])(
  "events answered with %d are kept, in one try, with what the server said",
  async (status) => {
    const { delivered, refused, failure, bodies } = await deliver(["{}", "{}"], () => status);
    expect({ delivered, refused, tries: bodies.length }).toEqual({
      delivered: [],
      refused: [],
      tries: 1,
    });
    expect(failure?.reason).toBe(`it answered ${status}: said`);
  },
);

test("events refused for another reason are set aside together", async () => {
  const { refused, bodies } = await deliver(["{}", "{}"], () => 410);
  expect(refused.map(([id]) => id)).toEqual(["0", "1"]);
  expect(bodies).toHaveLength(1);
});

test("a batch has a key of its first and last event, and the same when it is sent again", async () => {
  const { keys } = await deliver(["{}", "{}", "{}"], () => 204);
  expect(keys).toEqual(["0-2"]);
});
