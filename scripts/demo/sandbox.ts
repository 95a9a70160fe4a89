// A made-up home for a demo, gone afterwards: the programs installed as a user has them, a project, and
// two captured Claude Code sessions to be played at once in it.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { styleText } from "node:util";
import { readDays } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import { build, isBuilt, placePrograms } from "../build";
import { capturedPayload } from "../harness/payloads";

/**
 * Session A works, and session B is resumed, compacted and cleared meanwhile; in the order in which
 * the client sent each session's events. All of them are captured payloads.
 */
export const PLAY: readonly string[] = [
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
// Claude Code's own process, of each session.
const PIDS: Readonly<Record<string, number>> = { A: 4101, B: 4102 };

/** An event that was handed to a hook, and how long the hook took. */
export interface Played {
  readonly event: string;
  readonly sessionId: string;
  readonly ms: number;
}

/** A home with the programs in it. */
export class Stage {
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

  /** Puts the programs in place, after building them if need be. */
  static async open(): Promise<Stage> {
    if (!(await isBuilt())) {
      console.log("Building the programs first …");
      await build();
    }
    const stage = new Stage();
    for (const folder of [`${stage.#project}/.git`, stage.#env.CLAUDE_SESSION_DIR])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    await placePrograms(stage.#programs);
    return stage;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }

  /** Says what comes next. */
  step(name: string, what: string): void {
    console.log(`\n${bold(`── ${name} ──`)} ${what}`);
  }

  /** What `claude-session` prints; that it fails is not expected. */
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

  /** Runs `claude-session`, and shows it. */
  run(line: string): void {
    console.log(`\n${bold(`$ claude-session ${line}`)}\n${this.output(line)}`);
  }

  /** Hands a captured event to the hook that the settings name for it, as Claude Code does. */
  async play(line: string): Promise<Played> {
    if (this.#commands.size === 0) this.#commands = await registeredCommands(this.settings);
    const [label = "", name = ""] = line.split(" ");
    const { event, payload } = await capturedPayload(name);
    const command = this.#commands.get(event);
    if (command === undefined) throw new Error(`nothing is registered for ${event}`);
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

  /** What the log has. */
  get records(): EventRecord[] {
    return Array.from(readDays(`${this.state}/events`)).flatMap((entry) =>
      entry.kind === "record" ? [entry.record] : [],
    );
  }
}

function bold(text: string): string {
  return styleText("bold", text);
}

/** The command line of our hook for each event, as Claude Code reads it from the settings. */
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
