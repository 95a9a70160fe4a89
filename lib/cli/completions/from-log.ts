// What a shell completes from the log: the newest session ids, and the projects.
import { readHeads } from "../../log/reader";
import { UNKNOWN_SESSION } from "../../session-id";
import { sanitize } from "../render/text";

/** A session and its project. */
export interface RecentSession {
  readonly id: string;
  readonly project: string;
}

// A person waits after the key: some 20,000 heads are read in a tenth of a second.
const MAX_HEADS = 20_000;
const MAX_SESSIONS = 100;

/** The sessions of the newest events, newest first, without names that a terminal could obey. */
export function recentSessions(events: string): readonly RecentSession[] {
  const sessions = new Map<string, RecentSession>();
  let heads = 0;
  for (const entry of readHeads(events, { newestFirst: true })) {
    if (heads++ === MAX_HEADS || sessions.size === MAX_SESSIONS) break;
    if (entry.kind === "skipped") continue;
    const { session_id: id, project } = entry.head;
    if (id === UNKNOWN_SESSION || sessions.has(id) || sanitize(id) !== id) continue;
    sessions.set(id, { id, project: sanitize(project) });
  }
  return [...sessions.values()];
}

/** The projects of the newest sessions, newest first. */
export function recentProjects(events: string): readonly string[] {
  const projects = recentSessions(events).map(({ project }) => project);
  return [...new Set(projects)].filter((project) => project !== "");
}
