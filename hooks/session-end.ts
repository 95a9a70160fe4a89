// SessionEnd: the project has no current session any more, if it still was this one.
import { runHook } from "../lib/hook/run";
import { forgetSessionId, isWitnessed } from "../lib/session";

await runHook({
  name: "session-end",
  event: "SessionEnd",
  after: ({ session, project }) =>
    isWitnessed(session) ? forgetSessionId(session.id, project).faults : [],
});
