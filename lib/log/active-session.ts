// The session of a project that is at work, as far as the log shows.
import { isEvent } from "../events";
import { UNKNOWN_SESSION } from "../session-id";
import { readHeads } from "./reader";

/** A session, and when its last event was. */
export interface ActiveSession {
  readonly id: string;
  /** Milliseconds since 1970 UTC. */
  readonly lastMs: number;
}

// Some ten thousand events. A session that is at work is among them, and a hook has 1.5 s at the end.
const MAX_WINDOWS = 4;
/** The longest that Claude Code lets a command run is ten minutes; longer silence means that it was killed. */
const MAX_SILENCE_MS = 15 * 60_000;

/** A session that a process has just ended. */
export interface EndedSession {
  readonly id: string;
  readonly pid: number;
}

/** The first process, which is also the parent of hooks that have lost theirs. */
const INIT = 1;

/**
 * Finds the session of a project that is at work when one has ended: the same one if another process is still in it, or else
 * the one whose last event is the newest and no SessionEnd.
 *
 * @param isRunning whether the process that had a number at a time still runs; without it, only recent events of other
 *   sessions count
 */
export function findActiveSession(
  events: string,
  { folder, ended, nowMs }: { folder: string; ended: EndedSession; nowMs: number },
  isRunning?: (pid: number, atMs: number) => boolean,
): ActiveSession | undefined {
  const seen = new Set([ended.id, UNKNOWN_SESSION]);
  // A process is in the session of its newest event.
  const seenPids = new Set([ended.pid, INIT]);
  let other: ActiveSession | undefined;
  let windows = 0;
  const entries = readHeads(events, {
    newestFirst: true,
    containing: `"project_dir":${JSON.stringify(folder)}`,
    onRead: () => windows++ < MAX_WINDOWS,
  });
  for (const entry of entries) {
    if (windows > MAX_WINDOWS) break;
    if (entry.kind === "skipped") continue;
    const {
      session_id: id,
      project_dir: projectFolder,
      event,
      timestamp,
      pid,
      client,
    } = entry.head;
    if (projectFolder !== folder || client !== undefined) continue;
    const isEnd = isEvent(event, "SessionEnd");
    const lastMs = Date.parse(timestamp);
    if (isRunning !== undefined && !seenPids.has(pid)) {
      seenPids.add(pid);
      if (id === ended.id && !isEnd && isRunning(pid, lastMs)) return { id, lastMs };
    }
    if (other !== undefined || seen.has(id)) continue;
    seen.add(id);
    const isAtWork = !isEnd && (isRunning?.(pid, lastMs) ?? nowMs - lastMs <= MAX_SILENCE_MS);
    if (!isAtWork) continue;
    other = { id, lastMs };
    if (isRunning === undefined) break;
  }
  return other;
}
