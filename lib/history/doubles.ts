// Records of one event that two registrations wrote, such as the plugin and the settings: shown once, and counted.
import type { EventRecord } from "../log/record";

/** Records without doubles, in their order, and how many were left out. */
export interface Distinct {
  readonly records: readonly EventRecord[];
  readonly doubles: number;
}

/**
 * The client starts the hooks of an event at the same time, so they differ by some milliseconds, on a busy machine by some
 * tens. What comes twice by itself, such as a repeated notification, is seconds apart.
 */
const WINDOW_MS = 250;

/**
 * Leaves out what was recorded twice: the same process, session, event, tool use, agent and content within a quarter of a
 * second. The first in the given order stays.
 */
export function withoutDoubles(records: readonly EventRecord[]): Distinct {
  const kept = new Map<string, EventRecord[]>();
  const distinct = records.filter((record) => {
    const key = [
      record.pid,
      record.session_id,
      record.event,
      record.tool_use_id ?? "",
      record.agent_id ?? "",
    ].join(" ");
    const same = kept.get(key) ?? [];
    kept.set(key, same);
    // Only the newest few can be so near.
    if (
      same.slice(-8).some((earlier) => isNear(earlier, record) && hasSameContent(earlier, record))
    )
      return false;
    same.push(record);
    return true;
  });
  return { records: distinct, doubles: records.length - distinct.length };
}

function isNear(a: EventRecord, b: EventRecord): boolean {
  return Math.abs(Date.parse(a.timestamp) - Date.parse(b.timestamp)) <= WINDOW_MS;
}

function hasSameContent(a: EventRecord, b: EventRecord): boolean {
  return JSON.stringify([a.parameters, a.payload]) === JSON.stringify([b.parameters, b.payload]);
}
