// How the programs are stored on disk. Each starts with the same 110 MB of runtime, so six files take 670 MB. If the file
// system can clone, they are clones of one file, and each program is still a separate file. Otherwise the five hooks are
// one file with five names. docs/performance.md has the cost of each form.
//
// Programs are rewritten in large writes: pages that came into the cache in small ones, as `tar` writes them, make
// every start of a hook slower by half (Linux 6.18, ext4).
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { HOOK_PROGRAMS, type HookProgramName } from "../../events";
import { faultCode } from "../../os/fault";
import { siblingProgram } from "../../os/paths";
import { tryProgram } from "./program-state";

/** A file for each program, clones of one file, or one file with five names and the command line. */
export type DiskForm = "separate" | "cloned" | "linked";

/** The result of a change; if nothing changed, with a reason for the user. */
export type FormResult =
  | { readonly kind: "done"; readonly form: DiskForm; readonly isNew: boolean }
  | { readonly kind: "failed"; readonly reason: string };

const COMMAND_LINE = "claude-session";
/** Whether the running command line can be replaced by a rename: Windows allows none. */
const isReplaceable = process.platform !== "win32";
const ALL_PROGRAMS = [COMMAND_LINE, ...HOOK_PROGRAMS] as const;
/** The hook whose file gets the other names. */
const LINKED_HOOK: HookProgramName = "session-event";
/**
 * A file next to the programs. It contains `separate`, if the user wants a file for each program (install.sh also reads
 * it), or `cloned` and the names of the clones, because a file does not show that it is one.
 */
const NOTE = ".claude-session-hooks.form";

/** Whether the user wants a file for each program in the folder of a program. */
export function wantsSeparate(own = siblingProgram(COMMAND_LINE)): boolean {
  return readNote(own) === "separate";
}

/** Remembers that the user wants a file for each program, or does not. */
export function rememberSeparate(wanted: boolean, own = siblingProgram(COMMAND_LINE)): void {
  if (wanted) writeNote("separate", own);
  else if (wantsSeparate(own)) rmSync(notePath(own));
}

function readNote(own: string): string {
  try {
    return readFileSync(notePath(own), "utf8");
  } catch (error) {
    faultCode(error); // There is none.
    return "";
  }
}

/** Removes the note next to the programs of a folder. */
export function removeNote(folder: string): void {
  rmSync(`${folder}/${NOTE}`, { force: true });
}

function writeNote(text: string, own: string): void {
  writeFileSync(notePath(own), text);
  // Programs for all users have a note for all users: their doctor reads it. The umask of root may be stricter.
  chmodSync(notePath(own), 0o644);
}

function notePath(own: string): string {
  return `${dirname(own)}/${NOTE}`;
}

/** Makes the programs share their runtime: as clones where the file system can, else, if asked to, as links. */
export function shareRuntime(
  mayLink: boolean,
  own = siblingProgram(COMMAND_LINE),
): Promise<FormResult> {
  const { form } = diskFormOf(own);
  if (form !== "separate") return Promise.resolve({ kind: "done", form, isNew: false });
  return inNewFolder(own, (folder) => {
    try {
      cloneInto(folder, own);
      return "cloned";
    } catch (error) {
      faultCode(error); // This file system does not clone.
      if (!mayLink) throw error;
    }
    linkInto(folder, own);
    return "linked";
  });
}

/** Makes each program a file of its own. */
export function separatePrograms(own = siblingProgram(COMMAND_LINE)): Promise<FormResult> {
  return inNewFolder(own, (folder) => {
    for (const name of isReplaceable ? ALL_PROGRAMS : HOOK_PROGRAMS)
      copyInLargeWrites(siblingProgram(name, own), siblingProgram(name, `${folder}/`));
    return "separate";
  });
}

/** How the programs are stored in the folder of one of them, and the size of their files, most of which clones share. */
export function diskFormOf(own = siblingProgram(COMMAND_LINE)): { form: DiskForm; bytes: number } {
  const sizes = new Map<string, number>();
  for (const name of ALL_PROGRAMS) {
    const status = statSync(siblingProgram(name, own), { throwIfNoEntry: false });
    if (status !== undefined) sizes.set(`${status.dev}:${status.ino}`, status.size);
  }
  const bytes = Array.from(sizes.values()).reduce((sum, size) => sum + size, 0);
  return { form: formOf(own), bytes };
}

function formOf(own: string): DiskForm {
  const [, ...hooks] = filesOf(own);
  if (hooks[0] !== "" && new Set(hooks).size === 1) return "linked";
  return readNote(own) === `cloned ${filesOf(own).join(" ")}` ? "cloned" : "separate";
}

/** What distinguishes each program's file from all others; empty if there is no file. */
function filesOf(own: string): string[] {
  return ALL_PROGRAMS.map((name) => {
    const status = statSync(siblingProgram(name, own), { throwIfNoEntry: false });
    return status === undefined ? "" : `${status.dev}:${status.ino}`;
  });
}

/** Fills a new folder next to the programs, tries what is in it, and renames each over the old program. */
async function inNewFolder(own: string, fill: (folder: string) => DiskForm): Promise<FormResult> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(`${dirname(own)}/.claude-session-hooks.`);
    const form = fill(folder);
    for (const name of HOOK_PROGRAMS) {
      const state = await tryProgram(name, siblingProgram(name, `${folder}/`));
      if (state.kind === "broken")
        return { kind: "failed", reason: `its new copy of ${name} does not work: ${state.reason}` };
    }
    for (const name of ALL_PROGRAMS) {
      const path = siblingProgram(name, `${folder}/`);
      if (existsSync(path)) renameSync(path, siblingProgram(name, own));
    }
    if (form === "cloned") writeNote(`cloned ${filesOf(own).join(" ")}`, own);
    return { kind: "done", form, isNew: true };
  } catch (error) {
    return { kind: "failed", reason: faultCode(error) };
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function linkInto(folder: string, own: string): void {
  const target = (name: string) => siblingProgram(name, `${folder}/`);
  if (isReplaceable) copyInLargeWrites(own, target(COMMAND_LINE));
  copyInLargeWrites(siblingProgram(LINKED_HOOK, own), target(LINKED_HOOK));
  for (const name of HOOK_PROGRAMS)
    if (name !== LINKED_HOOK) linkSync(target(LINKED_HOOK), target(name));
}

/** What file systems share between clones: blocks of this size, or multiples of it. */
const BLOCK_BYTES = 4096;
const CHUNK_BYTES = 1_048_576;

/** Each program is a clone of the first, in which the blocks that differ are overwritten. */
function cloneInto(folder: string, own: string): void {
  const target = (name: string) => siblingProgram(name, `${folder}/`);
  const first = target(COMMAND_LINE);
  // In case the file system does not clone, this finds out without copying.
  copyFileSync(own, target("clone"), constants.COPYFILE_FICLONE_FORCE);
  rmSync(target("clone"));
  copyInLargeWrites(own, first);
  for (const name of HOOK_PROGRAMS) {
    const wanted = siblingProgram(name, own);
    copyFileSync(first, target(name), constants.COPYFILE_FICLONE_FORCE);
    overwriteDifferences(wanted, target(name));
    chmodSync(target(name), 0o755);
    if (!isSame(wanted, target(name))) throw new Error(`${name}: the clone differs`);
  }
}

function overwriteDifferences(wanted: string, clone: string): void {
  using source = opened(wanted, "r");
  using copy = opened(clone, "r+");
  ftruncateSync(copy.fd, statSync(wanted).size);
  const [ours, theirs] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (let at = 0, size; (size = readSync(source.fd, ours, 0, CHUNK_BYTES, at)) > 0; at += size) {
    const read = readSync(copy.fd, theirs, 0, size, at);
    for (let begin = 0; begin < size; begin += BLOCK_BYTES) {
      const end = Math.min(begin + BLOCK_BYTES, size);
      if (end <= read && ours.compare(theirs, begin, end, begin, end) === 0) continue;
      writeSync(copy.fd, ours, begin, end - begin, at + begin);
    }
  }
}

function isSame(one: string, other: string): boolean {
  using first = opened(one, "r");
  using second = opened(other, "r");
  const [a, b] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (let at = 0; ; at += CHUNK_BYTES) {
    const size = readSync(first.fd, a, 0, CHUNK_BYTES, at);
    if (readSync(second.fd, b, 0, CHUNK_BYTES, at) !== size) return false;
    if (size === 0) return true;
    if (a.compare(b, 0, size, 0, size) !== 0) return false;
  }
}

/** Copies a program so that its pages come into the cache in large pieces. */
export function copyInLargeWrites(from: string, to: string): void {
  using source = opened(from, "r");
  using target = opened(to, "wx");
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let size; (size = readSync(source.fd, buffer)) > 0;)
    for (let written = 0; written < size;)
      written += writeSync(target.fd, buffer, written, size - written);
  chmodSync(to, 0o755);
}

function opened(path: string, flags: string): { readonly fd: number } & Disposable {
  const fd = openSync(path, flags);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}
