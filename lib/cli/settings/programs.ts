// The hook programs: where they are, and whether they work.
import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { environment } from "../../environment";
import { HOOK_PROGRAMS, type HookProgramName } from "../../events";
import { faultCode } from "../../os/fault";
import { programBeside } from "../../os/paths";

/** The program that a command's last part names, whatever folder it is in. */
export function programOf(command: string): HookProgramName | undefined {
  const name = basename(command.replaceAll("\\", "/")).replace(/\.exe$/i, "");
  return HOOK_PROGRAMS.find((program) => program === name);
}

/** What was found of one program. */
export interface ProgramState {
  readonly program: HookProgramName;
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
  program: HookProgramName,
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
