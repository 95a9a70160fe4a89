// What lies in a sandbox's log.
import { readDays, type LogEntry } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import type { Sandbox } from "./sandbox";

/** All records, in the order of the log; fails on a line that is none. */
export async function recordsOf(sandbox: Sandbox): Promise<EventRecord[]> {
  const records: EventRecord[] = [];
  for (const entry of entriesOf(sandbox)) {
    if (entry.kind !== "record") throw new Error(`a ${entry.reason} line in ${entry.day}`);
    records.push(entry.record);
  }
  return records;
}

/** The one record there is. */
export async function onlyRecordOf(sandbox: Sandbox): Promise<EventRecord> {
  const [record, ...others] = await recordsOf(sandbox);
  if (record === undefined || others.length > 0)
    throw new Error(`${others.length + (record ? 1 : 0)} records, not one`);
  return record;
}

/** All entries, records or not. */
export function entriesOf(sandbox: Sandbox): LogEntry[] {
  return Array.from(readDays(sandbox.events));
}

/** The faults that programs wrote down, one a line: time, program, fault. */
export async function faultsOf(sandbox: Sandbox): Promise<string[]> {
  const file = Bun.file(`${sandbox.state}/hook-errors.log`);
  return (await file.exists()) ? (await file.text()).trimEnd().split("\n") : [];
}

/** The payload that a record was made of, put together again. */
export function payloadOf(record: EventRecord): Record<string, unknown> {
  const { tool, parameters, tool_use_id, duration_ms, agent_id, agent_type, prompt_id } = record;
  const placed = {
    session_id: record.session_id,
    hook_event_name: record.event,
    tool_name: tool,
    tool_input: parameters,
    tool_use_id,
    duration_ms,
    agent_id,
    agent_type,
    prompt_id,
  };
  const present = Object.entries(placed).filter(([, value]) => value !== undefined);
  return { ...(record.payload as Record<string, unknown>), ...Object.fromEntries(present) };
}
