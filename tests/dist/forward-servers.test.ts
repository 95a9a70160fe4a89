// `claude-session forward --once` against servers at their worst: every event ends up on the server, after
// the cursor, or in `rejected.jsonl`.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import type { EventRecord } from "../../lib/log/record";
import { peakMegabytes } from "../../scripts/bench/timing";
import { capturedPayloads, type Captured } from "../../scripts/harness/payloads";
import { programPath } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector, type Behavior } from "../support/collector";
import { configure } from "../support/forwarder";
import { ledger } from "../support/ledger";
import { recordedSession, recordsFrom, SESSION } from "../support/recorded-session";
import {
  forwardOnce,
  startForward,
  statusOf,
  toLake,
  toTeam,
  TwoDestinations,
} from "../support/two-destinations";
import { until } from "../support/until";
import { writeRecords } from "../support/written-log";

// A server that hangs costs three tries of 5 seconds, and 20 tests share the processors.
setDefaultTimeout(120_000);

const records = await recordedSession();
const ids = records.map(({ id }) => id);
const first = records[0] as EventRecord;

type Fate = "undelivered" | "rejected" | "delivered";

interface Case {
  readonly behavior: Behavior | "down";
  readonly reason: string;
  readonly retryAfter?: string;
  /** What becomes of the events, by type of destination. */
  readonly fates: { readonly team: Fate; readonly lake: Fate };
}

const UNDELIVERED = { team: "undelivered", lake: "undelivered" } as const;
const REJECTED = { team: "rejected", lake: "rejected" } as const;
const DELIVERED = { team: "delivered", lake: "delivered" } as const;
/** A collector's 2xx needs no certain text. */
const ONLY_LAKE = { team: "undelivered", lake: "delivered" } as const;

// Those that take longest are first: only 20 tests run at a time.
const CASES: readonly Case[] = [
  { behavior: "hang", fates: UNDELIVERED, reason: "an accepted connection is not an answer" },
  { behavior: "hang in headers", fates: UNDELIVERED, reason: "half a head is not an answer" },
  { behavior: "hang after headers", fates: UNDELIVERED, reason: "half a body is not an answer" },
  {
    behavior: "drip in headers",
    fates: UNDELIVERED,
    reason: "the time limit is for the whole answer",
  },
  { behavior: "drip", fates: UNDELIVERED, reason: "each byte is in time, the answer is not" },
  { behavior: "down", fates: UNDELIVERED, reason: "it is started again later" },
  { behavior: "close", fates: UNDELIVERED, reason: "a proxy whose server is away" },
  { behavior: "reset", fates: UNDELIVERED, reason: "it crashed" },
  { behavior: "reset after storing", fates: UNDELIVERED, reason: "the forwarder cannot know" },
  { behavior: "garbage", fates: UNDELIVERED, reason: "another service has the port" },
  { behavior: 500, fates: UNDELIVERED, reason: "the server's own fault" },
  { behavior: 503, fates: UNDELIVERED, reason: "it is being deployed" },
  { behavior: 408, fates: UNDELIVERED, reason: "the server was slow" },
  { behavior: 425, fates: UNDELIVERED, reason: "too early is not never" },
  { behavior: 429, fates: UNDELIVERED, reason: "too many is not never" },
  {
    behavior: 429,
    retryAfter: "86400",
    fates: UNDELIVERED,
    reason: "--once does not wait for a day",
  },
  {
    behavior: 429,
    retryAfter: "soon",
    fates: UNDELIVERED,
    reason: "an invalid header asks for nothing",
  },
  { behavior: "redirect", fates: UNDELIVERED, reason: "events go only to the configured URL" },
  { behavior: "text to everything", fates: ONLY_LAKE, reason: "the path is wrong" },
  { behavior: "success without an id", fates: DELIVERED, reason: "it says that it went well" },
  {
    behavior: "failure with a friendly status",
    fates: ONLY_LAKE,
    reason: "it says that it did not store the event",
  },
  { behavior: "id is text", fates: DELIVERED, reason: "a server may name its events as it likes" },
  { behavior: "endless answer", fates: ONLY_LAKE, reason: "only 64 KiB are read" },
  { behavior: "gzip bomb", fates: ONLY_LAKE, reason: "nothing is decompressed" },
  { behavior: 202, fates: DELIVERED, reason: "it has taken them" },
  { behavior: 204, fates: DELIVERED, reason: "a success needs no text" },
  { behavior: 401, fates: UNDELIVERED, reason: "the token is wrong, and can be fixed" },
  {
    behavior: 404,
    fates: UNDELIVERED,
    reason: "the path is wrong, or ClickHouse's table is missing",
  },
  { behavior: 407, fates: UNDELIVERED, reason: "it comes from a proxy" },
  { behavior: 400, fates: REJECTED, reason: "it will never take them" },
  { behavior: 403, fates: UNDELIVERED, reason: "a token has expired, and can be renewed" },
  { behavior: 405, fates: UNDELIVERED, reason: "the address is wrong" },
  { behavior: 415, fates: UNDELIVERED, reason: "it takes something else" },
  { behavior: 410, fates: UNDELIVERED, reason: "it is about the address, as any other 4xx" },
  { behavior: 422, fates: REJECTED, reason: "it understood, and will not" },
];

describe("destinations do not wait for each other", () => {
  test.concurrent.each([
    ["hangs", "hang"],
    ["asks for time", { status: 503, text: "", headers: { "Retry-After": "4" } }],
  ] as [string, Behavior][])("where one %s", async (_, behavior) => {
    await using both = new TwoDestinations();
    const { sandbox, team, lake } = both;
    await using another = new Collector();
    const also = toTeam(another, { name: "also" });
    configure(sandbox, toTeam(team.collector), toLake(lake.collector), also);
    team.collector.behavior = behavior;
    writeRecords(sandbox, records);
    const child = startForward(sandbox, "--once");
    await until(() => lake.collector.ids.length + another.ids.length === 2 * ids.length);
    // The first one is still being tried.
    expect(child.exitCode).toBeNull();
    expect(await child.exited).toBe(1);
    expect((await ledger(sandbox, "also", ids, another)).undelivered).toEqual([]);
    const undelivered = (await both.ledgers(ids)).map((side) => side.undelivered);
    expect(undelivered).toEqual([ids, []]);
  });

  test.concurrent("and one that was down gets everything when it is back", async () => {
    await using both = new TwoDestinations();
    const { sandbox, team, lake } = both;
    team.collector.stop();
    writeRecords(sandbox, records);
    const child = startForward(sandbox);
    try {
      await until(async () => (await statusOf(sandbox)).of("team").last_error !== null);
      await until(() => lake.collector.ids.length === ids.length);
      expect((await ledger(sandbox, "team", ids, team.collector)).undelivered).toEqual(ids);
      team.collector.start();
      await until(async () =>
        (await statusOf(sandbox)).destinations.every(({ undelivered: { events } }) => events === 0),
      );
      for (const { undelivered } of await both.ledgers(ids)) expect(undelivered).toEqual([]);
    } finally {
      child.kill();
      await child.exited;
    }
  });
});

describe("whatever the server does, no event is lost", () => {
  test.concurrent.each(CASES.map((one) => [title(one), one] as const))("%s", async (_, one) => {
    const { behavior, retryAfter } = one;
    await using both = new TwoDestinations();
    const fates: Readonly<Record<string, Fate>> = one.fates;
    writeRecords(both.sandbox, records);
    for (const { collector } of both.sides) {
      if (retryAfter !== undefined) collector.retryAfter = retryAfter;
      if (behavior === "down") collector.stop();
      else collector.behavior = behavior;
    }

    const isAnyLeft = Object.values(fates).includes("undelivered");
    expect((await forwardOnce(both.sandbox)).code).toBe(isAnyLeft ? 1 : 0);
    const status = await statusOf(both.sandbox);
    for (const { name, collector, arrived, undelivered, rejected } of await both.ledgers(ids)) {
      const fate = fates[name];
      expect(undelivered).toEqual(fate === "undelivered" ? ids : []);
      expect(rejected.toSorted()).toEqual(fate === "rejected" ? ids.toSorted() : []);
      if (fate === "delivered") {
        expect(arrived.toSorted()).toEqual(ids.toSorted());
        // The other one sends sessions side by side.
        if (name === "lake") expect(arrived).toEqual(ids);
      }
      expect(status.of(name)).toMatchObject({
        undelivered: { events: undelivered.length },
        rejected: rejected.length,
        last_error: fate === "undelivered" ? { message: expect.any(String) } : null,
      });
      if (behavior === "redirect") expect(collector.elsewhere.connections).toBe(0);
    }

    const another = { ...first, id: "01a202c9-d2a3-702d-85be-999999999999" };
    writeRecords(both.sandbox, [another]);
    for (const { collector } of both.sides) {
      collector.behavior = "healthy";
      collector.start();
    }
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    const all = [...ids, another.id];
    for (const { name, collector, arrived, undelivered } of await both.ledgers(all)) {
      const expected = fates[name] === "rejected" ? [another.id] : all;
      expect(undelivered).toEqual([]);
      expect(arrived.toSorted()).toEqual(expected.toSorted());
      if (behavior === "reset after storing")
        expect(collector.arrivals.length).toBeGreaterThan(all.length);
    }
  });
});

describe("memory stays small", () => {
  test.concurrent.each(["endless answer", "gzip bomb"] as const)("with %s", async (behavior) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    collector.behavior = behavior;
    configure(sandbox, toTeam(collector), toLake(collector));
    writeRecords(sandbox, records);
    const command = [programPath("claude-session"), "forward", "--once"];
    expect(await peakMegabytes(command, sandbox.env())).toBeLessThan(150);
    expect(collector.deliveries.length).toBeGreaterThan(3);
  });
});

const longPayload = { tool_response: "x".repeat(100_000) };

describe("a server that takes records", () => {
  test.concurrent("gets up to 500 or 1 MiB in a batch, under its first and last id", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, toLake(collector));
    const many = Array.from({ length: 1230 }, (_, i) => ({
      ...first,
      id: `01a202c9-d2a3-702d-85be-${String(i).padStart(12, "0")}`,
      ...(i >= 1200 && { payload: longPayload }),
    }));
    writeRecords(sandbox, many);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    expect(collector.arrivals.map(({ body }) => body)).toEqual(many);
    for (const { arrivals, headers } of collector.deliveries) {
      expect(arrivals.length).toBeLessThanOrEqual(500);
      expect(Number(headers["content-length"])).toBeLessThanOrEqual(1_048_576);
      expect(headers).toMatchObject({
        "content-type": "application/x-ndjson",
        "idempotency-key": `${arrivals[0]?.id}-${arrivals.at(-1)?.id}`,
      });
    }
    expect(collector.deliveries.length).toBeLessThan(8);
  });

  test.concurrent("gets the same batch under the same key when it is sent again", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    collector.behavior = ({ number }) => (number <= 2 ? 503 : "healthy");
    configure(sandbox, toLake(collector));
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    const { arrived, undelivered } = await ledger(sandbox, "lake", ids, collector);
    expect([arrived, undelivered]).toEqual([ids, []]);
    const keys = collector.deliveries.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual(Array.from({ length: 3 }, () => `${ids[0]}-${ids.at(-1)}`));
  });
});

describe("an observability server", async () => {
  test.concurrent.each([
    ["", "/events"],
    ["/", "/events"],
    ["/events", "/events"],
    ["/api", "/api/events"],
    ["/api/?key=value", "/api/events?key=value"],
  ])("at %p gets events at %p", async (path, expected) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, toTeam(collector, { url: `${collector.url}${path}` }));
    writeRecords(sandbox, [first]);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    expect(collector.deliveries.map((delivery) => delivery.path)).toEqual([expected]);
  });

  // disler/claude-code-hooks-multi-agent-observability answers with the event and then its number.
  test.concurrent(
    "gets a long event once, though the number in its answer is not read",
    async () => {
      using sandbox = new Sandbox();
      await using collector = new Collector();
      configure(sandbox, toTeam(collector));
      writeRecords(sandbox, [{ ...first, payload: longPayload }, ...records.slice(1)]);
      expect((await forwardOnce(sandbox)).code).toBe(0);
      const { undelivered } = await ledger(sandbox, "team", ids, collector);
      expect([undelivered, collector.arrivals.length]).toEqual([[], ids.length]);
    },
  );

  const captured = await capturedPayloads();
  const message = z.strictObject({
    source_app: z.literal("shop"),
    session_id: z.literal(SESSION),
    hook_event_type: z.string().min(1),
    payload: z.looseObject({ event_id: z.uuidv7() }),
    timestamp: z.int().min(Date.UTC(2026, 0)).max(Date.UTC(2027, 0)),
    model_name: z.string().min(1).optional(),
    summary: z.string(),
    tool_name: z.string().optional(),
    tool_use_id: z.string().optional(),
    error: z.string().optional(),
    is_interrupt: z.boolean().optional(),
    agent_id: z.string().optional(),
    agent_type: z.string().optional(),
    agent_transcript_path: z.string().optional(),
    stop_hook_active: z.boolean().optional(),
    notification_type: z.string().optional(),
    custom_instructions: z.string().nullable().optional(),
    source: z.string().optional(),
    reason: z.string().optional(),
  });
  const fieldNames = new Set(Object.keys(message.shape));

  test.concurrent(
    "gets every event as Claude Code sent it, and its fields next to it",
    async () => {
      using sandbox = new Sandbox();
      await using collector = new Collector();
      configure(sandbox, toTeam(collector));
      const names = captured.map(({ name }) => (name.includes(".") ? `variants/${name}` : name));
      const all = await recordsFrom(names.map((name) => [name]));
      writeRecords(sandbox, all);
      expect((await forwardOnce(sandbox)).code).toBe(0);
      const sentIds = all.map(({ id }) => id);
      expect((await ledger(sandbox, "team", sentIds, collector)).arrived).toEqual(sentIds);
      for (const [i, { body }] of collector.arrivals.entries()) {
        const { event, payload } = captured[i] as Captured;
        expect(message.parse(body)).toEqual(body as z.infer<typeof message>);
        const sent = { ...payload, session_id: SESSION, cwd: "/home/you/shop" };
        expect(body["payload"]).toEqual({ ...sent, event_id: all[i]?.id });
        expect(body).toMatchObject({
          ...Object.fromEntries(Object.entries(sent).filter(([name]) => fieldNames.has(name))),
          hook_event_type: event,
          timestamp: Date.parse(all[i]?.timestamp ?? ""),
        });
      }
    },
  );
});

function title({ behavior, retryAfter, reason }: Case): string {
  const after = retryAfter === undefined ? "" : ` with Retry-After: ${retryAfter}`;
  return `${String(behavior)}${after}: ${reason}`;
}
