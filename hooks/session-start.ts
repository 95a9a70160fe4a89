// SessionStart: makes the session its project's current one, and clears away what has expired.
import { paths } from "../lib/environment";
import { runHook } from "../lib/hook/run";
import { pruneDays } from "../lib/log/log";
import { cleanupStaleSessions, isNamedByClaude, storeSessionId } from "../lib/session";

await runHook({
  name: "session-start",
  event: "SessionStart",
  after({ session, project, config, startedMs }) {
    const stored = isNamedByClaude(session) ? storeSessionId(session.id, project) : undefined;
    const isFresh = stored?.faults.length === 0;
    cleanupStaleSessions(paths.pointers, startedMs, isFresh ? project : undefined);
    const isForwarded = config.destinations.length > 0;
    const unpruned = pruneDays(paths.events, config.retention_days, startedMs, isForwarded);
    return [...(stored?.faults ?? []), ...unpruned];
  },
});
