// `install --link`: one file for all programs, to save disk space.
//
// Every program starts with the same 109 MB of runtime, but each is a file of its own. Linking replaces the
// hook programs with second names of `claude-session`, which acts as the hook that it is called as. Clones
// on a copy-on-write file system would save as much, but only there, and each is read from the disk by
// itself; docs/performance.md has the numbers.
import { linkSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { HOOK_PROGRAMS } from "../../events";
import { faultCode } from "../../os/fault";
import { siblingProgram } from "../../os/paths";
import { tryProgram } from "./program-state";

/** What came of it; the reason for separate files is in words for a person. */
export type LinkResult =
  | { readonly kind: "linked"; readonly savedBytes: number }
  | { readonly kind: "separate"; readonly reason: string };

/**
 * Replaces each hook program with a second name of `claude-session`, after a self-test under that name. A
 * running hook keeps its old file.
 */
export async function linkPrograms(own = siblingProgram("claude-session")): Promise<LinkResult> {
  const folder = dirname(own);
  const paths = HOOK_PROGRAMS.map((program) => siblingProgram(program, own));
  let temporary: string | undefined;
  try {
    const { ino, dev } = statSync(own);
    const separate = paths
      .map((path) => statSync(path))
      .filter((status) => status.ino !== ino || status.dev !== dev);
    temporary = mkdtempSync(`${folder}/.claude-session-hooks.`);
    for (const path of paths) linkSync(own, `${temporary}/${basename(path)}`);
    for (const program of HOOK_PROGRAMS) {
      const state = await tryProgram(program, siblingProgram(program, `${temporary}/`));
      if (state.kind === "broken")
        return {
          kind: "separate",
          reason: `as a second name, ${program} does not work: ${state.reason}`,
        };
    }
    for (const path of paths) renameSync(`${temporary}/${basename(path)}`, path);
    return { kind: "linked", savedBytes: separate.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    return { kind: "separate", reason: faultCode(error) };
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}
