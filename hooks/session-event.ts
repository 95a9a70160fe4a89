// Every other event. A prompt also renews the pointer: a session longer than a day keeps it, and of
// two sessions in a project it names the one last spoken to.
import { isEvent } from "../lib/events";
import { runHook } from "../lib/hook/run";
import { isNamedByClaude, storeSessionId } from "../lib/session";

await runHook({
  name: "session-event",
  event: "Unknown",
  after: ({ event, session, project }) =>
    isEvent(event, "UserPromptSubmit") && isNamedByClaude(session)
      ? storeSessionId(session.id, project).faults
      : [],
});
