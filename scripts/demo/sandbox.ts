// A temporary home for the demo: the programs where a user has them, a project, and two captured Claude Code
// sessions to play in it.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { styleText } from "node:util";
import { readRecords } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import { build, isBuilt, placePrograms } from "../build";
import { capturedPayload } from "../harness/payloads";

/**
 * Captured payloads of two sessions: A works while B is resumed, compacted and cleared. The events of each
 * session are in the order in which Claude Code sent them.
 */
export const SCENARIO: readonly string[] = [
  "A SessionStart",
  "A UserPromptSubmit",
  "A PreToolUse",
  "B variants/SessionStart.resume",
  "A PostToolUse",
  "B PreCompact",
  "A variants/PreToolUse.Bash",
  "A variants/PreToolUse.Edit",
  "B variants/SubagentStop.subagent.compaction",
  "A variants/PostToolUse.Edit",
  "A variants/PostToolUse.Bash",
  "B variants/SessionStart.compact",
  "A PostToolUseFailure",
  "A variants/PreToolUse.Agent",
  "A variants/PostToolUse.Agent.async_launched",
  "A SubagentStart",
  "A variants/PreToolUse.subagent.Bash",
  "B variants/SessionEnd.clear",
  "A variants/PostToolUse.subagent.Bash",
  "A Stop",
  "A SubagentStop",
  "A variants/UserPromptSubmit.tasknotification",
  "A Stop",
  "A SessionEnd",
];
// The Claude Code process of each session.
const PIDS: Readonly<Record<string, number>> = { A: 4101, B: 4102 };

/** An event that a hook was started with, and how long the hook took. */
export interface Played {
  readonly event: string;
  readonly sessionId: string;
  readonly ms: number;
}

/** A home with the programs in it, removed on dispose. */
export class DemoSandbox implements Disposable {
  readonly root = mkdtempSync(`${tmpdir()}/claude-session-hooks-demo-`);
  readonly home = `${this.root}/home`;
  readonly settings = `${this.home}/.claude/settings.json`;
  readonly state = `${this.home}/.claude/session-hooks`;
  readonly #programs = `${this.home}/.claude/hooks`;
  readonly #project = `${this.root}/shop`;
  readonly #env = {
    PATH: "/usr/bin:/bin",
    HOME: this.home,
    USER: "you",
    TZ: process.env["TZ"] ?? "",
    COLUMNS: String(process.stdout.columns ?? 100),
    CLAUDE_SESSION_DIR: `${this.root}/tmp`,
    ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
  };
  #commands: ReadonlyMap<string, string[]> = new Map();

  /** Builds the programs if necessary, and puts them in place. */
  static async open(): Promise<DemoSandbox> {
    if (!(await isBuilt())) {
      console.log("Building the programs first …");
      await build();
    }
    const sandbox = new DemoSandbox();
    for (const folder of [`${sandbox.#project}/.git`, sandbox.#env.CLAUDE_SESSION_DIR])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    await placePrograms(sandbox.#programs);
    return sandbox;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }

  /** Prints the heading of the next step. */
  showStep(name: string, what: string): void {
    console.log(`\n${bold(`── ${name} ──`)} ${what}`);
  }

  /**
   * What `claude-session` prints, with `~` for the home.
   *
   * @throws {Error} if it fails or prints to stderr
   */
  output(line: string): string {
    const command = [`${this.#programs}/claude-session`, ...line.split(" ")];
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
      env: this.#env,
      cwd: this.#project,
    });
    if (exitCode !== 0 || stderr.length > 0)
      throw new Error(`claude-session ${line} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout.toString().replaceAll(this.home, "~").trimEnd();
  }

  /** Runs `claude-session`, and prints the command and its output. */
  show(line: string): void {
    console.log(`\n${bold(`$ claude-session ${line}`)}\n${this.output(line)}`);
  }

  /** The same as `show`, while this process goes on, because it is the server. */
  async showWhileServing(line: string): Promise<void> {
    const child = Bun.spawn([`${this.#programs}/claude-session`, ...line.split(" ")], {
      env: this.#env,
      cwd: this.#project,
      stderr: "pipe",
    });
    const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) !== 0)
      throw new Error(`claude-session ${line} ended with ${child.exitCode}: ${output}${errors}`);
    console.log(`\n${bold(`$ claude-session ${line}`)}\n${output.trimEnd()}`);
  }

  /** Starts the hook that the settings name for a captured event, as Claude Code does. */
  async play(line: string): Promise<Played> {
    if (this.#commands.size === 0) this.#commands = await registeredCommands(this.settings);
    const [label = "", name = ""] = line.split(" ");
    const { event, payload } = await capturedPayload(name);
    const command = this.#commands.get(event);
    if (command === undefined) throw new Error(`no hook is registered for ${event}`);
    const sessionId = String(payload["session_id"]);
    const started = performance.now();
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
      stdin: new TextEncoder().encode(JSON.stringify(payload)),
      cwd: this.#project,
      env: {
        ...this.#env,
        CLAUDE_PROJECT_DIR: this.#project,
        CLAUDE_CODE_SESSION_ID: sessionId,
        CLAUDE_PID: String(PIDS[label]),
      },
    });
    const ms = performance.now() - started;
    if (exitCode !== 0 || stdout.length + stderr.length > 0)
      throw new Error(
        `${command.join(" ")} ended with ${exitCode} and printed: ${stdout}${stderr}`,
      );
    return { event, sessionId, ms };
  }

  /** All records of the log. */
  get records(): EventRecord[] {
    return Array.from(readRecords(`${this.state}/events`)).flatMap((entry) =>
      entry.kind === "record" ? [entry.record] : [],
    );
  }
}

function bold(text: string): string {
  return styleText("bold", text);
}

/** The command of our hook for each event, as Claude Code reads it from the settings. */
export async function registeredCommands(settings: string): Promise<Map<string, string[]>> {
  const { hooks } = Bun.JSONC.parse(await Bun.file(settings).text()) as {
    hooks: Record<string, { hooks: { command: string; args?: string[] }[] }[]>;
  };
  return new Map(
    Object.entries(hooks).flatMap(([event, groups]) =>
      groups
        .flatMap((group) => group.hooks)
        .flatMap(({ command, args }) =>
          args === undefined ? [] : [[event, [command, ...args]] as const],
        ),
    ),
  );
}
