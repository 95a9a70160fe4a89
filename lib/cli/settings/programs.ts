// The hook programs: which of them serves which event, where they are, and whether they work.
import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { environment } from "../../config";
import { faultCode } from "../../os/fault";
import { programBeside } from "../../os/paths";

/** The hook programs, as they are called. */
export const PROGRAMS = [
  "session-start",
  "session-end",
  "pre-tool-use",
  "post-tool-use",
  "session-event",
] as const;

/** One of them. */
export type Program = (typeof PROGRAMS)[number];

/** Events that every client knows: an old one refuses settings that name an event it does not. */
export const CORE_EVENTS = [
  "SessionStart",
  "SessionEnd",
  "UserPromptSubmit",
  "PreToolUse",
  "PostToolUse",
  "PostToolUseFailure",
  "Notification",
  "PermissionRequest",
  "Stop",
  "SubagentStart",
  "SubagentStop",
  "PreCompact",
] as const;

/** Every event that may be observed without harm. */
export const ALL_EVENTS = [
  ...CORE_EVENTS,
  "PostToolBatch",
  "UserPromptExpansion",
  "StopFailure",
  "PostCompact",
  "PostModelSwitch",
  "PermissionDenied",
  "TeammateIdle",
  "TaskCreated",
  "TaskCompleted",
  "Elicitation",
  "ElicitationResult",
  "ConfigChange",
  "InstructionsLoaded",
  "CwdChanged",
  "DirectoryAdded",
] as const;

/** Events on which a hook is more than an observer, and what it would do there. */
export const FORBIDDEN_EVENTS: Readonly<Record<string, string>> = {
  WorktreeCreate: "it would replace git's own worktrees",
  WorktreeRemove: "its failure would keep a worktree from being removed",
  PreModelSwitch: "a slow hook would block the switch",
  MessageDisplay: "every piece of an answer would wait for it",
  FileChanged: "its matcher would start file watchers",
  Setup: "it belongs to the setup of a project, not to a session",
};

/** The program that serves an event. */
export function programFor(event: string): Program {
  switch (event) {
    case "SessionStart":
      return "session-start";
    case "SessionEnd":
      return "session-end";
    case "PreToolUse":
      return "pre-tool-use";
    case "PostToolUse":
    case "PostToolUseFailure":
      return "post-tool-use";
    default:
      return "session-event";
  }
}

/** The program that a command's last part names, whatever folder it is in. */
export function programOf(command: string): Program | undefined {
  const name = basename(command.replaceAll("\\", "/")).replace(/\.exe$/i, "");
  return PROGRAMS.find((program) => program === name);
}

/** What was found of one program. */
export interface ProgramState {
  readonly program: Program;
  readonly path: string;
  readonly version?: string;
  /** Why it cannot be registered, in words for a person. */
  readonly fault?: string;
}

const SELF_TEST_MS = 10_000;

/**
 * Starts a program's own test, as Claude Code would start the program: by its path and with nothing
 * on stdin. A program whose signature or file is broken would fail loudly on every event.
 */
export async function tryProgram(
  program: Program,
  path = programBeside(program),
): Promise<ProgramState> {
  const state = { program, path };
  try {
    const status = statSync(path);
    if (!status.isFile()) return { ...state, fault: "not a file" };
    const child = Bun.spawn([path, "--self-test"], {
      env: plainEnvironment(),
      cwd: dirname(path),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: SELF_TEST_MS,
    });
    const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
    const version = new RegExp(`^${program} (\\S+)$`, "m").exec(output)?.[1];
    if (code === 0 && version !== undefined) return { ...state, version };
    const failed = /^fail {2}(.*)$/m.exec(output)?.[1];
    return { ...state, fault: failed ?? `its self-test ended with ${child.signalCode ?? code}` };
  } catch (error) {
    const code = faultCode(error);
    return { ...state, fault: code === "ENOENT" ? "missing" : code };
  }
}

// What could make the runtime do something else than run the program is left out.
function plainEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "SystemRoot"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
