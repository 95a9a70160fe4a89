// SessionStart: makes the session its project's current one, and removes what has expired.
import { paths } from "../lib/environment";
import { readProgramsAfterBoot } from "../lib/hook/after-boot";
import { removeExpired } from "../lib/hook/remove-expired";
import { runHook } from "../lib/hook/run";
import { cleanupStaleSessions, mayStore, storeSessionId } from "../lib/session";

void runHook({
  name: "session-start",
  event: "SessionStart",
  async after(recorded) {
    const { session, project, config, startedMs } = recorded;
    const stored = mayStore(recorded) ? await storeSessionId(session.id, project) : undefined;
    const isFresh = stored?.faults.length === 0;
    cleanupStaleSessions(paths.pointers, startedMs, isFresh ? project : undefined);
    const expired = removeExpired(config, startedMs);
    return [...(stored?.faults ?? []), ...expired, ...readProgramsAfterBoot()];
  },
});
