// Fields of a payload. They come from outside, and another version of Claude Code may send other types.
import type { EventRecord } from "../log/record";

/** A field of the payload, if it is text and not empty. */
export function textOf(record: Pick<EventRecord, "payload">, name: string): string | undefined {
  const value = fieldOf(record.payload, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A field of an object; `undefined` of anything else. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/**
 * Whether a person wrote the prompt. Claude Code also submits prompts itself: when a background task has
 * ended, and when a loop or a schedule wakes it.
 */
export function isFromPerson(record: Pick<EventRecord, "payload">): boolean {
  const source = textOf(record, "source");
  return (
    (source === undefined || source === "user" || source === "sdk") &&
    textOf(record, "prompt")?.startsWith("<task-notification>") !== true
  );
}
