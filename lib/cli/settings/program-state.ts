// The hook programs on the disk: where they are, and whether they work.
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { environment } from "../../environment";
import type { HookProgramName } from "../../events";
import { faultCode } from "../../os/fault";
import { siblingProgram } from "../../os/paths";

/** A program that passed its self-test, or why it cannot be registered, in words for a person. */
export type ProgramState = { readonly program: HookProgramName; readonly path: string } & SelfTest;

/** How a self-test ended. */
export type SelfTest =
  | { readonly kind: "working"; readonly version: string }
  | { readonly kind: "broken"; readonly reason: string };

// A self-test takes some 20 ms; the rest is for a cold disk and a virus scanner.
const SELF_TEST_MS = 10_000;

/**
 * Runs a program's self-test the way Claude Code starts the program: by its path, with nothing on stdin.
 * A program whose file or signature is broken would show an error on every event.
 */
export async function tryProgram(
  program: HookProgramName,
  path = siblingProgram(program),
): Promise<ProgramState> {
  return { program, path, ...(await trySelfTest(program, path)) };
}

/** The same for any of our programs. */
export async function trySelfTest(program: string, path: string): Promise<SelfTest> {
  const broken = (reason: string): SelfTest => ({ kind: "broken", reason });
  try {
    if (!statSync(path).isFile()) return broken("not a file");
    const child = Bun.spawn([path, "--self-test"], {
      env: selfTestEnvironment(),
      cwd: dirname(path),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: SELF_TEST_MS,
    });
    const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
    const version = new RegExp(`^${program} (\\S+)$`, "m").exec(output)?.[1];
    if (code === 0 && version !== undefined) return { kind: "working", version };
    const failed = /^fail {2}(.*)$/m.exec(output)?.[1];
    return broken(failed ?? `its self-test ended with ${child.signalCode ?? code}`);
  } catch (error) {
    const code = faultCode(error);
    return broken(code === "ENOENT" ? "missing" : code);
  }
}

// Variables that make the runtime do something other than run the program are left out.
function selfTestEnvironment(): Record<string, string> {
  const kept = ["PATH", "HOME", "USERPROFILE", "TEMP", "TMP", "SystemRoot"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
