// What happened, in a few words of English. Their texts are not harmless for a terminal yet.
import { fieldOf, textOf } from "../history/payload";
import type { ToolCall } from "../history/story";
import type { EventRecord } from "../schema";
import { clean, LINE_END } from "./text";

// The parameter that says most, by the names that Claude Code's own tools give it.
const TELLING_PARAMETERS = [
  "command",
  "file_path",
  "notebook_path",
  "path",
  "pattern",
  "url",
  "query",
  "description",
  "subject",
  "skill",
  "name",
  "prompt",
];

/** What a tool was asked to do, e.g. the command or the file; files of the project by their path in it. */
export function callWords(
  { tool, parameters }: Pick<ToolCall, "tool" | "parameters">,
  projectDir: string,
): string {
  const type = fieldOf(parameters, "subagent_type");
  const suffix = typeof type === "string" ? ` (${type})` : "";
  const order = tool === "Grep" || tool === "Glob" ? ["pattern"] : [];
  for (const name of [...order, ...TELLING_PARAMETERS]) {
    const value = fieldOf(parameters, name);
    if (typeof value === "string" && value !== "")
      return (projectDir ? value.replace(`${projectDir}/`, "") : value) + suffix;
  }
  return parameters === undefined ? "" : JSON.stringify(parameters);
}

/** How a call ended, if that is worth a word. */
export function outcomeWords({ outcome, error }: ToolCall): string {
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

/** What an event says, but for tool calls. */
export function eventWords({ event, record }: { event: string; record: EventRecord }): string {
  const of = (name: string) => textOf(record, name);
  switch (event) {
    case "SessionStart": {
      const model = of("model");
      const how = of("source") ?? "started";
      const words: Partial<Record<string, string>> = {
        startup: "session started",
        resume: "session resumed",
        clear: "session started by clear",
        fork: "session forked",
        compact: "session goes on, compacted",
      };
      return `${words[how] ?? `session started (${how})`}${model ? `, ${model}` : ""}`;
    }
    case "SessionEnd":
      return `session ended (${of("reason") ?? "no reason given"})`;
    case "Compaction":
      return `compacted (${of("trigger") ?? "by itself"})`;
    case "Notification":
      return of("message") ?? "notification";
    case "PermissionRequest":
      return `permission asked for ${record.tool ?? "a tool"}`;
    default: {
      const telling = ["message", "error", "task_subject", "new_cwd", "command_name", "trigger"];
      const said = telling.map(of).find((text) => text !== undefined);
      return said === undefined ? event : `${event}: ${said}`;
    }
  }
}

/** What a background task reports, which comes as a prompt in tags. */
export function reportWords(prompt: string): string {
  const summary = /<summary>([^<]*)<\/summary>/.exec(prompt)?.[1];
  return summary === undefined ? prompt : `a background task reports: ${summary}`;
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
    const name = Array.isArray(value) ? "-" : `${clean(key)}:`;
    const lines = Array.from(outline(inner, `${indent}  `));
    if (lines.length === 1) yield `${indent}${name} ${lines[0]?.trimStart()}`;
    else {
      yield indent + name;
      yield* lines;
    }
  }
}

const DEEPEST_INDENT = 40;
