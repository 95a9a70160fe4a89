// A record that ends something as a span of OpenTelemetry, by the conventions for generative AI:
// https://opentelemetry.io/docs/specs/semconv/gen-ai/. A denied or interrupted call has no final event, so it has no span.
import type { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { isEvent } from "../../events";
import { fieldOf, textOf } from "../../history/payload";
import type { EventRecord, RecordHead } from "../../log/record";
import { SCOPE, withoutAbsent, type Resource } from "./otlp-log";
import { spanIdOf, traceIdOf } from "./otlp-ids";
import { endsTurn, type SpanHistory } from "./span-history";

/** What the serializers take. */
export type Span = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];

// Of an error, enough to see which it is; the log record has all of it.
const MAX_MESSAGE = 256;
const INTERNAL = 0;
const [UNSET, ERROR] = [0, 2] as const;
const SAMPLED = 1;

/**
 * The span that a record ends; `undefined` if there is none, or its beginning is not known.
 *
 * @param whole the whole record, which only failures need
 */
export function toSpan(
  record: RecordHead,
  whole: () => EventRecord | undefined,
  history: SpanHistory,
  resource: Resource,
): Span | undefined {
  const endMs = Date.parse(record.timestamp);
  const isAgent = isEvent(record.event, "SubagentStop");
  if (isAgent || endsTurn(record)) {
    // Early clients sent no ids, and spans without one of their own would be taken for each other.
    if (!isAgent && record.prompt_id === undefined) return undefined;
    const startMs = history.startOf(record);
    if (startMs === undefined || startMs > endMs) return undefined;
    return isAgent
      ? agentSpan(record, [startMs, endMs], history.launchOf(record), resource)
      : turnSpan(record, whole, [startMs, endMs], resource);
  }
  const { tool, tool_use_id: callId, duration_ms: durationMs } = record;
  if (tool === undefined || callId === undefined || durationMs === undefined) return undefined;
  return toolSpan(record, whole, [endMs - durationMs, endMs], resource);
}

type Times = readonly [startMs: number, endMs: number];

function toolSpan(
  record: RecordHead,
  whole: () => EventRecord | undefined,
  times: Times,
  resource: Resource,
): Span {
  const { tool = "", tool_use_id: callId, agent_id: agentId } = record;
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool,
    "gen_ai.tool.type": tool.startsWith("mcp__") ? "extension" : "function",
    "gen_ai.tool.call.id": callId,
    tool_use_id: callId,
    agent_id: agentId,
  };
  return toOtlp(record, `execute_tool ${tool}`, times, {
    spanId: spanIdOf(record),
    // Its subagent, or its prompt.
    parentId: spanIdOf({ ...record, tool_use_id: undefined }),
    attributes,
    error: isEvent(record.event, "PostToolUseFailure") ? toolError(whole()) : undefined,
    resource,
  });
}

function toolError(record: Pick<EventRecord, "payload"> = { payload: undefined }): SpanError {
  const isInterrupted = fieldOf(record.payload, "is_interrupt") === true;
  return { type: isInterrupted ? "interrupted" : "tool_error", message: textOf(record, "error") };
}

function agentSpan(
  record: RecordHead,
  times: Times,
  launch: string | undefined,
  resource: Resource,
): Span {
  const { agent_id: agentId, agent_type: type = "" } = record;
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": type,
    "gen_ai.agent.id": agentId,
    agent_id: agentId,
  };
  return toOtlp(record, `invoke_agent ${type}`, times, {
    spanId: spanIdOf({ ...record, tool_use_id: undefined }),
    parentId: spanIdOf({ ...record, agent_id: undefined, tool_use_id: launch }),
    attributes,
    error: undefined,
    resource,
  });
}

function turnSpan(
  record: RecordHead,
  whole: () => EventRecord | undefined,
  times: Times,
  resource: Resource,
): Span {
  return toOtlp(record, "invoke_agent claude-code", times, {
    spanId: spanIdOf({ ...record, tool_use_id: undefined }),
    parentId: undefined,
    attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "claude-code" },
    error: isEvent(record.event, "StopFailure") ? turnError(whole()) : undefined,
    resource,
  });
}

function turnError(record: Pick<EventRecord, "payload"> = { payload: undefined }): SpanError {
  return { type: textOf(record, "error") ?? "unknown", message: textOf(record, "error_details") };
}

interface SpanError {
  readonly type: string;
  readonly message: string | undefined;
}

interface Parts {
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly error: SpanError | undefined;
  readonly resource: Resource;
}

function toOtlp(
  record: RecordHead,
  name: string,
  [startMs, endMs]: Times,
  { spanId, parentId, attributes, error, resource }: Parts,
): Span {
  const traceId = traceIdOf(record);
  const context = (id: string) => ({ traceId, spanId: id, traceFlags: SAMPLED });
  const all = {
    ...attributes,
    // The log record of the event that ended it.
    "log.record.uid": record.id,
    "session.id": record.session_id,
    "prompt.id": record.prompt_id,
    "gen_ai.conversation.id": record.session_id,
    "gen_ai.provider.name": "anthropic",
    "user.name": record.user,
    "claude_code.project": record.project,
    "error.type": error?.type,
  };
  const [start, end] = [toTime(startMs), toTime(endMs)];
  return {
    name,
    kind: INTERNAL,
    spanContext: () => context(spanId),
    ...(parentId !== undefined && { parentSpanContext: context(parentId) }),
    startTime: start,
    endTime: end,
    duration: toTime(endMs - startMs),
    ended: true,
    status:
      error === undefined
        ? { code: UNSET }
        : { code: ERROR, message: beginningOf(error.message ?? error.type) },
    attributes: withoutAbsent(all),
    links: [],
    events: [],
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

// By code points: half a surrogate pair is no text in protobuf.
function beginningOf(text: string): string {
  return Array.from(text.slice(0, 2 * MAX_MESSAGE))
    .slice(0, MAX_MESSAGE)
    .join("")
    .toWellFormed();
}

/** A time as the serializers take it: seconds and nanoseconds. A duration may have parts of a millisecond. */
function toTime(ms: number): [number, number] {
  const micros = Math.round(ms * 1000);
  return [Math.floor(micros / 1_000_000), (micros % 1_000_000) * 1000];
}
