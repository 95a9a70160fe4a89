// The second event of a failed tool call. Claude Code 2.1.330 sends managed hooks two: first PostToolUseFailure, like all
// hooks, then PostToolUse with the error as its response. If that were recorded, the call would count twice, once as a
// success.
import { paths } from "../environment";
import { isEvent } from "../events";
import { faultCode } from "../os/fault";
import type { Session } from "../session";
import type { Payload } from "./read-event";

/** How the client writes an error as a response. A tool may answer so, too: then the log has no failure. */
const ERROR = "Error: ";

/** Whether an event says again that a tool call failed, of which the log already has the failure. */
export async function isResentFailure(payload: Payload, { id }: Session): Promise<boolean> {
  const { hook_event_name: event, tool_response: response, tool_use_id: call } = payload;
  const { agent_id: agent } = payload;
  if (typeof response !== "string" || !response.startsWith(ERROR)) return false;
  if (typeof event !== "string" || !isEvent(event, "PostToolUse") || typeof call !== "string")
    return false;
  try {
    // Loaded late: no other event needs to read the log.
    const { hasFailed } = await import("../log/failed-call");
    const agentId = typeof agent === "string" ? agent : undefined;
    return hasFailed(paths.events, { sessionId: id, agentId, toolUseId: call });
  } catch (error) {
    faultCode(error); // Twice is better than not at all.
    return false;
  }
}
