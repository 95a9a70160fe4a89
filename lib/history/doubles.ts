// Records of one event that two registrations wrote, such as the plugin and the settings: shown once, and counted.
import { isEvent } from "../events";
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
 * Leaves out what was recorded twice: the same process, session, event, agent and content within a quarter of a second. Of a
 * tool call it is known by the id of the call; any other event has to be the one right before, of the same agent, because
 * some come twice by themselves: a turn can end as the one before it did. The first in the given order stays.
 */
export function withoutDoubles(records: readonly EventRecord[]): Distinct {
  const calls = new Map<string, EventRecord>();
  const latest = new Map<string, EventRecord>();
  const distinct = records.filter((record) => {
    const { pid, session_id: session, event, tool_use_id: call, agent_id: agent = "" } = record;
    const source = `${pid} ${session} ${agent}`;
    const ofCall = `${source} ${event} ${call}`;
    const earlier = call === undefined ? latest.get(source) : calls.get(ofCall);
    const isDouble =
      earlier?.event === event && isNear(earlier, record) && hasSameContent(earlier, record);
    // Calls of early clients have no id: the same two at once are two.
    if (isDouble && (call !== undefined || !isOfCall(record))) return false;
    latest.set(source, record);
    if (call !== undefined) calls.set(ofCall, record);
    return true;
  });
  return { records: distinct, doubles: records.length - distinct.length };
}

function isOfCall({ event }: EventRecord): boolean {
  return (
    isEvent(event, "PreToolUse") ||
    isEvent(event, "PostToolUse") ||
    isEvent(event, "PostToolUseFailure")
  );
}

function isNear(a: EventRecord, b: EventRecord): boolean {
  return Math.abs(Date.parse(a.timestamp) - Date.parse(b.timestamp)) <= WINDOW_MS;
}

function hasSameContent(a: EventRecord, b: EventRecord): boolean {
  return JSON.stringify([a.parameters, a.payload]) === JSON.stringify([b.parameters, b.payload]);
}
