// What an observability server receives, and how its answers are read.
import { describe, expect, test } from "bun:test";
import { sendToObservability } from "../../../../lib/forward/destinations/observability";
import {
  Models,
  sentPayload,
  toMessage,
} from "../../../../lib/forward/destinations/observability-message";
import { fieldOf } from "../../../../lib/history/payload";
import type { EventRecord } from "../../../../lib/log/record";
import { capturedPayloads } from "../../../../scripts/harness/payloads";
import { recordsFrom, SESSION, STARTED_MS } from "../../../support/recorded-session";
import { pendingEvent, sendAll } from "./sending";

const captured = await capturedPayloads();

test.each(captured.map(({ name }) => [name]))(
  "%s: the payload is as Claude Code sent it",
  async (name) => {
    const variant = captured.find((one) => one.name === name);
    const path = name.includes(".") ? `variants/${name}` : name;
    const [record] = await recordsFrom([[path]]);
    if (record === undefined || variant === undefined) throw new Error("no record");
    const sent = { ...variant.payload, session_id: SESSION, cwd: "/home/you/shop" };
    expect(sentPayload(record)).toEqual(sent);
    const message = toMessage(record, undefined);
    expect(message).toMatchObject({
      source_app: "shop",
      session_id: SESSION,
      hook_event_type: variant.event,
      payload: { ...sent, event_id: record.id },
      timestamp: STARTED_MS,
      summary: expect.any(String),
    });
    for (const field of ["tool_name", "tool_use_id", "error", "agent_id", "source", "reason"])
      expect(message[field]).toEqual(variant.payload[field]);
  },
);

test("each session keeps the model of its start until it switches", async () => {
  const records = await recordsFrom([
    ["UserPromptSubmit"],
    ["SessionStart", { model: "opus" }],
    ["SessionStart", { model: "haiku", session_id: "other" }],
    ["UserPromptSubmit"],
    ["UserPromptSubmit", { session_id: "other" }],
    ["PostModelSwitch", { session_id: "other" }],
    ["UserPromptSubmit", { session_id: "other" }],
  ]);
  const models = new Models();
  const [, , , , , switched] = records;
  const next = String(fieldOf(switched?.payload, "to_model"));
  expect(records.map((record) => models.of(record))).toEqual([
    undefined,
    "opus",
    "haiku",
    "opus",
    "haiku",
    next,
    next,
  ]);
});

test("a summary is one short line, whatever the prompt", async () => {
  const [record] = await recordsFrom([["UserPromptSubmit", { prompt: `a\n${"🛒".repeat(500)}` }]]);
  if (record === undefined) throw new Error("no record");
  const summary = String(toMessage(record, undefined)["summary"]);
  expect(summary.isWellFormed()).toBe(true);
  expect(Array.from(summary).length).toBeLessThanOrEqual(200);
  expect(summary).not.toContain("\n");
});

describe("a batch of several sessions", async () => {
  const record = (await recordsFrom([["Stop"]]))[0] as EventRecord;
  const eventOf = (id: string) => {
    const [session_id = ""] = id;
    return pendingEvent(id, JSON.stringify({ ...record, id, session_id }), session_id);
  };
  /** Ten sessions, a to j, with two events each. */
  const events = Array.from("abcdefghij", (session) => [`${session}1`, `${session}2`])
    .flat()
    .map(eventOf);
  const idOf = (body: string) =>
    (JSON.parse(body) as { payload: { event_id: string } }).payload.event_id;
  const stored = () => Response.json({ id: 7 });

  test("is sent by up to eight requests at a time, each session in order", async () => {
    let underWay = 0;
    let most = 0;
    const { delivered } = await sendAll(sendToObservability, events, async () => {
      most = Math.max(most, ++underWay);
      await Bun.sleep(5);
      underWay--;
      return stored();
    });
    expect(most).toBe(8);
    expect(delivered.toSorted()).toEqual(events.map(({ id }) => id));
    for (const { session } of events)
      expect(delivered.filter((id) => id.startsWith(session))).toEqual([
        `${session}1`,
        `${session}2`,
      ]);
  });

  test("stops at a failure, and still says what became of the requests under way", async () => {
    const failed = Promise.withResolvers<void>();
    const answer = async (body: string) => {
      if (idOf(body) === "a1") return new Response("no", { status: 503 });
      await failed.promise;
      return stored();
    };
    const { delivered, retryReasons } = await sendAll(sendToObservability, events, answer, {
      onSent: () => failed.resolve(),
    });
    expect(retryReasons).toEqual(["it answered 503: no"]);
    expect(delivered.toSorted()).toEqual(["b1", "c1", "d1", "e1", "f1", "g1", "h1"]);
  });

  test("is not sent any further after it was stopped", async () => {
    const stop = new AbortController();
    const { bodies } = await sendAll(
      sendToObservability,
      [eventOf("a1"), eventOf("a2")],
      () => {
        stop.abort();
        return new Response("never", { status: 400 });
      },
      { stop: stop.signal },
    );
    expect(bodies.map(idOf)).toEqual(["a1"]);
  });
});
