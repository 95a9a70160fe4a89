// What doctor looks at of folders and disks, and nothing in them.
import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { faultCode } from "../../../os/fault";
import { isOwn } from "../../../os/file";
import type { Status } from "../../../os/syscalls";
import { system } from "../../../os/system";

/** A folder, or the place for one: then there is no status. */
export interface FolderFacts {
  readonly path: string;
  readonly status?: Status;
  /** Why we cannot use it, or not make it, as a system error code or in words. */
  readonly fault?: string;
}

/** Looks at a private folder of ours. A link counts as what it leads to if it is our own. */
export function privateFolder(path: string): FolderFacts {
  return folderFacts(path, isOwn);
}

/** Looks at a folder that may be shared with others, and that the system itself may have linked. */
export function sharedFolder(path: string): FolderFacts {
  return folderFacts(path, () => true);
}

/** Free bytes on the disk that a path is on, or will be; `undefined` where nobody knows. */
export function freeBytesAt(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(nearestExisting(path));
    return bavail * bsize;
  } catch (error) {
    faultCode(error); // The folder's own facts say so.
    return undefined;
  }
}

/** The status of what has a name; `undefined` where nothing has, or nothing that we may see. */
export function statusIfSeen(path: string): Status | undefined {
  try {
    return system.statusAt(path);
  } catch (error) {
    faultCode(error); // Its folder's facts say so.
    return undefined;
  }
}

function folderFacts(path: string, mayFollow: (link: Status) => boolean): FolderFacts {
  let status: Status | undefined;
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

// The dot asks for a folder too: what is there may be a file.
function checkAccess(folder: string): void {
  accessSync(`${folder}/.`, constants.R_OK | constants.W_OK | constants.X_OK);
}

function nearestExisting(path: string): string {
  let folder = path;
  while (system.statusAt(folder) === undefined && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}
