// Plays two real Claude Code sessions, at once and in one project, through the built programs, and
// shows what they kept. Everything happens in a temp folder.
//
// usage: bun scripts/demo.ts
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { styleText } from "node:util";
import { readDays } from "../lib/log";
import type { EventRecord } from "../lib/schema";
import { capturedPayload, programFor } from "../tests/support/payloads";
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
  "A variants/PreToolUse.Write",
  "B variants/SubagentStop.subagent.compaction",
  "A variants/PostToolUse.Write",
  "B variants/SessionStart.compact",
  "A variants/PreToolUse.Bash",
  "B PostCompact",
  "A PostToolUseFailure",
  "A SubagentStart",
  "B variants/SessionEnd.clear",
  "A SubagentStop",
  "A variants/UserPromptSubmit.tasknotification",
  "A Stop",
  "A SessionEnd",
];

interface Played {
  label: string;
  program: string;
  sessionId: string;
  event: string;
  ms: number;
}

const bold = (text: string) => styleText("bold", text);
const dim = (text: string) => styleText("dim", text);

if (!(await isBuilt())) {
  console.log("Building the programs first …");
  await build();
}
// The first start of a program after a build or a boot reads it from the disk, which takes 100 ms.
for (const name of await programNames())
  Bun.spawnSync([`${dist}/${name}`, "--version"], { env: {} });
const stage = mkdtempSync(`${tmpdir()}/claude-session-hooks-demo-`);
try {
  process.exitCode = (await demo(stage)) ? 0 : 1;
} finally {
  rmSync(stage, { recursive: true });
}

async function demo(root: string): Promise<boolean> {
  const project = `${root}/project`;
  const pointers = `${root}/tmp`;
  const state = `${root}/home/.claude/session-hooks`;
  for (const folder of [`${project}/.git`, pointers]) mkdirSync(folder, { recursive: true });

  console.log(`
${bold("Two Claude Code sessions at once, in one project")}
Claude Code starts a program on each of its events and hands it JSON on stdin. Here the captured
events of two real sessions, A and B, are played through the built programs.
`);
  const played: Played[] = [];
  let pointer = "";
  for (const line of PLAY) {
    const [label = "", name = ""] = line.split(" ");
    // Just before the last session ends, the pointer names the session last spoken to.
    if (line === PLAY.at(-1)) pointer = await Bun.file(`${pointers}/claude_session_project`).text();
    played.push({ label, ...(await play(name)) });
  }

  const records: EventRecord[] = [];
  for await (const entry of readDays(`${state}/events`))
    if (entry.kind === "record") records.push(entry.record);
  const right = played.filter(
    ({ sessionId, event }, i) => records[i]?.session_id === sessionId && records[i].event === event,
  ).length;

  console.log(bold("The log: every event, with the session it belongs to"));
  console.log(dim(row("time", "session", "id from", "event", "what", "program", "took")));
  for (const [i, record] of records.entries()) console.log(describe(record, played[i]));
  console.log(`
${right} of ${played.length} events are in the log with the session id of their own payload.

${bold("The pointer: which session the project is in, for any other program to read")}
${pointer.replace(/^/gm, "  ").trimEnd()}
${dim("  (as it stood before the last session ended, which takes it away)")}

${bold("One record, as it lies on the disk")} ${dim("(there in one line)")}
${JSON.stringify(records[2], undefined, 2).replace(/^/gm, "  ")}

${bold("On a real machine")}
  programs   ~/.claude/hooks/{${Array.from(new Set(played.map(({ program }) => program))).join(",")}}
  pointer    /tmp/claude_session_{project}
  log        ~/.claude/session-hooks/events/${records[0]?.timestamp.slice(0, 10)}.jsonl   ${modeOf(`${state}/events`)}
  problems   ~/.claude/session-hooks/hook-errors.log           ${(await Bun.file(`${state}/hook-errors.log`).exists()) ? "there were some" : "none in this demo"}
`);
  return right === PLAY.length && records.length === PLAY.length;

  async function play(name: string): Promise<Omit<Played, "label">> {
    const { event, payload } = await capturedPayload(name);
    const sessionId = String(payload["session_id"]);
    const program = programFor(event);
    const input = new TextEncoder().encode(JSON.stringify(payload));
    const started = performance.now();
    const { exitCode, stdout, stderr } = Bun.spawnSync([`${dist}/${program}`], {
      stdin: input,
      cwd: project,
      env: {
        PATH: "/usr/bin:/bin",
        HOME: `${root}/home`,
        USER: "you",
        CLAUDE_SESSION_DIR: pointers,
        CLAUDE_SESSION_HOME: state,
        CLAUDE_PROJECT_DIR: project,
        CLAUDE_CODE_SESSION_ID: sessionId,
      },
    });
    const ms = performance.now() - started;
    if (exitCode !== 0 || stdout.length + stderr.length > 0)
      throw new Error(`${program} ended with ${exitCode} and printed: ${stdout}${stderr}`);
    return { program, sessionId, event, ms };
  }
}

function describe(record: EventRecord, played: Played | undefined): string {
  const { source, prompt, agent_type, error, trigger, reason, last_assistant_message } =
    record.payload as Record<string, string | undefined>;
  const { file_path, command } = (record.parameters ?? {}) as Record<string, string | undefined>;
  const what = record.tool
    ? `${record.tool} ${error ?? file_path ?? command ?? ""}`
    : (prompt ??
      source ??
      reason ??
      trigger ??
      record.agent_type ??
      agent_type ??
      last_assistant_message ??
      "");
  return row(
    record.timestamp.slice(11, 23),
    `${played?.label} ${record.session_id.slice(0, 8)}`,
    record.session_id_source,
    record.event,
    what,
    played?.program ?? "",
    `${played?.ms.toFixed(1)} ms`,
  );
}

function row(...cells: string[]): string {
  const widths = [13, 11, 8, 19, 34, 14, 8];
  return `  ${cells.map((cell, i) => fit(cell, widths[i] ?? 0)).join(" ")}`.trimEnd();
}

function fit(text: string, width: number): string {
  const line = text.replace(/\s+/g, " ");
  return (line.length > width ? `${line.slice(0, width - 1)}…` : line).padEnd(width);
}

function modeOf(folder: string): string {
  return `(folder mode ${(statSync(folder).mode & 0o777).toString(8)})`;
}
