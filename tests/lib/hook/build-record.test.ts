// Records contain everything that was sent, and their lines stay within the limits.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_CONFIG, type Config } from "../../../lib/config";
import { renderRecord, buildRecord, type EventContext } from "../../../lib/hook/build-record";
import type { MalformedReason, ReadOutcome, Payload } from "../../../lib/hook/read-event";
import { redactionRules } from "../../../lib/hook/redact";
import type { EventRecord } from "../../../lib/log/record";
import { byteLength } from "../../../lib/os/byte-length";
import { capturedPayloads } from "../../../scripts/harness/payloads";
import { eventRecord } from "../../../scripts/harness/record-schema";
import { ODD_CHARACTERS } from "../../support/odd-characters";

const rules = redactionRules({}, { keys: [], literals: [], allow: [] });
const context: EventContext = {
  startedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  event: "PreToolUse",
  session: { id: "session-1", source: "payload" },
  project: { name: "demo", folder: "/home/u/demo" },
  user: "u",
  pid: 4321,
};

function event(text: string): ReadOutcome {
  return { kind: "event", payload: JSON.parse(text) as Payload, text };
}

function record(
  payload: object | string,
  capture: Partial<Config["capture"]> = {},
  other: Partial<EventContext> = {},
): EventRecord {
  return buildRecord(
    event(typeof payload === "string" ? payload : JSON.stringify(payload)),
    { ...context, ...other },
    { ...DEFAULT_CONFIG.capture, ...capture },
    rules,
  );
}

// Which payload field each record field comes from.
const BACK: readonly (readonly [keyof EventRecord, string])[] = [
  ["event", "hook_event_name"],
  ["tool", "tool_name"],
  ["tool_use_id", "tool_use_id"],
  ["parameters", "tool_input"],
  ["duration_ms", "duration_ms"],
  ["agent_id", "agent_id"],
  ["agent_type", "agent_type"],
  ["prompt_id", "prompt_id"],
];

function sentBack(found: EventRecord, payload: Payload): [string, unknown][] {
  const entries = Object.entries(found.payload as object);
  for (const [place, name] of BACK)
    if (Object.hasOwn(found, place) && !Object.hasOwn(found.payload as object, name))
      // A record has an event name even if none was sent.
      if (place !== "event" || Object.hasOwn(payload, name)) entries.push([name, found[place]]);
  if (payload["session_id"] === found.session_id) entries.push(["session_id", found.session_id]);
  return entries;
}

function sorted(entries: [string, unknown][]): string {
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : +(a > b))));
}

describe("a record of an event", () => {
  test("has known fields under their own names and all others in its payload", () => {
    expect(
      record({
        session_id: "session-1",
        hook_event_name: "PostToolUse",
        cwd: "/home/u/demo",
        tool_name: "Bash",
        tool_input: { command: "ls" },
        tool_response: { stdout: "a" },
        tool_use_id: "toolu_1",
        duration_ms: 12.5,
        agent_id: "agent-1",
        agent_type: "Explore",
        prompt_id: "prompt-1",
        added_later: [1],
      }),
    ).toEqual({
      v: 1,
      id: expect.any(String),
      timestamp: "2026-01-02T03:04:05.678Z",
      event: "PostToolUse",
      session_id: "session-1",
      session_id_source: "payload",
      project: "demo",
      project_dir: "/home/u/demo",
      user: "u",
      pid: 4321,
      should_notify: false,
      tool: "Bash",
      tool_use_id: "toolu_1",
      parameters: { command: "ls" },
      duration_ms: 12.5,
      agent_id: "agent-1",
      agent_type: "Explore",
      prompt_id: "prompt-1",
      payload: { cwd: "/home/u/demo", tool_response: { stdout: "a" }, added_later: [1] },
    });
  });

  test("contains everything that a client really sent", async () => {
    for (const { text, payload } of await capturedPayloads()) {
      const id = String(payload["session_id"]);
      const found = record(text, {}, { session: { id, source: "payload" } });
      expect(sorted(sentBack(found, payload))).toBe(sorted(Object.entries(payload)));
      expect(
        eventRecord.safeParse(JSON.parse(renderRecord(found, DEFAULT_CONFIG.limits))).success,
      ).toBe(true);
    }
  });

  const names = [
    ...BACK.map(([, name]) => name),
    "session_id",
    "__proto__",
    "constructor",
    "payload",
    "v",
    "id",
    "event",
    "malformed",
    "cwd",
  ];
  const payloads = fc
    .array(
      fc.tuple(
        fc.oneof(fc.constantFrom(...names), fc.string({ unit: "binary", maxLength: 9 })),
        fc.oneof(
          fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }).map((value) => JSON.stringify(value)),
          fc.constantFrom('"session-1"', '""', "0", "null", "1e999", '"PreToolUse"'),
        ),
      ),
      { maxLength: 12 },
    )
    .map((all) => `{${all.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`);

  test("contains every field of any payload, and matches the schema", () => {
    fc.assert(
      fc.property(payloads, (text) => {
        const payload = JSON.parse(text) as Payload;
        const found = record(text);
        expect(sorted(sentBack(found, payload))).toBe(sorted(Object.entries(payload)));
        const line: unknown = JSON.parse(renderRecord(found, DEFAULT_CONFIG.limits));
        expect(eventRecord.safeParse(line).error).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["tool_name", 7],
    ["tool_use_id", ["toolu_1"]],
    ["duration_ms", "12"],
    ["agent_id", null],
    ["agent_type", {}],
    ["prompt_id", true],
    ["hook_event_name", 1],
    ["hook_event_name", ""],
    ["session_id", "another"],
    ["session_id", 5],
  ])("leaves %s in its payload when it is %p", (name, value) => {
    const found = record({ [name]: value });
    expect(found.payload).toEqual({ [name]: value });
    expect(found.event).toBe("PreToolUse");
  });

  test("keeps a number that JSON cannot express in its payload", () => {
    const found = record('{"duration_ms":1e999}');
    expect(
      eventRecord.safeParse(JSON.parse(renderRecord(found, DEFAULT_CONFIG.limits))).success,
    ).toBe(true);
  });

  test("keeps fields called __proto__ and constructor", () => {
    const found = record('{"__proto__":{"tool":"x"},"constructor":"y","toString":1}');
    expect(JSON.stringify(found.payload)).toBe(
      '{"__proto__":{"tool":"x"},"constructor":"y","toString":1}',
    );
    expect(found.tool).toBeUndefined();
  });

  test("has its secrets masked and counted", () => {
    const found = record({ tool_input: { password: "x" }, token: "y7x" });
    expect([found.parameters, found.payload, found.redacted]).toEqual([
      { password: "[redacted:named-secret]" },
      { token: "[redacted:named-secret]" },
      2,
    ]);
  });

  test("has a payload and its ids even if it has more values than are checked", () => {
    const many = Array.from({ length: 60_000 }, () => 1);
    const found = record({ tool_input: many, tool_use_id: "toolu_1", cwd: "/" });
    expect(found.tool_use_id).toBe("toolu_1");
    expect(found.truncated).toBeGreaterThan(10_000);
    expect(found.payload).toBeObject();
  });
});

describe("a field that the user does not want captured", () => {
  const payload = {
    prompt: "p",
    command_args: "a",
    custom_instructions: "i",
    tool_input: { command: "c" },
    tool_response: "r",
    error: "e",
    cwd: "/",
  };
  const NOT = "[not captured]";

  test.each([
    ["prompts", { prompt: NOT, command_args: NOT, custom_instructions: NOT }],
    ["tool_input", { tool_input: NOT }],
    ["tool_response", { tool_response: NOT, error: NOT }],
  ])("is left out: %s", (key, missing) => {
    const { tool_input, ...others } = { ...payload, ...missing };
    const found = record(payload, { [key]: false });
    expect([found.parameters, found.payload]).toEqual([tool_input, others]);
  });

  test.each([
    ["Claude is waiting for your input", true],
    ["Claude needs your permission", true],
    ["Claude needs your permission to use mcp__demo__ask", true],
    ['Elicitation response for server "demo": cancel', true],
    ["Claude needs your permission to use Bash: ls", false],
    ["Done: Claude is waiting for your input", false],
    [["Claude is waiting for your input"], false],
  ])("is not a notification's fixed message: %p", (message, isFixed) => {
    const found = record({ hook_event_name: "Notification", message }, { prompts: false });
    expect(found.payload).toEqual({ message: isFixed ? message : NOT });
  });

  test("is left out of a response whole, and at any depth", () => {
    const deep = (text: string) =>
      JSON.parse("[".repeat(9000) + text + "]".repeat(9000)) as unknown;
    const sent = { tool_input: ["my salary", "my salary at Falcon", deep('"x"')] };
    const found = record(
      { ...sent, tool_response: ["my salary at Falcon!", deep('"my salary"')] },
      { tool_input: false },
    );
    expect(JSON.stringify(found)).not.toMatch(/salary|Falcon/);
  });

  test("is left out of a response of which the input is not known", () => {
    const found = record({ tool_response: "r" }, { tool_input: false });
    expect(found.payload).toEqual({ tool_response: NOT });
  });

  test.each([
    [{ tool_input: false }, NOT, "r", NOT],
    [{ tool_response: false }, { command: "c" }, NOT, NOT],
    [{ tool_input: false, tool_response: false }, NOT, NOT, NOT],
    [{ prompts: false }, { command: "c" }, "r", NOT],
  ])("is left out of the calls of a PostToolBatch too: %j", (capture, input, response, other) => {
    const call = { tool_name: "Bash", tool_input: { command: "c" }, tool_response: "r", other: 3 };
    const found = record({ tool_calls: [call, "odd", null, ["list"]] }, capture);
    expect(found.payload).toEqual({
      tool_calls: [
        { tool_name: "Bash", tool_input: input, tool_response: response, other },
        NOT,
        NOT,
        NOT,
      ],
    });
  });
});

test.each([
  ["PermissionRequest", {}, true],
  ["Elicitation", {}, true],
  ["Notification", { notification_type: "permission_prompt" }, true],
  ["Notification", { notification_type: "worker_permission_prompt" }, true],
  ["Notification", { notification_type: "idle_prompt" }, true],
  ["Notification", { notification_type: "elicitation_dialog" }, true],
  ["Notification", { notification_type: "elicitation_url_dialog" }, true],
  ["Notification", { notification_type: "agent_needs_input" }, true],
  ["Notification", { notification_type: "auth_success" }, false],
  ["Notification", { notification_type: ["idle_prompt"] }, false],
  ["Notification", {}, false],
  ["PreToolUse", { notification_type: "idle_prompt" }, false],
  ["Stop", {}, false],
])("%s %j waits for the user: %p", (hook_event_name, more, expected) => {
  expect(record({ hook_event_name, ...more }).should_notify).toBe(expected);
});

const malformed = (text: string, reason: MalformedReason = "late"): ReadOutcome => ({
  kind: "malformed",
  reason,
  text,
  bytes: 99,
});

describe("input that is not an event", () => {
  test("is recorded with its text, its length and the reason, with secrets masked", () => {
    const found = buildRecord(
      malformed('{"password":"correct horse","a":'),
      context,
      DEFAULT_CONFIG.capture,
      rules,
    );
    expect(found.payload).toEqual({
      malformed: "late",
      bytes: 99,
      text: '{"password":"[redacted:assigned-secret]","a":',
    });
    expect([found.event, found.should_notify, found.redacted]).toEqual(["PreToolUse", false, 1]);
    expect(eventRecord.safeParse(found).error).toBeUndefined();
  });

  test.each(["prompts", "tool_input", "tool_response"])(
    "is recorded without its text if the user does not want %s, which may be in it",
    (key) => {
      const capture = { ...DEFAULT_CONFIG.capture, [key]: false };
      const { payload } = buildRecord(malformed('{"prompt":"p'), context, capture, rules);
      expect(payload).toEqual({ malformed: "late", bytes: 99, text: "[not captured]" });
    },
  );
});

function forEachString(value: unknown, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    visit(key);
    forEachString(inner, visit);
  }
}

function check(
  payload: object,
  { string_bytes, record_bytes, input_bytes }: Config["limits"],
  other = {},
) {
  const sent = record(payload, {}, other);
  const line = renderRecord(sent, { string_bytes, record_bytes, input_bytes });
  expect(byteLength(line)).toBeLessThanOrEqual(record_bytes - 2);
  expect(/[\r\n]/.test(line)).toBe(false);
  const found = JSON.parse(line) as EventRecord;
  expect(eventRecord.safeParse(found).error).toBeUndefined();
  expect([found.id, found.session_id]).toEqual([sent.id, sent.session_id]);
  forEachString(found, (text) => expect(byteLength(text)).toBeLessThanOrEqual(string_bytes));
  if (JSON.stringify(found) !== JSON.stringify(sent)) expect(found.truncated).toBeGreaterThan(0);
}

describe("a line", () => {
  const limits = fc.record({
    string_bytes: fc.oneof(fc.constantFrom(256, 16_384), fc.integer({ min: 256, max: 16_384 })),
    record_bytes: fc.oneof(fc.constantFrom(8192, 131_072), fc.integer({ min: 8192, max: 131_072 })),
    input_bytes: fc.constant(16_777_216),
  });

  const oddCharacters = fc.constantFrom(...ODD_CHARACTERS);
  const long = fc
    .tuple(oddCharacters, fc.integer({ min: 1, max: 60_000 }))
    .map(([sign, n]) => sign.repeat(n));
  const big = fc.oneof(
    long,
    fc
      .tuple(
        fc.integer({ min: 1, max: 20_000 }),
        fc.constantFrom<unknown>(0, "", "x", "\0", null, [], {}),
      )
      .map(([length, item]) => Array.from({ length }, () => item)),
    fc
      .tuple(oddCharacters, fc.integer({ min: 1, max: 3000 }))
      .map(([sign, length]) =>
        Object.fromEntries(
          Array.from({ length }, (_, n) => [`${sign}${n}`, `${n}${sign.repeat(20)}`]),
        ),
      ),
    fc.jsonValue(),
  );

  test("is one line of JSON, matches the schema, and is within its limits, for any payload", () => {
    const fields = fc.dictionary(
      fc.oneof(
        fc.constantFrom("tool_input", "tool_response", "prompt", "__proto__"),
        fc.string(),
        long,
      ),
      big,
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(fields, limits, (payload, chosen) => check(payload, chosen)),
      { numRuns: 150 },
    );
  }, 60_000);

  test("is within its limits if every known field is as long as it can be", () => {
    const names = BACK.map(([, name]) => name);
    fc.assert(
      fc.property(long, big, limits, (text, response, chosen) => {
        const payload = { ...Object.fromEntries(names.map((name) => [name, text])), response };
        check({ ...payload, duration_ms: -Number.MIN_VALUE }, chosen, {
          user: text,
          project: { name: text, folder: text },
          session: { id: "s".repeat(128), source: "environment" },
        });
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test.each([
    ["a short text of wide characters", { a: "語".repeat(5000) }],
    ["a long text", { a: "x".repeat(20_000_000) }],
    ["control characters", { a: "\0".repeat(1_000_000) }],
    ["many numbers", { a: Array.from({ length: 40_000 }, () => 123_456_789) }],
    ["many short texts", { a: Array.from({ length: 49_000 }, () => "\0\0\0\0") }],
    ["many names", Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`n${n}`, n]))],
    [
      "long names",
      Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}${"n".repeat(30_000)}`, n])),
    ],
  ])(
    "is within its limits for %s",
    (_why, payload) => {
      for (const string_bytes of [256, 16_384])
        for (const record_bytes of [8192, 8193, 30_000, 131_072])
          check(payload, { string_bytes, record_bytes, input_bytes: 1024 });
    },
    60_000,
  );

  test("has room for two newlines, to the byte", () => {
    const numbers = Array.from({ length: 3850 }, () => 1);
    for (let pad = 0; pad < 256; pad++)
      check({ numbers, pad: "x".repeat(pad) }, { ...DEFAULT_CONFIG.limits, record_bytes: 8192 });
  });

  test("of a short record is the whole record", () => {
    const sent = record({ tool_input: { command: "ls" }, cwd: "/" });
    expect(renderRecord(sent, DEFAULT_CONFIG.limits)).toBe(JSON.stringify(sent));
  });

  test("of one long text keeps its beginning and its end, and counts it as truncated", () => {
    const found = JSON.parse(
      renderRecord(record({ prompt: `begin${"x".repeat(50_000)}end` }), DEFAULT_CONFIG.limits),
    ) as { payload: { prompt: string }; truncated: number };
    expect(found.payload.prompt).toStartWith("begin");
    expect(found.payload.prompt).toEndWith("end");
    expect(found.truncated).toBe(1);
  });

  test("of very many values keeps the beginning and the end of their JSON", () => {
    const list = Array.from({ length: 40_000 }, (_, n) => n);
    const found = JSON.parse(
      renderRecord(
        record({ tool_name: "T", tool_input: list, cwd: "/end" }),
        DEFAULT_CONFIG.limits,
      ),
    ) as EventRecord & { payload: { folded: string } };
    expect(found.tool).toBe("T");
    expect(found.parameters).toBeUndefined();
    expect(found.payload.folded).toStartWith('{"parameters":[0,1,2,');
    expect(found.payload.folded).toEndWith('"payload":{"cwd":"/end"}}');
    expect(found.truncated).toBe(1);
  });
});
