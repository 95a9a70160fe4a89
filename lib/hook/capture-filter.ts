// Leaves out what the user does not want in the log: the `capture` section of `config.json`.
//
// It applies to kinds of text, wherever they occur. So every known field is listed here with the kind of text that it
// holds, and an unlisted field, such as one that a newer client added, counts as content.
import type { Config } from "../config";
import { eventNameOf } from "./other-client";
import type { Payload } from "./read-event";

/** The value of a field that is not captured. */
export const NOT_CAPTURED = "[not captured]";

type Capture = Config["capture"];
type Content = keyof Capture;

// Fields of https://code.claude.com/docs/en/hooks, as of client 2.1.330, by what they hold. `prompts` is what a
// person or Claude says to the other, `tool_input` what Claude asks of a tool, `tool_response` what comes back.
const CONTENT: Readonly<Record<Content, readonly string[]>> = {
  prompts: [
    "prompt",
    "command_args",
    "custom_instructions",
    "session_title",
    "compact_summary",
    "last_assistant_message",
    "task_subject",
    "task_description",
    "content",
    "delta",
  ],
  tool_input: [
    "tool_input",
    "permission_suggestions",
    "command",
    "description",
    "requested_schema",
  ],
  tool_response: ["tool_response", "error_details", "message"],
};

// Names, ids, numbers and choices from a fixed list, none of which anyone wrote.
const STRUCTURE: readonly string[] = [
  "session_id transcript_path cwd hook_event_name hookEventName prompt_id permission_mode scratchpad_dir",
  "agent_id agent_type agent_transcript_path effort level tool_name tool_use_id duration_ms mcp_server",
  "source model seconds_since_last_response context_tokens prompt_cache_likely_expired",
  "estimated_cache_write_usd trigger reason error is_interrupt notification_type stop_hook_active",
  "background_tasks session_crons tool_calls id type status server tool schedule recurring",
  "task_id teammate_name team_name from_model to_model requested_model prompt_cache_warm cache_ttl pricing",
  "file_path memory_type load_reason globs trigger_file_path parent_file_path old_cwd new_cwd directory",
  "event message name worktree_path mcp_server_name mode url elicitation_id action turn_id message_id index final",
  "expansion_type command_name command_source",
]
  .join(" ")
  .split(" ");

// Lists whose items mix content and structure.
const LISTS: ReadonlySet<string> = new Set(["background_tasks", "session_crons", "tool_calls"]);

// What the client says in fixed words, with the name of a tool or server at most. Other messages may quote anything.
const FIXED_MESSAGE =
  /^(?:Claude(?: Code)? (?:is waiting for your input|login successful|needs your (?:permission|attention|input|approval for the plan)(?: to use [\w.:-]+)?)|Elicitation response for server "[^"]*": (?:accept|decline|cancel))$/;

/** Fields in which the responses of built-in tools repeat their input, or the file around it. */
const ECHOES: ReadonlySet<string> = new Set(
  [
    "oldString newString structuredPatch originalFile gitDiff edits",
    "old_source new_source original_file updated_file",
    "prompt command description oldTodos newTodos plan",
  ]
    .join(" ")
    .split(" "),
);
/** A shorter text of an input is left out only where it is a whole value: it may be part of any word. */
const MIN_QUOTED_LENGTH = 8;
/** A record keeps no more levels. */
const MAX_DEPTH = 100;
/** How many texts of an input are searched for within a response, which keeps the time linear. */
const MAX_QUOTED = 64;

/** The payload with {@link NOT_CAPTURED} in place of what the user keeps out of the log. */
export function withoutUncaptured(payload: Payload, capture: Capture): Payload {
  if (capture.prompts && capture.tool_input && capture.tool_response) return payload;
  return filtered(payload, capture, eventNameOf(payload) ?? "");
}

function filtered(fields: Payload, capture: Capture, event: string): Payload {
  // Without a prototype, `__proto__` is an ordinary key.
  const result = { __proto__: null } as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(fields)) {
    if (!isCaptured(key, value, event, capture)) result[key] = NOT_CAPTURED;
    else if (!capture.tool_input && contentOf(key, event) === "tool_response")
      result[key] = withoutInput(key, value, fields);
    else if (LISTS.has(key) && Array.isArray(value))
      result[key] = value.map((item: unknown) =>
        typeof item === "object" && item !== null && !Array.isArray(item)
          ? filtered(item as Payload, capture, event)
          : NOT_CAPTURED,
      );
    else result[key] = value;
  }
  return result;
}

/** What comes back from a tool, without the parts that repeat what was asked of it. */
function withoutInput(
  key: string,
  value: unknown,
  { tool_input: input, tool_name: tool }: Payload,
) {
  // Of oversized events, only the fields at both ends are known.
  if (input === undefined) return key === "tool_response" ? NOT_CAPTURED : value;
  const inputTexts = new Set<string>();
  forEachText(input, (text) => inputTexts.add(text));
  const quoted = [...inputTexts]
    .filter(({ length }) => length >= MIN_QUOTED_LENGTH)
    // The longest first, because a shorter one may be part of it.
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MAX_QUOTED);
  const isBuiltIn = !String(tool).startsWith("mcp__");
  const isEcho = (name: string) =>
    isBuiltIn && (ECHOES.has(name) || (name === "content" && tool === "Write"));
  const walk = (part: unknown, depth: number): unknown => {
    if (typeof part === "string") {
      if (inputTexts.has(part)) return NOT_CAPTURED;
      return quoted.reduce((text, one) => text.replaceAll(one, () => NOT_CAPTURED), part);
    }
    if (typeof part !== "object" || part === null) return part;
    if (depth > MAX_DEPTH) return NOT_CAPTURED;
    if (Array.isArray(part)) return part.map((inner: unknown) => walk(inner, depth + 1));
    const result = { __proto__: null } as unknown as Record<string, unknown>;
    for (const [name, inner] of Object.entries(part))
      result[name] = isEcho(name) ? NOT_CAPTURED : walk(inner, depth + 1);
    return result;
  };
  return walk(value, 0);
}

function forEachText(value: unknown, visit: (text: string) => void, depth = 0): void {
  if (typeof value === "string" && value !== "") visit(value);
  else if (typeof value === "object" && value !== null && depth <= MAX_DEPTH)
    for (const inner of Object.values(value)) forEachText(inner, visit, depth + 1);
}

function isCaptured(key: string, value: unknown, event: string, capture: Capture): boolean {
  if (key === "message" && event === "Notification")
    return typeof value === "string" && FIXED_MESSAGE.test(value);
  const content = contentOf(key, event);
  if (content !== undefined) return capture[content];
  // Not all three are captured, so an unknown field is not.
  return STRUCTURE.includes(key);
}

function contentOf(key: string, event: string): Content | undefined {
  // Free text there, a fixed list elsewhere (SessionEnd, StopFailure).
  if (key === "reason" && event === "PermissionDenied") return "tool_response";
  if (key === "error" && event !== "StopFailure") return "tool_response";
  for (const content of ["prompts", "tool_input", "tool_response"] as const)
    if (CONTENT[content].includes(key)) return content;
  return undefined;
}
