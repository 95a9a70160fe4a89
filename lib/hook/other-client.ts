// Which agent sent an event. Cursor and Copilot CLI run the hooks of Claude Code's settings as well.
import type { Payload } from "./read-event";

/** Another agent than Claude Code. */
export type OtherClient = "cursor" | "copilot" | "other";

/** The agent that sent an event; `undefined` for Claude Code itself. */
export function otherClient(payload: Payload): OtherClient | undefined {
  if ("cursor_version" in payload) return "cursor";
  // Copilot CLI writes every key in camel case, and no event's name.
  if (!("session_id" in payload) && ("sessionId" in payload || "toolName" in payload))
    return "copilot";
  const name = payload["hook_event_name"];
  // Claude Code's events begin with a capital letter.
  return typeof name === "string" && /^[a-z]/.test(name) ? "other" : undefined;
}
