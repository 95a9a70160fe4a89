// The few safe file operations that everything else is built on.
//
// Some of our paths are in folders where anyone can plant a file (`/tmp`), so nothing here follows a link,
// waits for a pipe, or trusts another user's file: a file is opened in a way that does neither, and then
// the open descriptor is checked, not the name. Bun's own file calls cannot open that way (1.4.5).
import { Fault, faultCode } from "./fault";
import type { FileStatus, System } from "./syscalls";
import { system } from "./choose-syscalls";

const NEWLINE = 0x0a;
const ROOT = 0;
/** The permission bits of everyone but the owner. */
const OTHERS = 0o077;
// Windows has no user ids; there the access list of the profile folder protects us.
const ownUserId = process.geteuid?.();

/** Whether the user we run as owns a file. */
export function isOwnedByUs({ userId }: Pick<FileStatus, "userId">): boolean {
  return ownUserId === undefined || userId === ownUserId;
}

/**
 * Opens one of our regular files for reading. The caller closes the descriptor.
 *
 * @throws {Fault} if it is missing, a link, not a file, or not ours
 */
export function openOwnFile(path: string, sys: System = system): { fd: number; size: number } {
  return openChecked(path, "read", sys);
}

/**
 * Opens one of our regular files to change it in place. The caller closes the descriptor.
 *
 * @throws {Fault} if it is missing, a link, not a file, or not ours
 */
export function openToUpdate(path: string): number {
  return openChecked(path, "update", system).fd;
}

/**
 * Opens one of our regular files, creating it if it is missing. The caller closes the descriptor.
 *
 * @throws {Fault} if it is a link, not a file, or not ours
 */
export function openOrCreate(path: string): number {
  return openChecked(path, "append", system).fd;
}

/**
 * Reads one of our small text files.
 *
 * @returns `undefined` if there is no such file
 * @throws {Fault} if it is a link, not a file, not ours, or larger than `maxBytes`
 */
export function readOwnFile(
  path: string,
  maxBytes: number,
  sys: System = system,
): string | undefined {
  return readDatedFile(path, maxBytes, sys)?.text;
}

/**
 * Reads a configuration file whole, as text. People keep theirs in a repository or have it made by Nix, so it
 * may be a link, have a second name, or belong to root.
 *
 * @returns `undefined` if the file does not exist
 * @throws {Fault} if it is not a regular file, another user's, a broken link, or larger than `maxBytes`
 */
export function readConfigFile(
  path: string,
  maxBytes: number,
  sys: System = system,
): string | undefined {
  const status = sys.statusAt(path);
  if (status === undefined) return undefined;
  // Another user's link, in a folder that is shared, could make us wait for a device.
  const isOurLink = status.kind === "link" && isOwnedByUs(status);
  const fd = sys.open(isOurLink ? sys.targetOf(path) : path, "read");
  try {
    const { kind, size, userId } = sys.statusOf(fd);
    if (kind !== "file") throw new Fault("not a regular file", path);
    if (userId !== ROOT && !isOwnedByUs({ userId })) throw new Fault("another user's", path);
    if (size > maxBytes) throw new Fault("too large", path);
    const buffer = new Uint8Array(size);
    return new TextDecoder().decode(buffer.subarray(0, sys.readAt(fd, buffer, 0)));
  } finally {
    sys.close(fd);
  }
}

/** The text of a file, and when it was written, in milliseconds since 1970 UTC. */
export interface DatedText {
  readonly text: string;
  readonly modifiedMs: number;
}

/** Like {@link readOwnFile}, but also returns the date of the very file that was read. */
export function readDatedFile(
  path: string,
  maxBytes: number,
  sys: System = system,
): DatedText | undefined {
  if (sys.statusAt(path) === undefined) return undefined;
  const { fd, size, modifiedMs } = openChecked(path, "read", sys);
  try {
    if (size > maxBytes) throw new Fault("too large", path);
    const buffer = new Uint8Array(size);
    const bytes = buffer.subarray(0, sys.readAt(fd, buffer, 0));
    return { text: new TextDecoder().decode(bytes), modifiedMs };
  } finally {
    sys.close(fd);
  }
}

/**
 * Replaces a file's whole content: writes a private temp file in the same folder, then renames it. A
 * reader sees the old bytes or the new ones, never a mix. Not flushed to the disk.
 *
 * @param onWritten called with the new file's descriptor before the rename
 * @throws {Fault} if that fails; the old file is then unchanged
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  sys: System = system,
  onWritten?: (fd: number) => void,
): void {
  const temp = tempPathFor(path);
  const fd = sys.open(temp, "create");
  try {
    try {
      writeAll(fd, content, sys);
      onWritten?.(fd);
    } finally {
      sys.close(fd);
    }
    sys.replace(temp, path);
  } catch (error) {
    removeFile(temp, sys);
    throw error;
  }
}

/**
 * Like {@link replaceFile}, but `Bun.write` writes the bytes. On Linux it has written less than 256 KiB when
 * it returns, so that there is nothing to wait for; on Windows it has not even begun (Bun 1.4.5).
 *
 * @throws {Fault} if that fails; the old file is then unchanged
 */
export async function replaceFileWithBun(
  path: string,
  content: string,
  sys: System = system,
): Promise<void> {
  const temp = tempPathFor(path);
  const fd = sys.open(temp, "create");
  try {
    try {
      const bytes = new TextEncoder().encode(content);
      const writing = Bun.write(Bun.file(fd), bytes);
      const peeked = Bun.peek(writing);
      const written = typeof peeked === "number" ? peeked : await writing;
      // Bun repeats a write that took only a part, but resolves early if one took nothing.
      if (written !== bytes.length) throw new Fault("short write", path);
    } finally {
      sys.close(fd);
    }
    sys.replace(temp, path);
  } catch (error) {
    removeFile(temp, sys);
    throw error;
  }
}

/**
 * Appends a line in one write, creating the file with mode 0600 if it is missing. If the file does not end
 * in a newline, because a writer was killed or its disk was full, a newline is written first: a torn line
 * then spoils no other.
 *
 * @param line text without its newline
 * @returns the file's size before, in bytes
 * @throws {Fault} if the file is not ours or the disk is full
 */
export function appendLine(path: string, line: string, sys: System = system): number {
  const { fd, size, mode } = openChecked(path, "append", sys);
  try {
    if ((mode & OTHERS) !== 0 && ownUserId !== undefined)
      ignoreMissingModes(() => sys.setMode(fd, 0o600));
    writeAll(fd, size > 0 && !endsInNewline(fd, size, sys) ? `\n${line}\n` : `${line}\n`, sys);
    return size;
  } finally {
    sys.close(fd);
  }
}

/**
 * Changes a mode, on a disk that may have none: FAT, CIFS and Windows' disks in WSL answer EPERM to the owner.
 * Recording does not need modes, so it goes on; doctor reports who can read the files.
 */
export function ignoreMissingModes(change: () => void): void {
  try {
    change();
  } catch (error) {
    const code = faultCode(error);
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
  }
}

/**
 * Sets a file's modification time to now, creating the file if it is missing. It overwrites the file's only
 * byte, which works on a full disk too.
 *
 * @throws {Fault} if it is a link, not a file, or not ours
 */
export function touchFile(path: string): void {
  overwriteFile(path, "\n");
}

/**
 * Writes a text over the beginning of a file, creating the file if it is missing. A killed program leaves no temp file, but
 * it can leave a mix of both texts. Use it only for texts of equal length for which a mix does no harm.
 *
 * @throws {Fault} if it is a link, not a file, or not ours, or the disk is full
 */
export function overwriteFile(path: string, content: string): void {
  const fd = system.statusAt(path) === undefined ? openOrCreate(path) : openToUpdate(path);
  try {
    writeAll(fd, content);
  } finally {
    system.close(fd);
  }
}

/** Removes a file, and returns whether it existed. */
export function removeFile(path: string, sys: System = system): boolean {
  try {
    sys.unlink(path);
    return true;
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    return false;
  }
}

/** Removes one of our files if it was last modified before `beforeMs`, and returns whether it did. */
export function removeOlder(path: string, beforeMs: number, sys: System = system): boolean {
  const status = sys.statusAt(path);
  if (status?.kind !== "file" || !isOwnedByUs(status) || status.modifiedMs >= beforeMs)
    return false;
  return removeFile(path, sys);
}

/**
 * Removes one of our files if its content passes a test. Another process may replace the file between the
 * test and the unlink, so the file is first renamed to a temp name and tested again there. If it no longer
 * passes, it is put back, unless a newer file has taken its name.
 *
 * @returns whether a file was removed
 * @throws {Fault} if the file could not be read or renamed
 */
export function removeIf(
  path: string,
  maxBytes: number,
  passes: (content: string, modifiedMs: number) => boolean,
  sys: System = system,
): boolean {
  const found = readDatedFile(path, maxBytes, sys);
  if (found === undefined || !passes(found.text, found.modifiedMs)) return false;
  const temp = tempPathFor(path);
  if (!moveFile(path, temp, sys)) return false;
  let removed = false;
  try {
    const moved = readDatedFile(temp, maxBytes, sys);
    removed = moved !== undefined && passes(moved.text, moved.modifiedMs);
  } finally {
    if (!removed) putBack(temp, path, sys);
    removeFile(temp, sys);
  }
  return removed;
}

const TEMP_PREFIX = ".claude_session_tmp_";
// Between creating and renaming a temp file a program needs milliseconds; an hour allows for a machine asleep.
const MAX_TEMP_AGE_MS = 3_600_000;

/** Whether a file name is that of one of our temp files. */
export function isTempFileName(name: string): boolean {
  return name.startsWith(TEMP_PREFIX);
}

/** Removes one of our temp files if it is over an hour old, left by a killed program; returns whether it did. */
export function removeStaleTempFile(path: string, nowMs: number, sys: System = system): boolean {
  return removeOlder(path, nowMs - MAX_TEMP_AGE_MS, sys);
}

// Short and independent of the target's name, which may use all 255 bytes that a name can have.
function tempPathFor(target: string): string {
  const folder = target.slice(0, target.lastIndexOf("/") + 1);
  return `${folder}${TEMP_PREFIX}${crypto.randomUUID()}`;
}

function openChecked(path: string, mode: "read" | "append" | "update", sys: System) {
  const fd = sys.open(path, mode);
  let fault: string | undefined;
  try {
    const status = sys.statusOf(fd);
    fault = faultOf(status);
    if (fault === undefined) return { fd, ...status };
  } catch (error) {
    fault = faultCode(error);
  }
  sys.close(fd);
  throw new Fault(fault, path);
}

function faultOf(status: FileStatus): string | undefined {
  if (status.kind !== "file") return "not a regular file";
  if (!isOwnedByUs(status)) return "another user's";
  // A second name may be another user's link to one of our files, planted so that we overwrite it. A file
  // without any name was replaced after we opened it: it is complete, and ours.
  return status.names > 1 ? "has a second name" : undefined;
}

function endsInNewline(fd: number, size: number, sys: System): boolean {
  const last = new Uint8Array(1);
  return sys.readAt(fd, last, size - 1) === 1 && last[0] === NEWLINE;
}

/** Writes everything. A regular file takes it in one write unless the disk fills up; then the next write throws. */
export function writeAll(fd: number, content: string | Uint8Array, sys: System = system): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let written = 0; written < bytes.length;)
    written += sys.write(fd, written === 0 ? bytes : bytes.subarray(written));
}

// Returns whether the file existed: if two processes remove the same file, one is too late.
function moveFile(from: string, to: string, sys: System): boolean {
  try {
    sys.rename(from, to);
    return true;
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    return false;
  }
}

// A link, unlike a rename, does not overwrite a newer file that has taken the name.
function putBack(temp: string, path: string, sys: System): void {
  try {
    sys.link(temp, path);
  } catch (error) {
    const code = faultCode(error);
    // A folder cannot have a second name, and some file systems have no second names.
    if (code !== "EEXIST" && code !== "ENOENT") sys.rename(temp, path);
  }
}
