// The API of the multi-agent observability servers: one event a request, `POST /events`, answered with
// the event's number. They know no batches, and keep what is sent twice twice.
import { describeRecord } from "../../history/describe";
import { fieldOf, textOf } from "../../history/payload";
import { recordIn } from "../../log/reader";
import type { EventRecord } from "../../log/record";
import type { PendingEvent } from "../backlog";
import type { Destination } from "../destination";
import { post, type Answered } from "../post";
import { bySession, judge, type Deliver, type Kept } from "../verdict";

/** Names that such servers look for beside the payload. */
const BESIDE_PAYLOAD = [
  "tool_name",
  "tool_use_id",
  "error",
  "is_interrupt",
  "agent_id",
  "agent_type",
  "agent_transcript_path",
  "stop_hook_active",
  "notification_type",
  "custom_instructions",
  "source",
  "reason",
] as const;

const MAX_SUMMARY = 200;

/** The event as Claude Code sent it, put together again from its record. */
export function sentPayload(record: EventRecord): Record<string, unknown> {
  const { event, session_id, tool, parameters, payload } = record;
  const { tool_use_id, duration_ms, agent_id, agent_type, prompt_id } = record;
  const placed = {
    session_id,
    hook_event_name: event,
    tool_name: tool,
    tool_input: parameters,
    tool_use_id,
    duration_ms,
    agent_id,
    agent_type,
    prompt_id,
  };
  const present = Object.entries(placed).filter(([, value]) => value !== undefined);
  const others = typeof payload === "object" && payload !== null ? payload : {};
  return { ...Object.fromEntries(present), ...others };
}

/**
 * Writes an event as such a server takes it. `timestamp` is in whole milliseconds: by a text or by
 * seconds it would be sorted wrongly for ever.
 *
 * @param model that the session uses, as far as known
 */
export function toMessage(record: EventRecord, model: string | undefined): Record<string, unknown> {
  // The id first: a server says the event back, and only the beginning of that is read.
  const payload = { event_id: record.id, ...sentPayload(record) };
  const beside = BESIDE_PAYLOAD.flatMap((name) => {
    const value = fieldOf(payload, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    source_app: record.project,
    session_id: record.session_id,
    hook_event_type: record.event,
    payload,
    timestamp: Date.parse(record.timestamp),
    ...(model !== undefined && { model_name: model }),
    summary: summaryOf(record),
    ...Object.fromEntries(beside),
  };
}

function summaryOf(record: EventRecord): string {
  const words = describeRecord(record)
    .slice(0, 10 * MAX_SUMMARY)
    .replace(/\s+/g, " ");
  // By characters, so that none is cut in half.
  return Array.from(words).slice(0, MAX_SUMMARY).join("").toWellFormed();
}

/** Remembers which model each session uses: only the event that says so has it. */
export class Models {
  readonly #models = new Map<string, string>();

  /** The model of a record's session, told by this record or an earlier one. */
  of(record: EventRecord): string | undefined {
    const told = textOf(record, "to_model") ?? textOf(record, "model");
    const model = told ?? this.#models.get(record.session_id);
    this.#models.delete(record.session_id);
    if (model !== undefined) this.#models.set(record.session_id, model);
    if (this.#models.size > MOST_SESSIONS)
      this.#models.delete(this.#models.keys().next().value ?? "");
    return model;
  }
}

const MOST_SESSIONS = 1000;

/** Delivers event by event; sessions side by side, each in its order. */
export function sendToObservability(destination: Destination): Deliver {
  const models = new Models();
  return async (events, receipts) => {
    const messages = new Map<PendingEvent, string>();
    for (const event of events) {
      const record = recordIn(event.line);
      if (record !== undefined)
        messages.set(event, JSON.stringify(toMessage(record, models.of(record))));
    }
    let failure: Kept | undefined;
    const queue = bySession(events);
    const deliverSessions = async (): Promise<void> => {
      for (let session; (session = queue.shift()) !== undefined;)
        for (const event of session) {
          if (failure !== undefined) return;
          const answer = await post(destination, messages.get(event) ?? "", JSON_CONTENT);
          const outcome = judge(answer, (answered) => isStored(answered, event.id));
          if (outcome.kind === "delivered") receipts.delivered([event]);
          else if (outcome.kind === "kept") failure = outcome;
          else failure ??= receipts.refused([event], outcome);
        }
    };
    await Promise.all(Array.from({ length: SESSIONS_AT_ONCE }, deliverSessions));
    return failure;
  };
}

const SESSIONS_AT_ONCE = 8;
const JSON_CONTENT = { "Content-Type": "application/json" };

// These servers answer a friendly 200 to any path that they do not know. To one that they do they
// answer with the event and its number, which comes last: of a long event it is not read.
function isStored({ status, text, isTruncated }: Answered, id: string): true | string {
  if (status === 200) {
    if (typeof fieldOf(parse(text), "id") === "number") return true;
    const isEcho = text.startsWith("{") && text.includes(`"event_id":${JSON.stringify(id)}`);
    if (isTruncated && isEcho) return true;
  }
  return `it answered ${status}, but not as an observability server does; is the URL right?`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
