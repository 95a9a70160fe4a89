// Folders that are ours, and what in them is ours.
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { faultCode, FileFault, isOwn } from "./file";

/**
 * Makes sure of a private folder of our own: creates it and its parents with mode 0700, and takes
 * away what others may do in one that is ours already.
 *
 * @throws {FileFault | Error} where another user owns it or it is not a folder
 */
export function ensurePrivateFolder(path: string): void {
  let stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    stats = lstatSync(path);
  }
  // A link that we own is our user's own doing: people keep ~/.claude in a dotfiles repository.
  const target = stats.isSymbolicLink() && isOwn(stats) ? statSync(path) : stats;
  if (!target.isDirectory()) throw new FileFault("not a folder", path);
  if (!isOwn(target)) throw new FileFault("another user's", path);
  if ((target.mode & 0o077) !== 0 && process.platform !== "win32") chmodSync(path, 0o700);
}

/** A regular file of our own. */
export interface OwnFile {
  name: string;
  path: string;
  modifiedMs: number;
}

/**
 * Lists the regular files of our own in a folder whose names pass; an absent folder has none.
 *
 * @throws {Error} where the folder cannot be read
 */
export function listOwn(folder: string, passes: (name: string) => boolean): OwnFile[] {
  const files: OwnFile[] = [];
  for (const name of namesIn(folder)) {
    if (!passes(name)) continue;
    const path = `${folder}/${name}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() && isOwn(stats)) files.push({ name, path, modifiedMs: stats.mtimeMs });
  }
  return files;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (faultCode(error) === "ENOENT") return [];
    throw error;
  }
}
