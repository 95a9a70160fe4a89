// SessionStart: makes the session its project's current one, and clears away what has expired.
import { paths } from "../lib/config";
import { runHook } from "../lib/hook";
import { pruneDays } from "../lib/log";
import { cleanupStaleSessions, isWitnessed, storeSessionId } from "../lib/session";

await runHook({
  name: "session-start",
  event: "SessionStart",
  after({ session, project, config, startedMs }) {
    const faults = isWitnessed(session) ? storeSessionId(session.id, project).faults : [];
    cleanupStaleSessions();
    pruneDays(paths.events, config.retention_days, startedMs);
    return faults;
  },
});
