// SessionEnd: the project has no current session any more, if it still was this one.
import { runHook } from "../lib/hook/run";
import { forgetSessionId, isNamedByClaude } from "../lib/session";

await runHook({
  name: "session-end",
  event: "SessionEnd",
  after: ({ session, project }) =>
    isNamedByClaude(session) ? forgetSessionId(session.id, project).faults : [],
});
