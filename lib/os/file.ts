// The few safe file operations the rest is made of.
//
// Some of our paths lie in folders where anyone may plant something (`/tmp`), so nothing here
// follows a link, waits for a pipe, or trusts a file of another user: files are opened in a way that
// does neither, and then the open descriptor is judged, not the name. Bun's own file calls have no
// such way, follow links and overwrite in place (1.4.5).
import { Fault, faultCode } from "./fault";
import type { Status, System } from "./syscalls";
import { system } from "./system";

const NEWLINE = 0x0a;
// Windows has no user ids; there the profile folder's access list protects us.
const ownUserId = process.geteuid?.();

/** Whether our own user owns a file. */
export function isOwn({ userId }: Status): boolean {
  return ownUserId === undefined || userId === ownUserId;
}

/**
 * Opens a regular file of our own for reading. The caller closes the descriptor.
 *
 * @throws {Fault} where it is absent, a link, not a file, or not ours
 */
export function openOwn(path: string, by: System = system): { fd: number; size: number } {
  return openJudged(path, "read", by);
}

/**
 * Opens a regular file of our own for changes in place. The caller closes the descriptor.
 *
 * @throws {Fault} where it is absent, a link, not a file, or not ours
 */
export function openToUpdate(path: string): number {
  return openJudged(path, "update", system).fd;
}

/**
 * Reads a small text file of our own whole.
 *
 * @returns `undefined` where there is none
 * @throws {Fault} where it is a link, not a file, not ours, or larger than `maxBytes`
 */
export function readOwn(path: string, maxBytes: number, by: System = system): string | undefined {
  const bytes = readOwnBytes(path, maxBytes, by);
  return bytes && new TextDecoder().decode(bytes);
}

/** The same as bytes. */
export function readOwnBytes(
  path: string,
  maxBytes: number,
  by: System = system,
): Uint8Array | undefined {
  if (by.statusAt(path) === undefined) return undefined;
  const { fd, size } = openOwn(path, by);
  try {
    if (size > maxBytes) throw new Fault("too large", path);
    const buffer = new Uint8Array(size);
    return buffer.subarray(0, by.readAt(fd, buffer, 0));
  } finally {
    by.close(fd);
  }
}

/**
 * Replaces a file's whole content so that a reader sees the old bytes or the new ones, never a mix:
 * a private temp file in the same folder, then renamed. Not flushed to the disk.
 *
 * @param finish is given the new file once it is written, before it takes the old one's place
 * @throws {Fault} where it could not; the old file is then as it was
 */
export function replaceFile(
  path: string,
  content: string,
  by: System = system,
  finish?: (fd: number) => void,
): void {
  const temporary = temporaryPath(path);
  const fd = by.open(temporary, "create");
  try {
    try {
      writeAll(fd, content, by);
      finish?.(fd);
    } finally {
      by.close(fd);
    }
    by.replace(temporary, path);
  } catch (error) {
    removeFile(temporary, by);
    throw error;
  }
}

/**
 * Appends one line by one write, creating the file with mode 0600. If what is there does not end in
 * a newline, because a writer was killed or its disk was full, a newline comes first, so that the
 * torn line spoils only itself.
 *
 * @param line text without its newline
 * @returns the file's size before
 * @throws {Fault} where the file is not ours or the disk is full
 */
export function appendLine(path: string, line: string, by: System = system): number {
  const { fd, size, mode } = openJudged(path, "append", by);
  try {
    if ((mode & 0o077) !== 0 && ownUserId !== undefined) by.setMode(fd, 0o600);
    writeAll(fd, size > 0 && !endsInNewline(fd, size, by) ? `\n${line}\n` : `${line}\n`, by);
    return size;
  } finally {
    by.close(fd);
  }
}

/**
 * Opens a regular file of our own that may have to be made. The caller closes the descriptor.
 *
 * @throws {Fault} where it is a link, not a file, or not ours
 */
export function openToKeep(path: string): number {
  return openJudged(path, "append", system).fd;
}

/**
 * Sets a file's date to now, making the file if there is none. Its one byte is written over, which
 * a full disk allows, too.
 *
 * @throws {Fault} where it is a link, not a file, or not ours
 */
export function touchFile(path: string): void {
  const fd = system.statusAt(path) === undefined ? openToKeep(path) : openToUpdate(path);
  try {
    system.write(fd, new Uint8Array([NEWLINE]));
  } finally {
    system.close(fd);
  }
}

/** Removes a file and answers whether it was there. */
export function removeFile(path: string, by: System = system): boolean {
  try {
    by.unlink(path);
    return true;
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    return false;
  }
}

/** Removes a file of our own that was last written before a moment, and answers whether it did. */
export function removeOlder(path: string, beforeMs: number, by: System = system): boolean {
  const status = by.statusAt(path);
  if (status?.kind !== "file" || !isOwn(status) || status.modifiedMs >= beforeMs) return false;
  return removeFile(path, by);
}

/**
 * Removes a file of our own if its content passes. Between a look and an unlink another process may
 * have replaced the file, so it is first renamed aside, looked at there, and put back under its name
 * if it does not pass, unless a newer one has taken the name meanwhile.
 *
 * @returns whether a file was removed
 * @throws {Fault} where it could not be read or moved
 */
export function removeIf(
  path: string,
  maxBytes: number,
  passes: (content: string) => boolean,
  by: System = system,
): boolean {
  const content = readOwn(path, maxBytes, by);
  if (content === undefined || !passes(content)) return false;
  const aside = temporaryPath(path);
  if (!moveFile(path, aside, by)) return false;
  let removed = false;
  try {
    removed = passes(readOwn(aside, maxBytes, by) ?? "");
  } finally {
    if (!removed) putBack(aside, path, by);
    removeFile(aside, by);
  }
  return removed;
}

const TEMPORARY_PREFIX = ".claude_session_tmp_";
const MAX_TEMPORARY_AGE_MS = 3_600_000;

/** Whether a name is that of one of our temp files. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX);
}

/** Removes a temp file of our own that a killed program left over an hour ago, and answers whether it did. */
export function removeStaleTemporary(path: string, nowMs: number, by: System = system): boolean {
  return removeOlder(path, nowMs - MAX_TEMPORARY_AGE_MS, by);
}

// The name is short and independent of the target's, which may use all 255 bytes that a name can have.
function temporaryPath(target: string): string {
  const folder = target.slice(0, target.lastIndexOf("/") + 1);
  return `${folder}${TEMPORARY_PREFIX}${crypto.randomUUID()}`;
}

function openJudged(path: string, mode: "read" | "append" | "update", by: System) {
  const fd = by.open(path, mode);
  let fault: string | undefined;
  try {
    const status = by.statusOf(fd);
    fault = faultOf(status);
    if (fault === undefined) return { fd, size: status.size, mode: status.mode };
  } catch (error) {
    fault = faultCode(error);
  }
  by.close(fd);
  throw new Fault(fault, path);
}

function faultOf(status: Status): string | undefined {
  if (status.kind !== "file") return "not a regular file";
  if (!isOwn(status)) return "another user's";
  // A second name may have been made by somebody who wants us to write to the first. No name at all
  // is a file that was replaced since we opened it: whole, and ours.
  return status.names > 1 ? "has a second name" : undefined;
}

function endsInNewline(fd: number, size: number, by: System): boolean {
  const last = new Uint8Array(1);
  return by.readAt(fd, last, size - 1) === 1 && last[0] === NEWLINE;
}

/**
 * Writes a whole text. A regular file takes everything in one write unless the disk fills up; the next
 * write then fails.
 */
export function writeAll(fd: number, text: string, by: System = system): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;)
    written += by.write(fd, written === 0 ? bytes : bytes.subarray(written));
}

// Answers whether it was there: of two processes that remove the same file, one comes too late.
function moveFile(from: string, to: string, by: System): boolean {
  try {
    by.rename(from, to);
    return true;
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    return false;
  }
}

// A link, unlike a rename, leaves a newer file that has taken the name.
function putBack(aside: string, path: string, by: System): void {
  try {
    by.link(aside, path);
  } catch (error) {
    const code = faultCode(error);
    // A folder has no second name, and some disks know none.
    if (code !== "EEXIST" && code !== "ENOENT") by.rename(aside, path);
  }
}
