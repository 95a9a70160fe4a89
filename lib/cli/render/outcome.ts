// How a tool call ended, and values as an outline. The text is not yet safe to print.
import type { ToolCall } from "../../history/timeline";
import { sanitize, LINE_END } from "./text";

/** How a call ended, in words; nothing for a success. */
export function describeOutcome({ outcome, error }: ToolCall): string {
  switch (outcome) {
    case "succeeded":
      return "";
    case "failed":
      return error ?? "failed";
    case "asking":
      return "waiting for permission, or running since you gave it";
    case "running":
      return "still running";
    case "no result":
      return "no result recorded: blocked by a hook, or interrupted";
    default:
      return error === undefined ? outcome : `${outcome}: ${error}`;
  }
}

/** A value as the lines of an outline; a text of several lines keeps them. */
export function* outline(value: unknown, indent = ""): Generator<string> {
  if (typeof value === "string") {
    for (const line of value.split(LINE_END)) yield indent + line;
    return;
  }
  if (typeof value !== "object" || value === null || indent.length > MAX_INDENT) {
    yield indent + JSON.stringify(value);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const name = Array.isArray(value) ? "-" : `${sanitize(key)}:`;
    const lines = Array.from(outline(inner, `${indent}  `));
    if (lines.length === 1) yield `${indent}${name} ${lines[0]?.trimStart()}`;
    else {
      yield indent + name;
      yield* lines;
    }
  }
}

// Twenty levels: deeper ones would not fit a terminal, and are shown as JSON.
const MAX_INDENT = 40;
