// Event to record: the one line that is kept of it.
import type { Config } from "../config";
import { waitsForPerson } from "../events";
import type { EventRecord } from "../log/record";
import { byteLength } from "../os/byte-length";
import type { Project } from "../project";
import type { Session } from "../session";
import type { Outcome, Payload } from "./read-event";
import { redact, rulesFor, type RedactionRules } from "./redact";
import { truncateStrings, truncateText } from "./truncate";

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
      : { payload: malformedFields(outcome, capture) };
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
    should_notify: outcome.kind === "event" && isWaiting(outcome.payload),
    ...(value as SentFields),
    payload: (value as SentFields).payload ?? {},
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
  if (line.length * 3 <= Math.min(limits.string_bytes, mostBytes)) return line;
  for (let maxBytes = limits.string_bytes; maxBytes >= MIN_STRING_BYTES; maxBytes >>= 2) {
    line = withTruncatedStrings(record, maxBytes);
    if (byteLength(line) <= mostBytes) return line;
  }
  const { parameters, payload, ...rest } = record;
  const json = JSON.stringify({ parameters, payload });
  for (let maxBytes = Math.min(mostBytes >> 3, limits.string_bytes); ; maxBytes >>= 1) {
    const folded = { ...rest, payload: { folded: truncateText(json, maxBytes) } };
    line = withTruncatedStrings(folded, Math.max(maxBytes, MIN_STRING_BYTES), 1);
    if (byteLength(line) <= mostBytes || maxBytes === 0) return line;
  }
}

// So that no session id is cut. Even if a record's other strings all became six times as long in
// JSON, they would stay under the smallest `record_bytes`.
const MIN_STRING_BYTES = 128;
// One at the end, and one in front after a torn line.
const NEWLINES = 2;

function withTruncatedStrings(record: EventRecord, maxBytes: number, alreadyTruncated = 0): string {
  const { value, cut } = truncateStrings(record, maxBytes);
  const truncated = (record.truncated ?? 0) + cut + alreadyTruncated;
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
    if (place !== undefined && hasType(value, place.type)) placed[place.name] = value;
    else others[key] = value;
  }
  // The ids first: a huge input may use up all the parts that will be looked at.
  const { parameters, ...ids } = placed;
  return { ...ids, ...("parameters" in placed && { parameters }), payload: others };
}

// `1e999` is a number in JSON, and infinite, which no JSON can say.
function hasType(value: unknown, type: string = typeof value): boolean {
  return typeof value === type && value !== "" && value !== Infinity && value !== -Infinity;
}

// Nobody can tell which part of it is a prompt.
function malformedFields(
  { reason, bytes, text }: Extract<Outcome, { kind: "malformed" }>,
  { prompts, tool_input, tool_response }: Config["capture"],
) {
  const isWanted = text === "" || (prompts && tool_input && tool_response);
  return { malformed: reason, bytes, text: isWanted ? text : NOT_CAPTURED };
}

const NOT_CAPTURED = "[not captured]";

/** Which fields the user can keep out of the log, by the choice that governs them. */
const GOVERNED: Readonly<Record<keyof Config["capture"], readonly string[]>> = {
  prompts: ["prompt", "command_args", "custom_instructions"],
  tool_input: ["tool_input", "permission_suggestions"],
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
    typeof call === "object" && call !== null && !Array.isArray(call)
      ? Object.fromEntries(
          Object.entries(call).map(([name, inner]) => [
            name,
            isCaptured(name, capture) ? inner : NOT_CAPTURED,
          ]),
        )
      : call,
  );
}

/** Whether Claude waits for the person. */
function isWaiting({ hook_event_name: name, notification_type: type }: Payload): boolean {
  return typeof name === "string" && waitsForPerson(name, type);
}
