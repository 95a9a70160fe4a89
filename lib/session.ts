// The session pointer: which session a project is in, in a small file that any program can read.
//
// Format `session_id\ntimestamp\n`, the timestamp local and without zone as Python's
// `datetime.isoformat()` writes it, under `claude_session_{project name}`: hooks in Python that read
// and write this file exist. Two projects may share a name, so the same lines are also kept under
// `claude_session_{project name}-{hash of the folder}`, which is read first.
import { paths } from "./environment";
import { byteLength } from "./os/byte-length";
import { faultCode } from "./os/fault";
import { isTemporaryName, readOwn, removeIf, removeStaleTemporary, replaceFile } from "./os/file";
import { namesIn } from "./os/folder";
import { formatLocalTime, parseLocalTime } from "./os/local-time";
import type { Environment } from "./os/paths";
import type { Status } from "./os/syscalls";
import { system } from "./os/system";
import type { Project } from "./project";

/** What names a session when no witness does. */
export const UNKNOWN = "unknown";

/** Which witness named the session, the most direct first. */
export type SessionSource = "payload" | "environment" | "file" | typeof UNKNOWN;

/** A session id and who said so. */
export interface Session {
  readonly id: string;
  readonly source: SessionSource;
}

/** Whether an operation on a pointer did what it should; `faults` says what failed, in system codes. */
export interface PointerResult {
  readonly done: boolean;
  readonly faults: readonly string[];
}

const HOUR_MS = 3_600_000;
const MAX_AGE_MS = 24 * HOUR_MS;
/** A timestamp this far ahead is a change of clocks, not a lie: daylight saving twice over. */
const MAX_AHEAD_MS = 2 * HOUR_MS;
const MAX_BYTES = 4096;
const MAX_NAME_BYTES = 255;
const PREFIX = "claude_session_";
const HASH_DIGITS = 16;
const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The id if it has the form of one, else `undefined`: ids come from outside and go into files. */
export function validSessionId(id: unknown): string | undefined {
  return typeof id === "string" && SESSION_ID.test(id) && id !== UNKNOWN ? id : undefined;
}

/** Whether the session was named by Claude Code itself, and not read from a file. */
export function isNamedByClaude({ source }: Session): boolean {
  return source === "payload" || source === "environment";
}

/**
 * Names the session of an event by the most direct witness: the payload, then the environment that
 * Claude Code sets, then the pointer file. A wrong id is worse than `unknown`.
 */
export function resolveSession(
  payload: { readonly session_id?: unknown },
  env: Environment,
  project: Project,
  folder: string = paths.pointers,
): Session {
  const fromPayload = validSessionId(payload.session_id);
  if (fromPayload !== undefined) return { id: fromPayload, source: "payload" };
  const fromEnvironment = validSessionId(env["CLAUDE_CODE_SESSION_ID"]);
  if (fromEnvironment !== undefined) return { id: fromEnvironment, source: "environment" };
  const fromFile = getStoredSessionId(project, folder);
  return fromFile === UNKNOWN ? { id: UNKNOWN, source: UNKNOWN } : { id: fromFile, source: "file" };
}

/** Makes a session the project's current one, for 24 hours. An id of another form is refused. */
export function storeSessionId(
  sessionId: string,
  project: Project,
  folder: string = paths.pointers,
  nowMs: number = Date.now(),
): PointerResult {
  if (validSessionId(sessionId) === undefined) return { done: false, faults: ["not a session id"] };
  const content = `${sessionId}\n${formatLocalTime(nowMs)}\n`;
  const names = pointerNames(project);
  let first: Status | undefined;
  const stored = forEachName(names, folder, (path) =>
    replaceFile(path, content, system, (fd) => {
      first ??= system.statusOf(fd);
    }),
  );
  const [own, shared] = names;
  if (own === undefined || shared === undefined || stored.faults.length > 0) return stored;
  // What was written first is there still, as almost always: nobody else stored a session meanwhile.
  const now = system.statusAt(`${folder}/${own}`);
  if (now?.inode === first?.inode && now?.modifiedMs === first?.modifiedMs) return stored;
  const { faults } = forEachName([shared], folder, (path) =>
    alignSharedName(`${folder}/${own}`, path, content),
  );
  return { done: true, faults };
}

const ALIGN_TRIES = 3;

/**
 * Of two sessions that are stored at once, each may be the last under one of the names. When the one
 * with the hash is forgotten then, the other is left alone, and a namesake would take it for its own.
 * So whoever wrote the shared name last makes it follow the other.
 */
function alignSharedName(own: string, shared: string, written: string): void {
  let content = written;
  for (let tries = 0; tries < ALIGN_TRIES; tries++) {
    const now = readOwn(own, MAX_BYTES);
    if (now === content) return;
    if (now === undefined) {
      removeIf(shared, MAX_BYTES, (found) => found === content);
      return;
    }
    replaceFile(shared, now);
    content = now;
  }
}

/** The project's current session id, or `unknown`. */
export function getStoredSessionId(
  project: Project,
  folder: string = paths.pointers,
  nowMs: number = Date.now(),
): string {
  const [own, shared] = pointerNames(project);
  if (own === undefined) return UNKNOWN;
  const first = readPointer(`${folder}/${own}`);
  if (isCurrent(first, nowMs)) return first.id;
  if (shared === undefined) return UNKNOWN;
  const second = readPointer(`${folder}/${shared}`);
  if (!isCurrent(second, nowMs) || hasNamesake(project, folder)) return UNKNOWN;
  // A namesake that ended between the two looks took the shared name away first.
  return readPointer(`${folder}/${shared}`)?.id === second.id ? second.id : UNKNOWN;
}

/** Removes the project's pointer if it still names this session. */
export function forgetSessionId(
  sessionId: string,
  project: Project,
  folder: string = paths.pointers,
): PointerResult {
  // The shared name first: while it is there, so is the name that tells whose it is. And once more,
  // for whoever stored the same session meanwhile may have written the one before we came to it, and
  // the other after.
  const names = pointerNames(project).toReversed();
  names.push(...names.slice(0, -1));
  return forEachName(names, folder, (path) =>
    removeIf(path, MAX_BYTES, (content) => parsePointer(content)?.id === sessionId),
  );
}

/**
 * Removes our own pointers that no longer count, and our own temp files older than an hour that a
 * killed program left. Never another user's file, never one that is not a pointer.
 *
 * @param justStored a project whose pointer needs no look
 * @returns how many files it removed
 */
export function cleanupStaleSessions(
  folder: string = paths.pointers,
  nowMs: number = Date.now(),
  justStored?: Project,
): number {
  const fresh = justStored === undefined ? [] : pointerNames(justStored);
  const isStale = (content: string) => {
    const pointer = parsePointer(content);
    return pointer !== undefined && !isCurrent(pointer, nowMs);
  };
  let removed = 0;
  for (const name of namesOrNone(folder)) {
    const path = `${folder}/${name}`;
    try {
      if (isTemporaryName(name)) removed += +removeStaleTemporary(path, nowMs);
      else if (name.startsWith(PREFIX) && !fresh.includes(name))
        removed += +removeIf(path, MAX_BYTES, isStale);
    } catch (error) {
      faultCode(error); // One file that cannot be removed must not keep the others.
    }
  }
  return removed;
}

interface Pointer {
  id: string;
  writtenMs: number;
}

function readPointer(path: string): Pointer | undefined {
  try {
    return parsePointer(readOwn(path, MAX_BYTES) ?? "");
  } catch (error) {
    faultCode(error); // Planted, unreadable or oversized: no witness.
    return undefined;
  }
}

function parsePointer(content: string): Pointer | undefined {
  // Python on Windows writes `\r\n`.
  const [, first, second = ""] = /^(\S+)\r?\n(\S+)\r?\n?$/.exec(content) ?? [];
  const id = validSessionId(first);
  const writtenMs = parseLocalTime(second);
  return id === undefined || writtenMs === undefined ? undefined : { id, writtenMs };
}

function isCurrent(pointer: Pointer | undefined, nowMs: number): pointer is Pointer {
  if (pointer === undefined) return false;
  const ageMs = nowMs - pointer.writtenMs;
  return ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS;
}

/**
 * Whether another folder of the same name has a pointer, or may have one that is being changed now: the
 * shared name may then be its.
 */
function hasNamesake(project: Project, folder: string): boolean {
  const own = nameByFolder(project);
  // A long name is not in it, and then the siblings are all that have a long name.
  const common = own.slice(0, -HASH_DIGITS);
  for (const name of namesOrNone(folder)) {
    if (isTemporaryName(name)) return true;
    if (name !== own && name.startsWith(common) && /^[0-9a-f]{16}$/.test(name.slice(common.length)))
      return true;
  }
  return false;
}

function namesOrNone(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch (error) {
    faultCode(error); // No folder to list, no pointers.
    return [];
  }
}

/** The names of a project's pointer; the one that is read first is written first. */
function pointerNames(project: Project): string[] {
  if (project.folder === "") return [];
  const shared = `${PREFIX}${project.name}`;
  return fitsInBytes(shared, MAX_NAME_BYTES)
    ? [nameByFolder(project), shared]
    : [nameByFolder(project)];
}

function nameByFolder({ name, folder }: Project): string {
  const hash = Bun.SHA256.hash(folder, "hex").slice(0, HASH_DIGITS);
  const longest = MAX_NAME_BYTES - PREFIX.length - 1 - hash.length;
  return `${PREFIX}${fitsInBytes(name, longest) ? name : ""}-${hash}`;
}

function fitsInBytes(name: string, maxBytes: number): boolean {
  return name.length * 3 <= maxBytes || byteLength(name) <= maxBytes;
}

function forEachName(
  names: readonly string[],
  folder: string,
  act: (path: string) => unknown,
): PointerResult {
  const faults: string[] = [];
  for (const name of names) {
    try {
      act(`${folder}/${name}`);
    } catch (error) {
      faults.push(`${faultCode(error)} ${name}`);
    }
  }
  return { done: faults.length < names.length, faults };
}
