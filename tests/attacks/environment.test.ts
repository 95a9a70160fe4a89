// Hostile environment variables: none runs code in a program, opens a connection, or moves our files.
// Only the system loader's variables and BUN_BE_BUN can, because the loader and the runtime obey them
// before any code of a program runs.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { onlyRecordOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { configure } from "../support/forwarder";

const SILENT = { code: 0, stdout: "", stderr: "" };
const SESSION = { session_id: "s" };

describe("a program runs no code that a variable names:", () => {
  // Where the runtime fails to start, Claude Code shows a notice, and doctor names the variable.
  test.each([
    ["BUN_OPTIONS", "--preload EVIL", "does not start"],
    ["BUN_OPTIONS", "--require EVIL", "does not start"],
    ["BUN_OPTIONS", "--import=EVIL", "does not start"],
    ["BUN_OPTIONS", "--config=EVIL.toml", "does not start"],
    ["BUN_OPTIONS", "--env-file=EVIL.env", "records"],
    ["BUN_INSPECT_PRELOAD", "EVIL", "does not start"],
    ["NODE_OPTIONS", "--require EVIL", "records"],
    ["NODE_PATH", "EVIL", "records"],
  ] as const)("%s=%s: it %s", async (name, value, effect) => {
    using sandbox = new Sandbox();
    const [evil, canary] = [`${sandbox.root}/evil.ts`, `${sandbox.root}/canary`];
    await Bun.write(evil, `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "ran");`);
    await Bun.write(`${evil}.toml`, `preload = [${JSON.stringify(evil)}]\n`);
    await Bun.write(`${evil}.env`, `CLAUDE_SESSION_HOME=${sandbox.root}/stolen\n`);
    const env = { [name]: value.replace("EVIL", evil) };
    const { code } = await runProgram("pre-tool-use", sandbox, SESSION, { env });
    expect({ ran: existsSync(canary), stole: existsSync(`${sandbox.root}/stolen`) }).toEqual({
      ran: false,
      stole: false,
    });
    expect(code).toBe(effect === "does not start" ? 1 : 0);
    expect(existsSync(sandbox.state)).toBe(effect === "records");
  });
});

describe("a hook opens no connection:", () => {
  test.each([
    ["BUN_INSPECT", ({ port }: Collector) => `127.0.0.1:${port}`],
    ["BUN_INSPECT_CONNECT_TO", ({ port }: Collector) => `ws://127.0.0.1:${port}`],
    ["BUN_INSPECT_NOTIFY", ({ url }: Collector) => url],
    ["HTTP_PROXY", ({ url }: Collector) => url],
    ["https_proxy", ({ url }: Collector) => url],
    ["ALL_PROXY", ({ url }: Collector) => url],
    ["BUN_CRASH_REPORT_URL", ({ url }: Collector) => url],
  ])("%s", async (name, valueFor) => {
    using sandbox = new Sandbox();
    await using listener = new Collector();
    const env = { [name]: valueFor(listener) };
    for (const program of ["session-start", "pre-tool-use", "session-end"])
      await runProgram(program, sandbox, SESSION, { env });
    expect(listener.connections).toBe(0);
  });

  test("delivery to loopback bypasses every proxy", async () => {
    using sandbox = new Sandbox();
    await using server = new Collector();
    await using proxy = new Collector();
    configure(sandbox, { name: "server", type: "observability", url: server.url });
    const env = Object.fromEntries(
      ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].map(
        (name) => [name, proxy.url],
      ),
    );
    // Without its own forwarder: one that this hook started would outlive the test.
    await runProgram("session-start", sandbox, SESSION, { env });
    await runCli(sandbox, "forward --once", { env });
    expect(server.ids).toEqual([(await onlyRecordOf(sandbox)).id]);
    expect(proxy.connections).toBe(0);
  });
});

describe("files stay where they belong", () => {
  test.each([
    ["without HOME", { HOME: undefined, CLAUDE_CONFIG_DIR: undefined }],
    ["with relative folders", { CLAUDE_SESSION_DIR: "pointers", CLAUDE_CONFIG_DIR: "config" }],
    ["with parent folders", { CLAUDE_SESSION_DIR: "../x", CLAUDE_PROJECT_DIR: "../../.." }],
    ["with another temp folder", { TMPDIR: "/nowhere", TEMP: "/nowhere", TMP: "/nowhere" }],
    ["with another runtime folder", { XDG_RUNTIME_DIR: "/nowhere", XDG_STATE_HOME: "/nowhere" }],
    ["with an unknown locale", { LC_ALL: "xx_XX.KOI8-R", LANG: "\u{FF}" }],
    ["with a user name that is a path", { USER: "../../etc/passwd\n\u001B[2J" }],
  ])("%s", async (_, env) => {
    using sandbox = new Sandbox();
    // A relative CLAUDE_SESSION_DIR is ignored and pointers go to /tmp, so use a program that stores none.
    const end = await runProgram("pre-tool-use", sandbox, SESSION, { env });
    expect(end).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
    expect(readdirSync(sandbox.project)).toEqual([".git"]);
  });
});
