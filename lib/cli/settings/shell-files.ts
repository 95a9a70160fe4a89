// Completions and the man page where shells and `man` look for files of a user: the places and the rules of install.sh.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { environment } from "../../environment";
import { faultCode } from "../../os/fault";
import { isAbsolute } from "../../os/paths";

/** The files below the data folder, and the command that prints each. */
const SHELL_FILES: readonly (readonly [path: string, ...words: string[]])[] = [
  ["bash-completion/completions/claude-session", "completions", "bash"],
  ["zsh/site-functions/_claude-session", "completions", "zsh"],
  ["fish/vendor_completions.d/claude-session.fish", "completions", "fish"],
  ["man/man1/claude-session.1", "man"],
];

/** What all of them mention. */
const MARKER = "claude-session-hooks";

/**
 * Writes the files. Without them everything works, so a failure ends nothing.
 *
 * @param program the command line that prints them
 * @returns the paths that could not be written
 */
export function placeShellFiles(program: string): string[] {
  const folder = dataFolder();
  if (folder === undefined) return [];
  const failed: string[] = [];
  for (const [name, ...words] of SHELL_FILES) {
    const path = `${folder}/${name}`;
    try {
      if (!isAbsentOrOurs(path)) continue;
      const { exitCode, stdout } = Bun.spawnSync([program, ...words], {
        env: { ...environment },
        stdin: "ignore",
        stderr: "ignore",
      });
      if (exitCode !== 0) {
        failed.push(path);
        continue;
      }
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, stdout, { mode: 0o644 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      faultCode(error); // A full or read-only disk, or a folder of another user.
      rmSync(`${path}.new`, { force: true });
      failed.push(path);
    }
  }
  return failed;
}

/** Removes the files that are ours, and the folders that are empty then. */
export function removeShellFiles(): void {
  const folder = dataFolder();
  if (folder === undefined) return;
  for (const [name] of SHELL_FILES) {
    const path = `${folder}/${name}`;
    try {
      if (existsSync(path) && isAbsentOrOurs(path)) rmSync(path);
    } catch (error) {
      faultCode(error); // As above: it stays.
    }
    removeEmptyFolders(dirname(path), folder);
  }
  const home = environment["HOME"];
  if (home !== undefined && folder === `${home}/.local/share`) removeEmptyFolders(folder, home);
}

/** Removes a folder, and those above it up to another, which stays, as long as they are empty. */
function removeEmptyFolders(path: string, end: string): void {
  try {
    for (let folder = path; folder.startsWith(`${end}/`); folder = dirname(folder))
      rmdirSync(folder);
  } catch (error) {
    faultCode(error); // Something else is in it, or it is not there.
  }
}

function dataFolder(): string | undefined {
  if (process.platform === "win32") return undefined;
  const { XDG_DATA_HOME: data, HOME: home } = environment;
  if (data !== undefined && isAbsolute(data, false)) return data.replace(/\/$/, "");
  return home !== undefined && isAbsolute(home, false) ? `${home}/.local/share` : undefined;
}

function isAbsentOrOurs(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return true;
  return status.isFile() && readFileSync(path, "utf8").includes(MARKER);
}
