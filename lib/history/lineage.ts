// Which session continues which. Claude Code does not say. But a process has one session at a time, so a
// session that starts by `clear` or `fork` continues the session that its process had before.
import { isEvent } from "../events";
import type { EventRecord, RecordHead } from "../log/record";
import { textOf } from "./payload";

/** What lineage needs to know about an event. */
export interface LineageEvent {
  readonly event: string;
  readonly session_id: string;
  readonly pid: number;
  /** How a session started, of a SessionStart. */
  readonly source?: string | undefined;
  /** Why a session ended, of a SessionEnd. */
  readonly reason?: string | undefined;
}

/**
 * What lineage needs to know of an event.
 *
 * @param record reads the whole record; called only where the head does not say enough
 */
export function lineageEventOf(
  head: RecordHead,
  record: () => EventRecord | undefined,
): LineageEvent {
  const { event, session_id, pid } = head;
  if (!isEvent(event, "SessionStart") && !isEvent(event, "SessionEnd"))
    return { event, session_id, pid };
  const whole = record();
  return {
    event,
    session_id,
    pid,
    source: whole && textOf(whole, "source"),
    reason: whole && textOf(whole, "reason"),
  };
}

/** One session continues another. */
export interface SessionLink {
  readonly parent: string;
  readonly child: string;
  readonly by: "clear" | "fork";
}

/**
 * Finds which sessions continue others.
 *
 * @param events of any processes, oldest first
 */
export function linkSessions(events: Iterable<LineageEvent>): SessionLink[] {
  const links: SessionLink[] = [];
  /** The session of each process; `undefined` once it has ended, because its number is used again. */
  const current = new Map<number, string | undefined>();
  for (const { event, session_id: child, pid, source, reason } of events) {
    const parent = current.get(pid);
    const begins = isEvent(event, "SessionStart") && (source === "clear" || source === "fork");
    if (begins && parent !== undefined && parent !== child)
      links.push({ parent, child, by: source });
    const isLast = isEvent(event, "SessionEnd") && reason !== "clear" && reason !== "resume";
    if (isLast) current.set(pid, undefined);
    // A late event of an earlier session, such as the end of an agent, does not bring it back.
    else if (isEvent(event, "SessionStart") || !current.has(pid)) current.set(pid, child);
  }
  return links;
}
