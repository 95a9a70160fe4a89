// Folders that are ours, and what in them is ours.
import { Fault, faultCode } from "./fault";
import { isOwn, isTemporaryName, removeStaleTemporary } from "./file";
import type { System } from "./syscalls";
import { system } from "./system";

/**
 * Makes sure of a private folder of our own: creates it and its parents with mode 0700, and takes
 * away what others may do in one that is ours already.
 *
 * @throws {Fault} where another user owns it or it is not a folder
 */
export function ensurePrivateFolder(path: string, by: System = system): void {
  let status = by.statusAt(path);
  if (status === undefined) {
    by.makeFolder(path, 0o700);
    status = by.statusAt(path);
  }
  // A link that we own is our user's own doing: people keep ~/.claude in a dotfiles repository.
  if (status?.kind === "link" && isOwn(status)) status = by.statusThroughLink(path);
  if (status?.kind !== "folder") throw new Fault("not a folder", path);
  if (!isOwn(status)) throw new Fault("another user's", path);
  // One that everybody writes to, such as /tmp, is nobody's to close.
  if ((status.mode & 0o1000) !== 0) throw new Fault("shared with others", path);
  if ((status.mode & 0o077) !== 0 && process.platform !== "win32") by.setFolderMode(path, 0o700);
}

/** A regular file of our own. */
export interface OwnFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Lists the regular files of our own in a folder whose names pass; an absent folder has none.
 *
 * @throws {Fault} where the folder cannot be read
 */
export function listOwn(
  folder: string,
  passes: (name: string) => boolean,
  by: System = system,
): OwnFile[] {
  const files: OwnFile[] = [];
  for (const name of namesIn(folder, by)) {
    if (!passes(name)) continue;
    const path = `${folder}/${name}`;
    if (isOwnFile(path, by)) files.push({ name, path });
  }
  return files;
}

/** Whether there is a regular file of our own. */
export function isOwnFile(path: string, by: System = system): boolean {
  const status = by.statusAt(path);
  return status?.kind === "file" && isOwn(status);
}

/** The names in a folder, in no order; an absent folder has none. */
export function namesIn(folder: string, by: System = system): string[] {
  try {
    return by.list(folder);
  } catch (error) {
    if (faultCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Removes from a folder the temp files of our own that killed programs left over an hour ago. */
export function sweepTemporaries(folder: string): void {
  try {
    for (const name of namesIn(folder))
      if (isTemporaryName(name)) removeStaleTemporary(`${folder}/${name}`, Date.now());
  } catch (error) {
    faultCode(error); // They do no harm, and the next sweep may do it.
  }
}
