// The session of a project that is at work when one ends.
import { environment, paths } from "../environment";
import { type ActiveSession, findActiveSession } from "../log/active-session";
import { processStartMs } from "../os/process-start";
import type { RecordedEvent } from "./run";

/**
 * Finds the session that a project's pointer names when one has ended: the same one if another process is still in it. Of two
 * processes that end at the same time, the one that reads the log last finds the ends of both.
 */
export function otherSession({
  project: { folder },
  session: { id },
  pid,
  startedMs,
}: RecordedEvent): ActiveSession | undefined {
  const ended = { id, pid };
  return findActiveSession(paths.events, { folder, ended, nowMs: startedMs }, runningCheck());
}

/** Between the two clocks that a start is computed from. */
const CLOCK_MS = 1000;

// The pid of a record is Claude Code's own only if the client says so.
function runningCheck(): ((pid: number, atMs: number) => boolean) | undefined {
  if (process.platform !== "linux" || !environment["CLAUDE_PID"]) return undefined;
  return (pid, atMs) => (processStartMs(pid) ?? Infinity) <= atMs + CLOCK_MS;
}
