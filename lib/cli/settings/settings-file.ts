// The `settings.json` on disk: found, read, replaced as a whole, and what it was before we came.
import { fchmodSync, fsyncSync, mkdirSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { environment, paths } from "../../environment";
import { Fault, faultCode } from "../../os/fault";
import { readOwnBytes, removeFile, replaceFile } from "../../os/file";
import { ensurePrivateFolder, sweepTemporaries } from "../../os/folder";
import { system } from "../../os/system";
import { findProject } from "../../project";
import { CommandError } from "../command";
import { registrations, SettingsError } from "./registrations";

/** Whose settings: the user's, or the project's that are shared or not. */
export type Scope = "user" | "project" | "local";

// Claude Code takes no more from a file.
const MAX_BYTES = 2_097_152;

/** Settings as they lie on the disk. */
export interface SettingsFile {
  /** As a person knows it. */
  readonly path: string;
  /** The file itself, where `path` is a link to it. */
  readonly target: string;
  /** `undefined` where there is no file. */
  readonly text: string | undefined;
}

/** Where the settings of a scope are. */
export function settingsPath(scope: Scope, file: string | undefined): string {
  if (file !== undefined) return resolve(file);
  // Our own folder lies in Claude Code's, unless a variable moved the one or the other.
  if (scope === "user") return `${paths.claude}/settings.json`;
  const { folder } = findProject(environment, undefined);
  if (folder === "") throw new CommandError("there is no project here: this folder is gone");
  return `${folder}/.claude/${scope === "local" ? "settings.local.json" : "settings.json"}`;
}

/**
 * Reads settings.
 *
 * @throws {CommandError} where they are another user's, or no file
 */
export function readSettings(path: string): SettingsFile {
  try {
    const target = followed(path);
    return { path, target, text: readText(target) };
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${faultCode(error)}`, { cause: error });
  }
}

/**
 * Replaces settings as a whole, flushed to the disk, with the mode that they had.
 *
 * @throws {CommandError} where that is not possible; the settings are then as they were
 */
export function writeSettings({ path, target }: SettingsFile, text: string): void {
  try {
    const mode = system.statusAt(target)?.mode ?? 0o600;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    replaceFile(target, text, system, (fd) => {
      fchmodSync(fd, mode);
      fsyncSync(fd);
    });
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${faultCode(error)}; it is as it was`, {
      cause: error,
    });
  }
}

/** Removes what an installation that was killed may have left, beside the settings and in our folders. */
export function sweepLeftovers(file: SettingsFile): void {
  for (const folder of [dirname(file.target), dirname(backupPath(file)), paths.state])
    sweepTemporaries(folder);
}

/** Removes settings that were not there before we came. */
export function removeSettings({ target }: SettingsFile): void {
  removeFile(target);
}

/**
 * Our hooks in settings: commands by event.
 *
 * @throws {CommandError} where they cannot be edited, saying where in the text the reason is
 */
export function ownCommands({ path, text = "" }: SettingsFile): Map<string, string> {
  try {
    return new Map(registrations(text).map(({ event, command }) => [event, command]));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const { line, column, reason } = error;
    throw new CommandError(`${path}:${line}:${column}: ${reason}; it is left as it is`);
  }
}

/** Where the settings are kept as they were without us. */
export function backupPath({ target }: SettingsFile): string {
  const hash = Bun.SHA256.hash(target, "hex").slice(0, 16);
  return `${paths.state}/backups/settings-${hash}.json`;
}

/** Keeps settings as they were without us. */
export function keepBackup(file: SettingsFile, text: string): void {
  const path = backupPath(file);
  ensurePrivateFolder(paths.state);
  ensurePrivateFolder(dirname(path));
  replaceFile(path, text, system, fsyncSync);
}

/** The settings as they were without us; `undefined` where there were none. */
export function readBackup(file: SettingsFile): string | undefined {
  return readText(backupPath(file));
}

/** Removes the backup, and answers whether there was one. */
export function dropBackup(file: SettingsFile): boolean {
  return removeFile(backupPath(file));
}

// Every byte comes back: a byte order mark stays, and what is not UTF-8 is not guessed at.
function readText(path: string): string | undefined {
  const bytes = readOwnBytes(path, MAX_BYTES);
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault("not UTF-8", path);
  }
}

// People keep their settings in a repository and link to them: the link stays, and so may its target
// be yet to come.
function followed(path: string): string {
  const status = system.statusAt(path);
  if (status?.kind !== "link") return path;
  try {
    return realpathSync(path);
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    const target = resolve(realpathSync(dirname(path)), readlinkSync(path));
    if (system.statusAt(target) !== undefined) throw new Fault("a chain of broken links", path);
    return target;
  }
}
