// Which session a project is in: the id that an event names, and the one that its pointer keeps for any
// other program to read.
import { paths } from "./environment";
import { faultCode } from "./os/fault";
import {
  isTempFileName,
  readOwnFile,
  removeIf,
  removeStaleTempFile,
  replaceFileWithBun,
} from "./os/file";
import { isOwnFile, namesIn } from "./os/folder";
import type { Environment } from "./os/paths";
import {
  formatPointer,
  isCurrent,
  isPointerName,
  MAX_POINTER_BYTES,
  mayHaveNamesake,
  parsePointer,
  pointerNames,
  readPointer,
} from "./pointer";
import type { Project } from "./project";
import { sessionFields, type SessionSource, UNKNOWN_SESSION, validSessionId } from "./session-id";

/** A session id, and what named it. */
export interface Session {
  readonly id: string;
  readonly source: SessionSource;
}

/** Whether an operation on a pointer succeeded under any of its names; a fault for each name that failed. */
export interface PointerResult {
  readonly done: boolean;
  readonly faults: readonly string[];
}

/** Whether an event makes its session the project's: Claude Code itself named it, not a file or another agent. */
export function mayStore({ session, client }: { session: Session; client: unknown }): boolean {
  const { source } = session;
  return client === undefined && (source === "payload" || source === "environment");
}

/** Names of the fields that name an agent's session, without their case and separators. The first is preferred. */
const SESSION_KEYS = ["sessionid", "session", "conversationid", "threadid", "chatid"];

/**
 * Finds the session of an event from the most direct source: the payload, then the environment variable
 * that Claude Code sets, then the pointer file. A wrong id is worse than `unknown`.
 */
export function resolveSession(
  payload: Readonly<Record<string, unknown>>,
  env: Environment,
  project: Project,
  folder: string = paths.pointers,
): Session {
  const own = validSessionId(payload["session_id"]);
  if (own !== undefined) return { id: own, source: "payload" };
  const naming = sessionFields(payload);
  if (naming.length > 0) return sessionNamedBy(naming);
  const fromEnvironment = validSessionId(env["CLAUDE_CODE_SESSION_ID"]);
  if (fromEnvironment !== undefined) return { id: fromEnvironment, source: "environment" };
  const fromFile = getStoredSessionId(project, folder);
  return fromFile === UNKNOWN_SESSION
    ? { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION }
    : { id: fromFile, source: "file" };
}

// An event that names its session in a form that we do not know belongs to none that we do.
function sessionNamedBy(fields: readonly (readonly [string, unknown])[]): Session {
  for (const wanted of SESSION_KEYS)
    for (const [key, value] of fields) {
      const id = validSessionId(value);
      const plainKey = key.toLowerCase().replace(/[^a-z0-9]/g, "");
      if (id !== undefined && plainKey === wanted) return { id, source: "payload" };
    }
  return { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION };
}

/** Makes a session the project's current one for 24 hours. An id that is not valid is rejected. */
export async function storeSessionId(
  sessionId: string,
  project: Project,
  folder: string = paths.pointers,
  nowMs: number = Date.now(),
): Promise<PointerResult> {
  if (validSessionId(sessionId) === undefined) return { done: false, faults: ["not a session id"] };
  const content = formatPointer(sessionId, nowMs);
  const names = pointerNames(project);
  const faults: string[] = [];
  for (const name of names) {
    try {
      const replacing = replaceFileWithBun(`${folder}/${name}`, content);
      // Already done on Linux, where each `await` would add 1 % to a store.
      if (Bun.peek.status(replacing) !== "fulfilled") await replacing;
    } catch (error) {
      faults.push(`${faultCode(error)} ${name}`);
    }
  }
  const result: PointerResult = { done: faults.length < names.length, faults };
  const [hashed, shared] = names;
  if (hashed === undefined || shared === undefined || faults.length > 0) return result;
  try {
    await alignSharedName(`${folder}/${hashed}`, `${folder}/${shared}`, content);
  } catch (error) {
    faults.push(`${faultCode(error)} ${shared}`);
  }
  return result;
}

/** One try fails only if yet another session is stored during it. */
const ALIGN_TRIES = 3;

/**
 * If two sessions are stored at the same time, each may be the last under one of the two names. When the one under the
 * hashed name is then removed, the other stays under the shared name, and a project of the same name would use it as its
 * own. So the last process to write the shared name makes it match the hashed one. Almost always that still has the content
 * that was written. A file's inode and date cannot show this, because within a few milliseconds another file can get both.
 */
async function alignSharedName(hashed: string, shared: string, written: string): Promise<void> {
  let content = written;
  for (let tries = 0; tries < ALIGN_TRIES; tries++) {
    const now = readOwnFile(hashed, MAX_POINTER_BYTES);
    if (now === content) return;
    if (now === undefined) {
      removeIf(shared, MAX_POINTER_BYTES, (found) => found === content);
      return;
    }
    await replaceFileWithBun(shared, now);
    content = now;
  }
}

/** The project's current session id, or `unknown`. */
export function getStoredSessionId(
  project: Project,
  folder: string = paths.pointers,
  nowMs: number = Date.now(),
): string {
  const [hashed, shared] = pointerNames(project);
  if (hashed === undefined) return UNKNOWN_SESSION;
  const first = readPointer(`${folder}/${hashed}`);
  if (isCurrent(first, nowMs)) return first.id;
  if (shared === undefined) return UNKNOWN_SESSION;
  const second = readPointer(`${folder}/${shared}`);
  const isOurs = (name: string) => isOwnFile(`${folder}/${name}`);
  if (!isCurrent(second, nowMs) || mayHaveNamesake(project, namesOrNone(folder), isOurs))
    return UNKNOWN_SESSION;
  // A namesake whose session ended after the first read has removed its shared name before its hashed one.
  return readPointer(`${folder}/${shared}`)?.id === second.id ? second.id : UNKNOWN_SESSION;
}

/** Removes the project's pointer if it still names this session. */
export function forgetSessionId(
  sessionId: string,
  project: Project,
  folder: string = paths.pointers,
): PointerResult {
  // The shared name first: as long as it exists, so does the hashed name that says whose it is. Then the
  // shared name again, because a process that stored the same session may have written it in between.
  const names = pointerNames(project).toReversed();
  names.push(...names.slice(0, -1));
  const faults: string[] = [];
  for (const name of names) {
    try {
      const isSame = (content: string) => parsePointer(content)?.id === sessionId;
      removeIf(`${folder}/${name}`, MAX_POINTER_BYTES, isSame);
    } catch (error) {
      faults.push(`${faultCode(error)} ${name}`);
    }
  }
  return { done: faults.length < names.length, faults };
}

/**
 * Removes our pointers that are no longer current, and our temp files older than an hour, left by killed
 * programs. Never another user's file, never one that is not a pointer.
 *
 * @param justStored a project whose pointer need not be checked
 * @returns how many files it removed
 */
export function cleanupStaleSessions(
  folder: string = paths.pointers,
  nowMs: number = Date.now(),
  justStored?: Project,
): number {
  const fresh = justStored === undefined ? [] : pointerNames(justStored);
  let removed = 0;
  for (const name of namesOrNone(folder)) {
    const path = `${folder}/${name}`;
    const isStale = (content: string, modifiedMs: number) => {
      const pointer = parsePointer(content, modifiedMs);
      return pointer !== undefined && !isCurrent(pointer, nowMs);
    };
    try {
      if (isTempFileName(name)) removed += +removeStaleTempFile(path, nowMs);
      else if (isPointerName(name) && !fresh.includes(name))
        removed += +removeIf(path, MAX_POINTER_BYTES, isStale);
    } catch (error) {
      faultCode(error); // A file that cannot be removed does not stop the others from being removed.
    }
  }
  return removed;
}

function namesOrNone(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch (error) {
    faultCode(error); // A folder that cannot be listed has no pointers that we could read.
    return [];
  }
}
