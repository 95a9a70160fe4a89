// The programs for Windows, as far as they can be tested elsewhere: their headers, and how they run under Wine,
// which is not Windows.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { build, dist, programNames } from "../../scripts/build";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { capturedPayload } from "../../scripts/harness/payloads";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";

// A start under Wine takes seconds on a busy machine.
setDefaultTimeout(300_000);

const tally = new Tally("Windows");
afterAll(() => tally.print());

const folder = `${dist}/windows-x64`;
await build(folder, { runtime: "bun-windows-x64" });
const names = await programNames();

// https://learn.microsoft.com/windows/win32/debug/pe-format
const SUBSYSTEMS = new Map([
  [2, "no console"],
  [3, "console"],
]);

test.each(names)("%s is a console program only if a person runs it", (name) => {
  const header = readFileSync(`${folder}/${name}.exe`).subarray(0, 1024);
  const start = header.readUInt32LE(0x3c);
  expect(header.toString("latin1", start, start + 4)).toBe("PE\0\0");
  const expected = name === "claude-session" ? "console" : "no console";
  expect(SUBSYSTEMS.get(header.readUInt16LE(start + 0x5c))).toBe(expected);
});

const WINE = "/usr/lib/wine/wine64";
const COMPILER = "x86_64-w64-mingw32-gcc";
const canRun = existsSync(WINE) && commandExists(COMPILER);
if (!canRun) tally.skip("running them: wine64 and gcc-mingw-w64-x86-64 are not installed");

/** Wine in a sandbox. */
class Wine implements Disposable {
  readonly sandbox = new Sandbox();
  readonly #env = {
    PATH: "/usr/bin:/bin",
    HOME: this.sandbox.home,
    WINEPREFIX: `${this.sandbox.root}/wine`,
    WINEDEBUG: "-all",
  };

  constructor() {
    const shim = `${import.meta.dir}/../fixtures/wine/bcryptprimitives.c`;
    run(COMPILER, "-shared", "-o", `${folder}/bcryptprimitives.dll`, shim, "-ladvapi32");
  }

  start(program: string, args: readonly string[], input?: string) {
    // Bun's runtime cannot read a pipe from outside Wine, only a file.
    const stdin = `${this.sandbox.root}/stdin`;
    writeFileSync(stdin, input ?? "");
    const { exitCode, stdout } = Bun.spawnSync([WINE, `${folder}/${program}.exe`, ...args], {
      env: this.#env,
      cwd: this.sandbox.project,
      stdin: Bun.file(stdin),
      stderr: "ignore",
    });
    return { code: exitCode, stdout: stdout.toString().replaceAll("\r\n", "\n") };
  }

  [Symbol.dispose](): void {
    Bun.spawnSync(["/usr/lib/wine/wineserver", "-k"], { env: this.#env });
    this.sandbox[Symbol.dispose]();
  }
}

describe.skipIf(!canRun)("under Wine", () => {
  test("they pass their self-tests, install, record, list and uninstall", async () => {
    using wine = new Wine();
    wine.start("claude-session", ["--version"]);
    for (const name of names) {
      const { code, stdout } = wine.start(name, ["--self-test"]);
      expect(stdout).toStartWith(`${name} ${manifest.version}\nok `);
      expect(code).toBe(0);
      tally.add("self-tests under Wine");
    }
    const installed = wine.start("claude-session", ["install"]);
    expect(installed.stdout).toStartWith("Installed into");
    for (const event of ["SessionStart", "PreToolUse", "PostToolUse", "SessionEnd"]) {
      const { payload } = await capturedPayload(event);
      const text = JSON.stringify({ ...payload, session_id: "of-windows" });
      const program = event.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
      expect(wine.start(program, [], text)).toEqual({ code: 0, stdout: "" });
      tally.add("events recorded under Wine");
    }
    expect(wine.start("claude-session", ["tail"]).stdout.match(/of-windo/g)).toHaveLength(4);
    expect(wine.start("claude-session", ["list", "--json"])).toEqual({
      code: 0,
      stdout: expect.stringContaining('"state": "ended"'),
    });
    const completions = wine.start("claude-session", ["completions", "powershell"]);
    expect(completions.stdout).toContain("Register-ArgumentCompleter");
    expect(wine.start("claude-session", ["man"]).stdout).toStartWith(".TH");
    // A program that runs cannot be removed: nothing changes.
    expect(wine.start("claude-session", ["uninstall", "--programs"])).toEqual({
      code: 1,
      stdout: "",
    });
    expect(wine.start("claude-session", ["uninstall"]).stdout).toStartWith("Uninstalled from");
  });
});
