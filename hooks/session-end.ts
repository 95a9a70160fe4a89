// SessionEnd: removes the project's pointer if it still names this session, unless another process is still in it. If another
// session of the project is at work, as the parent of a nested `claude -p`, the pointer goes back to that one.
import { otherSession } from "../lib/hook/other-session";
import { runHook } from "../lib/hook/run";
import { forgetSessionId, getStoredSessionId, mayStore, storeSessionId } from "../lib/session";

void runHook({
  name: "session-end",
  event: "SessionEnd",
  async after(recorded) {
    const { session, project } = recorded;
    if (!mayStore(recorded)) return [];
    const isCurrent = getStoredSessionId(project) === session.id;
    const other = isCurrent ? otherSession(recorded) : undefined;
    if (other?.id === session.id) return [];
    const { faults } = forgetSessionId(session.id, project);
    if (other === undefined) return faults;
    return [...faults, ...(await storeSessionId(other.id, project)).faults];
  },
});
