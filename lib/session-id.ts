// The form of a session id.

/** Stands for a session id when nothing names the session. */
export const UNKNOWN_SESSION = "unknown";

/** What named the session of an event, the most direct source first. */
export type SessionSource = "payload" | "environment" | "file" | typeof UNKNOWN_SESSION;

// Claude Code's ids are UUIDs of 36 characters; this allows others, but none that could be a path or an option.
const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

// How agents call a session, in any case and with any separators.
const SESSION_KEY = /(?:session|conversation|thread|chat|trajectory)[^a-z0-9]*(?:(?:uu)?id|key)?$/i;

/** The fields that name a session, in any agent's spelling: `sessionID`, `thread-id`, `chat`. */
export function sessionFields(fields: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(fields).filter(([key, value]) => SESSION_KEY.test(key) && namesAny(value));
}

function namesAny(value: unknown): boolean {
  const isNothing =
    value === undefined || value === null || value === "" || value === UNKNOWN_SESSION;
  return !isNothing && typeof value !== "boolean";
}

/** Whether a text that is not valid JSON seems to have such a field. */
export function showsSession(text: string): boolean {
  return /(?:session|conversation|thread|chat|trajectory)(?:[^a-z0-9]{0,2}(?:uu)?id|\\?["']\s*:)/i.test(
    text,
  );
}

/** Returns the id if it has the form of one, else `undefined`: ids come from outside and go into files. */
export function validSessionId(id: unknown): string | undefined {
  return typeof id === "string" && SESSION_ID.test(id) && id !== UNKNOWN_SESSION ? id : undefined;
}
