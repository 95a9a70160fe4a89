// `install --link`: lets the programs share their disk space and their place in memory.
//
// All begin with the same 109 MB of runtime, but no two are the same file. So the hooks' own programs are
// replaced by second names of `claude-session`, which is whatever hook it is called as. Clones, of a file
// system that copies on write, would save as much, but only there, and each is read from the disk by itself
// (CONTRIBUTING.md has the figures).
import { linkSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { HOOK_PROGRAMS } from "../../events";
import { faultCode } from "../../os/fault";
import { programBeside } from "../../os/paths";
import { tryProgram } from "./programs";

/** What came of it. */
export type Linking =
  | { readonly savedBytes: number }
  /** Why the programs stay as they are, in words for a person. */
  | { readonly fault: string };

/**
 * Replaces each hook's program by a second name of `claude-session`, after trying it under that name. A
 * hook that is running goes on with its old file.
 */
export async function linkPrograms(own = programBeside("claude-session")): Promise<Linking> {
  const folder = dirname(own);
  const paths = HOOK_PROGRAMS.map((program) => programBeside(program, own));
  let temporary: string | undefined;
  try {
    const { ino, dev } = statSync(own);
    const separate = paths
      .map((path) => statSync(path))
      .filter((s) => s.ino !== ino || s.dev !== dev);
    temporary = mkdtempSync(`${folder}/.claude-session-hooks.`);
    for (const path of paths) linkSync(own, `${temporary}/${basename(path)}`);
    for (const program of HOOK_PROGRAMS) {
      const { fault } = await tryProgram(program, programBeside(program, `${temporary}/`));
      if (fault !== undefined)
        return { fault: `as a second name, ${program} does not work: ${fault}` };
    }
    for (const path of paths) renameSync(`${temporary}/${basename(path)}`, path);
    return { savedBytes: separate.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    return { fault: faultCode(error) };
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}
