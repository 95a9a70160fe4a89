// Folders for all users of a machine: everyone can enter them, and only root can change what is in them.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { CommandError } from "../command";

const OTHERS_WRITE = 0o022;
const OTHERS_ENTER = 0o001;
const OTHERS_LIST = 0o005;

/**
 * Makes sure that a folder for all users exists, under any umask. Nothing is created where anyone but root could
 * replace it.
 *
 * @throws {CommandError} if anyone but root could replace the folder or what is in it, or not everyone can enter it
 */
export function ensureSharedFolder(path: string): void {
  const missing: string[] = [];
  let nearest = path;
  for (; !existsSync(nearest); nearest = dirname(nearest)) missing.unshift(nearest);
  if (process.platform !== "win32") assertShared(nearest);
  for (const folder of missing) {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
}

function assertShared(path: string): void {
  const real = realpathSync(path);
  for (const [folder, { uid, mode }] of deciding(path)) {
    if (uid !== 0 || (mode & OTHERS_WRITE) !== 0)
      throw new CommandError(
        `users other than root can change ${folder}, and with it the programs that everyone runs; make it root's first (chown root, chmod go-w). Nothing was registered.`,
      );
    const needed = folder === real ? OTHERS_LIST : OTHERS_ENTER;
    if ((mode & needed) !== needed)
      throw new CommandError(
        `not every user can enter ${folder}; allow that first (chmod go+rx). Nothing was registered.`,
      );
  }
}

/**
 * All folders that decide what a path means: those that it is in, and where it goes through a link (as `/opt` of some
 * systems), those that the target is in. The link itself belongs to who can write to its folder.
 */
function deciding(path: string): Map<string, Stats> {
  const folders = new Map<string, Stats>();
  const pending = new Set([path]);
  // Entries added on the way are also visited.
  for (const at of pending) {
    const status = lstatSync(at);
    const above = dirname(at);
    if (status.isSymbolicLink()) pending.add(resolve(realpathSync(above), readlinkSync(at)));
    else folders.set(at, status);
    pending.add(above);
  }
  return folders;
}
