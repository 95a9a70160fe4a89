// The few safe file operations the rest is made of.
//
// Some of our paths lie in folders where anyone may plant something (`/tmp`), so nothing here
// follows a link, blocks on a pipe, or trusts a file of another user: open with O_NOFOLLOW and
// O_NONBLOCK first, then judge the open descriptor. Bun's file APIs have no such options, follow
// links and overwrite in place (1.4.5), so opening and renaming is `node:fs`.
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
  type Stats,
} from "node:fs";

// Windows has neither flag and no user ids; there the profile folder's access list protects us.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
const READ = constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | O_NOFOLLOW | O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | O_NOFOLLOW;

const NEWLINE = 0x0a;
const ownUserId = process.geteuid?.();

/** Why an operation did not happen: a system error code such as `ENOSPC`, or what was wrong with the file. */
export class FileFault extends Error {
  constructor(
    readonly code: string,
    readonly path: string,
  ) {
    super(`${code}: ${path}`);
  }
}

/** Whether our own user owns it; always so on Windows. */
export function isOwn(stats: Stats): boolean {
  return ownUserId === undefined || stats.uid === ownUserId;
}

/** The code of a {@link FileFault} or a system error; what is neither is a bug and thrown on. */
export function faultCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  throw error;
}

/**
 * Opens a regular file of our own for reading. The caller closes the descriptor.
 *
 * @throws {FileFault} where it is absent, a link, not a file, or not ours
 */
export function openOwn(path: string): { fd: number; stats: Stats } {
  return judged(path, openSync(path, READ));
}

/**
 * Reads a small text file of our own whole.
 *
 * @returns `undefined` where there is none
 * @throws {FileFault} where it is a link, not a file, not ours, or larger than `maxBytes`
 */
export function readOwn(path: string, maxBytes: number): string | undefined {
  // Cheaper than the error of opening what is not there. A dangling link is not there either.
  if (!existsSync(path)) return undefined;
  const { fd, stats } = openOwn(path);
  try {
    if (stats.size > maxBytes) throw new FileFault("too large", path);
    const buffer = new Uint8Array(stats.size);
    const length = readSync(fd, buffer, 0, stats.size, 0);
    return new TextDecoder().decode(buffer.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces a file's whole content so that a reader sees the old bytes or the new ones, never a mix:
 * a private temp file in the same folder, then a rename. Not flushed to the disk.
 *
 * @throws {FileFault | Error} where it could not; the old file is then as it was
 */
export function replaceFile(path: string, content: string): void {
  const temp = temporaryPath(path);
  const fd = openSync(temp, CREATE, 0o600);
  try {
    try {
      writeAll(fd, new TextEncoder().encode(content));
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    removeFile(temp);
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
 * @throws {FileFault | Error} where the file is not ours or the disk is full
 */
export function appendLine(path: string, line: string): number {
  const { fd, stats } = judged(path, openSync(path, APPEND, 0o600));
  try {
    if ((stats.mode & 0o077) !== 0 && ownUserId !== undefined) fchmodSync(fd, 0o600);
    const torn = stats.size > 0 && lastByte(fd, stats.size) !== NEWLINE;
    writeAll(fd, new TextEncoder().encode(torn ? `\n${line}\n` : `${line}\n`));
    return stats.size;
  } finally {
    closeSync(fd);
  }
}

/**
 * Removes a file of our own if its content passes. Between a look and an unlink another process may have
 * replaced the file, so it is first renamed aside, looked at there, and put back under its name if
 * it does not pass, unless a newer one has taken the name meanwhile.
 *
 * @returns whether a file was removed
 * @throws {FileFault | Error} where it could not be read or moved
 */
export function removeIf(
  path: string,
  maxBytes: number,
  passes: (content: string) => boolean,
): boolean {
  const content = readOwn(path, maxBytes);
  if (content === undefined || !passes(content)) return false;
  const aside = temporaryPath(path);
  renameSync(path, aside);
  const removed = passes(readOwn(aside, maxBytes) ?? "");
  if (!removed) putBack(aside, path);
  removeFile(aside);
  return removed;
}

/** Removes a file and answers whether it was there. */
export function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (faultCode(error) !== "ENOENT") throw error;
    return false;
  }
}

/** Whether a name in a pointer or state folder is one of our temp files. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX);
}

const TEMPORARY_PREFIX = ".claude_session_tmp_";

// The name is short and independent of the target's, which may use all 255 bytes a name can have.
function temporaryPath(target: string): string {
  const folder = target.slice(0, target.lastIndexOf("/") + 1);
  return `${folder}${TEMPORARY_PREFIX}${crypto.randomUUID()}`;
}

function judged(path: string, fd: number): { fd: number; stats: Stats } {
  const stats = fstatSync(fd);
  // A second name for the same file may have been made by somebody who wants us to write there.
  // Zero names is a file that was replaced after we opened it: whole, and ours.
  const fault = !stats.isFile()
    ? "not a regular file"
    : !isOwn(stats)
      ? "another user's"
      : stats.nlink > 1
        ? "has a second name"
        : undefined;
  if (fault === undefined) return { fd, stats };
  closeSync(fd);
  throw new FileFault(fault, path);
}

function lastByte(fd: number, size: number): number | undefined {
  const byte = new Uint8Array(1);
  return readSync(fd, byte, 0, 1, size - 1) === 1 ? byte[0] : undefined;
}

// A regular file takes everything in one write unless the disk fills up; then the next write throws.
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; )
    written += writeSync(fd, bytes, written);
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (faultCode(error) !== "EEXIST") renameSync(aside, path);
  }
}
