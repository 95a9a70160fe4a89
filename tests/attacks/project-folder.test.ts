// A hostile project folder: its files run no code in a program and configure none, and the programs write
// nothing into it.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { programNames } from "../../scripts/build";
import { commandExists } from "../../scripts/harness/system-commands";
import { programPath, runCli, runProgram } from "../../scripts/harness/run-program";
import { entriesOf, onlyRecordOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { controlsIn } from "../support/terminal-output";

const SILENT = { code: 0, stdout: "", stderr: "" };
const programs = await programNames();

/** The code that the folder's author wants to run, and the folder that our files should move to. */
class Trap {
  readonly canary: string;
  readonly stolen: string;
  readonly code: string;
  readonly settings: string;

  constructor({ root }: Sandbox) {
    this.canary = `${root}/canary`;
    this.stolen = `${root}/stolen`;
    this.code = `require("node:fs").writeFileSync(${JSON.stringify(this.canary)}, "ran");`;
    const variables = {
      HOME: this.stolen,
      CLAUDE_CONFIG_DIR: this.stolen,
      CLAUDE_SESSION_HOME: this.stolen,
      CLAUDE_SESSION_DIR: this.stolen,
      CLAUDE_CODE_SESSION_ID: "evil-session",
      CLAUDE_PROJECT_DIR: "/",
      USER: "evil-user",
      HTTP_PROXY: "http://127.0.0.1:1",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      BUN_OPTIONS: "--preload ./evil.ts",
      BUN_INSPECT: "127.0.0.1:0",
      BUN_BE_BUN: "1",
    };
    this.settings = Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join("");
  }

  /** Every file that a runtime, a package manager or a compiler looks for. */
  get files(): Record<string, string> {
    const { code, settings } = this;
    return {
      "evil.ts": code,
      "bunfig.toml":
        'preload = ["./evil.ts"]\n[run]\nbun = true\n[test]\npreload = ["./evil.ts"]\n',
      ".bunfig.toml": 'preload = ["./evil.ts"]\n',
      ".env": settings,
      ".env.local": settings,
      ".env.development": settings,
      ".env.production": settings,
      ".env.test": settings,
      "package.json": '{"type":"commonjs","imports":{"bun:ffi":"./evil.ts"},"main":"./evil.ts"}',
      "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]},"baseUrl":"."}}',
      "jsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.ts"]},"baseUrl":"."}}',
      "index.ts": code,
      ...Object.fromEntries(
        ["node:fs", "fs", "bun:ffi", "bun", "zod", "citty", "ms", "diff"].flatMap((name) => [
          [`node_modules/${name}/index.js`, code],
          [`node_modules/${name}/package.json`, `{"name":"${name}","main":"index.js"}`],
        ]),
      ),
    };
  }

  /** Expects that no code ran and no file moved. */
  expectUntouched(): void {
    expect({ ran: existsSync(this.canary), stole: existsSync(this.stolen) }).toEqual({
      ran: false,
      stole: false,
    });
  }
}

describe("a folder with every file that a runtime looks for has no effect on", () => {
  test.each(programs.filter((name) => name !== "claude-session"))("%s", async (program) => {
    using sandbox = new Sandbox();
    const trap = await setTrap(sandbox);
    const before = namesIn(sandbox.project);
    expect(await runProgram(program, sandbox, {})).toMatchObject(SILENT);
    expect(await runProgram(program, sandbox, { session_id: "mine" })).toMatchObject(SILENT);
    trap.expectUntouched();
    expect(namesIn(sandbox.project)).toEqual(before);
    const records = await recordsOf(sandbox);
    expect(records.map(({ session_id }) => session_id)).toEqual(["unknown", "mine"]);
    for (const { user, project } of records) {
      expect(user).not.toBe("evil-user");
      expect(project).toBe("shop");
    }
  });

  test.each(["install --scope user", "doctor", "list", "tail", "stats", "id", "forward --once"])(
    "claude-session %s",
    async (words) => {
      using sandbox = new Sandbox();
      const trap = await setTrap(sandbox);
      const before = namesIn(sandbox.project);
      const { stdout, stderr } = await runCli(sandbox, words);
      expect(stdout + stderr).not.toMatch(/evil|Usage: bun/);
      trap.expectUntouched();
      expect(namesIn(sandbox.project)).toEqual(before);
    },
  );
});

test.each(Object.keys(new Trap({ root: "" } as Sandbox).files))(
  "a folder with %s alone has no effect",
  async (name) => {
    using sandbox = new Sandbox();
    const trap = await setTrap(sandbox, ["evil.ts", name]);
    expect(await runProgram("session-start", sandbox, {})).toMatchObject(SILENT);
    trap.expectUntouched();
    expect((await onlyRecordOf(sandbox)).session_id).toBe("unknown");
  },
);

const hasStrace = process.platform === "linux" && commandExists("strace");
test.skipIf(!hasStrace).each(programs)("%s opens no file of the folder", async (program) => {
  using sandbox = new Sandbox();
  await setTrap(sandbox);
  const trace = `${sandbox.root}/trace`;
  const child = Bun.spawn(
    ["strace", "-f", "-qq", "-y", "-e", "trace=openat,?open,execve", "-o", trace].concat(
      programPath(program),
      program === "claude-session" ? ["list"] : [],
    ),
    { env: sandbox.env(), cwd: sandbox.project, stdin: "ignore" },
  );
  expect(await child.exited).toBe(0);
  const opened = readFileSync(trace, "utf8")
    .split("\n")
    .flatMap((line) => /"([^"]*)"[^=]*= \d/.exec(line)?.[1] ?? []);
  expect(opened.length).toBeGreaterThan(3);
  const inside = opened.filter(
    (path) => !path.startsWith("/") || path.startsWith(`${sandbox.project}/`),
  );
  expect(inside).toEqual([]);
});

describe("a project folder is recorded like any other", () => {
  test.each([
    ["with a name full of escapes", "a\u001B[2J\nb"],
    ["with a name of 255 bytes", "n".repeat(255)],
    ["with a name outside ASCII", "läden"],
    ["named like an option", "--help"],
    ["named like a command", "$(touch canary)`touch canary`;touch canary"],
    ["named like a pointer", "claude_session_shop"],
    ["named like a parent folder", "..."],
    ["named like a prototype", "__proto__"],
  ])("%s", async (_, name) => {
    using sandbox = new Sandbox();
    const project = `${sandbox.root}/${name}`;
    mkdirSync(`${project}/.git`, { recursive: true });
    const start = { env: { CLAUDE_PROJECT_DIR: project }, cwd: project };
    await runProgram("session-start", sandbox, { session_id: "s" }, start);
    await runProgram("pre-tool-use", sandbox, {}, start);
    const [, tool] = entriesOf(sandbox);
    expect(tool).toMatchObject({ record: { project: name, session_id: "s" } });
    expect(readdirSync(project)).toEqual([".git"]);
    const { code, stdout } = await runCli(sandbox, "list --limit 0", start);
    expect(code).toBe(0);
    expect(controlsIn(stdout)).toEqual([]);
  });
});

test("a hook whose working folder was deleted records the event", async () => {
  using sandbox = new Sandbox();
  const gone = `${sandbox.root}/gone`;
  mkdirSync(gone);
  const ended = await runProgram(
    "pre-tool-use",
    sandbox,
    { session_id: "s" },
    {
      by: ["sh", "-c", 'rmdir ../gone && exec "$0"'],
      env: { CLAUDE_PROJECT_DIR: undefined },
      cwd: gone,
    },
  );
  expect(ended).toMatchObject(SILENT);
  expect(await onlyRecordOf(sandbox)).toMatchObject({ session_id: "s", project: "unknown" });
  expect(() => rmdirSync(gone)).toThrow();
});

/** Writes the files of a trap into the project folder: all of them, or those with these names. */
async function setTrap(sandbox: Sandbox, names?: readonly string[]): Promise<Trap> {
  const trap = new Trap(sandbox);
  for (const [name, content] of Object.entries(trap.files))
    if (names === undefined || names.includes(name))
      await Bun.write(`${sandbox.project}/${name}`, content);
  return trap;
}

function namesIn(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).toSorted();
}
