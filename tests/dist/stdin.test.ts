// What the built programs do with every kind of input: record it, stay silent, exit 0, never hang.
import { describe, expect, test } from "bun:test";
import { programPath, runProgram } from "../../scripts/harness/programs";
import { faultsOf, onlyRecordOf } from "../../scripts/harness/records";
import { Sandbox } from "../../scripts/harness/sandbox";

const EVENT = JSON.stringify({
  session_id: "s",
  hook_event_name: "PreToolUse",
  text: "grün 🦜 end",
});
const SILENT = { code: 0, stdout: "", stderr: "" };

describe("input that is no event is recorded with the reason and the best session id there is", () => {
  const bytes = (...values: number[]) => new Uint8Array(values);
  const cases: Record<string, [input: string | Uint8Array, malformed: string, session: string]> = {
    empty: ["", "empty", "from-environment"],
    "white space": [" \n\t ", "empty", "from-environment"],
    "no JSON": ["hello", "not a JSON object", "from-environment"],
    "cut off": ['{"session_id":"s-1","prompt":"half', "not a JSON object", "s-1"],
    "an array": ["[1,2]", "not a JSON object", "from-environment"],
    "two objects": ["{}{}", "not a JSON object", "from-environment"],
    binary: [bytes(0, 255, 254, 10, 13, 123, 0), "not a JSON object", "from-environment"],
    "an id in a prompt": [
      '{"prompt":"\\"session_id\\":\\"evil\\"',
      "not a JSON object",
      "from-environment",
    ],
  };
  test.each(Object.entries(cases))("%s", async (_, [input, malformed, session_id]) => {
    using sandbox = new Sandbox();
    const env = { CLAUDE_CODE_SESSION_ID: "from-environment" };
    expect(await runProgram("pre-tool-use", sandbox, input, { env })).toMatchObject(SILENT);
    const record = await onlyRecordOf(sandbox);
    expect(record).toMatchObject({ event: "PreToolUse", session_id, payload: { malformed } });
    expect((await faultsOf(sandbox))[0]).toContain(`pre-tool-use\tinput: ${malformed}`);
  });

  test.each([
    ["session-start", "SessionStart"],
    ["session-end", "SessionEnd"],
    ["post-tool-use", "PostToolUse"],
    ["session-event", "Unknown"],
  ])("%s calls it %s", async (program, event) => {
    using sandbox = new Sandbox();
    await runProgram(program, sandbox, "");
    expect((await onlyRecordOf(sandbox)).event).toBe(event);
  });

  test("20 MB: the beginning is kept, and the whole is read for the writer's sake", async () => {
    using sandbox = new Sandbox();
    const input = `{"session_id":"big","text":"${"x".repeat(20_000_000)}"}`;
    expect(await runProgram("pre-tool-use", sandbox, input)).toMatchObject(SILENT);
    const record = await onlyRecordOf(sandbox);
    expect(record).toMatchObject({
      session_id: "big",
      payload: { malformed: "oversized", bytes: input.length },
    });
  });
});

test("input of just under 16 MiB is an event", async () => {
  using sandbox = new Sandbox();
  await runProgram("pre-tool-use", sandbox, { session_id: "big", text: "x".repeat(16_700_000) });
  const record = await onlyRecordOf(sandbox);
  expect(record).toMatchObject({ session_id: "big", truncated: 1 });
});

test("a byte order mark and white space around an event are no matter", async () => {
  using sandbox = new Sandbox();
  await runProgram("pre-tool-use", sandbox, `\uFEFF \n${EVENT}\n\n`);
  expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
});

describe("a client that never closes the pipe", () => {
  // Resolves when the program has ended, though its input is still open.
  async function runOpen(parts: readonly Uint8Array[], sandbox: Sandbox) {
    const child = Bun.spawn([programPath("pre-tool-use")], {
      env: sandbox.env(),
      cwd: sandbox.project,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    for (const part of parts) {
      child.stdin.write(part);
      await child.stdin.flush();
    }
    const code = await child.exited;
    return { code, stdout: await child.stdout.text(), stderr: await child.stderr.text() };
  }

  test("is not waited for once the event is whole", async () => {
    using sandbox = new Sandbox();
    const started = performance.now();
    expect(await runOpen([new TextEncoder().encode(EVENT)], sandbox)).toEqual(SILENT);
    // The deadline is a second from the start; without it this would be the end of the test run.
    expect(performance.now() - started).toBeLessThan(900);
    expect((await onlyRecordOf(sandbox)).payload).toEqual({ text: "grün 🦜 end" });
  });

  test("and sends an event split inside a character", async () => {
    using sandbox = new Sandbox();
    const bytes = new TextEncoder().encode(EVENT);
    const inside = bytes.indexOf(0xf0) + 2;
    await runOpen([bytes.subarray(0, inside), bytes.subarray(inside)], sandbox);
    expect((await onlyRecordOf(sandbox)).payload).toEqual({ text: "grün 🦜 end" });
  });

  test("and sends nothing is given up at the deadline", async () => {
    using sandbox = new Sandbox();
    expect(await runOpen([], sandbox)).toEqual(SILENT);
    expect((await onlyRecordOf(sandbox)).payload).toEqual({
      malformed: "late",
      bytes: 0,
      text: "",
    });
  });

  test("and sends half an event is given up at the deadline", async () => {
    using sandbox = new Sandbox();
    await runOpen([new TextEncoder().encode(EVENT.slice(0, 40))], sandbox);
    expect(await onlyRecordOf(sandbox)).toMatchObject({
      session_id: "s",
      payload: { malformed: "late", bytes: 40 },
    });
  });
});

describe("whatever fd 0 is", () => {
  test.each([
    ["closed", "<&-"],
    ["/dev/null", "</dev/null"],
    ["a folder", "</"],
  ])("%s: silent, exit 0, recorded", async (_, redirection) => {
    using sandbox = new Sandbox();
    const { exitCode, stdout, stderr } = Bun.spawnSync(
      ["sh", "-c", `exec "$0" ${redirection}`, programPath("pre-tool-use")],
      { env: sandbox.env(), cwd: sandbox.project },
    );
    expect([exitCode, stdout.length, stderr.length]).toEqual([0, 0, 0]);
    expect(await onlyRecordOf(sandbox)).toMatchObject({
      event: "PreToolUse",
      session_id: "unknown",
    });
  });

  test("a file is read like a pipe", async () => {
    using sandbox = new Sandbox();
    await Bun.write(`${sandbox.root}/event.json`, EVENT);
    const { exitCode } = Bun.spawnSync([programPath("pre-tool-use")], {
      env: sandbox.env(),
      stdin: Bun.file(`${sandbox.root}/event.json`),
    });
    expect(exitCode).toBe(0);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
  });
});

test("closed or full outputs are no matter", () => {
  using sandbox = new Sandbox();
  const { exitCode } = Bun.spawnSync(
    ["sh", "-c", `printf '{"session_id":"s"}' | "$0" >&- 2>/dev/full`, programPath("pre-tool-use")],
    { env: sandbox.env() },
  );
  expect(exitCode).toBe(0);
});
