// What counts as recorded twice.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { withoutDoubles } from "../../../lib/history/doubles";
import type { EventRecord } from "../../../lib/log/record";
import { recordedSession, recordsFrom } from "../../support/recorded-session";

const records = await recordedSession();
const call = records.find(({ event }) => event === "PreToolUse");
if (call === undefined) throw new Error("the session has a tool call");

function later(record: EventRecord, ms: number, more: Partial<EventRecord> = {}): EventRecord {
  const timestamp = new Date(Date.parse(record.timestamp) + ms).toISOString();
  return { ...record, id: crypto.randomUUID(), timestamp, ...more };
}

describe("two records of an event", () => {
  test.each([
    ["by two hooks at the same time", later(call, 0), 1],
    ["by a hook that started a little later", later(call, 40), 1],
    ["by a hook that started a little earlier", later(call, -40), 1],
    ["by a hook that started much later, on a busy machine", later(call, 900), 1],
    ["seconds apart", later(call, 1001), 0],
    ["of another tool", later(call, 5, { tool: "Other" }), 0],
    ["of another prompt", later(call, 5, { prompt_id: "other" }), 0],
    ["of another process of the session", later(call, 5, { pid: call.pid + 1 }), 0],
    ["of another session", later(call, 5, { session_id: "another" }), 0],
    ["of another tool use", later(call, 5, { tool_use_id: "toolu_other" }), 0],
    ["of another agent", later(call, 5, { agent_id: "other" }), 0],
    ["of another name", later(call, 5, { event: "PostToolUse" }), 0],
    ["with other parameters", later(call, 5, { parameters: { command: "other" } }), 0],
    ["with another payload", later(call, 5, { payload: { message: "other" } }), 0],
  ])("%s", (_, second, doubles) => {
    const distinct = withoutDoubles([call, second]);
    expect(distinct.doubles).toBe(doubles);
    expect(distinct.records[0]).toBe(call);
  });
});

test("a turn that ends as the one right before it did ended, too", async () => {
  const [stop, prompt] = await recordsFrom([
    ["Stop", { prompt_id: "p1" }],
    ["variants/UserPromptSubmit.tasknotification", { prompt_id: "p1" }],
  ]);
  if (stop === undefined || prompt === undefined) throw new Error("they are captured");
  const quick = [stop, later(prompt, -960), later(stop, 80)];
  expect(withoutDoubles(quick).doubles).toBe(0);
  expect(withoutDoubles([stop, later(stop, 40), later(prompt, -900)]).doubles).toBe(1);
});

test("two calls without ids that ask for the same are two", () => {
  const early = { ...call, tool_use_id: undefined } as EventRecord;
  expect(withoutDoubles([early, later(early, 5)]).doubles).toBe(0);
});

test("a session that was recorded once loses nothing", () => {
  expect(withoutDoubles(records)).toEqual({ records, doubles: 0 });
});

test("a session of which any events were recorded twice is the same session", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 60 }), { minLength: records.length, maxLength: records.length }),
      (delays) => {
        const doubled = records.flatMap((record, i) => {
          const delay = delays[i] ?? 0;
          return delay > 30 ? [record] : [record, later(record, delay)];
        });
        const found = withoutDoubles(doubled);
        expect(found.records).toEqual(records);
        expect(found.doubles).toBe(doubled.length - records.length);
      },
    ),
  );
});
