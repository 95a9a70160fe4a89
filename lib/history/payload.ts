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
 * Whether a person wrote the prompt. Claude Code also submits prompts itself: the report of a background task,
 * what a teammate or another session says, and what a loop or a schedule wakes it with.
 */
export function isFromPerson(record: Pick<EventRecord, "payload">): boolean {
  const source = textOf(record, "source");
  const isPersons = source === undefined || source === "user" || source === "sdk";
  return isPersons && !isInjected(textOf(record, "prompt") ?? "");
}

// One element that is the whole prompt, with at most a line that introduces it, as in `Another Claude session
// sent a message:`. Its tag ends in what it is, and each version of the client adds to the family. Some versions put
// `[SYSTEM NOTIFICATION - NOT USER INPUT]` and a few words before it.
const INJECTED =
  /^(?:\[(?:SYSTEM\b[^\]\n]*|[^\]\n]*\bNOT USER INPUT)\][ \t\r]*\n[^<]{0,300}|(?:[^\n<]{1,200}:\s*\n)?\s*)<([a-z]+(?:-[a-z]+)*-(?:message|notification|reminder|event|result|update))\b/;

// Lines after it say where the output of the task is. Other elements with text after them are quoted by a person.
const TASK_REPORT = "task-notification";
const LINE_AFTER_REPORT = /<\/task-notification>[ \t\r]*\n/;

function isInjected(prompt: string): boolean {
  const tag = INJECTED.exec(prompt)?.[1];
  if (tag === undefined) return false;
  if (tag === TASK_REPORT && LINE_AFTER_REPORT.test(prompt)) return true;
  return prompt.trimEnd().endsWith(`</${tag}>`);
}
