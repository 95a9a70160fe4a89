// Records of one event that two registrations wrote, such as the plugin and the settings: every view shows them once, and
// counts them.
import { isEvent } from "../events";
import type { EventRecord, RecordHead } from "../log/record";

/** Records without doubles, in their order, and how many were left out. */
export interface Distinct {
  readonly records: readonly EventRecord[];
  readonly doubles: number;
}

/**
 * The client starts the hooks of an event at the same time, so they differ by a few milliseconds, on a busy machine by a few
 * tens. Events that legitimately come twice, such as a repeated notification, are seconds apart.
 */
const WINDOW_MS = 250;
/** Larger, because the id of a call is strong evidence even on a slow machine. */
const CALL_WINDOW_MS = 1000;
/** How many events, of all sessions, may be between the two. */
const MAX_BETWEEN = 64;

/** Leaves out what was recorded twice; the first in the given order stays. */
export function withoutDoubles(records: readonly EventRecord[]): Distinct {
  const detector = new DoubleDetector();
  const distinct = records.filter((record) => detector.addRecord(record) === undefined);
  return { records: distinct, doubles: records.length - distinct.length };
}

/**
 * Finds events that were recorded twice, among records that are added in the order of the log or in reverse: the same
 * process, session, agent, prompt, event and content within a moment. Duplicates of a tool call also share its id. Any
 * other event must be the previous one of the same agent, because some events legitimately come twice: a turn can end like
 * the one before it.
 */
export class DoubleDetector {
  readonly #latest: Latest[] = [];
  #next = 0;

  /**
   * Adds a record, unless it is the double of one that was added.
   *
   * @param atMs its time, in milliseconds since 1970 UTC
   * @param record reads it whole; called only where another record seems to be the same
   * @param recordLater the same, if `record` is valid only now
   * @returns the one whose double it is
   */
  add(
    head: RecordHead,
    atMs: number,
    record: ReadRecord,
    recordLater: ReadRecord = record,
  ): RecordHead | undefined {
    const { pid } = head;
    const isOfCall = head.tool_use_id !== undefined;
    // Calls of early clients have no id: the same two at once are two.
    if (isOfCall || !isCallEvent(head)) {
      const windowMs = isOfCall ? CALL_WINDOW_MS : WINDOW_MS;
      const length = this.#latest.length;
      for (let back = 1; back <= length; back++) {
        const earlier = this.#latest[(this.#next - back + length) % length] as Latest;
        if (earlier.pid !== pid) continue;
        const isNear = Math.abs(earlier.atMs - atMs) <= windowMs;
        if (isOfCall && !isNear) continue;
        if (!isOfSameAgent(earlier.head, head)) continue;
        if (isNear && isSameEvent(earlier.head, head) && hasSameContent(earlier.record(), record()))
          return earlier.head;
        if (!isOfCall) break;
      }
    }
    this.#latest[this.#next] = { head, pid, atMs, record: recordLater };
    this.#next = (this.#next + 1) % MAX_BETWEEN;
    return undefined;
  }

  /** Adds a record that was read whole, as {@link add} does. */
  addRecord(record: EventRecord): RecordHead | undefined {
    return this.add(record, Date.parse(record.timestamp), () => record);
  }
}

type ReadRecord = () => EventRecord | undefined;

interface Latest {
  readonly head: RecordHead;
  readonly pid: number;
  readonly atMs: number;
  readonly record: ReadRecord;
}

function isCallEvent({ event }: RecordHead): boolean {
  return (
    isEvent(event, "PreToolUse") ||
    isEvent(event, "PostToolUse") ||
    isEvent(event, "PostToolUseFailure")
  );
}

function isOfSameAgent(a: RecordHead, b: RecordHead): boolean {
  return a.session_id === b.session_id && a.agent_id === b.agent_id;
}

// Behind some model routers, the ids of calls start again with every prompt.
function isSameEvent(a: RecordHead, b: RecordHead): boolean {
  return (
    a.tool_use_id === b.tool_use_id &&
    a.event === b.event &&
    a.tool === b.tool &&
    a.prompt_id === b.prompt_id
  );
}

function hasSameContent(a: EventRecord | undefined, b: EventRecord | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return JSON.stringify([a.parameters, a.payload]) === JSON.stringify([b.parameters, b.payload]);
}
