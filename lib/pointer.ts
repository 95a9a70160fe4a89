// The pointer file: its names, its format, and how long it is current.
//
// Its content is `session_id\ntimestamp\n`, with a local timestamp without zone, as Python's
// `datetime.isoformat()` writes it, and its name `claude_session_{project name}`: existing hooks in Python
// read and write this file. Two projects may share a name, so the same content is also kept under
// `claude_session_{project name}-{hash of the folder}`, which is read first.
import { byteLength } from "./os/byte-length";
import { faultCode } from "./os/fault";
import { isTempFileName, readDatedFile } from "./os/file";
import { formatLocalTime, parseLocalTime } from "./os/local-time";
import type { Project } from "./project";
import { validSessionId } from "./session-id";

/** What a pointer file says. */
export interface Pointer {
  readonly id: string;
  /** Milliseconds since 1970 UTC. */
  readonly writtenMs: number;
}

/** Larger files are not pointers: the longest valid one has 160 bytes, and this is one page. */
export const MAX_POINTER_BYTES = 4096;

const HOUR_MS = 3_600_000;
/** Hooks in Python count a pointer for 24 hours, so we do too. */
const MAX_AGE_MS = 24 * HOUR_MS;
/** How far ahead a timestamp may be, because clocks are set back: at most two hours, from double summer time. */
const MAX_AHEAD_MS = 2 * HOUR_MS;
const PREFIX = "claude_session_";
/** NAME_MAX of Linux, macOS and Windows file systems. */
const MAX_NAME_BYTES = 255;
/** 64 bits of SHA-256: the folders of one user do not collide by chance. */
const HASH_DIGITS = 16;

/** The content of a pointer file. */
export function formatPointer(sessionId: string, writtenMs: number): string {
  return `${sessionId}\n${formatLocalTime(writtenMs)}\n`;
}

/**
 * Parses the content of a pointer file.
 *
 * @param modifiedMs the file's own date, which tells when a process in another time zone wrote it
 * @returns `undefined` if it is not a pointer
 */
export function parsePointer(content: string, modifiedMs?: number): Pointer | undefined {
  // Python on Windows writes `\r\n`.
  const [, first, second = ""] = /^(\S+)\r?\n(\S+)\r?\n?$/.exec(content) ?? [];
  const id = validSessionId(first);
  const localMs = parseLocalTime(second);
  if (id === undefined || localMs === undefined) return undefined;
  return { id, writtenMs: isOtherZone(localMs, modifiedMs) ? modifiedMs : localMs };
}

const QUARTER_MS = 15 * 60_000;
/** Between the clock that the timestamp was read from and the write. */
const WRITE_MS = 5000;
/** From UTC-12 to UTC+14. */
const MAX_ZONES_APART_MS = 26 * HOUR_MS;

/**
 * Whether a timestamp differs from its file's date because the writer was in another time zone: by no more than
 * zones do, and by a multiple of a quarter of an hour, as all offsets from UTC are. A day or more behind, it is taken
 * as expired, as Python's hooks do: no id is better than a wrong one.
 */
function isOtherZone(localMs: number, modifiedMs: number | undefined): modifiedMs is number {
  if (modifiedMs === undefined) return false;
  const aheadMs = localMs - modifiedMs;
  if (aheadMs > MAX_ZONES_APART_MS + WRITE_MS || aheadMs < WRITE_MS - MAX_AGE_MS) return false;
  const apartMs = Math.abs(aheadMs);
  if (apartMs < QUARTER_MS - WRITE_MS) return false;
  const restMs = apartMs % QUARTER_MS;
  return Math.min(restMs, QUARTER_MS - restMs) <= WRITE_MS;
}

/** Reads a pointer file; `undefined` if it is missing, unreadable, planted, or not a pointer. */
export function readPointer(path: string): Pointer | undefined {
  try {
    const file = readDatedFile(path, MAX_POINTER_BYTES);
    return file && parsePointer(file.text, file.modifiedMs);
  } catch (error) {
    faultCode(error); // A file that we cannot trust names no session.
    return undefined;
  }
}

/** Whether a pointer still names the project's session at a time. */
export function isCurrent(pointer: Pointer | undefined, nowMs: number): pointer is Pointer {
  if (pointer === undefined) return false;
  const ageMs = nowMs - pointer.writtenMs;
  return ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS;
}

/**
 * The file names of a project's pointer, in the order in which they are read and written: the hashed name,
 * and the shared name unless it would be too long. A project without a folder has none.
 */
export function pointerNames(project: Project): string[] {
  if (project.folder === "") return [];
  const shared = `${PREFIX}${project.name}`;
  return fitsInBytes(shared, MAX_NAME_BYTES)
    ? [hashedName(project), shared]
    : [hashedName(project)];
}

/** Whether a file name is that of a pointer. */
export function isPointerName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Whether the shared name may belong to another project of the same name, given the names in the folder:
 * one of them is such a project's pointer, or a temp file that may become one.
 *
 * @param isOurs whether a file is ours; another user's is never used as a pointer
 */
export function mayHaveNamesake(
  project: Project,
  names: readonly string[],
  isOurs: (name: string) => boolean,
): boolean {
  const own = hashedName(project);
  // A name too long to be part of the file name leaves only the prefix, which all such projects share.
  const common = own.slice(0, -HASH_DIGITS);
  for (const name of names) {
    const isNamesake =
      name !== own && name.startsWith(common) && /^[0-9a-f]{16}$/.test(name.slice(common.length));
    if ((isNamesake || isTempFileName(name)) && isOurs(name)) return true;
  }
  return false;
}

function hashedName({ name, folder }: Project): string {
  const hash = Bun.SHA256.hash(folder, "hex").slice(0, HASH_DIGITS);
  const longest = MAX_NAME_BYTES - PREFIX.length - 1 - hash.length;
  return `${PREFIX}${fitsInBytes(name, longest) ? name : ""}-${hash}`;
}

// No UTF-16 unit takes more than three bytes, which spares most names the exact count.
function fitsInBytes(name: string, maxBytes: number): boolean {
  return name.length * 3 <= maxBytes || byteLength(name) <= maxBytes;
}
