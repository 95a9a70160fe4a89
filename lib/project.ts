// Which project an event belongs to.
import { isAbsolute, type Environment } from "./os/paths";
import { system } from "./os/system";

// PATH_MAX of Linux. Of a longer one each parent would be asked for, which takes minutes at a megabyte.
const LONGEST_PATH = 4096;

/** A project folder and the name it goes by. */
export interface Project {
  /** Its folder's last part, e.g. `shop`. */
  readonly name: string;
  /** Absolute; empty where no folder is known. */
  readonly folder: string;
}

/**
 * Finds the project: the nearest folder upward that holds `.git`, a folder or a worktree's file,
 * else the start itself. The start is `CLAUDE_PROJECT_DIR`, else the payload's `cwd`, else ours.
 */
export function findProject(
  env: Environment,
  payloadCwd: unknown,
  platform: string = process.platform,
): Project {
  const windows = platform === "win32";
  const usable = (path: unknown) =>
    typeof path === "string" &&
    path.length <= LONGEST_PATH &&
    isAbsolute(path, windows) &&
    !path.includes("\0")
      ? path
      : undefined;
  const start = usable(env["CLAUDE_PROJECT_DIR"]) ?? usable(payloadCwd) ?? workingFolder();
  if (start === undefined) return projectAt("", windows);
  const folder = normalize(start, windows);
  return projectAt(gitRoot(folder, windows) ?? folder, windows);
}

/** Names a folder as a project, e.g. `/home/user/shop` is `shop`. */
export function projectAt(folder: string, windows = false): Project {
  const name = folder.slice(lastSeparator(folder, windows) + 1);
  return { name: name || (folder ? "root" : "unknown"), folder };
}

function gitRoot(start: string, windows: boolean): string | undefined {
  for (let folder = start; folder !== ""; folder = parent(folder, windows))
    if (exists(`${folder}/.git`)) return folder;
  return undefined;
}

// The last one is the root, `/` or `C:\`, and above that is none.
function parent(folder: string, windows: boolean): string {
  const root = windows && folder[1] === ":" ? 3 : 1;
  const end = lastSeparator(folder, windows);
  if (end >= root) return folder.slice(0, end);
  return folder.length > root ? folder.slice(0, root) : "";
}

function lastSeparator(path: string, windows: boolean): number {
  return Math.max(path.lastIndexOf("/"), windows ? path.lastIndexOf("\\") : -1);
}

// Claude Code sends clean paths; a person's own variable may hold `..` or end in a separator, and
// only for what may be such a path is `node:path` worth its half millisecond.
function normalize(path: string, windows: boolean): string {
  const isClean = !windows && !path.includes("/.") && !path.includes("//") && !path.endsWith("/");
  if (isClean) return path;
  const { posix, win32 } = require("node:path") as typeof import("node:path");
  return (windows ? win32 : posix).resolve(path);
}

function exists(path: string): boolean {
  try {
    return system.statusAt(path) !== undefined;
  } catch {
    // A folder that we may not look into, or a path too long, holds no repository of ours.
    return false;
  }
}

function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // The folder was deleted under us.
    return undefined;
  }
}
