// Which session continues which. Claude Code does not say; but one process has one session at a
// time, so a session that begins by `clear` or `fork` continues the one its process had before.
import { isEvent } from "../events";

/** What lineage needs to know of a record. */
export interface Sign {
  readonly event: string;
  readonly session_id: string;
  readonly pid: number;
  /** Of a SessionStart. */
  readonly source?: string | undefined;
  /** Of a SessionEnd. */
  readonly reason?: string | undefined;
}

/** One session continues another. */
export interface Link {
  readonly parent: string;
  readonly child: string;
  readonly by: "clear" | "fork";
}

/**
 * Finds the links among records, given the oldest first. What a process had before it ended belongs
 * to another process, which only had the same number.
 */
export function lineage(signs: Iterable<Sign>): Link[] {
  const links: Link[] = [];
  // Of a process that ended, nothing.
  const current = new Map<number, string | undefined>();
  for (const { event, session_id: child, pid, source, reason } of signs) {
    const parent = current.get(pid);
    const begins = isEvent(event, "SessionStart") && (source === "clear" || source === "fork");
    if (begins && parent !== undefined && parent !== child)
      links.push({ parent, child, by: source });
    const isLast = isEvent(event, "SessionEnd") && reason !== "clear" && reason !== "resume";
    if (isLast) current.set(pid, undefined);
    // What comes late of a session that was left, such as the end of an agent, does not bring it back.
    else if (isEvent(event, "SessionStart") || !current.has(pid)) current.set(pid, child);
  }
  return links;
}
