// What happened, in a few words of English. Their texts come from outside: they are not harmless for a
// terminal.
import { isEvent, knownEvent } from "../events";
import type { EventRecord } from "../log/record";
import { fieldOf, isFromPerson, textOf } from "./payload";
import type { ToolCall } from "./timeline";

/**
 * An event in a few words, which may be none where its name says it all.
 *
 * @param time what is to be said before a tool's name, of a call that has ended
 */
export function describeRecord(
  record: EventRecord,
  time: (ms: number) => string = () => "",
): string {
  const { event, tool, parameters, duration_ms: durationMs, project_dir: projectDir } = record;
  const agent = record.agent_type === undefined ? "" : `[${record.agent_type}] `;
  if (isEvent(event, "UserPromptSubmit")) {
    const prompt = textOf(record, "prompt") ?? "";
    return isFromPerson(record) ? prompt : describeTaskReport(prompt);
  }
  if (isEvent(event, "Stop") || isEvent(event, "SubagentStop"))
    return agent + (textOf(record, "last_assistant_message") ?? "");
  if (tool === undefined) {
    const words = describeEvent({ event, record });
    // The event's name is on the line already.
    return agent + words.replace(event, "").replace(/^: /, "");
  }
  const before = durationMs === undefined ? "" : time(durationMs);
  const error = textOf(record, "error");
  const what = describeCall({ tool, parameters }, projectDir);
  return `${agent}${before}${tool} ${what}${error === undefined ? "" : `: ${error}`}`;
}

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
export function describeCall(
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

/** What an event says, but for tool calls. */
export function describeEvent({ event, record }: { event: string; record: EventRecord }): string {
  const of = (name: string) => textOf(record, name);
  switch (event === "Compaction" ? event : knownEvent(event)) {
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
export function describeTaskReport(prompt: string): string {
  const summary = /<summary>([^<]*)<\/summary>/.exec(prompt)?.[1];
  return summary === undefined ? prompt : `a background task reports: ${summary}`;
}
