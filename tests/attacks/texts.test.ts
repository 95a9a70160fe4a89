// Hostile text in every field of an event: each event becomes one valid line of the log, creates no file
// of its own, and does nothing to the terminal that shows it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { runProgram, type Ended } from "../../scripts/harness/run-program";
import { eventRecord } from "../../scripts/harness/record-schema";
import { faultsOf, onlyRecordOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { BUG_REPORT, controlsIn } from "../support/terminal-output";

const SILENT = { code: 0, stdout: "", stderr: "" };

const TEXTS: Record<string, string> = {
  "a path upwards": "../../../../tmp/evil",
  "an absolute path": "/etc/passwd",
  "a Windows path": "..\\..\\CON",
  "a NUL": "a\u0000b",
  "line ends": "a\nb\r\nc",
  "a forged record":
    '"}\n{"v":1,"id":"01a202c9-d2a3-702d-85be-255794ed817c","session_id":"evil"}\n{"',
  "terminal escapes": "\u001B[2J\u001B]0;title\u0007\u001B]8;;http://x\u001B\\link\u009B31m",
  "a bell and a backspace": "safe\u0007\u0008\u0008\u0008\u0008evil",
  "changes of the writing direction": "\u202Egnp.exe \u2066x\u2069 \u200F",
  "separators that are line ends to JavaScript": "a\u2028b\u2029c",
  "half a surrogate pair": "\uD800 and \uDC00",
  "code points that are not characters": "\uFFFE\uFFFF\u{10FFFF}",
  "format strings": "%s%n%d {0} ${HOME} $(id) `id`",
  markup: "<script>alert(1)</script> [x](javascript:y)",
  "a prototype": "__proto__",
  "a property that every object has": "constructor",
  "many letters": "w".repeat(5000),
  "one letter with many marks": `e${"\u0301".repeat(500)}`,
  nothing: "",
};

const PROGRAMS = ["session-start", "pre-tool-use", "post-tool-use", "session-event", "session-end"];

describe("an event with hostile text in every field is recorded in one valid line:", () => {
  test.each(Object.entries(TEXTS))("%s", async (_, text) => {
    using sandbox = new Sandbox();
    const env = { USER: withoutNul(text), CLAUDE_PROJECT_DIR: sandbox.project };
    const event = eventOf(text);
    const ends = await Promise.all(
      PROGRAMS.map((program) => runProgram(program, sandbox, event, { env })),
    );
    for (const end of ends) expect(end).toMatchObject(SILENT);

    const records = await recordsOf(sandbox);
    expect(records).toHaveLength(PROGRAMS.length);
    for (const record of records) expect(eventRecord.safeParse(record).error).toBeUndefined();
    expect(await faultsOf(sandbox)).toEqual([]);
    expect(filesIn(sandbox)).toEqual(["events/DAY.jsonl"]);
  });
});

test("the command line shows events with hostile text without control characters", async () => {
  using sandbox = new Sandbox();
  const texts = Object.values(TEXTS);
  await Promise.all(
    texts.map((text) =>
      runProgram("session-event", sandbox, eventOf(text), { env: { USER: withoutNul(text) } }),
    ),
  );
  const records = await recordsOf(sandbox);
  expect(records).toHaveLength(texts.length);
  const sessions = Array.from(new Set(records.map(({ session_id }) => session_id)));
  const commands = [
    ["list", "--limit", "0"],
    ["tail", "--lines", "99"],
    ["tail", "--lines", "99", "--json"],
    ["stats"],
    ...sessions.flatMap((id) => [
      ["show", id],
      ["show", id, "--json"],
    ]),
  ];
  for (const args of commands) {
    const shown = await runProgram("claude-session", sandbox, "", { args });
    expect(shown.code).toBe(0);
    expectSafe(shown);
  }
});

describe("the command line takes hostile text as an argument:", () => {
  const sandbox = new Sandbox();
  beforeAll(() => runProgram("pre-tool-use", sandbox, { session_id: "s" }));
  afterAll(() => sandbox[Symbol.dispose]());

  test.each(Object.entries(TEXTS))("%s", async (_, text) => {
    for (const words of [["show", text], ["list", "--project", text], [text]]) {
      const args = words.map(withoutNul);
      const ended = await runProgram("claude-session", sandbox, "", { args });
      expect([0, 1, 2]).toContain(ended.code ?? -1);
      expectSafe(ended);
    }
  });
});

function expectSafe({ stdout, stderr }: Ended): void {
  expect(controlsIn(stdout + stderr)).toEqual([]);
  expect(stderr).not.toMatch(BUG_REPORT);
}

describe("tricky JSON", () => {
  const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const keys = Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i]);
  test.each([
    ["100,000 deep", `{"session_id":"s","x":${deep(100_000)}}`],
    ["200,000 keys", JSON.stringify({ session_id: "s", ...Object.fromEntries(keys) })],
    ["__proto__", '{"session_id":"s","__proto__":{"polluted":true},"constructor":{"prototype":1}}'],
    ["__proto__ in a tool input", '{"session_id":"s","tool_input":{"__proto__":{"toString":1}}}'],
    ["the same key twice", '{"session_id":"evil","session_id":"s"}'],
    ["numbers out of range", '{"session_id":"s","duration_ms":1e999,"x":-1e999,"y":1e-999}'],
    ["escaped letters", '{"\\u0073ession_id":"\\u0073","x":"\\ud800 \\u2028 \\u0000"}'],
    ["100,000 strings", JSON.stringify({ session_id: "s", x: Array(100_000).fill("text") })],
  ])("%s is recorded in one valid line", async (_, input) => {
    using sandbox = new Sandbox();
    expect(await runProgram("pre-tool-use", sandbox, input)).toMatchObject(SILENT);
    const record = await onlyRecordOf(sandbox);
    expect(record).toMatchObject({ session_id: "s", session_id_source: "payload" });
    expect(eventRecord.safeParse(record).error).toBeUndefined();
    expect(await faultsOf(sandbox)).toEqual([]);
  });
});

function eventOf(text: string): object {
  return {
    session_id: text,
    hook_event_name: text,
    cwd: text,
    transcript_path: text,
    prompt_id: text,
    permission_mode: text,
    prompt: text,
    tool_name: text,
    tool_use_id: text,
    tool_input: { command: text, [text]: text },
    tool_response: [text, { [text]: [text] }],
    agent_id: text,
    agent_type: text,
    error: text,
    message: text,
    reason: text,
    source: text,
    [text]: text,
  };
}

// A NUL can be neither in a variable nor in an argument.
function withoutNul(text: string): string {
  return text.replaceAll("\0", "");
}

/** The files below the state and pointer folders, the day without its date. */
function filesIn({ state, pointers }: Sandbox): string[] {
  return [state, pointers]
    .flatMap((folder) => readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.includes("."))
    .map((name) => name.replace(/\d{4}-\d\d-\d\d/, "DAY"));
}
