// The form of a session id.

/** Stands for a session id when nothing names the session. */
export const UNKNOWN_SESSION = "unknown";

/** What named the session of an event, the most direct source first. */
export type SessionSource = "payload" | "environment" | "file" | typeof UNKNOWN_SESSION;

// Claude Code's ids are UUIDs of 36 characters; this allows others, but none that could be a path or an option.
const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Returns the id if it has the form of one, else `undefined`: ids come from outside and go into files. */
export function validSessionId(id: unknown): string | undefined {
  return typeof id === "string" && SESSION_ID.test(id) && id !== UNKNOWN_SESSION ? id : undefined;
}
