// Whether the failure of a tool call has just been recorded.
import { isEvent } from "../events";
import { readHeads } from "./reader";

/** The failure was recorded a moment ago: it is within the last hundred events or so. */
const MAX_WINDOWS = 1;

/** Whether the last that the log's end says of a session's tool call is that it failed. */
export function hasFailed(events: string, sessionId: string, toolUseId: string): boolean {
  let windows = 0;
  const entries = readHeads(events, {
    newestFirst: true,
    containing: `"tool_use_id":${JSON.stringify(toolUseId)}`,
    onRead: () => windows++ < MAX_WINDOWS,
  });
  for (const entry of entries) {
    if (entry.kind === "skipped") continue;
    const { event, session_id: session, tool_use_id: call } = entry.head;
    if (session === sessionId && call === toolUseId) return isEvent(event, "PostToolUseFailure");
  }
  return false;
}
