// What a newcomer would do, in a temp folder that is gone afterwards: install the programs, let two
// real, captured Claude Code sessions run at once in one project, look at them, uninstall.
//
// usage: bun scripts/demo.ts
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { styleText } from "node:util";
import { readDays } from "../lib/log-reader";
import type { EventRecord } from "../lib/schema";
import { capturedPayload } from "../tests/support/payloads";
import { build, dist, isBuilt, programNames } from "./build";

// Session A works, and session B is resumed, compacted and cleared meanwhile; in the order in which
// the client sent each session's events. All of them are captured payloads.
const PLAY = [
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
// What somebody has in their settings already.
const SETTINGS = `{
  "model": "opus", // a comment that stays
  "hooks": {
    "Stop": [{ "hooks": [{ "type": "command", "command": "say done" }] }]
  }
}
`;

interface Played {
  readonly event: string;
  readonly sessionId: string;
  readonly ms: number;
}

const bold = (text: string) => styleText("bold", text);

if (!(await isBuilt())) {
  console.log("Building the programs first …");
  await build();
}
const stage = mkdtempSync(`${tmpdir()}/claude-session-hooks-demo-`);
try {
  process.exitCode = (await demo(stage)) ? 0 : 1;
} finally {
  rmSync(stage, { recursive: true });
}

async function demo(root: string): Promise<boolean> {
  const home = `${root}/home`;
  const programs = `${home}/.claude/hooks`;
  const settings = `${home}/.claude/settings.json`;
  const project = `${root}/shop`;
  const env = {
    PATH: "/usr/bin:/bin",
    HOME: home,
    USER: "you",
    TZ: process.env["TZ"] ?? "",
    COLUMNS: String(process.stdout.columns ?? 100),
    CLAUDE_SESSION_DIR: `${root}/tmp`,
    ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
  };
  for (const folder of [programs, `${project}/.git`, env.CLAUDE_SESSION_DIR])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of await programNames()) place(`${dist}/${name}`, `${programs}/${name}`);
  await Bun.write(settings, SETTINGS);

  step("Install", "the programs are in ~/.claude/hooks, and some settings are there already");
  run("install");

  step("Work", `${PLAY.length} events of two sessions, at once and in one project`);
  const commands = await registeredCommands(settings);
  const played: Played[] = [];
  let current = "";
  for (const line of PLAY) {
    // Just before the last session ends, the pointer names the session last spoken to.
    if (line === PLAY.at(-1)) current = output("id");
    played.push(await play(line, commands));
  }
  const took = played.map(({ ms }) => ms).toSorted((a, b) => a - b)[played.length >> 1] ?? 0;
  console.log(`Each start of a hook took ${took.toFixed(1)} ms (the median), and nobody saw it.`);
  console.log(`\n$ claude-session id\n${current}`);

  step("Look", "what happened");
  for (const line of ["list", "show 04e66903", "stats", "tail -n 3", "doctor"]) run(line);

  step("Uninstall", "the settings are what they were");
  run("uninstall");
  const isRestored = (await Bun.file(settings).text()) === SETTINGS;
  console.log(`settings.json has the bytes that it had before: ${isRestored ? "yes" : "NO"}`);

  const records = await recordsIn(`${home}/.claude/session-hooks/events`);
  const right = played.filter(
    ({ sessionId, event }, i) => records[i]?.session_id === sessionId && records[i].event === event,
  ).length;
  console.log(
    `${right} of ${PLAY.length} events are in the log with the session id of their own payload.`,
  );
  return isRestored && right === PLAY.length && records.length === PLAY.length;

  function output(line: string): string {
    const command = [`${programs}/claude-session`, ...line.split(" ")];
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env, cwd: project });
    if (exitCode !== 0 || stderr.length > 0)
      throw new Error(`claude-session ${line} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout.toString().replaceAll(home, "~").trimEnd();
  }

  function run(line: string): void {
    console.log(`\n${bold(`$ claude-session ${line}`)}\n${output(line)}`);
  }

  async function play(line: string, registered: ReadonlyMap<string, string[]>): Promise<Played> {
    const [label = "", name = ""] = line.split(" ");
    const { event, payload } = await capturedPayload(name);
    const command = registered.get(event);
    if (command === undefined) throw new Error(`nothing is registered for ${event}`);
    const sessionId = String(payload["session_id"]);
    const started = performance.now();
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
      stdin: new TextEncoder().encode(JSON.stringify(payload)),
      cwd: project,
      env: {
        ...env,
        CLAUDE_PROJECT_DIR: project,
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
}

function step(name: string, what: string): void {
  console.log(`\n${bold(`── ${name} ──`)} ${what}`);
}

// A second name costs nothing; where the disk has none, or is another, a copy.
function place(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** The command line of our hook for each event, as Claude Code reads it from the settings. */
async function registeredCommands(settings: string): Promise<Map<string, string[]>> {
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

async function recordsIn(events: string): Promise<EventRecord[]> {
  const records: EventRecord[] = [];
  for (const entry of readDays(events)) if (entry.kind === "record") records.push(entry.record);
  return records;
}
