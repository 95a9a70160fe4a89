// Every other event. A prompt also renews the pointer: a session longer than a day keeps it, and in a
// project with two sessions it names the one last used.
import { isEvent } from "../lib/events";
import { runHook } from "../lib/hook/run";
import { isNamedByClaude, storeSessionId } from "../lib/session";

await runHook({
  name: "session-event",
  event: "Unknown",
  after: async ({ event, session, project }) =>
    isEvent(event, "UserPromptSubmit") && isNamedByClaude(session)
      ? (await storeSessionId(session.id, project)).faults
      : [],
});
