// The folders and the disk that we write to.
import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { faultCode } from "../../../os/fault";
import { isOwnedByUs } from "../../../os/file";
import type { FileStatus } from "../../../os/syscalls";
import { system } from "../../../os/choose-syscalls";

/** A folder; without a status it does not exist. */
export interface FolderFacts {
  readonly path: string;
  readonly status?: FileStatus;
  /** Why it cannot be used or created: a system error code, or words. */
  readonly fault?: string;
}

/** Reads one of our private folders. A link is followed if it is our own. */
export function privateFolder(path: string): FolderFacts {
  return folderFacts(path, isOwnedByUs);
}

/** Reads a folder that may be shared, and that the system may have linked. */
export function sharedFolder(path: string): FolderFacts {
  return folderFacts(path, () => true);
}

/** What is left on a disk. */
export interface FreeSpace {
  readonly bytes: number;
  /** How many more files it takes; `undefined` if it has no such limit. */
  readonly files: number | undefined;
}

/** What is left on the disk of a path that may not exist yet; `undefined` if the system does not say. */
export function freeSpaceAt(path: string): FreeSpace | undefined {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(nearestExisting(path));
    return { bytes: bavail * bsize, files: files > 0 ? ffree : undefined };
  } catch (error) {
    faultCode(error); // The facts of the folder report it.
    return undefined;
  }
}

/** The status of a file; `undefined` if there is none, or none that we can see. */
export function statusIfSeen(path: string): FileStatus | undefined {
  try {
    return system.statusAt(path);
  } catch (error) {
    faultCode(error); // The facts of its folder report it.
    return undefined;
  }
}

function folderFacts(path: string, mayFollow: (link: FileStatus) => boolean): FolderFacts {
  let status: FileStatus | undefined;
  try {
    status = system.statusAt(path);
    if (status?.kind === "link" && mayFollow(status)) status = system.statusThroughLink(path);
    if (status === undefined) checkAccess(nearestExisting(path));
    else if (status.kind === "folder") checkAccess(path);
    return { path, ...(status && { status }) };
  } catch (error) {
    return { path, ...(status && { status }), fault: faultCode(error) };
  }
}

// The dot makes the check fail for a file.
function checkAccess(folder: string): void {
  accessSync(`${folder}/.`, constants.R_OK | constants.W_OK | constants.X_OK);
}

function nearestExisting(path: string): string {
  let folder = path;
  while (system.statusAt(folder) === undefined && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}
