// Reads what the programs wrote in a sandbox: records and faults.
import { readRecords, type LogEntry } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import type { Sandbox } from "./sandbox";

/**
 * All records, in the order of the log.
 *
 * @throws {Error} on a line that is not a record
 */
export async function recordsOf(sandbox: Sandbox): Promise<EventRecord[]> {
  const records: EventRecord[] = [];
  for (const entry of entriesOf(sandbox)) {
    if (entry.kind !== "record") throw new Error(`a ${entry.reason} line in ${entry.day}`);
    records.push(entry.record);
  }
  return records;
}

/**
 * The only record of a log.
 *
 * @throws {Error} if there is none, or more than one
 */
export async function onlyRecordOf(sandbox: Sandbox): Promise<EventRecord> {
  const [record, ...others] = await recordsOf(sandbox);
  if (record === undefined || others.length > 0)
    throw new Error(`${others.length + (record ? 1 : 0)} records, not one`);
  return record;
}

/** All lines of the log, records or not. */
export function entriesOf(sandbox: Sandbox): LogEntry[] {
  return Array.from(readRecords(sandbox.events));
}

/** The lines of `hook-errors.log`: time, program and fault, separated by tabs. */
export async function faultsOf(sandbox: Sandbox): Promise<string[]> {
  const file = Bun.file(`${sandbox.state}/hook-errors.log`);
  return (await file.exists()) ? (await file.text()).trimEnd().split("\n") : [];
}

/** Rebuilds the payload that a record was made from. */
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
