// SessionStart: makes the session its project's current one, and removes what has expired.
import { paths } from "../lib/environment";
import { runHook } from "../lib/hook/run";
import { pruneDays, pruneRejectedFiles } from "../lib/log/log";
import { cleanupStaleSessions, mayStore, storeSessionId } from "../lib/session";

void runHook({
  name: "session-start",
  event: "SessionStart",
  async after(recorded) {
    const { session, project, config, startedMs } = recorded;
    const stored = mayStore(recorded) ? await storeSessionId(session.id, project) : undefined;
    const isFresh = stored?.faults.length === 0;
    cleanupStaleSessions(paths.pointers, startedMs, isFresh ? project : undefined);
    const isForwarded = config.destinations.length > 0;
    const pruned = pruneDays(paths.events, config.retention_days, startedMs, isForwarded);
    pruned.push(...pruneRejectedFiles(paths.forward, config.retention_days, startedMs));
    return [...(stored?.faults ?? []), ...pruned];
  },
});
