// Whether the failure of a tool call has just been recorded.
import { isEvent } from "../events";
import { readHeads } from "./reader";

/** The failure was recorded a moment ago: it is within the last hundred events or so. */
const MAX_WINDOWS = 1;

/** What tells a tool call from all others. */
export interface ToolCallId {
  readonly sessionId: string;
  /** The subagent that makes it, if one does. */
  readonly agentId: string | undefined;
  readonly toolUseId: string;
}

/** Whether the last that the log's end says of a tool call is that it failed. Ids can repeat in parallel subagents. */
export function hasFailed(events: string, { sessionId, agentId, toolUseId }: ToolCallId): boolean {
  let windows = 0;
  const entries = readHeads(events, {
    newestFirst: true,
    containing: `"tool_use_id":${JSON.stringify(toolUseId)}`,
    onRead: () => windows++ < MAX_WINDOWS,
  });
  for (const entry of entries) {
    if (entry.kind === "skipped") continue;
    const { event, session_id: session, agent_id: agent, tool_use_id: call } = entry.head;
    if (session === sessionId && agent === agentId && call === toolUseId)
      return isEvent(event, "PostToolUseFailure");
  }
  return false;
}
