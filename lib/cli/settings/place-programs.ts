// Puts the programs of a package or an archive into ~/.claude/hooks, as install.sh does: copied in large writes, tried
// before anything is replaced, renamed into place, and put back if one rename fails.
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { paths } from "../../environment";
import { HOOK_PROGRAMS, type HookProgramName } from "../../events";
import { faultCode } from "../../os/fault";
import { siblingProgram } from "../../os/paths";
import { CommandError } from "../command";
import {
  copyInLargeWrites,
  removeNote,
  separatePrograms,
  shareRuntime,
  wantsSeparate,
} from "./disk-form";
import { isOurFile } from "./own-programs";
import { trySelfTest } from "./program-state";

const COMMAND_LINE = "claude-session";
/** Any hook's file acts as every hook, by its name. */
const HOOK: HookProgramName = "session-event";

/** The folder where the installer puts the programs. */
export const USUAL_FOLDER = `${paths.claude}/hooks`;

/**
 * Copies the command line and the hooks next to it into a folder, in the form that the user wants there.
 *
 * @param own the command line to copy; of the hooks next to it, one is enough
 * @returns the path of the new command line
 * @throws {CommandError} if something else has one of the names, or a program does not work; nothing is replaced then
 */
export async function placePrograms(own: string, folder = USUAL_FOLDER): Promise<string> {
  const names = [COMMAND_LINE, ...HOOK_PROGRAMS];
  const target = (name: string) => siblingProgram(name, `${folder}/`);
  for (const name of names) assertOurs(target(name));
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const staged = mkdtempSync(`${folder}/.claude-session-hooks.`);
  try {
    const fresh = (name: string) => siblingProgram(name, `${staged}/`);
    copyInLargeWrites(own, fresh(COMMAND_LINE));
    copyInLargeWrites(siblingProgram(HOOK, own), fresh(HOOK));
    for (const name of HOOK_PROGRAMS) if (name !== HOOK) cloneOrLink(fresh(HOOK), fresh(name));
    for (const name of names) {
      const state = await trySelfTest(name, fresh(name));
      if (state.kind === "broken")
        throw new CommandError(
          `${name} does not work here: ${state.reason}. Nothing was replaced.`,
        );
    }
    replaceAll(names.map((name) => [fresh(name), target(name), `${staged}/old-${name}`]));
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
  const placed = target(COMMAND_LINE);
  // If this fails, the programs are unchanged and still work.
  await (wantsSeparate(placed) ? separatePrograms(placed) : shareRuntime(true, placed));
  return placed;
}

/**
 * Removes the programs from a folder, and the folder if it is empty then.
 *
 * @throws {CommandError} if something else has one of the names; nothing is removed then
 */
export function removePrograms(folder = USUAL_FOLDER): void {
  const files = [COMMAND_LINE, ...HOOK_PROGRAMS].map((name) => siblingProgram(name, `${folder}/`));
  for (const path of files)
    if (existsSync(path) && !isOurFile(path))
      throw new CommandError(`${path} is not ours; move it. No program was removed.`);
  try {
    for (const path of files) rmSync(path, { force: true });
    removeNote(folder);
    rmdirSync(folder);
  } catch (error) {
    const code = faultCode(error);
    if (code !== "ENOTEMPTY" && code !== "ENOENT")
      throw new CommandError(`the programs in ${folder} could not be removed (${code})`);
  }
}

/** The same rule as in install.sh: an existing file is never overwritten unless it is ours. */
function assertOurs(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  if (!existsSync(path) || !isOurFile(path))
    throw new CommandError(`${path} exists and is not ours; move it. Nothing was replaced.`);
}

/** `shareRuntime` makes whole clones of clones; a link stays. */
function cloneOrLink(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    faultCode(error); // This file system does not clone.
    rmSync(to, { force: true });
    linkSync(from, to);
  }
}

function replaceAll(moves: readonly (readonly [from: string, to: string, old: string])[]): void {
  const done: (() => void)[] = [];
  try {
    for (const [from, to, old] of moves) {
      const isThere = existsSync(to);
      if (isThere) {
        renameSync(to, old);
        done.push(() => renameSync(old, to));
      }
      renameSync(from, to);
      if (!isThere) done.push(() => rmSync(to));
    }
  } catch (error) {
    for (const undo of done.toReversed()) undo();
    throw new CommandError(
      `the programs could not be replaced (${faultCode(error)}); the old ones were restored`,
    );
  }
}
