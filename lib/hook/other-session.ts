// The other session of a project that is at work when one ends.
import { environment, paths } from "../environment";
import { findActiveSession, type ActiveSession } from "../log/active-session";
import { system } from "../os/choose-syscalls";
import type { Project } from "../project";

/** Finds the session that a project's pointer goes back to when `endedId` has ended. */
export function otherSession(
  { folder }: Project,
  endedId: string,
  nowMs: number,
): ActiveSession | undefined {
  return findActiveSession(paths.events, { folder, exceptId: endedId, nowMs }, runningCheck());
}

// The pid of a record is Claude Code's own only if the client says so.
function runningCheck(): ((pid: number) => boolean) | undefined {
  if (process.platform !== "linux" || !environment["CLAUDE_PID"]) return undefined;
  return (pid) => system.statusAt(`/proc/${pid}`) !== undefined;
}
