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
  if (start !== root && isSameFolder(root, env["HOME"])) return lastPart(start);
  const repository = bareRepository(root, isWindows);
  if (repository === undefined) return undefined;
  // `shop.git`; in `shop/.bare`, `shop/bare.git` and `shop/.git`, the folder around it says more.
  const own = lastPart(repository).replace(/\.git$/, "");
  const isTelling = own !== "" && own !== "bare" && !own.startsWith(".");
  const name = isTelling ? own : lastPart(parent(repository, isWindows));
  return name === "" || name === lastPart(root) ? undefined : `${name}/${lastPart(root)}`;
}

/** Whether two paths are of one folder: a home may be reached by a link, and a person may set HOME to `/home//me/`. */
function isSameFolder(folder: string, other: string | undefined): boolean {
  if (other === undefined || other === "") return false;
  if (folder === other) return true;
  try {
    // The dot is looked for behind a link.
    const [one, two] = [system.statusAt(`${folder}/.`), system.statusAt(`${other}/.`)];
    return one !== undefined && one.inode === two?.inode && one.device === two.device;
  } catch (error) {
    faultCode(error); // A folder that we may not enter is not where we were started.
    return false;
  }
}

// A path and a few words: https://git-scm.com/docs/gitrepository-layout
const MAX_GIT_FILE_BYTES = 8192;
const MAX_CONFIG_BYTES = 65_536;

/** The bare repository that a folder is a worktree of; of an ordinary one, worktrees have telling names. */
function bareRepository(root: string, isWindows: boolean): string | undefined {
  try {
    if (system.statusAt(`${root}/.git`)?.kind !== "file") return undefined;
    const text = readOwnFile(`${root}/.git`, MAX_GIT_FILE_BYTES) ?? "";
    const written = /^gitdir: (.+)[\\/]worktrees[\\/][^\\/]+\s*$/.exec(text)?.[1];
    if (written === undefined) return undefined;
    const repository = isAbsolute(written, isWindows)
      ? normalize(written, isWindows)
      : fromFolder(root, written, isWindows);
    return !/[\\/]\.git$/.test(repository) || isBare(repository) ? repository : undefined;
  } catch (error) {
    faultCode(error); // A file that we cannot read gives no better name.
    return undefined;
  }
}

/** A relative path as git writes it, `../.bare`, from a folder. */
function fromFolder(folder: string, path: string, isWindows: boolean): string {
  const follow = (start: string) => {
    let at = start;
    for (const part of path.split(isWindows ? /[\\/]/ : "/"))
      if (part === "..") at = parent(at, isWindows);
      else if (part !== "." && part !== "") at = at.endsWith("/") ? at + part : `${at}/${part}`;
    return at;
  };
  const found = follow(folder);
  // The parent of a link is not that of the folder behind it.
  return exists(found) ? found : follow(system.targetOf(folder));
}

/** Whether a repository that is called `.git` has no worktree of its own: https://git-scm.com/docs/git-config */
function isBare(repository: string): boolean {
  const config = readOwnFile(`${repository}/config`, MAX_CONFIG_BYTES) ?? "";
  if (BARE.test(config)) return true;
  // With this extension, git keeps the setting in a file of its own.
  if (!/^\s*worktreeConfig\s*=\s*true\s*$/im.test(config)) return false;
  return BARE.test(readOwnFile(`${repository}/config.worktree`, MAX_CONFIG_BYTES) ?? "");
}

const BARE = /^\s*\[core\][^[]*?^\s*bare(?:\s*=\s*(?:true|yes|on|1))?\s*$/im;

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
