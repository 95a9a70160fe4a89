// How calls and values are told on a screen. Their texts are not harmless for a terminal yet.
import type { ToolCall } from "../../history/timeline";
import { sanitize, LINE_END } from "./text";

/** How a call ended, if that is worth a word. */
export function describeOutcome({ outcome, error }: ToolCall): string {
  switch (outcome) {
    case "succeeded":
      return "";
    case "failed":
      return error ?? "failed";
    case "asking":
      return "waits for your permission, or runs since it was given";
    case "running":
      return "still running";
    case "no result":
      return "no result was told: blocked by a hook, or cut off";
    default:
      return error === undefined ? outcome : `${outcome}: ${error}`;
  }
}

/** A value as lines of an outline; long texts keep their lines. */
export function* outline(value: unknown, indent = ""): Generator<string> {
  if (typeof value === "string") {
    for (const line of value.split(LINE_END)) yield indent + line;
    return;
  }
  if (typeof value !== "object" || value === null || indent.length > DEEPEST_INDENT) {
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

const DEEPEST_INDENT = 40;
