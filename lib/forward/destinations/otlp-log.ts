// A record as a log record of OpenTelemetry.
import type { JsonLogsSerializer } from "@opentelemetry/otlp-transformer";
import { isEvent } from "../../events";
import type { RecordHead } from "../../log/record";
import { version } from "../../version";
import { spanIdOf, traceIdOf } from "./otlp-ids";

/** What the serializers take. */
export type LogRecord = Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number];
/** The resource of the records: program, machine and system. */
export type Resource = LogRecord["resource"];

/** Who made the records. The serializers group them by this object, so all share it. */
export const SCOPE = { name: "claude-session-hooks", version };

/**
 * The resource attributes of the records.
 *
 * @param host the machine's name and system
 * @param own the `resource` of the destination; it wins
 */
export function toResource(
  host: { readonly name: string; readonly os: string },
  own: Readonly<Record<string, string>>,
): Resource {
  const attributes = {
    // Not the client's own `claude-code`: its dashboards would count every tool call twice.
    "service.name": "claude-code-hooks",
    "service.version": version,
    "host.name": host.name,
    "os.type": host.os,
    ...own,
  };
  const resource: Resource = {
    attributes,
    getRawAttributes: () => Object.entries(attributes),
    merge: () => resource,
  };
  return resource;
}

/**
 * Turns a record into a log record. The body is the record's line as it is in the log. Only small fields become attributes,
 * because Loki accepts 64 KB of them and a record can be larger.
 *
 * @param line the record's line
 */
export function toLogRecord(head: RecordHead, line: string, resource: Resource): LogRecord {
  const ms = Date.parse(head.timestamp);
  const time: [number, number] = [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
  const name = `hook.${head.event.replace(/(?<=[a-z\d])(?=[A-Z])/g, "_").toLowerCase()}`;
  const attributes = {
    // A receiver may take a record with the same id for a duplicate, and drop it.
    "log.record.uid": head.id,
    "event.name": name,
    "session.id": head.session_id,
    "session.id_source": head.session_id_source,
    "prompt.id": head.prompt_id,
    "gen_ai.tool.name": head.tool,
    "gen_ai.tool.call.id": head.tool_use_id,
    tool_use_id: head.tool_use_id,
    agent_id: head.agent_id,
    agent_type: head.agent_type,
    duration_ms: head.duration_ms,
    "user.name": head.user,
    "claude_code.project": head.project,
  };
  return {
    hrTime: time,
    hrTimeObserved: time,
    ...severityOf(head.event),
    eventName: `claude_code.${name}`,
    spanContext: { traceId: traceIdOf(head), spanId: spanIdOf(head), traceFlags: 1 },
    body: line,
    attributes: withoutAbsent(attributes),
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: SCOPE,
  };
}

/** Attributes without those that are `undefined`, which the serializers would write as empty. */
export function withoutAbsent(
  attributes: Readonly<Record<string, string | number | undefined>>,
): Record<string, string | number> {
  const present: Record<string, string | number> = {};
  // For every event: entries would take a tenth of all the time.
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) present[name] = value;
  }
  return present;
}

function severityOf(event: string): Pick<LogRecord, "severityNumber" | "severityText"> {
  if (isEvent(event, "PostToolUseFailure") || isEvent(event, "StopFailure"))
    return { severityNumber: 17, severityText: "ERROR" };
  if (isEvent(event, "PermissionDenied")) return { severityNumber: 13, severityText: "WARN" };
  return { severityNumber: 9, severityText: "INFO" };
}
