// What the built programs record of an event.
import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { z } from "zod";
import { programFor } from "../../lib/events";
import { capturedPayload, capturedPayloads } from "../../scripts/harness/payloads";
import { runProgram } from "../../scripts/harness/run-program";
import { eventRecord } from "../../scripts/harness/record-schema";
import { faultsOf, onlyRecordOf, payloadOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";

const SILENT = { code: 0, stdout: "", stderr: "" };
const captured = await capturedPayloads();
const READ_FIELDS = z.looseObject({
  session_id: z.string(),
  hook_event_name: z.string(),
  cwd: z.string(),
  transcript_path: z.string(),
  prompt_id: z.string().optional(),
  tool_name: z.string().optional(),
  tool_use_id: z.string().optional(),
  agent_id: z.string().optional(),
  agent_type: z.string().optional(),
  duration_ms: z.number().optional(),
});

test("every captured payload has the fields that we read, with the expected types", () => {
  for (const { payload } of captured) expect<unknown>(READ_FIELDS.parse(payload)).toEqual(payload);
});

test("every one of the 33 events has a captured payload", () => {
  expect(new Set(captured.map(({ event }) => event)).size).toBe(33);
});

describe("a captured payload is recorded with nothing lost", () => {
  test.each(captured.map(({ name, ...rest }) => [name, rest] as const))(
    "%s",
    async (_, { event, text, payload }) => {
      using sandbox = new Sandbox();
      expect(await runProgram(programFor(event), sandbox, text)).toMatchObject(SILENT);
      const record = await onlyRecordOf(sandbox);
      expect<unknown>(eventRecord.parse(record)).toEqual(record);
      expect(payloadOf(record)).toEqual(payload);
      expect(record.session_id_source).toBe("payload");
      expect(record.redacted).toBeUndefined();
      expect(record.truncated).toBeUndefined();
    },
  );
});

test("a record goes to a private file for its UTC day", async () => {
  using sandbox = new Sandbox();
  const { text } = await capturedPayload("PreToolUse");
  await runProgram("pre-tool-use", sandbox, text);
  const { timestamp } = await onlyRecordOf(sandbox);
  expect(readdirSync(sandbox.events)).toEqual([`${timestamp.slice(0, 10)}.jsonl`]);
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
  expect(modeOf(sandbox.state)).toBe("700");
  expect(modeOf(sandbox.events)).toBe("700");
  expect(modeOf(`${sandbox.events}/${timestamp.slice(0, 10)}.jsonl`)).toBe("600");
});

test("unknown events and fields are recorded as they are", async () => {
  using sandbox = new Sandbox();
  const payload = {
    session_id: "s",
    hook_event_name: "TeaTime",
    tea: { kind: "oolong", cups: [1, 2] },
  };
  await runProgram("session-event", sandbox, payload);
  const record = await onlyRecordOf(sandbox);
  expect(record).toMatchObject({
    event: "TeaTime",
    session_id: "s",
    payload: { tea: payload.tea },
  });
});

test("60 programs at the same time lose no record and mix no lines", async () => {
  using sandbox = new Sandbox();
  // Long enough that a record written in two parts would be mixed with others.
  const response = "x".repeat(15_000);
  const ids = Array.from({ length: 60 }, (_, i) => `session-${i}`);
  const ends = await Promise.all(
    ids.map((session_id) =>
      runProgram("post-tool-use", sandbox, { session_id, a: response, b: response }),
    ),
  );
  for (const end of ends) expect(end).toMatchObject(SILENT);
  const records = await recordsOf(sandbox);
  expect(records.map(({ session_id }) => session_id).toSorted()).toEqual(ids.toSorted());
  for (const { payload } of records) expect(payload).toEqual({ a: response, b: response });
});

test("a record never exceeds 128 KiB, and says how much of a long text is missing", async () => {
  using sandbox = new Sandbox();
  const long = "é".repeat(100_000);
  await runProgram("post-tool-use", sandbox, {
    session_id: "s",
    one: long,
    many: Array.from({ length: 40 }, () => long),
  });
  const record = await onlyRecordOf(sandbox);
  expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(131_072);
  expect(record.truncated).toBe(41);
  expect((record.payload as { one: string }).one).toMatch(/^é+… \[\d+ bytes cut\] …é+$/);
});

describe("secrets reach no file", () => {
  const secret = `ghp_${"a1B2c3".repeat(6)}`;
  const places: Record<string, object> = {
    "in a command": { tool_input: { command: `curl -H "Authorization: token ${secret}" x` } },
    "under a secret-looking key": { tool_input: { api_key: secret } },
    "in a prompt": { prompt: `my token is ${secret}, use it` },
    "in a key": { tool_input: { [secret]: 1 } },
    "in a deep response": { tool_response: { a: [{ b: [`x ${secret}`] }] } },
    "in a tool's name": { tool_name: secret },
  };
  test.each(Object.entries(places))("%s", async (_, place) => {
    using sandbox = new Sandbox();
    await runProgram("post-tool-use", sandbox, { session_id: "s", ...place });
    const record = JSON.stringify(await onlyRecordOf(sandbox));
    expect(record).not.toContain(secret.slice(4));
    expect(record).toContain("[redacted:");
    expect((await onlyRecordOf(sandbox)).redacted).toBe(1);
  });

  test("in secret-looking variables, and in the user's own literals and keys", async () => {
    using sandbox = new Sandbox();
    await Bun.write(
      `${sandbox.state}/config.json`,
      JSON.stringify({ redact: { keys: ["pin"], literals: ["Project Falcon"] } }),
    );
    const env = {
      ANTHROPIC_API_KEY: "made-up-key-1",
      CLAUDE_CODE_MESSAGING_TOKEN: "made-up-key-2",
    };
    const prompt = "Project Falcon uses made-up-key-1 and made-up-key-2";
    await runProgram("session-event", sandbox, { session_id: "s", prompt, pin: "1234" }, { env });
    expect((await onlyRecordOf(sandbox)).payload).toEqual({
      prompt: "[redacted:literal] uses [redacted:environment] and [redacted:environment]",
      pin: "[redacted:named-secret]",
    });
  });

  test("in input that is not JSON", async () => {
    using sandbox = new Sandbox();
    await runProgram("pre-tool-use", sandbox, `{"session_id":"s","x":"${secret}`);
    const record = await onlyRecordOf(sandbox);
    expect(JSON.stringify(record)).not.toContain(secret);
    expect(record.session_id).toBe("s");
  });
});

test("what the user turns off is not captured, and the rest is", async () => {
  using sandbox = new Sandbox();
  const capture = { prompts: false, tool_input: false, tool_response: false };
  await Bun.write(`${sandbox.state}/config.json`, JSON.stringify({ capture }));
  const { text } = await capturedPayload("PostToolBatch");
  await runProgram("session-event", sandbox, text);
  expect((await onlyRecordOf(sandbox)).payload).toMatchObject({
    tool_calls: [
      { tool_name: "Read", tool_input: "[not captured]", tool_response: "[not captured]" },
    ],
  });
});

test("SessionStart removes only the days that are past the retention", async () => {
  using sandbox = new Sandbox();
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  await Bun.write(`${sandbox.state}/config.json`, JSON.stringify({ retention_days: 7 }));
  for (const ago of [400, 9, 8, 6, 1]) await Bun.write(`${sandbox.events}/${day(ago)}.jsonl`, "\n");
  await Bun.write(`${sandbox.events}/notes.txt`, "mine");
  await runProgram("session-start", sandbox, { session_id: "s" });
  expect(readdirSync(sandbox.events).toSorted()).toEqual([
    `${day(6)}.jsonl`,
    `${day(1)}.jsonl`,
    `${day(0)}.jsonl`,
    "notes.txt",
  ]);
});

test("the valid keys of a config.json count, and each invalid one is reported", async () => {
  using sandbox = new Sandbox();
  const config = {
    retention_days: "long",
    limits: { string_bytes: 1 },
    redact: { literals: ["Falcon"] },
  };
  await Bun.write(`${sandbox.state}/config.json`, JSON.stringify(config));
  await runProgram("session-event", sandbox, { session_id: "s", prompt: "Falcon" });
  expect((await onlyRecordOf(sandbox)).payload).toEqual({ prompt: "[redacted:literal]" });
  const faults = (await faultsOf(sandbox)).map((line) => line.split("\t")[2]);
  expect(faults).toEqual([
    "retention_days: not a whole number from 1 to 3650; using 30",
    "limits.string_bytes: not a whole number from 256 to 16384; using 16384",
  ]);
});
