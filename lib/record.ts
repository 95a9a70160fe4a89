// Event to record: the one line that is kept of it.
import { byteLength, cutStrings, cutText } from "./cut";
import type { Outcome, Payload } from "./event";
import type { Project } from "./project";
import { redact, rulesFor, type RedactionRules } from "./redact";
import type { Config, EventRecord } from "./schema";
import type { Session } from "./session";

/** What a hook program knows of an event besides its payload. */
export interface Circumstances {
  /** When the program started, in milliseconds since 1970 UTC. */
  readonly startedMs: number;
  /** The event's name where the payload gives none. */
  readonly event: string;
  readonly session: Session;
  readonly project: Project;
  readonly user: string;
  /** The Claude Code process; two of them can share one session. */
  readonly pid: number;
}

/**
 * Makes the record, version 1, of what arrived: known fields under their own names, everything else
 * in `payload` as it was sent, so that nothing Claude Code adds later is lost. Secrets are masked.
 */
export function toRecord(
  outcome: Outcome,
  circumstances: Circumstances,
  capture: Config["capture"],
  rules: RedactionRules,
): EventRecord {
  const { startedMs, session, project, user, pid } = circumstances;
  const sent =
    outcome.kind === "event"
      ? sentFields(outcome.payload, session, capture)
      : { payload: { malformed: outcome.reason, bytes: outcome.bytes, text: outcome.text } };
  const { value, redacted, dropped } = redact(sent, rulesFor(outcome.text, rules));
  return {
    v: 1,
    id: Bun.randomUUIDv7("hex", startedMs),
    timestamp: new Date(startedMs).toISOString(),
    event: circumstances.event,
    session_id: session.id,
    session_id_source: session.source,
    project: project.name,
    project_dir: project.folder,
    user,
    pid,
    should_notify: outcome.kind === "event" && waitsForPerson(outcome.payload),
    ...(value as SentFields),
    ...(redacted > 0 && { redacted }),
    ...(dropped > 0 && { truncated: dropped }),
  };
}

/**
 * Writes a record as one line of JSON, its long strings cut, of at most `record_bytes` with its
 * newlines. A record of very many parts keeps the beginning and the end of their JSON instead.
 */
export function renderRecord(record: EventRecord, limits: Config["limits"]): string {
  const mostBytes = limits.record_bytes - NEWLINES;
  let line = JSON.stringify(record);
  // The usual case: where the whole is short, so is every string in it.
  if (line.length * 3 <= limits.string_bytes) return line;
  for (let maxBytes = limits.string_bytes; maxBytes >= SHORTEST_CUT; maxBytes >>= 2) {
    line = withCutStrings(record, maxBytes);
    if (byteLength(line) <= mostBytes) return line;
  }
  const { parameters, payload, ...rest } = record;
  const json = JSON.stringify({ parameters, payload });
  for (let maxBytes = mostBytes >> 3; ; maxBytes >>= 1) {
    const folded = { ...rest, payload: { folded: cutText(json, maxBytes) } };
    line = withCutStrings(folded, Math.max(maxBytes, SHORTEST_CUT), 1);
    if (byteLength(line) <= mostBytes || maxBytes === 0) return line;
  }
}

const SHORTEST_CUT = 64;
// One at the end, and one in front after a torn line.
const NEWLINES = 2;

function withCutStrings(record: EventRecord, maxBytes: number, alreadyCut = 0): string {
  const { value, cut } = cutStrings(record, maxBytes);
  const truncated = (record.truncated ?? 0) + cut + alreadyCut;
  return JSON.stringify(truncated > 0 ? { ...(value as EventRecord), truncated } : value);
}

type SentFields = Partial<EventRecord> & { payload: unknown };

/** Fields that have a place of their own in the record, and the type they must have for it. */
const PLACES: Readonly<Record<string, { name: string; type?: string }>> = {
  // @ts-expect-error -- so that a field called `constructor` finds nothing here
  __proto__: null,
  hook_event_name: { name: "event", type: "string" },
  tool_name: { name: "tool", type: "string" },
  tool_use_id: { name: "tool_use_id", type: "string" },
  tool_input: { name: "parameters" },
  duration_ms: { name: "duration_ms", type: "number" },
  agent_id: { name: "agent_id", type: "string" },
  agent_type: { name: "agent_type", type: "string" },
  prompt_id: { name: "prompt_id", type: "string" },
};

function sentFields(payload: Payload, session: Session, capture: Config["capture"]): SentFields {
  const placed: Record<string, unknown> = {};
  // Without a prototype, `__proto__` is a key like any other.
  const others = { __proto__: null } as unknown as Record<string, unknown>;
  for (const [key, sent] of Object.entries(payload)) {
    const value = isCaptured(key, capture) ? withoutUncaptured(key, sent, capture) : NOT_CAPTURED;
    const place = PLACES[key];
    if (key === "session_id" && sent === session.id) continue;
    if (place !== undefined && (place.type ?? typeof value) === typeof value && value !== "")
      placed[place.name] = value;
    else others[key] = value;
  }
  return { ...placed, payload: others };
}

const NOT_CAPTURED = "[not captured]";

/** Which fields the user can keep out of the log, by the choice that governs them. */
const GOVERNED: Readonly<Record<keyof Config["capture"], readonly string[]>> = {
  prompts: ["prompt", "command_args", "custom_instructions"],
  tool_input: ["tool_input"],
  tool_response: ["tool_response", "error"],
};

function isCaptured(key: string, capture: Config["capture"]): boolean {
  for (const choice of ["prompts", "tool_input", "tool_response"] as const)
    if (!capture[choice] && GOVERNED[choice].includes(key)) return false;
  return true;
}

// PostToolBatch repeats the inputs and responses of its calls.
function withoutUncaptured(key: string, value: unknown, capture: Config["capture"]): unknown {
  if (key !== "tool_calls" || !Array.isArray(value)) return value;
  if (capture.tool_input && capture.tool_response) return value;
  return value.map((call: unknown) =>
    typeof call === "object" && call !== null
      ? Object.fromEntries(
          Object.entries(call).map(([key, inner]) => [
            key,
            isCaptured(key, capture) ? inner : NOT_CAPTURED,
          ]),
        )
      : call,
  );
}

const WAITING_NOTIFICATIONS: readonly unknown[] = [
  "permission_prompt",
  "worker_permission_prompt",
  "idle_prompt",
  "elicitation_dialog",
  "elicitation_url_dialog",
  "agent_needs_input",
];

/** Whether Claude waits for the person. */
function waitsForPerson({ hook_event_name, notification_type }: Payload): boolean {
  return (
    hook_event_name === "PermissionRequest" ||
    hook_event_name === "Elicitation" ||
    (hook_event_name === "Notification" && WAITING_NOTIFICATIONS.includes(notification_type))
  );
}
