// The folder in which this program was started. It may be gone, or its name may not be valid text.
import { isAbsolute } from "./paths";
import { system } from "./choose-syscalls";

/** The working folder; `undefined` if it was deleted, or if its name is not UTF-8: then what we see of it is another. */
export function workingFolder(): string | undefined {
  try {
    const folder = process.cwd();
    if (!folder.includes(UNREADABLE)) return folder;
    return system.statusAt(folder)?.inode === system.statusAt(".")?.inode ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** A path from the working folder, absolute; `undefined` if there is none. `node:path` would take some other folder. */
export function absolutePath(path: string): string | undefined {
  if (isAbsolute(path, process.platform === "win32")) return path;
  const folder = workingFolder();
  // Loading it costs 0.5 ms (Bun 1.4.5), and most scripts give an absolute path.
  return folder && process.getBuiltinModule("node:path").resolve(folder, path);
}

/**
 * Whether a path is what it seems: one whose name was not UTF-8 has a sign in place of each such byte, and leads
 * nowhere, or to another file.
 */
export function isWholePath(path: string): boolean {
  const at = path.lastIndexOf(UNREADABLE);
  if (at < 0) return true;
  const end = path.indexOf("/", at);
  return system.statusAt(end < 0 ? path : path.slice(0, end)) !== undefined;
}

// Stands for each byte that is not UTF-8.
const UNREADABLE = "\uFFFD";
