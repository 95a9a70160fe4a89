// What people met in the field with hooks, recorders and installers, tried on the built programs. Each case is
// one public report made small; `npm run field` runs them alone.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { HOOK_PROGRAMS } from "../../lib/events";
import { placePrograms } from "../../scripts/build";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { programPath, runCli, runProgram } from "../../scripts/harness/run-program";
import { faultsOf, onlyRecordOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { until } from "../support/until";

const isRoot = process.geteuid?.() === 0;
const onLinux = process.platform === "linux";
const A = "aaaaaaaa-735f-4d0a-b28e-14c9f244c7db";
const B = "bbbbbbbb-735f-4d0a-b28e-14c9f244c7db";

const settingsOf = ({ home }: Sandbox) => `${home}/.claude/settings.json`;
const read = (path: string) => readFileSync(path, "utf8");

function write(path: string, content: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function hook(sandbox: Sandbox, event: string, fields: object = {}, env = {}) {
  const program =
    { SessionStart: "session-start", SessionEnd: "session-end", PreToolUse: "pre-tool-use" }[
      event
    ] ?? (event.startsWith("PostToolUse") ? "post-tool-use" : "session-event");
  return runProgram(
    program,
    sandbox,
    { session_id: A, hook_event_name: event, ...fields },
    { env },
  );
}

async function json(sandbox: Sandbox, words: string, start = {}): Promise<any> {
  return JSON.parse((await runCli(sandbox, `${words} --json`, start)).stdout);
}

async function failuresOf(sandbox: Sandbox, topic: string, start = {}): Promise<string[]> {
  const { findings } = (await json(sandbox, "doctor", start)) as {
    findings: { level: string; topic: string; what: string }[];
  };
  return findings.flatMap((one) => (one.level === "fail" && one.topic === topic ? [one.what] : []));
}

describe("which entries are ours", () => {
  const entry = (command: string, more: object = {}) => ({
    hooks: { PreToolUse: [{ hooks: [{ type: "command", command, ...more }] }] },
  });

  test("another program with the name of one of ours survives install and uninstall", async () => {
    using sandbox = new Sandbox();
    const program = write(
      `${sandbox.root}/acme/pre-tool-use`,
      "#!/bin/sh\n# not claude-session-hooks\n",
    );
    const before = JSON.stringify(entry(program, { args: [], timeout: 5 }), undefined, 2);
    write(settingsOf(sandbox), before);
    await runCli(sandbox, "uninstall");
    expect(read(settingsOf(sandbox))).toBe(before);
    await runCli(sandbox, "install");
    expect(read(settingsOf(sandbox))).toContain(program);
    expect(read(settingsOf(sandbox))).toContain(programPath("pre-tool-use"));
    await runCli(sandbox, "uninstall");
    expect(read(settingsOf(sandbox))).toBe(before);
  });

  test.each([
    ["without args", (path: string) => entry(path, { timeout: 60 })],
    ["with a status message", (path: string) => entry(path, { args: [], statusMessage: "…" })],
    ["in shell form", (path: string) => entry(`"${path}" 2>/dev/null || true`)],
  ])("an entry of ours that was rewritten %s is recognized, and removed", async (_, rewritten) => {
    using sandbox = new Sandbox();
    write(settingsOf(sandbox), JSON.stringify(rewritten(programPath("pre-tool-use"))));
    expect(await failuresOf(sandbox, "Registration")).toEqual([]);
    await runCli(sandbox, "install");
    const { hooks } = JSON.parse(read(settingsOf(sandbox))) as { hooks: Record<string, object[]> };
    expect(hooks["PreToolUse"]).toHaveLength(1);
    await runCli(sandbox, "uninstall");
    expect(read(settingsOf(sandbox))).not.toContain("pre-tool-use");
  });

  test("entries whose programs are gone are found by what install wrote down, and removed", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/programs`;
    await placePrograms(folder);
    await runCli(sandbox, "install", { folder });
    for (const name of HOOK_PROGRAMS) rmSync(`${folder}/${name}`);
    expect((await failuresOf(sandbox, "Registration")).join()).toContain("missing");
    await runCli(sandbox, "uninstall");
    expect(existsSync(settingsOf(sandbox)) ? read(settingsOf(sandbox)) : "").not.toContain(folder);
  });

  test("the same program by another command in the project's settings is recorded twice, and doctor says so", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.home}/.claude/hooks`;
    await placePrograms(folder);
    await runCli(sandbox, "install", { folder });
    const path = write(
      `${sandbox.project}/.claude/settings.json`,
      JSON.stringify(entry('"$HOME"/.claude/hooks/pre-tool-use')),
    );
    const doctor = async () => (await json(sandbox, "doctor", { folder })).findings;
    expect(await doctor()).toContainEqual(
      expect.objectContaining({
        level: "warn",
        what: `Recorded twice, because ${path} and ${settingsOf(sandbox)} register the same program by different commands: PreToolUse`,
      }),
    );
    await runCli(sandbox, "uninstall --scope project", { folder });
    expect(JSON.stringify(await doctor())).not.toContain("Recorded twice");
  });

  test("programs behind a link that lasts, as Homebrew makes it, are registered by the link", async () => {
    using sandbox = new Sandbox();
    const cellar = `${sandbox.root}/Cellar/0.1.0/bin`;
    await placePrograms(cellar);
    mkdirSync(`${sandbox.root}/bin`);
    for (const name of ["claude-session", ...HOOK_PROGRAMS])
      symlinkSync(`../Cellar/0.1.0/bin/${name}`, `${sandbox.root}/bin/${name}`);
    await runCli(sandbox, "install", { folder: `${sandbox.root}/bin` });
    expect(read(settingsOf(sandbox))).toContain(`"${sandbox.root}/bin/pre-tool-use"`);
    expect(read(settingsOf(sandbox))).not.toContain("Cellar");
  });
});

describe("settings that are read, and perhaps not written", () => {
  test("that have a second name, as a backup by hard links makes it, are read and edited", async () => {
    using sandbox = new Sandbox();
    await runCli(sandbox, "install");
    linkSync(settingsOf(sandbox), `${sandbox.root}/backup.json`);
    expect(await failuresOf(sandbox, "Registration")).toEqual([]);
    expect((await runCli(sandbox, "uninstall")).code).toBe(0);
    expect(read(`${sandbox.root}/backup.json`)).toContain("pre-tool-use");
  });

  test.skipIf(!isRoot)(
    "that are a link to another owner's file, as Nix makes it, are read",
    async () => {
      using sandbox = new Sandbox();
      const stored = write(`${sandbox.root}/store/settings.json`, '{ "model": "opus" }\n');
      chownSync(stored, 12_345, 12_345);
      mkdirSync(`${sandbox.home}/.claude`);
      symlinkSync(stored, settingsOf(sandbox));
      const { code, stdout, stderr } = await runCli(sandbox, "install --server localhost:4000");
      expect(code).toBe(1);
      expect(stderr).toContain("managed elsewhere");
      // The whole text to put there; and nothing was changed, config.json included.
      expect(Object.keys((JSON.parse(stdout) as { hooks: object }).hooks)).toContain("PreToolUse");
      expect(read(stored)).toBe('{ "model": "opus" }\n');
      expect(existsSync(`${sandbox.state}/config.json`)).toBe(false);
      writeFileSync(stored, stdout);
      expect(await failuresOf(sandbox, "Registration")).toEqual([]);
    },
  );

  test.skipIf(!isRoot || !onLinux)("that are mounted alone are written in place", async () => {
    using sandbox = new Sandbox();
    const outside = write(`${sandbox.root}/outside.json`, '{ "model": "opus" }\n');
    write(settingsOf(sandbox), "");
    run("mount", "--bind", outside, settingsOf(sandbox));
    try {
      expect((await runCli(sandbox, "install")).code).toBe(0);
      expect(read(outside)).toContain("pre-tool-use");
      expect((await runCli(sandbox, "uninstall")).code).toBe(0);
      expect(read(outside)).toBe('{ "model": "opus" }\n');
    } finally {
      run("umount", settingsOf(sandbox));
    }
  });

  test.skipIf(!isRoot)("of a user are not written by root under sudo", async () => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.home}/.claude`);
    chownSync(`${sandbox.home}/.claude`, 2001, 2001);
    const { code, stderr } = await runCli(sandbox, "install");
    expect(code).toBe(1);
    expect(stderr).toContain("without sudo");
    expect(existsSync(settingsOf(sandbox))).toBe(false);
  });
});

describe("privacy fails closed", () => {
  const prompt = "my salary at Project Falcon";
  const closing: readonly (readonly [string, string])[] = [
    ["comments", '{ "capture": { // mine\n "prompts": false } }'],
    ["a trailing comma", '{ "capture": { "prompts": false, }, }'],
    ["a string for a boolean", '{ "capture": { "prompts": "false" } }'],
    ["a section that is false", '{ "capture": false }'],
    ["a misspelt key", '{ "capture": { "prompt": false } }'],
    ["half of a file", '{ "capture": { "prompts": fal'],
  ];
  test.each(closing)("a config.json with %s keeps the prompt out", async (_, text) => {
    using sandbox = new Sandbox();
    write(`${sandbox.state}/config.json`, text);
    await hook(sandbox, "UserPromptSubmit", { prompt });
    expect(JSON.stringify(await recordsOf(sandbox))).not.toContain("salary");
  });

  test("a config.json that is a link into a folder of dotfiles counts", async () => {
    using sandbox = new Sandbox();
    const dotfile = write(`${sandbox.root}/dotfiles/config.json`, '{"capture":{"prompts":false}}');
    mkdirSync(sandbox.state, { recursive: true });
    symlinkSync(dotfile, `${sandbox.state}/config.json`);
    await hook(sandbox, "UserPromptSubmit", { prompt });
    expect(JSON.stringify(await recordsOf(sandbox))).not.toContain("salary");
  });

  test("install edits a config.json with comments through its link, and keeps both", async () => {
    using sandbox = new Sandbox();
    const dotfile = write(`${sandbox.root}/dotfiles/config.json`, "{\n  // mine\n}\n");
    mkdirSync(sandbox.state, { recursive: true });
    symlinkSync(dotfile, `${sandbox.state}/config.json`);
    expect((await runCli(sandbox, "install --server localhost:4000")).code).toBe(0);
    expect(read(dotfile)).toContain("// mine");
    expect(read(dotfile)).toContain("http://localhost:4000");
  });

  test("one bad literal costs itself alone, and the error log and doctor say so", async () => {
    using sandbox = new Sandbox();
    write(`${sandbox.state}/config.json`, '{"redact":{"literals":["ab","Falcon"]},"captur":{}}');
    await hook(sandbox, "UserPromptSubmit", { prompt });
    expect(JSON.stringify(await recordsOf(sandbox))).not.toContain("Falcon");
    expect((await faultsOf(sandbox)).join()).toContain("redact.literals[0]");
    const report = (await runCli(sandbox, "doctor")).stdout;
    expect(report).toContain("redact.literals[0]");
    expect(report).toContain("Did you mean capture?");
  });

  test.each([
    ["Stop", { background_tasks: [{ id: "1", type: "shell", command: "make salary" }] }],
    ["Stop", { session_crons: [{ id: "1", schedule: "* * * * *", prompt: "salary" }] }],
    ["TaskCreated", { task_id: "1", task_subject: "salary", task_description: "salary" }],
    ["UserPromptSubmit", { session_title: "salary" }],
    ["PostCompact", { compact_summary: "salary" }],
    ["StopFailure", { error: "unknown", error_details: "salary" }],
    ["ElicitationResult", { action: "accept", content: { pay: "salary" } }],
    ["Stop", { field_of_a_newer_client: "salary" }],
    ["Notification", { title: "salary", notification_type: "agent_completed" }],
    ["Notification", { message: "Claude needs your permission to use Bash: salary" }],
    ["Notification", { message: "The salary table is ready" }],
  ])(
    "with everything off, nothing that is content of %s is recorded: %j",
    async (event, fields) => {
      using sandbox = new Sandbox();
      const off = { prompts: false, tool_input: false, tool_response: false };
      write(`${sandbox.state}/config.json`, JSON.stringify({ capture: off }));
      await hook(sandbox, event, fields);
      const record = await onlyRecordOf(sandbox);
      expect(record.event).toBe(event);
      expect(JSON.stringify(record)).not.toContain("salary");
    },
  );
});

describe("what a response repeats of its input", () => {
  const calls: readonly (readonly [string, object, unknown])[] = [
    [
      "Write",
      { file_path: "/x", content: "my salary" },
      { type: "create", filePath: "/x", content: "my salary\n", structuredPatch: [], left: 7 },
    ],
    [
      "Edit",
      { file_path: "/x", old_string: "'a'", new_string: "salary" },
      {
        oldString: "’a’",
        newString: "salary",
        originalFile: "the salary",
        structuredPatch: [{ lines: ["-’a’", "+salary"] }],
        left: 7,
      },
    ],
    ["Edit", { old_string: "my salary" }, "String to replace not found.\nString: my salary (left)"],
    ["Agent", { prompt: "find the salary" }, { prompt: "find the salary.", content: ["left"] }],
    ["Bash", { command: "salary" }, { stdout: "left", command: "salary" }],
    ["TaskCreate", { subject: "salary" }, { task: { id: "left", subject: "salary" } }],
    ["mcp__a__b", { q: ["my salary"] }, [{ type: "text", text: "for my salary: left" }]],
  ];
  test.each(calls)("is left out with it: %s %j", async (tool_name, tool_input, tool_response) => {
    using sandbox = new Sandbox();
    write(`${sandbox.state}/config.json`, '{"capture":{"tool_input":false}}');
    await hook(sandbox, "PostToolUse", { tool_name, tool_input, tool_response });
    const call = { tool_name, tool_input, tool_response, tool_use_id: "t" };
    await hook(sandbox, "PostToolBatch", { tool_calls: [call] });
    for (const record of await recordsOf(sandbox)) {
      expect(JSON.stringify(record)).not.toContain("salary");
      // The rest of the response stays.
      expect(JSON.stringify(record)).toMatch(/left/);
    }
  });

  test("is in the log with it", async () => {
    using sandbox = new Sandbox();
    for (const [tool_name, tool_input, tool_response] of calls)
      await hook(sandbox, "PostToolUse", { tool_name, tool_input, tool_response });
    expect((await recordsOf(sandbox)).map(({ payload }) => payload)).toEqual(
      calls.map(([, , tool_response]) => ({ tool_response })),
    );
  });
});

/** A process that stands for Claude Code in one terminal. */
function pane() {
  const child = Bun.spawn(["sleep", "60"]);
  return { env: { CLAUDE_PID: String(child.pid) }, [Symbol.dispose]: () => child.kill() };
}

describe("who says which session it is", () => {
  const bare = { CLAUDE_PROJECT_DIR: undefined };

  test.each([
    [
      "Copilot's",
      { sessionId: "714bfd7c", toolName: "bash", toolArgs: "{}" },
      "714bfd7c",
      "copilot",
    ],
    ["one of another shape", { session_id: "agent:main:telegram" }, "unknown", undefined],
  ])(
    "an event with an id, %s, is not filed under the pointer's session",
    async (_, payload, id, client) => {
      using sandbox = new Sandbox();
      await hook(sandbox, "SessionStart", { source: "startup" });
      await runProgram(
        "pre-tool-use",
        sandbox,
        { cwd: sandbox.project, ...payload },
        { env: bare },
      );
      const record = (await recordsOf(sandbox)).at(-1);
      expect([record?.session_id, record?.client]).toEqual([id, client]);
    },
  );

  // What agents that run our hooks send, and whether it is Claude Code's pointer that they must leave alone.
  test.each([
    ["sessionID", { sessionID: "ses_4f5c7" }, "ses_4f5c7", "other"],
    ["SessionId", { SessionId: "c-3" }, "c-3", "other"],
    ["session-id", { "session-id": "c-5" }, "c-5", "other"],
    ["session", { session: "c-2" }, "c-2", "other"],
    ["session as an object", { session: { id: "c-1" } }, "unknown", "other"],
    ["threadId", { threadId: "T-0198" }, "T-0198", "other"],
    ["chat_id", { chat_id: "c9" }, "c9", "other"],
    ["conversation_id", { conversation_id: "c8" }, "c8", "other"],
    ["an empty session_id", { session_id: "", sessionId: "c-8" }, "c-8", "other"],
    ["VS Code's keys", { sessionId: B, hookEventName: "SessionStart" }, B, "copilot"],
    [
      "a transcript of Gemini CLI",
      { session_id: B, transcript_path: "/home/me/.gemini/tmp/abc/chats/s.json" },
      B,
      "other",
    ],
  ])("an event with %s has that session, and leaves the pointer", async (_, sent, id, client) => {
    using sandbox = new Sandbox();
    await hook(sandbox, "SessionStart", { source: "startup" });
    const name = "hookEventName" in sent ? {} : { hook_event_name: "SessionStart" };
    const payload = { ...sent, ...name, source: "startup", cwd: sandbox.project };
    await runProgram("session-start", sandbox, payload, { env: bare });
    const record = (await recordsOf(sandbox)).at(-1);
    expect(record).toMatchObject({ session_id: id, client, event: "SessionStart" });
    expect((await runCli(sandbox, "id")).stdout).toBe(`${A}\n`);
    expect(await json(sandbox, "list")).toMatchObject([{ session_id: A }]);
  });

  test("Gemini CLI's variable names its session before it has a transcript", async () => {
    using sandbox = new Sandbox();
    await hook(sandbox, "SessionStart", { source: "startup" });
    const gemini = { session_id: B, transcript_path: "", source: "startup" };
    await hook(sandbox, "SessionStart", gemini, { GEMINI_SESSION_ID: B });
    expect((await runCli(sandbox, "id")).stdout).toBe(`${A}\n`);
  });

  test("VS Code's event has its own name where one program serves many", async () => {
    using sandbox = new Sandbox();
    const off = { prompts: false, tool_input: false, tool_response: false };
    write(`${sandbox.state}/config.json`, JSON.stringify({ capture: off }));
    const prompt = { sessionId: B, hookEventName: "UserPromptSubmit", prompt: "salary" };
    await runProgram("session-event", sandbox, prompt);
    const record = await onlyRecordOf(sandbox);
    expect(record).toMatchObject({ event: "UserPromptSubmit", session_id: B, client: "copilot" });
    expect(JSON.stringify(record)).not.toContain("salary");
  });

  const big = "x".repeat(300_000);
  test.each([
    ["as Python writes it", { session_id: B, hook_event_name: "Stop", text: big }, 0, B],
    ["indented", { session_id: B, hook_event_name: "Stop", text: big }, 2, B],
    ["with its id last", { hook_event_name: "Stop", text: big, session_id: B }, 2, B],
    ["with its id in between", { a: big, session_id: B, b: big }, 0, "unknown"],
    ["with an id that is none", { session_id: { id: B }, text: big }, 1, "unknown"],
    ["with no id that is seen", { text: big }, 0, "unknown"],
  ])(
    "input over the limit, %s, is never filed under the pointer's",
    async (_, sent, indent, id) => {
      using sandbox = new Sandbox();
      write(`${sandbox.state}/config.json`, '{"limits":{"input_bytes":2048}}');
      await hook(sandbox, "SessionStart", { source: "startup" });
      const text =
        indent > 0
          ? JSON.stringify(sent, undefined, indent)
          : JSON.stringify(sent).replaceAll('":', '": ').replaceAll(',"', ', "');
      await runProgram("session-event", sandbox, text, { env: bare });
      const record = (await recordsOf(sandbox)).at(-1);
      expect(record?.session_id).toBe(id);
      if ("hook_event_name" in sent) expect(record?.event).toBe("Stop");
    },
  );

  test.each(['{"sessionId": "b", "prompt": "half', "{'session_id': 'b'}", "thread_id=b"])(
    "input that is no JSON and shows a session is not filed under the pointer's: %s",
    async (text) => {
      using sandbox = new Sandbox();
      await hook(sandbox, "SessionStart", { source: "startup" });
      await runProgram("session-event", sandbox, text, { env: bare });
      expect((await recordsOf(sandbox)).at(-1)?.session_id).toBe("unknown");
    },
  );

  test("Cursor's session neither takes the pointer nor appears as one of Claude Code", async () => {
    using sandbox = new Sandbox();
    await hook(sandbox, "SessionStart", { source: "startup" });
    const cursor = { conversation_id: B, session_id: B, cursor_version: "2026.08.11" };
    for (const [program, event] of [
      ["session-start", "sessionStart"],
      ["pre-tool-use", "preToolUse"],
    ] as const)
      await runProgram(program, sandbox, { ...cursor, hook_event_name: event });
    expect((await runCli(sandbox, "id")).stdout).toBe(`${A}\n`);
    expect(await json(sandbox, "list")).toMatchObject([{ session_id: A }]);
    expect(await json(sandbox, "show")).toMatchObject({ session_id: A });
    expect((await json(sandbox, "stats")).total.sessions).toBe(1);
    expect((await recordsOf(sandbox)).map(({ client }) => client)).toEqual([
      undefined,
      "cursor",
      "cursor",
    ]);
  });

  test("when a nested session ends, the pointer goes back to the one that is at work", async () => {
    using sandbox = new Sandbox();
    await hook(sandbox, "SessionStart", { source: "startup" });
    await hook(sandbox, "SessionStart", { session_id: B, source: "startup" });
    await hook(sandbox, "SessionEnd", { session_id: B, reason: "other" });
    expect((await runCli(sandbox, "id")).stdout).toBe(`${A}\n`);
    await hook(sandbox, "SessionEnd", { reason: "other" });
    expect((await runCli(sandbox, "id")).stdout).toBe("unknown\n");
  });

  test.skipIf(!onLinux)("the end of one of two processes of a session leaves it", async () => {
    using sandbox = new Sandbox();
    using first = pane();
    using second = pane();
    const start = (id: string, { env }: { env: object }) =>
      hook(sandbox, "SessionStart", { session_id: id }, env);
    const end = (id: string, { env }: { env: object }) =>
      hook(sandbox, "SessionEnd", { session_id: id, reason: "other" }, env);
    const current = async () => (await runCli(sandbox, "id")).stdout.trim();
    await start(A, first);
    await start(A, second);
    await end(A, second);
    expect(await current()).toBe(A);
    // The other has moved on to a session that is not this one.
    await start(A, second);
    await start(B, first);
    await hook(sandbox, "UserPromptSubmit", { prompt: "on" }, second.env);
    await end(A, second);
    expect(await current()).toBe(B);
    await end(B, first);
    expect(await current()).toBe("unknown");
  });

  test.skipIf(!onLinux)(
    "a session is not kept for a process that has ended it, or is gone",
    async () => {
      using sandbox = new Sandbox();
      using second = pane();
      const end = { reason: "other" };
      {
        using first = pane();
        await hook(sandbox, "SessionStart", {}, first.env);
        await hook(sandbox, "SessionStart", {}, second.env);
        await hook(sandbox, "SessionEnd", end, first.env);
        expect((await runCli(sandbox, "id")).stdout).toBe(`${A}\n`);
        await hook(sandbox, "SessionEnd", end, second.env);
        expect((await runCli(sandbox, "id")).stdout).toBe("unknown\n");
        await hook(sandbox, "SessionStart", {}, first.env);
      }
      await hook(sandbox, "SessionStart", {}, second.env);
      await hook(sandbox, "SessionEnd", end, second.env);
      expect((await runCli(sandbox, "id")).stdout).toBe("unknown\n");
    },
  );

  test.skipIf(!onLinux)(
    "a process that got the number of one that is gone is another",
    async () => {
      using sandbox = new Sandbox();
      using second = pane();
      await hook(sandbox, "SessionStart", {}, second.env);
      const [day] = readdirSync(`${sandbox.state}/events`) as [string];
      const log = `${sandbox.state}/events/${day}`;
      using reused = pane();
      // As if the record were of an hour ago, and that process had been killed since.
      const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
      const line = read(log)
        .replace(/"timestamp":"[^"]*"/, `"timestamp":"${hourAgo}"`)
        .replace(/"pid":\d+/, `"pid":${reused.env.CLAUDE_PID}`);
      writeFileSync(log, line);
      await hook(sandbox, "SessionEnd", { reason: "other" }, second.env);
      expect((await runCli(sandbox, "id")).stdout).toBe("unknown\n");
    },
  );

  test("a session whose process is gone does not get the pointer back", async () => {
    using sandbox = new Sandbox();
    const gone = Bun.spawnSync(["true"]).pid;
    await hook(sandbox, "SessionStart", { source: "startup" }, { CLAUDE_PID: String(gone) });
    await hook(sandbox, "SessionStart", { session_id: B }, { CLAUDE_PID: String(process.pid) });
    await hook(
      sandbox,
      "SessionEnd",
      { session_id: B, reason: "other" },
      { CLAUDE_PID: String(process.pid) },
    );
    expect((await runCli(sandbox, "id")).stdout).toBe(onLinux ? "unknown\n" : `${A}\n`);
  });

  test.each([
    ["Asia/Tokyo", "UTC", "America/Los_Angeles"],
    ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Etc/GMT+12"],
    ["Pacific/Honolulu", "Pacific/Auckland", "Pacific/Fiji"],
  ])(
    "a pointer written in %s counts in %s, and is not removed from %s",
    async (writer, reader, remover) => {
      using sandbox = new Sandbox();
      await hook(sandbox, "SessionStart", { source: "startup" }, { TZ: writer });
      expect((await runCli(sandbox, "id", { env: { TZ: reader } })).stdout).toBe(`${A}\n`);
      const other = `${sandbox.root}/other`;
      mkdirSync(`${other}/.git`, { recursive: true });
      const env = { TZ: remover, CLAUDE_PROJECT_DIR: other };
      await hook(sandbox, "SessionStart", { session_id: B }, env);
      expect((await runCli(sandbox, "id", { env: { TZ: reader } })).stdout).toBe(`${A}\n`);
    },
  );

  test("a project is the same by a link, and in the other form of Unicode", async () => {
    using sandbox = new Sandbox();
    const project = `${sandbox.root}/caf\u00E9`;
    mkdirSync(`${project}/.git`, { recursive: true });
    await hook(sandbox, "SessionStart", {}, { CLAUDE_PROJECT_DIR: project });
    symlinkSync(project, `${sandbox.root}/link`);
    for (const folder of [`${sandbox.root}/link`, `${sandbox.root}/cafe\u0301`])
      expect((await runCli(sandbox, `id --project ${folder}`)).stdout).toBe(`${A}\n`);
  });
});

describe("still recording", () => {
  test("a TMPDIR that is gone stops neither install nor recording", async () => {
    using sandbox = new Sandbox();
    const env = { TMPDIR: `${sandbox.root}/gone` };
    expect((await runCli(sandbox, "install", { env })).code).toBe(0);
    expect(await failuresOf(sandbox, "Programs", { env })).toEqual([]);
    await hook(sandbox, "PreToolUse", {}, env);
    expect(await recordsOf(sandbox)).toHaveLength(1);
  });

  test.skipIf(!isRoot || !commandExists("bindfs"))(
    "a disk without modes keeps every event",
    async () => {
      using sandbox = new Sandbox();
      const [source, disk] = [`${sandbox.root}/source`, `${sandbox.root}/disk`];
      mkdirSync(source);
      mkdirSync(disk);
      run("bindfs", "--chmod-deny", "--perms=0777", source, disk);
      try {
        const env = { CLAUDE_SESSION_HOME: `${disk}/state`, CLAUDE_CONFIG_DIR: `${disk}/claude` };
        await hook(sandbox, "PreToolUse", {}, env);
        expect(
          read(`${disk}/state/events/${new Date().toISOString().slice(0, 10)}.jsonl`),
        ).toContain(A);
        expect((await runCli(sandbox, "install", { env })).code).toBe(0);
      } finally {
        run("umount", disk);
      }
    },
  );

  test.skipIf(!isRoot)(
    "a state folder of another user does not stop ours, and doctor says where ours is",
    async () => {
      using sandbox = new Sandbox();
      mkdirSync(sandbox.state, { recursive: true });
      chownSync(sandbox.state, 12_345, 12_345);
      await hook(sandbox, "PreToolUse");
      const own = `${sandbox.state}-0`;
      expect(read(`${own}/events/${new Date().toISOString().slice(0, 10)}.jsonl`)).toContain(A);
      expect((await runCli(sandbox, "doctor")).stdout.replace(/\s+/g, " ")).toContain(
        `recorded in ${own}`,
      );
    },
  );

  test("input over the limit keeps its ids, so that its call has an end", async () => {
    using sandbox = new Sandbox();
    write(`${sandbox.state}/config.json`, '{"limits":{"input_bytes":2048}}');
    const tool = { tool_name: "Bash", tool_input: { command: "cat big" } };
    await hook(sandbox, "PreToolUse", { ...tool, tool_use_id: "toolu_1" });
    const response = { tool_response: "x".repeat(300_000), tool_use_id: "toolu_1", duration_ms: 7 };
    await hook(sandbox, "PostToolUse", { ...tool, ...response });
    const record = (await recordsOf(sandbox)).at(-1);
    expect(record).toMatchObject({
      event: "PostToolUse",
      tool: "Bash",
      tool_use_id: "toolu_1",
      session_id: A,
    });
    const shown = JSON.stringify(await json(sandbox, "show"));
    expect(shown).toContain('"outcome":"succeeded"');
  });

  test.skipIf(!onLinux)("without USER, the record has the name that the system knows", async () => {
    using sandbox = new Sandbox();
    await hook(sandbox, "PreToolUse");
    expect((await onlyRecordOf(sandbox)).user).toBe(run("id", "-un").trim());
  });
});

describe("the client's idea of things", () => {
  test("tool ids that start again pair by occurrence", async () => {
    using sandbox = new Sandbox();
    for (const step of ["1", "2", "3"]) {
      const call = {
        tool_name: "Bash",
        tool_input: { command: `step ${step}` },
        tool_use_id: "Bash:0",
      };
      await hook(sandbox, "PreToolUse", call);
      await hook(sandbox, step === "3" ? "PostToolUseFailure" : "PostToolUse", {
        ...call,
        error: "no",
      });
    }
    const { timeline } = (await json(sandbox, "show")) as { timeline: { outcome: string }[] };
    expect(timeline.map(({ outcome }) => outcome)).toEqual(["succeeded", "succeeded", "failed"]);
  });

  test("calls of a client that sends no ids pair by their input", async () => {
    using sandbox = new Sandbox();
    const calls = ["a", "b"].map((command) => ({ tool_name: "Bash", tool_input: { command } }));
    for (const call of calls) await hook(sandbox, "PreToolUse", call);
    for (const call of calls.toReversed()) await hook(sandbox, "PostToolUse", call);
    const { timeline } = (await json(sandbox, "show")) as { timeline: { outcome: string }[] };
    expect(timeline.map(({ outcome }) => outcome)).toEqual(["succeeded", "succeeded"]);
  });

  test("project settings are those of the folder where the session starts", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.project}/packages/app`;
    mkdirSync(folder, { recursive: true });
    const start = { cwd: folder, env: { CLAUDE_PROJECT_DIR: undefined } };
    await runCli(sandbox, "install --scope project", start);
    expect(existsSync(`${folder}/.claude/settings.json`)).toBe(true);
    renameSync(`${folder}/.claude`, `${sandbox.project}/.claude`);
    expect((await failuresOf(sandbox, "Registration", start)).join()).toContain("not registered");
    write(`${folder}/.claude/settings.json`, '{"disableAllHooks":true}');
    expect((await failuresOf(sandbox, "Registration", start)).join()).toContain(
      "turns off all hooks",
    );
  });

  test.each([
    "<task-notification>\n<summary>done</summary>\n</task-notification>",
    '<agent-message from="reviewer">\nThe review is done.\n</agent-message>',
    '<cross-session-message from="x">hello</cross-session-message>',
    'Another Claude session sent a message:\n<teammate-message teammate_id="qa">done</teammate-message>',
    "<some-new-notification>soon</some-new-notification>",
    "<task-notification>\n<task-id>b1</task-id>\n</task-notification>\nRead the output file: /tmp/x",
    "<task-notification>\n<task-id>b1</task-id>\n</task-notification>\r\n\r\nRead the output file: /tmp/x",
    "[SYSTEM NOTIFICATION - NOT USER INPUT]\nThis is an automated event.\n<task-notification>\nx\n</task-notification>",
    "[SYSTEM NOTIFICATION]\n<task-notification>\nx\n</task-notification>\nRead /tmp/x",
  ])(
    "a message of another agent is no prompt of a person, and interrupts nothing: %j",
    async (prompt) => {
      using sandbox = new Sandbox();
      await hook(sandbox, "UserPromptSubmit", { prompt: "build it", prompt_id: "p1" });
      await hook(sandbox, "PreToolUse", { tool_name: "Bash", tool_use_id: "t1", prompt_id: "p1" });
      await hook(sandbox, "UserPromptSubmit", { prompt, prompt_id: "p2" });
      expect(await json(sandbox, "list")).toMatchObject([{ prompts: 1 }]);
      expect(JSON.stringify(await json(sandbox, "show"))).toContain('"outcome":"running"');
    },
  );
});

test.each([
  '<div class="a">x</div> is not centred. Why?',
  "<Button>Save</Button>",
  '<chat-message text="x"></chat-message> renders twice, why?',
  "<user-notification> does not close when I click it",
  "<toast-notification>Saved</toast-notification>\nOur toast element flickers. Fix it.",
  "<task-notification>x</task-notification> What is this?",
  "<task>Rename foo</task>",
  "[SYSTEM NOTIFICATION - NOT USER INPUT] is what I see. Where from?",
  "[SYSTEM NOTIFICATION - NOT USER INPUT]\nWhat does this line mean?",
  "[2026-11-23] ERROR\n<system-event>x</system-event>\nWhat is this?",
])("what a person writes about elements is a person's prompt: %j", async (prompt) => {
  using sandbox = new Sandbox();
  await hook(sandbox, "UserPromptSubmit", { prompt });
  expect(await json(sandbox, "list")).toMatchObject([{ prompts: 1 }]);
});

describe("not every secret-named variable holds a secret", () => {
  test("words and addresses stay in paths and commands, and doctor names what is masked", async () => {
    using sandbox = new Sandbox();
    const secret = `k${crypto.randomUUID()}`;
    const env = {
      ANTHROPIC_AUTH_TOKEN: "lmstudio",
      JIRA_PROJECT_KEY: "PLATFORM",
      GIT_SIGNING_KEY: "me@example.com",
      DEPLOY_API_KEY: secret,
    };
    const command = `cd lmstudio-plugin && echo PLATFORM me@example.com ${secret}`;
    await hook(sandbox, "PreToolUse", { tool_input: { command } }, env);
    expect((await onlyRecordOf(sandbox)).parameters).toEqual({
      command: "cd lmstudio-plugin && echo PLATFORM me@example.com [redacted:environment]",
    });
    const report = (await runCli(sandbox, "doctor", { env })).stdout;
    expect(report).toContain("DEPLOY_API_KEY");
    expect(report).not.toContain("JIRA_PROJECT_KEY");
  });
});

describe("scripts and terminals", () => {
  test.skipIf(!onLinux)("tail -f ends when its reader has", async () => {
    using sandbox = new Sandbox();
    await hook(sandbox, "PreToolUse");
    const line = `"${programPath("claude-session")}" tail -f | head -1`;
    const child = Bun.spawn(["sh", "-c", line], { env: sandbox.env(), stdout: "pipe" });
    expect(await child.stdout.text()).toContain("PreToolUse");
    await until(() => child.exitCode === 0);
  });

  // The archive is not one, so the installer stops right after the checksum: what came is what was sent.
  test.skipIf(!onLinux || !commandExists("curl")).each([
    ["the curl of snap, which cannot write below a hidden folder", ""],
    ["a .curlrc that adds headers to every file", "include\n"],
  ])("install.sh downloads with %s", async (_, curlrc) => {
    using sandbox = new Sandbox();
    const archive = new Uint8Array(100_000);
    const name = "claude-session-hooks-0.1.0-linux-x64.tar.xz";
    const sums = `${Bun.SHA256.hash(archive, "hex")}  ${name}\n`;
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ url }) => new Response(url.endsWith("SHA256SUMS") ? sums : archive),
    });
    write(
      `${sandbox.root}/bin/curl`,
      `#!/bin/sh\nprev=\nfor a; do\n  case $prev$a in -o*/.*) exit 23 ;; esac\n  prev=$a\ndone\nexec ${Bun.which("curl")} "$@"\n`,
    );
    chmodSync(`${sandbox.root}/bin/curl`, 0o755);
    if (curlrc !== "") write(`${sandbox.home}/.curlrc`, curlrc);
    const installer = `${import.meta.dir}/../../scripts/install.sh`;
    const PATH = `${curlrc === "" ? `${sandbox.root}/bin:` : ""}/usr/bin:/bin`;
    const child = Bun.spawn(["sh", installer, "--from", server.url.href], {
      env: { PATH, HOME: sandbox.home },
      stderr: "pipe",
    });
    const [code, printed] = [await child.exited, await child.stderr.text()];
    expect([code, printed]).toEqual([1, expect.stringContaining("could not read")]);
  });

  test("show at 40 columns has the name of the tool", async () => {
    using sandbox = new Sandbox();
    const call = {
      tool_name: "WebFetch",
      tool_input: { url: "https://example.com" },
      tool_use_id: "t",
    };
    await hook(sandbox, "UserPromptSubmit", { prompt: "look" });
    await hook(sandbox, "PreToolUse", call);
    await hook(sandbox, "PostToolUse", { ...call, duration_ms: 1234 });
    const { stdout } = await runCli(sandbox, "show", { env: { COLUMNS: "40" } });
    expect(stdout).toContain("✓ WebFetch https");
    for (const line of stdout.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(40);
  });

  test("stats and list have the same JSON without a log", async () => {
    using sandbox = new Sandbox();
    expect((await json(sandbox, "stats")).total.events).toBe(0);
    expect(await json(sandbox, "list")).toEqual([]);
    expect(await runCli(sandbox, "show --json")).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("addresses and answers as people and servers write them", () => {
  test.each([
    ["localhost:4000", "http://localhost:4000"],
    ["0.0.0.0:4000", "http://127.0.0.1:4000"],
    ["http://[::ffff:127.0.0.1]:4000", "http://[::ffff:127.0.0.1]:4000"],
  ])("--server %s is taken as %s", async (server, url) => {
    using sandbox = new Sandbox();
    expect((await runCli(sandbox, `install --server ${server}`)).code).toBe(0);
    const config = JSON.parse(read(`${sandbox.state}/config.json`)) as { destinations: object[] };
    expect(config.destinations).toMatchObject([{ url }]);
  });

  test("--server example.com:4000 is answered with the line to type", async () => {
    using sandbox = new Sandbox();
    const { code, stderr } = await runCli(sandbox, "install --server example.com:4000");
    expect(code).toBe(2);
    expect(stderr).toContain("https://example.com:4000");
  });

  test.each([
    ["201", () => new Response("Created", { status: 201 })],
    ["202", () => new Response(null, { status: 202 })],
    ["204", () => new Response(null, { status: 204 })],
    ["an id that is text", () => Response.json({ id: "evt_1" })],
    ["the event in data", () => Response.json({ success: true, data: { id: 5 } })],
    ["an eventId", () => Response.json({ success: true, eventId: "e5" })],
    ["an event_id", () => Response.json({ event_id: 5, status: "ok" })],
    ["the event in event", () => Response.json({ ok: true, event: { id: 5 } })],
    ["no error", () => Response.json({ error: null, errors: [] })],
  ])("an observability server that answers %s has stored the event", async (_, answer) => {
    using sandbox = new Sandbox();
    let requests = 0;
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        requests++;
        return answer();
      },
    });
    await hook(sandbox, "PreToolUse");
    const destination = { name: "server", type: "observability", url: server.url.href };
    write(`${sandbox.state}/config.json`, JSON.stringify({ destinations: [destination] }));
    expect((await runCli(sandbox, "forward --once")).code).toBe(0);
    expect((await runCli(sandbox, "forward --once")).code).toBe(0);
    expect(requests).toBe(1);
  });
});

describe("an observability server has not stored the event if it answers 200 with", () => {
  const page = { headers: { "Content-Type": "text/html" } };
  test.each([
    ["a web page", () => new Response("<!doctype html><title>Log in</title>", page), "URL correct"],
    ["text", () => new Response("Multi-Agent Observability Server"), "URL correct"],
    ["nothing", () => new Response(""), "URL correct"],
    ["a number", () => Response.json(5), "URL correct"],
    ["success: false", () => Response.json({ success: false, error: "locked" }), "locked"],
    ["ok: false", () => Response.json({ ok: false, id: 5 }), "200"],
    ["an error", () => Response.json({ error: "no such table" }), "no such table"],
    ["an error and an id", () => Response.json({ id: "r1", error: { code: 5 } }), "code"],
    ["errors", () => Response.json({ errors: [{ message: "down" }] }), "down"],
    ["status: error", () => Response.json({ status: "error", message: "full" }), "full"],
    ["status: 503", () => Response.json({ status: 503 }), "503"],
  ])("%s", async (_, answer, reason) => {
    using sandbox = new Sandbox();
    await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
    await hook(sandbox, "PreToolUse");
    const destination = { name: "server", type: "observability", url: server.url.href };
    write(`${sandbox.state}/config.json`, JSON.stringify({ destinations: [destination] }));
    const { code, stdout, stderr } = await runCli(sandbox, "forward --once");
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(reason)]);
  });

  test("but an error that is the event's own comes back with it", async () => {
    using sandbox = new Sandbox();
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => Response.json({ ...((await request.json()) as object), id: 5 }),
    });
    await hook(sandbox, "PostToolUseFailure", { tool_name: "Bash", error: "Exit code 1" });
    const destination = { name: "server", type: "observability", url: server.url.href };
    write(`${sandbox.state}/config.json`, JSON.stringify({ destinations: [destination] }));
    expect((await runCli(sandbox, "forward --once")).code).toBe(0);
  });
});

describe("projects by more than their folder's name", () => {
  test("worktrees of bare repositories have the repository in their names, and their pointers stay", async () => {
    using sandbox = new Sandbox();
    for (const [repository, gitdir] of [
      ["shop", `${sandbox.root}/work/shop/.bare`],
      // `git worktree add --relative-paths`
      ["blog", "../.bare"],
    ] as const) {
      const folder = `${sandbox.root}/work/${repository}/main`;
      mkdirSync(`${sandbox.root}/work/${repository}/.bare`, { recursive: true });
      write(`${folder}/.git`, `gitdir: ${gitdir}/worktrees/main\n`);
      await hook(sandbox, "SessionStart", {}, { CLAUDE_PROJECT_DIR: folder });
    }
    const records = await recordsOf(sandbox);
    expect(records.map(({ project }) => project)).toEqual(["shop/main", "blog/main"]);
    expect(statSync(`${sandbox.pointers}/claude_session_main`).isFile()).toBe(true);
  });

  test("folders in a home that is a repository itself have their own names", async () => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.home}/.git`);
    mkdirSync(`${sandbox.home}/notes`);
    await hook(sandbox, "SessionStart", {}, { CLAUDE_PROJECT_DIR: `${sandbox.home}/notes` });
    expect((await onlyRecordOf(sandbox)).project).toBe("notes");
  });

  test("also if HOME is a link, as where /home leads to /var/home", async () => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.home}/.git`);
    mkdirSync(`${sandbox.home}/notes`);
    symlinkSync(sandbox.home, `${sandbox.root}/link`);
    const env = { HOME: `${sandbox.root}/link`, CLAUDE_PROJECT_DIR: `${sandbox.home}/notes` };
    await hook(sandbox, "SessionStart", {}, env);
    expect((await onlyRecordOf(sandbox)).project).toBe("notes");
  });
});
