// Folders for all users of a machine: everyone can enter them, and only root can change what is in them.
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CommandError } from "../command";

const OTHERS_WRITE = 0o022;

/**
 * Makes sure that a folder for all users exists, under any umask.
 *
 * @throws {CommandError} if anyone but root could replace it or what is in it
 */
export function ensureSharedFolder(path: string): void {
  if (!existsSync(path)) {
    if (dirname(path) !== path) ensureSharedFolder(dirname(path));
    mkdirSync(path);
    chmodSync(path, 0o755);
  }
  if (process.platform === "win32") return;
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, mode } = statSync(folder);
    if (uid !== 0 || (mode & OTHERS_WRITE) !== 0)
      throw new CommandError(
        `others than root can change ${folder}, and so what every user would run; make it root's first (chown root, chmod go-w). Nothing was registered.`,
      );
    if (dirname(folder) === folder) return;
  }
}
