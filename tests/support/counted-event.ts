// A record as statistics count it.
import { isFromPerson } from "../../lib/history/payload";
import type { CountedEvent } from "../../lib/history/statistics";
import type { EventRecord } from "../../lib/log/record";

/** What is counted of a record. */
export function toCounted(record: EventRecord): CountedEvent {
  return {
    atMs: Date.parse(record.timestamp),
    event: record.event,
    sessionId: record.session_id,
    project: record.project,
    tool: record.tool ?? "",
    durationMs: record.duration_ms ?? -1,
    isPrompt: record.event === "UserPromptSubmit" && isFromPerson(record),
  };
}
