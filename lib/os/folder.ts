// Private folders, and our own files in a folder.
import { Fault, faultCode } from "./fault";
import { isOwnedByUs, isTempFileName, removeStaleTempFile } from "./file";
import type { System } from "./syscalls";
import { system } from "./choose-syscalls";

// The sticky bit, which only folders that everyone may write to have.
const STICKY = 0o1000;

/**
 * Makes sure that our folder exists: creates it and its parents with mode 0700. An existing folder keeps its mode,
 * because it may be someone's home; our files in it are private, and doctor reports who else can look.
 *
 * @throws {Fault} if another user owns it or it is not a folder
 */
export function ensureOwnFolder(path: string, sys: System = system): void {
  let status = sys.statusAt(path);
  if (status === undefined) {
    sys.makeFolder(path, 0o700);
    status = sys.statusAt(path);
  }
  // A link that we own was made by our user: people keep ~/.claude in a dotfiles repository.
  if (status?.kind === "link" && isOwnedByUs(status)) status = sys.statusThroughLink(path);
  if (status?.kind !== "folder") throw new Fault("not a folder", path);
  if (!isOwnedByUs(status)) throw new Fault("another user's", path);
  // Everyone writes to a folder such as /tmp: closing it would break other programs.
  if ((status.mode & STICKY) !== 0) throw new Fault("shared with others", path);
}

/** One of our regular files. */
export interface OwnFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Lists our regular files in a folder whose names pass; a missing folder has none.
 *
 * @throws {Fault} if the folder cannot be read
 */
export function listOwnFiles(
  folder: string,
  passes: (name: string) => boolean,
  sys: System = system,
): OwnFile[] {
  const files: OwnFile[] = [];
  for (const name of namesIn(folder, sys)) {
    if (!passes(name)) continue;
    const path = `${folder}/${name}`;
    if (isOwnFile(path, sys)) files.push({ name, path });
  }
  return files;
}

/** Whether a path is one of our regular files. */
export function isOwnFile(path: string, sys: System = system): boolean {
  const status = sys.statusAt(path);
  return status?.kind === "file" && isOwnedByUs(status);
}

/** Lists the names in a folder, in no order; a missing folder has none. */
export function namesIn(folder: string, sys: System = system): string[] {
  try {
    return sys.list(folder);
  } catch (error) {
    if (faultCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Removes a folder's temp files that killed programs left over an hour ago. Never throws a fault. */
export function removeStaleTempFiles(folder: string): void {
  try {
    for (const name of namesIn(folder))
      if (isTempFileName(name)) removeStaleTempFile(`${folder}/${name}`, Date.now());
  } catch (error) {
    faultCode(error); // They are harmless, and the next call tries again.
  }
}
