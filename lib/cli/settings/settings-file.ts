// A settings file of Claude Code on the disk: read, replaced as a whole, and backed up.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { paths } from "../../environment";
import { Fault, faultCode } from "../../os/fault";
import { ignoreMissingModes, isOwnedByUs, removeFile, replaceFile } from "../../os/file";
import { ensureOwnFolder, removeStaleTempFiles } from "../../os/folder";
import { system } from "../../os/choose-syscalls";
import { describeUser } from "../../os/user-name";
import { CommandError } from "../command";
import { registrations, SettingsError } from "./registrations";
import { replaceText, whyProtected, writeError } from "./replace-text";

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
 * Reads a settings file as Claude Code does: it follows links and does not check the owner.
 *
 * @throws {CommandError} if it cannot be read, or is not a regular file
 */
export function readSettings(path: string): SettingsFile {
  try {
    const target = followed(path);
    return { path, target, text: readText(target) };
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${faultCode(error)}`, { cause: error });
  }
}

/** Why a settings file cannot be written by us, in words for a person; `undefined` if it can. */
export function whyReadOnly({ path, target }: SettingsFile): string | undefined {
  const link = system.statusAt(path);
  // Another user's link would choose which of our files changes. Root's is a system's own configuration.
  if (link?.kind === "link" && link.userId !== 0 && !isOwnedByUs(link))
    return `the link belongs to ${describeUser(link.userId)}`;
  const status = system.statusAt(target);
  if (status !== undefined && !isOwnedByUs(status))
    return `it belongs to ${describeUser(status.userId)}`;
  const code = whyProtected(target);
  if (code !== undefined) return `it cannot be written: ${code}`;
  const folder = nearestFolder(target);
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return `${folder} cannot be written: ${faultCode(error)}`;
  }
}

/**
 * Stops a command that runs under sudo in another user's home: what it wrote there would be root's, and the
 * user could no longer read or change it.
 *
 * @throws {CommandError}
 */
export function assertNotSudo({ target }: SettingsFile): void {
  if (process.geteuid?.() !== 0) return;
  const folder = nearestFolder(target);
  const owner = statSync(folder).uid;
  if (owner !== 0)
    throw new CommandError(
      `${folder} belongs to ${describeUser(owner)}: run this as that user, without sudo`,
    );
}

function nearestFolder(path: string): string {
  let folder = dirname(path);
  // Where not even the root can be asked for, it is the answer all the same.
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/**
 * Replaces a settings file as a whole, flushed to the disk, with the mode that it had.
 *
 * @param newMode the mode of a file that is new
 * @throws {NotWritable} if the file may not be changed
 * @throws {CommandError} if that fails; the file is then unchanged
 */
export function writeSettings(file: SettingsFile, text: string, newMode = 0o600): void {
  const { path, target } = file;
  const mode = system.statusAt(target)?.mode ?? newMode;
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeError(path, error);
  }
  replaceText({ path, target, before: file.text, after: text }, (fd) =>
    ignoreMissingModes(() => fchmodSync(fd, mode)),
  );
}

/** Removes temp files that a killed install left next to the settings and in our folders. */
export function sweepLeftovers(file: SettingsFile): void {
  for (const folder of [dirname(file.target), dirname(backupPath(file)), paths.state])
    removeStaleTempFiles(folder);
}

/**
 * Removes a settings file that install made; one that is mounted by itself becomes empty.
 *
 * @throws {NotWritable} if the file may not be changed
 */
export function removeSettings(file: SettingsFile): void {
  try {
    removeFile(file.target);
  } catch (error) {
    if (faultCode(error) !== "EBUSY") throw writeError(file.path, error);
    writeSettings(file, EMPTY_SETTINGS);
  }
}

/** Settings that say nothing. */
export const EMPTY_SETTINGS = "{}\n";

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

/** The events of our entries whose commands also run something else, which are never changed. */
export function sharedEvents({ text = "" }: SettingsFile): string[] {
  const shared = registrations(text).filter(({ isShared }) => isShared);
  return [...new Set(shared.map(({ event }) => event))];
}

/** Where the backup of a settings file is: the settings without our entries. */
export function backupPath({ target }: SettingsFile): string {
  const hash = Bun.SHA256.hash(target, "hex").slice(0, 16);
  return `${paths.state}/backups/settings-${hash}.json`;
}

/** Saves the backup, flushed to the disk. */
export function keepBackup(file: SettingsFile, text: string): void {
  const path = backupPath(file);
  ensureOwnFolder(paths.state);
  ensureOwnFolder(dirname(path));
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
  if (system.statusAt(path) === undefined) return undefined;
  // Not to wait for the writer of a pipe.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw new Fault("not a regular file", path);
    if (status.size > MAX_BYTES) throw new Fault("too large", path);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(fd));
  } catch (error) {
    if (error instanceof TypeError) throw new Fault("not UTF-8", path);
    throw error;
  } finally {
    closeSync(fd);
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
