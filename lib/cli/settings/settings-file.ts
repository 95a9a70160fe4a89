// A settings file of Claude Code on the disk: read, replaced as a whole, and backed up.
import { fchmodSync, fsyncSync, mkdirSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { paths } from "../../environment";
import { Fault, faultCode } from "../../os/fault";
import { readOwnFileBytes, removeFile, replaceFile } from "../../os/file";
import { ensurePrivateFolder, removeStaleTempFiles } from "../../os/folder";
import { system } from "../../os/system";
import { CommandError } from "../command";
import { registrations, SettingsError } from "./registrations";

// Claude Code reads no larger file.
const MAX_BYTES = 2_097_152;

/** A settings file as it is on the disk. */
export interface SettingsFile {
  /** The path that a person knows. */
  readonly path: string;
  /** The file itself, if `path` is a link. */
  readonly target: string;
  /** `undefined` if there is no file. */
  readonly text: string | undefined;
}

/**
 * Reads a settings file.
 *
 * @throws {CommandError} if it is another user's, or not a regular file
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
 * Replaces a settings file as a whole, flushed to the disk, with the mode that it had.
 *
 * @throws {CommandError} if that fails; the file is then unchanged
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
    throw new CommandError(`${path} cannot be written: ${faultCode(error)}; it is unchanged`, {
      cause: error,
    });
  }
}

/** Removes temp files that a killed install left next to the settings and in our folders. */
export function sweepLeftovers(file: SettingsFile): void {
  for (const folder of [dirname(file.target), dirname(backupPath(file)), paths.state])
    removeStaleTempFiles(folder);
}

/** Removes a settings file that install made. */
export function removeSettings({ target }: SettingsFile): void {
  removeFile(target);
}

/**
 * The commands of our entries, by event.
 *
 * @throws {CommandError} if the file cannot be edited, with the line and column of the reason
 */
export function ownCommands({ path, text = "" }: SettingsFile): Map<string, string> {
  try {
    return new Map(registrations(text).map(({ event, command }) => [event, command]));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const { line, column, reason } = error;
    throw new CommandError(`${path}:${line}:${column}: ${reason}; it is unchanged`);
  }
}

/** Where the backup of a settings file is: the settings without our entries. */
export function backupPath({ target }: SettingsFile): string {
  const hash = Bun.SHA256.hash(target, "hex").slice(0, 16);
  return `${paths.state}/backups/settings-${hash}.json`;
}

/** Saves the backup, flushed to the disk. */
export function keepBackup(file: SettingsFile, text: string): void {
  const path = backupPath(file);
  ensurePrivateFolder(paths.state);
  ensurePrivateFolder(dirname(path));
  replaceFile(path, text, system, fsyncSync);
}

/** Reads the backup; `undefined` if there is none. */
export function readBackup(file: SettingsFile): string | undefined {
  return readText(backupPath(file));
}

/** Removes the backup. @returns whether there was one */
export function dropBackup(file: SettingsFile): boolean {
  return removeFile(backupPath(file));
}

// Uninstall restores every byte: a byte order mark is kept, and bytes that are not UTF-8 are an error.
function readText(path: string): string | undefined {
  const bytes = readOwnFileBytes(path, MAX_BYTES);
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault("not UTF-8", path);
  }
}

// People keep their settings in a repository and link to them. The link stays; its target may not
// exist yet.
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
