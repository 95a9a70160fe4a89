// Every other event. A prompt also renews the pointer: a session longer than a day keeps it, and in a
// project with two sessions it names the one last used.
import { isEvent } from "../lib/events";
import { runHook } from "../lib/hook/run";
import { mayStore, storeSessionId } from "../lib/session";

void runHook({
  name: "session-event",
  event: "Unknown",
  async after(recorded) {
    const { event, session, project } = recorded;
    if (!isEvent(event, "UserPromptSubmit") || !mayStore(recorded)) return [];
    return (await storeSessionId(session.id, project)).faults;
  },
});
