// SessionEnd: removes the project's pointer if it still names this session. If another session of the project
// is at work, as the parent of a nested `claude -p`, the pointer goes back to that one.
import { otherSession } from "../lib/hook/other-session";
import { runHook } from "../lib/hook/run";
import { forgetSessionId, getStoredSessionId, mayStore, storeSessionId } from "../lib/session";

void runHook({
  name: "session-end",
  event: "SessionEnd",
  async after(recorded) {
    const { session, project, startedMs } = recorded;
    if (!mayStore(recorded)) return [];
    const isCurrent = getStoredSessionId(project) === session.id;
    const { faults } = forgetSessionId(session.id, project);
    const other = isCurrent ? otherSession(project, session.id, startedMs) : undefined;
    if (other === undefined) return faults;
    return [...faults, ...(await storeSessionId(other.id, project)).faults];
  },
});
