// Which agent sent an event. Cursor, Copilot and others run the hooks of Claude Code's settings as well, and Gemini CLI
// copies them (`gemini hooks migrate --from-claude`).
import { sessionFields, validSessionId } from "../session-id";
import type { Environment } from "../os/paths";
import type { Payload } from "./read-event";

/** Another agent than Claude Code. */
export type OtherClient = "cursor" | "copilot" | "other";

/** Folders in which other agents keep their transcripts. */
const OTHER_TRANSCRIPT = /[\\/](?:\.(?:gemini|qwen|codex|copilot|cursor)|workspaceStorage)[\\/]/;
/** Claude Code's events begin with a capital letter. The others are Gemini CLI's. */
const OTHER_EVENT =
  /^(?:[a-z]|(?:Before|After)(?:Tool|Agent|Model)$|BeforeToolSelection$|PreCompress$)/;

/** The agent that sent an event; `undefined` for Claude Code itself. */
export function otherClient(payload: Payload, env: Environment): OtherClient | undefined {
  if ("cursor_version" in payload) return "cursor";
  const { session_id: id, transcript_path: transcript, hook_event_name: name } = payload;
  // Copilot CLI writes every key in camel case, and no event's name; its agent in VS Code writes some, and the name.
  if (id === undefined && ("sessionId" in payload || "toolName" in payload)) return "copilot";
  if (name === undefined && "hookEventName" in payload) return "copilot";
  // Gemini CLI's first event may be sent before it has a transcript.
  const isOther =
    (id !== undefined && id === env["GEMINI_SESSION_ID"]) ||
    (typeof name === "string" && OTHER_EVENT.test(name)) ||
    (typeof transcript === "string" && OTHER_TRANSCRIPT.test(transcript)) ||
    (validSessionId(id) === undefined && namesOtherwise(payload));
  return isOther ? "other" : undefined;
}

/** Whether an event names its session, but not as Claude Code does. */
function namesOtherwise(payload: Payload): boolean {
  return sessionFields(payload).some(([key]) => key !== "session_id");
}

/** The name of an event as its agent sent it. */
export function eventNameOf(payload: Payload): string | undefined {
  const { hook_event_name: name, hookEventName: camelName } = payload;
  const sent = name ?? camelName;
  return typeof sent === "string" && sent !== "" ? sent : undefined;
}
