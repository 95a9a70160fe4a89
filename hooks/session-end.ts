// SessionEnd: removes the project's pointer if it still names this session.
import { runHook } from "../lib/hook/run";
import { forgetSessionId, isNamedByClaude } from "../lib/session";

await runHook({
  name: "session-end",
  event: "SessionEnd",
  after: ({ session, project }) =>
    isNamedByClaude(session) ? forgetSessionId(session.id, project).faults : [],
});
