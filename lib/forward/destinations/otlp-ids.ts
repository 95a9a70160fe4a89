// Trace and span ids of OpenTelemetry as pure functions of a record, so that an event that is sent again
// has the same bytes, and a log record names the span that another process makes.
import { hash } from "node:crypto";
import type { RecordHead } from "../../log/record";

/** The fields of a record that its ids are made of. */
export type Identified = Pick<RecordHead, "session_id" | "prompt_id" | "agent_id" | "tool_use_id">;

/**
 * The trace of a record: 32 hexadecimal digits. There is one for each prompt, as in Claude Code's own telemetry,
 * because a session can last for days. Without a prompt, it is the session's.
 */
export function traceIdOf({ prompt_id: prompt, session_id: session }: Identified): string {
  const id = prompt ?? session;
  const digits = id.replaceAll("-", "").toLowerCase();
  // OpenTelemetry does not allow an id of zeros.
  return /^(?!0+$)[\da-f]{32}$/.test(digits) ? digits : hashOf(id, 32);
}

/** The span that a record belongs to, 16 hexadecimal digits: its tool call's, else its subagent's, else its prompt's. */
export function spanIdOf({
  session_id: session,
  prompt_id: prompt,
  agent_id: agent,
  tool_use_id: call,
}: Identified): string {
  if (call !== undefined) return hashOf(`tool\0${session}\0${call}`, 16);
  if (agent !== undefined) return hashOf(`agent\0${session}\0${agent}`, 16);
  return hashOf(`prompt\0${session}\0${prompt ?? ""}`, 16);
}

function hashOf(text: string, digits: number): string {
  return hash("sha256", text, "hex").slice(0, digits);
}
