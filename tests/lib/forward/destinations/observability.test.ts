// What an observability server is sent.
import { expect, test } from "bun:test";
import { Models, sentPayload, toMessage } from "../../../../lib/forward/destinations/observability";
import { fieldOf } from "../../../../lib/history/payload";
import { capturedPayloads } from "../../../../scripts/harness/payloads";
import { recordsFrom, SESSION, STARTED_MS } from "../../../support/recorded-session";

const captured = await capturedPayloads();

test.each(captured.map(({ name }) => [name]))(
  "%s: the payload is what Claude Code sent",
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
    for (const beside of ["tool_name", "tool_use_id", "error", "agent_id", "source", "reason"])
      expect(message[beside]).toEqual(variant.payload[beside]);
  },
);

test("the model is that of the session's start, for each session its own", async () => {
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

test("a summary is one short line, whatever was written", async () => {
  const [record] = await recordsFrom([["UserPromptSubmit", { prompt: `a\n${"🛒".repeat(500)}` }]]);
  if (record === undefined) throw new Error("no record");
  const summary = String(toMessage(record, undefined)["summary"]);
  expect(summary.isWellFormed()).toBe(true);
  expect(Array.from(summary).length).toBeLessThanOrEqual(200);
  expect(summary).not.toContain("\n");
});
