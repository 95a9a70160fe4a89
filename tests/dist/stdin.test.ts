// Every kind of input to the built programs: they record it, stay silent, exit 0, and never hang.
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { programPath, runProgram } from "../../scripts/harness/run-program";
import { faultsOf, onlyRecordOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { run } from "../../scripts/harness/system-commands";

const EVENT = JSON.stringify({
  session_id: "s",
  hook_event_name: "PreToolUse",
  text: "grün 🦜 end",
});
const SILENT = { code: 0, stdout: "", stderr: "" };

async function recordOfFile(input: string) {
  using sandbox = new Sandbox();
  const path = `${sandbox.root}/event.json`;
  writeFileSync(path, input);
  const { exitCode, stdout, stderr } = Bun.spawnSync([programPath("pre-tool-use")], {
    env: sandbox.env(),
    cwd: sandbox.project,
    stdin: Bun.file(path),
  });
  expect([exitCode, stdout.length, stderr.length]).toEqual([0, 0, 0]);
  return await onlyRecordOf(sandbox);
}

describe("input that is not an event is recorded with the reason and the best session id", () => {
  const bytes = (...values: number[]) => new Uint8Array(values);
  const cases: Record<string, [input: string | Uint8Array, malformed: string, session: string]> = {
    empty: ["", "empty", "from-environment"],
    "white space": [" \n\t ", "empty", "from-environment"],
    "not JSON": ["hello", "not a JSON object", "from-environment"],
    "truncated JSON": ['{"session_id":"s-1","prompt":"half', "not a JSON object", "s-1"],
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

  describe("of 20 MB is recorded in part", () => {
    const input = `{"session_id":"big","text":"${"x".repeat(20_000_000)}"}`;
    const record = { session_id: "big", payload: { malformed: "oversized", bytes: input.length } };

    test("from a file", async () => {
      expect(await recordOfFile(input)).toMatchObject(record);
    });

    // Within the deadline, which a busy machine can miss.
    test(
      "from a pipe, and all of it is read, so that the writer can finish",
      async () => {
        using sandbox = new Sandbox();
        expect(await runProgram("pre-tool-use", sandbox, input)).toMatchObject(SILENT);
        expect(await onlyRecordOf(sandbox)).toMatchObject(record);
      },
      { retry: 2 },
    );
  });
});

test("input of just under 16 MiB is an event", async () => {
  const input = JSON.stringify({ session_id: "big", text: "x".repeat(16_700_000) });
  expect(await recordOfFile(input)).toMatchObject({ session_id: "big", truncated: 1 });
});

test("a byte order mark and white space around an event are ignored", async () => {
  using sandbox = new Sandbox();
  await runProgram("pre-tool-use", sandbox, `\uFEFF \n${EVENT}\n\n`);
  expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
});

describe("if the client never closes the pipe, a hook", () => {
  // Resolves when the program has ended, with its input still open.
  async function runWithOpenInput(parts: readonly Uint8Array[], sandbox: Sandbox) {
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

  test.concurrent("does not wait once the event is complete", async () => {
    using sandbox = new Sandbox();
    using other = new Sandbox();
    const ended: string[] = [];
    // The one without input starts first, and ends at its deadline.
    const idle = runWithOpenInput([], other).then(() => ended.push("idle"));
    expect(await runWithOpenInput([new TextEncoder().encode(EVENT)], sandbox)).toEqual(SILENT);
    ended.push("complete");
    await idle;
    expect(ended).toEqual(["complete", "idle"]);
    expect((await onlyRecordOf(sandbox)).payload).toEqual({ text: "grün 🦜 end" });
  });

  test.concurrent("records an event that comes in parts split inside a character", async () => {
    using sandbox = new Sandbox();
    const bytes = new TextEncoder().encode(EVENT);
    const inside = bytes.indexOf(0xf0) + 2;
    await runWithOpenInput([bytes.subarray(0, inside), bytes.subarray(inside)], sandbox);
    expect((await onlyRecordOf(sandbox)).payload).toEqual({ text: "grün 🦜 end" });
  });

  // As a laptop that sleeps does, a paused container, or a shell with Ctrl-Z.
  test.concurrent.each([2, 200])(
    "that is stopped after %d ms records what waits",
    async (afterMs) => {
      using sandbox = new Sandbox();
      const child = Bun.spawn([programPath("pre-tool-use")], {
        env: sandbox.env(),
        cwd: sandbox.project,
        stdin: "pipe",
      });
      child.stdin.write(EVENT.slice(0, 9));
      await child.stdin.flush();
      await Bun.sleep(afterMs);
      child.kill("SIGSTOP");
      child.stdin.write(EVENT.slice(9));
      await child.stdin.flush();
      await Bun.sleep(1300);
      child.kill("SIGCONT");
      expect(await child.exited).toBe(0);
      expect((await onlyRecordOf(sandbox)).payload).toEqual({ text: "grün 🦜 end" });
    },
  );

  test.concurrent("that is stopped records an event that the pipe cannot hold", async () => {
    using sandbox = new Sandbox();
    const [pipe, file] = [`${sandbox.root}/pipe`, `${sandbox.root}/event`];
    run("mkfifo", pipe);
    writeFileSync(file, JSON.stringify({ session_id: "s", text: "x".repeat(2_000_000) }));
    const writer = Bun.spawn(["sh", "-c", 'exec cat "$0" >"$1"', file, pipe]);
    const stdin = openSync(pipe, "r");
    const child = Bun.spawn([programPath("pre-tool-use")], {
      env: sandbox.env(),
      cwd: sandbox.project,
      stdin,
    });
    closeSync(stdin);
    child.kill("SIGSTOP");
    await Bun.sleep(1300);
    child.kill("SIGCONT");
    expect(await child.exited).toBe(0);
    await writer.exited;
    const { session_id, payload } = await onlyRecordOf(sandbox);
    expect(session_id).toBe("s");
    expect(payload).not.toHaveProperty("malformed");
  });

  test.concurrent("gives up at the deadline if nothing comes", async () => {
    using sandbox = new Sandbox();
    expect(await runWithOpenInput([], sandbox)).toEqual(SILENT);
    expect((await onlyRecordOf(sandbox)).payload).toEqual({
      malformed: "late",
      bytes: 0,
      text: "",
    });
  });

  test.concurrent("gives up at the deadline if half an event comes", async () => {
    using sandbox = new Sandbox();
    await runWithOpenInput([new TextEncoder().encode(EVENT.slice(0, 40))], sandbox);
    expect(await onlyRecordOf(sandbox)).toMatchObject({
      session_id: "s",
      payload: { malformed: "late", bytes: 40 },
    });
  });
});

describe("a hook with stdin as", () => {
  test.each([
    ["a closed descriptor", "<&-"],
    ["/dev/null", "</dev/null"],
    ["a folder", "</"],
  ])("%s is silent, exits 0 and records", async (_, redirection) => {
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

  test("a file reads it like a pipe", async () => {
    expect((await recordOfFile(EVENT)).session_id).toBe("s");
  });
});

test("closed or full outputs do no harm", () => {
  using sandbox = new Sandbox();
  const { exitCode } = Bun.spawnSync(
    ["sh", "-c", `printf '{"session_id":"s"}' | "$0" >&- 2>/dev/full`, programPath("pre-tool-use")],
    { env: sandbox.env() },
  );
  expect(exitCode).toBe(0);
});
