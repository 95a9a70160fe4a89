// Turns an event into its record, and the record into one line.
import type { Config } from "../config";
import { waitsForPerson } from "../events";
import type { EventRecord } from "../log/record";
import { byteLength } from "../os/byte-length";
import type { Project } from "../project";
import type { Session } from "../session";
import { NOT_CAPTURED, withoutUncaptured } from "./capture-filter";
import { eventNameOf, type OtherClient } from "./other-client";
import { outerFields, type MalformedInput, type Payload, type ReadOutcome } from "./read-event";
import { redact, rulesFor, type RedactionRules } from "./redact";
import { truncateStrings, truncateText } from "./truncate";

/** What a hook program knows about an event in addition to its payload. */
export interface EventContext {
  /** When the program started, in milliseconds since 1970 UTC. */
  readonly startedMs: number;
  /** The event's name if the payload has none. */
  readonly event: string;
  readonly session: Session;
  readonly project: Project;
  readonly user: string;
  /** The Claude Code process; two processes can share a session. */
  readonly pid: number;
  /** The agent that sent the event, if it is not Claude Code. */
  readonly client?: OtherClient | undefined;
}

/**
 * Builds the record, version 1, of what was read: known fields under their own names, and all others in
 * `payload` as they were sent, so that fields that Claude Code adds later are kept too. Secrets are masked.
 */
export function buildRecord(
  outcome: ReadOutcome,
  context: EventContext,
  capture: Config["capture"],
  rules: RedactionRules,
): EventRecord {
  const { startedMs, session, project, user, pid } = context;
  const sent =
    outcome.kind === "event"
      ? sentFields(outcome.payload, session, capture)
      : malformedFields(outcome, session, capture);
  const where = { project: project.label ?? project.name, project_dir: project.folder };
  const json = outcome.text + ("tail" in outcome ? outcome.tail : "") + JSON.stringify(where);
  const { value, redacted, dropped } = redact({ ...where, ...sent }, rulesFor(json, rules));
  return {
    v: 1,
    id: Bun.randomUUIDv7("hex", startedMs),
    timestamp: new Date(startedMs).toISOString(),
    event: context.event,
    session_id: session.id,
    session_id_source: session.source,
    ...where,
    user,
    pid,
    should_notify: outcome.kind === "event" && isWaiting(outcome.payload),
    ...(context.client !== undefined && { client: context.client }),
    ...(value as SentFields),
    payload: (value as SentFields).payload ?? {},
    ...(redacted > 0 && { redacted }),
    ...(dropped > 0 && { truncated: dropped }),
  };
}

/**
 * Renders a record as one line of JSON with its long strings truncated, of at most `record_bytes` including
 * its newlines. If its strings are too many, only the beginning and the end of their JSON are kept.
 */
export function renderRecord(record: EventRecord, limits: Config["limits"]): string {
  const maxLineBytes = limits.record_bytes - NEWLINES;
  let line = JSON.stringify(record);
  // The usual case: a short line has no long string. A UTF-16 unit takes at most three bytes.
  if (line.length * 3 <= Math.min(limits.string_bytes, maxLineBytes)) return line;
  for (let maxBytes = limits.string_bytes; maxBytes >= MIN_STRING_BYTES; maxBytes >>= 2) {
    line = withTruncatedStrings(record, maxBytes);
    if (byteLength(line) <= maxLineBytes) return line;
  }
  const { parameters, payload, ...rest } = record;
  const json = JSON.stringify({ parameters, payload });
  // Inside a string, JSON escapes a byte with up to six; an eighth of the line leaves room for the other fields.
  for (let maxBytes = Math.min(maxLineBytes >> 3, limits.string_bytes); ; maxBytes >>= 1) {
    const folded = { ...rest, payload: { folded: truncateText(json, maxBytes) } };
    line = withTruncatedStrings(folded, Math.max(maxBytes, MIN_STRING_BYTES), 1);
    if (byteLength(line) <= maxLineBytes || maxBytes === 0) return line;
  }
}

// The longest session id, which must never be truncated. Even if JSON makes each of a record's own strings six
// times as long, they stay under the smallest `record_bytes`.
const MIN_STRING_BYTES = 128;
// One at the end, and one in front if the last line is torn.
const NEWLINES = 2;

function withTruncatedStrings(record: EventRecord, maxBytes: number, alreadyTruncated = 0): string {
  const { value, count } = truncateStrings(record, maxBytes);
  const truncated = (record.truncated ?? 0) + count + alreadyTruncated;
  return JSON.stringify(truncated > 0 ? { ...(value as EventRecord), truncated } : value);
}

type SentFields = Partial<EventRecord> & { payload: unknown };

/** Payload fields that the record has under its own names, and the type that they must have. */
const PLACES: Readonly<Record<string, { name: string; type?: string }>> = {
  // @ts-expect-error -- without a prototype, there is no place for a field called `constructor`
  __proto__: null,
  hook_event_name: { name: "event", type: "string" },
  hookEventName: { name: "event", type: "string" },
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
  // Without a prototype, `__proto__` is an ordinary key.
  const others = { __proto__: null } as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(withoutUncaptured(payload, capture))) {
    const place = PLACES[key];
    if (key === "session_id" && value === session.id) continue;
    // Claude Code's own spelling counts, whichever comes first.
    const isDoubled = key === "hookEventName" && "hook_event_name" in payload;
    if (place !== undefined && hasType(value, place.type) && !isDoubled) placed[place.name] = value;
    else others[key] = value;
  }
  // The ids first: a huge input may use up all the parts that redaction checks.
  const { parameters, ...ids } = placed;
  return { ...ids, ...("parameters" in placed && { parameters }), payload: others };
}

// `JSON.parse` turns `1e999` into infinity, which JSON cannot express.
function hasType(value: unknown, type: string = typeof value): boolean {
  return typeof value === type && value !== "" && value !== Infinity && value !== -Infinity;
}

// Any part of the text may be a prompt, an input or a response, so it is kept only if all three are captured.
function malformedFields(
  { reason, bytes, text, tail }: MalformedInput,
  session: Session,
  capture: Config["capture"],
): SentFields {
  const { prompts, tool_input, tool_response } = capture;
  const mayKeep = text === "" || (prompts && tool_input && tool_response);
  const malformed = { malformed: reason, bytes, text: mayKeep ? text : NOT_CAPTURED };
  if (tail === undefined) return { payload: malformed };
  // Its ids, so that it joins the other event of its tool call.
  const { payload, ...ids } = sentFields(outerFields(text, tail), session, capture);
  return { ...ids, payload: { ...(payload as object), ...malformed } };
}

function isWaiting(payload: Payload): boolean {
  const name = eventNameOf(payload);
  return name !== undefined && waitsForPerson(name, payload["notification_type"]);
}
