// Finds the project that an event belongs to.
import { faultCode } from "./os/fault";
import { readOwnFile } from "./os/file";
import { isAbsolute, type Environment } from "./os/paths";
import { system } from "./os/choose-syscalls";
import { workingFolder } from "./os/working-folder";

// PATH_MAX of Linux. Every parent of a path is checked, which for a path of a megabyte takes minutes.
const MAX_PATH_LENGTH = 4096;

/** A project folder and its name. */
export interface Project {
  /** The last part of the folder, e.g. `shop`. */
  readonly name: string;
  /** Absolute; empty if no folder is known. */
  readonly folder: string;
  /** A name that says more, if the last part alone is that of many projects: `shop/main`. */
  readonly label?: string;
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
  const root = gitRoot(folder, isWindows);
  const project = projectAt(root ?? folder, isWindows);
  const label = root === undefined ? undefined : labelOf(root, folder, env, isWindows);
  return label === undefined ? project : { ...project, label };
}

// The pointer's name stays the last part of the folder, because hooks in Python compute it in this way.
function labelOf(
  root: string,
  start: string,
  env: Environment,
  isWindows: boolean,
): string | undefined {
  const lastPart = (path: string) => path.slice(lastSeparator(path, isWindows) + 1);
  // People keep dotfiles in a repository that is their home: everything in it would be one project.
  if (root === env["HOME"] && start !== root) return lastPart(start);
  const repository = bareRepository(root);
  if (repository === undefined) return undefined;
  // `shop.git`, or `shop/.bare`.
  const own = lastPart(repository).replace(/\.git$/, "");
  const name = own === "" || own.startsWith(".") ? lastPart(parent(repository, isWindows)) : own;
  return name === lastPart(root) ? undefined : `${name}/${lastPart(root)}`;
}

// A path and a few words: https://git-scm.com/docs/gitrepository-layout
const MAX_GIT_FILE_BYTES = 8192;

/** The bare repository that a folder is a worktree of; of an ordinary one, worktrees have telling names. */
function bareRepository(root: string): string | undefined {
  try {
    if (system.statusAt(`${root}/.git`)?.kind !== "file") return undefined;
    const text = readOwnFile(`${root}/.git`, MAX_GIT_FILE_BYTES) ?? "";
    const repository = /^gitdir: (.+)[\\/]worktrees[\\/][^\\/]+\s*$/.exec(text)?.[1];
    return repository === undefined || /[\\/]\.git$/.test(repository) ? undefined : repository;
  } catch (error) {
    faultCode(error); // A file that we cannot read gives no better name.
    return undefined;
  }
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
  const { posix, win32 } = process.getBuiltinModule("node:path");
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
