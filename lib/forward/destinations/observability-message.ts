// An event in the format of the multi-agent observability servers.
import { describeRecord } from "../../history/describe";
import { fieldOf, textOf } from "../../history/payload";
import type { EventRecord } from "../../log/record";

/** Fields that such servers look for next to the payload. */
const TOP_LEVEL_FIELDS = [
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

/** One line of a wide screen: servers list events by their summaries. */
const MAX_SUMMARY_CHARACTERS = 200;

/** Restores the event as Claude Code sent it from its record. */
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
 * Turns a record into the body of `POST /events`, as disler/claude-code-hooks-multi-agent-observability
 * defines it. `timestamp` is in whole milliseconds, because servers sort by it as a number of
 * milliseconds.
 *
 * @param model the model that the session uses, if known
 */
export function toMessage(record: EventRecord, model: string | undefined): Record<string, unknown> {
  // The id comes first: a server echoes the event, and only the beginning of its answer is read.
  const payload = { event_id: record.id, ...sentPayload(record) };
  const topLevel = TOP_LEVEL_FIELDS.flatMap((name) => {
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
    ...Object.fromEntries(topLevel),
  };
}

function summaryOf(record: EventRecord): string {
  const line = describeRecord(record)
    // Enough to fill the summary, where it has many blanks. A prompt may have megabytes.
    .slice(0, 10 * MAX_SUMMARY_CHARACTERS)
    .replace(/\s+/g, " ");
  // By code points: a surrogate pair stays whole.
  return Array.from(line).slice(0, MAX_SUMMARY_CHARACTERS).join("").toWellFormed();
}

/** More sessions than a machine has in 15 minutes; one that is dropped only loses its model name. */
const MAX_SESSIONS = 1000;

/** Remembers which model each session uses, because only a few events name it. */
export class Models {
  readonly #models = new Map<string, string>();

  /** The model of a record's session, from this record or an earlier one. */
  of(record: EventRecord): string | undefined {
    const named = textOf(record, "to_model") ?? textOf(record, "model");
    const model = named ?? this.#models.get(record.session_id);
    // The most recently used session moves to the end, and the first one is dropped.
    this.#models.delete(record.session_id);
    if (model !== undefined) this.#models.set(record.session_id, model);
    if (this.#models.size > MAX_SESSIONS)
      this.#models.delete(this.#models.keys().next().value ?? "");
    return model;
  }
}
