// Finds the project that an event belongs to.
import { isAbsolute, type Environment } from "./os/paths";
import { system } from "./os/system";

// PATH_MAX of Linux. Every parent of a path is checked, which for a path of a megabyte takes minutes.
const MAX_PATH_LENGTH = 4096;

/** A project folder and its name. */
export interface Project {
  /** The last part of the folder, e.g. `shop`. */
  readonly name: string;
  /** Absolute; empty if no folder is known. */
  readonly folder: string;
}

/**
 * Finds the project: the nearest folder upward that holds `.git` (a folder, or a file in a worktree), else
 * the start itself. The start is `CLAUDE_PROJECT_DIR`, else the payload's `cwd`, else our working folder.
 */
export function findProject(
  env: Environment,
  payloadCwd: unknown,
  platform: string = process.platform,
): Project {
  const isWindows = platform === "win32";
  const usablePath = (path: unknown) =>
    typeof path === "string" &&
    path.length <= MAX_PATH_LENGTH &&
    isAbsolute(path, isWindows) &&
    !path.includes("\0")
      ? path
      : undefined;
  const start = usablePath(env["CLAUDE_PROJECT_DIR"]) ?? usablePath(payloadCwd) ?? workingFolder();
  if (start === undefined) return projectAt("", isWindows);
  const folder = normalize(start, isWindows);
  return projectAt(gitRoot(folder, isWindows) ?? folder, isWindows);
}

/** The project of a folder: `/home/user/shop` is called `shop`. */
export function projectAt(folder: string, isWindows = false): Project {
  const name = folder.slice(lastSeparator(folder, isWindows) + 1);
  return { name: name || (folder ? "root" : "unknown"), folder };
}

function gitRoot(start: string, isWindows: boolean): string | undefined {
  for (let folder = start; folder !== ""; folder = parent(folder, isWindows))
    if (exists(`${folder}/.git`)) return folder;
  return undefined;
}

// The parent folder; empty above the root, which is `/` or `C:\`.
function parent(folder: string, isWindows: boolean): string {
  const root = isWindows && folder[1] === ":" ? 3 : 1;
  const end = lastSeparator(folder, isWindows);
  if (end >= root) return folder.slice(0, end);
  return folder.length > root ? folder.slice(0, root) : "";
}

function lastSeparator(path: string, isWindows: boolean): number {
  return Math.max(path.lastIndexOf("/"), isWindows ? path.lastIndexOf("\\") : -1);
}

// Claude Code sends clean paths. A variable that a person set may hold `..` or end in a separator, and only
// then is `node:path` worth the half millisecond that it takes to load.
function normalize(path: string, isWindows: boolean): string {
  const isClean = !isWindows && !path.includes("/.") && !path.includes("//") && !path.endsWith("/");
  if (isClean) return path;
  const { posix, win32 } = require("node:path") as typeof import("node:path");
  return (isWindows ? win32 : posix).resolve(path);
}

function exists(path: string): boolean {
  try {
    return system.statusAt(path) !== undefined;
  } catch {
    // A folder that we may not read, or a path that is too long, is not our repository.
    return false;
  }
}

function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // The folder was deleted.
    return undefined;
  }
}
