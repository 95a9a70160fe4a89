// What the events say besides the fields of a record, read with care: it came from outside, and
// another version of Claude Code may say it differently.
import type { EventRecord } from "../log/record";

/** A field of what was sent, if it is a text that says something. */
export function textOf(record: Pick<EventRecord, "payload">, name: string): string | undefined {
  const value = fieldOf(record.payload, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A field of an object, whatever it is. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/**
 * Whether a prompt was written by a person. Claude Code also submits prompts of its own: when a
 * background task has ended, or when a loop or schedule wakes it.
 */
export function isFromPerson(record: Pick<EventRecord, "payload">): boolean {
  const source = textOf(record, "source");
  return (
    (source === undefined || source === "user" || source === "sdk") &&
    textOf(record, "prompt")?.startsWith("<task-notification>") !== true
  );
}
