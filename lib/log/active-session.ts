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

/**
 * Finds the session of a project, other than one that has just ended, whose last event is the newest and no
 * SessionEnd.
 *
 * @param isRunning whether a process exists; without it, only recent events count
 */
export function findActiveSession(
  events: string,
  { folder, exceptId, nowMs }: { folder: string; exceptId: string; nowMs: number },
  isRunning?: (pid: number) => boolean,
): ActiveSession | undefined {
  const seen = new Set([exceptId, UNKNOWN_SESSION]);
  let windows = 0;
  const entries = readHeads(events, {
    newestFirst: true,
    containing: `"project_dir":${JSON.stringify(folder)}`,
    onRead: () => windows++ < MAX_WINDOWS,
  });
  for (const entry of entries) {
    if (windows > MAX_WINDOWS) return undefined;
    if (entry.kind === "skipped") continue;
    const {
      session_id: id,
      project_dir: projectFolder,
      event,
      timestamp,
      pid,
      client,
    } = entry.head;
    if (projectFolder !== folder || client !== undefined || seen.has(id)) continue;
    seen.add(id);
    if (isEvent(event, "SessionEnd")) continue;
    const lastMs = Date.parse(timestamp);
    const isAtWork = isRunning?.(pid) ?? nowMs - lastMs <= MAX_SILENCE_MS;
    if (isAtWork) return { id, lastMs };
  }
  return undefined;
}
