// A hostile environment: no variable but the system's own loader's, and BUN_BE_BUN, which the runtime
// itself obeys, runs code in a program, opens a connection, or moves what is kept.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { runCli, runProgram } from "../../scripts/harness/programs";
import { onlyRecordOf } from "../../scripts/harness/records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { configure } from "../support/forwarder";

const SILENT = { code: 0, stdout: "", stderr: "" };
const SESSION = { session_id: "s" };

describe("code in a variable is not run:", () => {
  // Where the runtime refuses to start, Claude Code shows a notice; doctor tells which variable it is.
  test.each([
    ["BUN_OPTIONS", (evil: string) => `--preload ${evil}`, "refused"],
    ["BUN_OPTIONS", (evil: string) => `--require ${evil}`, "refused"],
    ["BUN_OPTIONS", (evil: string) => `--import=${evil}`, "refused"],
    ["BUN_OPTIONS", (evil: string) => `--config=${evil}.toml`, "refused"],
    ["BUN_OPTIONS", (evil: string) => `--env-file=${evil}.env`, "recorded"],
    ["BUN_INSPECT_PRELOAD", (evil: string) => evil, "refused"],
    ["NODE_OPTIONS", (evil: string) => `--require ${evil}`, "recorded"],
    ["NODE_PATH", (evil: string) => evil, "recorded"],
  ] as const)("%s, %p", async (name, valueFor, outcome) => {
    using sandbox = new Sandbox();
    const [evil, canary] = [`${sandbox.root}/evil.ts`, `${sandbox.root}/canary`];
    await Bun.write(evil, `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "ran");`);
    await Bun.write(`${evil}.toml`, `preload = [${JSON.stringify(evil)}]\n`);
    await Bun.write(`${evil}.env`, `CLAUDE_SESSION_HOME=${sandbox.root}/stolen\n`);
    const env = { [name]: valueFor(evil) };
    const { code } = await runProgram("pre-tool-use", sandbox, SESSION, { env });
    expect({ ran: existsSync(canary), stole: existsSync(`${sandbox.root}/stolen`) }).toEqual({
      ran: false,
      stole: false,
    });
    expect(code).toBe(outcome === "refused" ? 1 : 0);
    expect(existsSync(sandbox.state)).toBe(outcome === "recorded");
  });
});

describe("a program connects to nobody:", () => {
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

  test("what is delivered to loopback goes by no proxy", async () => {
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

describe("what is kept stays where it is:", () => {
  test.each([
    ["without HOME", { HOME: undefined, CLAUDE_CONFIG_DIR: undefined }],
    ["with relative folders", { CLAUDE_SESSION_DIR: "pointers", CLAUDE_CONFIG_DIR: "config" }],
    ["with folders above", { CLAUDE_SESSION_DIR: "../x", CLAUDE_PROJECT_DIR: "../../.." }],
    ["with a temp folder elsewhere", { TMPDIR: "/nowhere", TEMP: "/nowhere", TMP: "/nowhere" }],
    [
      "with a runtime folder elsewhere",
      { XDG_RUNTIME_DIR: "/nowhere", XDG_STATE_HOME: "/nowhere" },
    ],
    ["with the locale of nowhere", { LC_ALL: "xx_XX.KOI8-R", LANG: "\u{FF}" }],
    ["with a user who is a path", { USER: "../../etc/passwd\n\u001B[2J" }],
  ])("%s", async (_, env) => {
    using sandbox = new Sandbox();
    // Where a relative folder is ignored, pointers are in /tmp, so this program stores none.
    const end = await runProgram("pre-tool-use", sandbox, SESSION, { env });
    expect(end).toMatchObject(SILENT);
    expect((await onlyRecordOf(sandbox)).session_id).toBe("s");
    expect(readdirSync(sandbox.project)).toEqual([".git"]);
  });
});
