// Events in a few words of English. Parts of them come from outside and may hold terminal escapes.
import { isEvent, knownEvent } from "../events";
import type { EventRecord } from "../log/record";
import { fieldOf, isFromPerson, textOf } from "./payload";
import type { TimelineEvent, ToolCall } from "./timeline";

/**
 * Describes an event without its name; empty where the name says everything.
 *
 * @param formatDuration what to put before the tool of a call that has ended, such as `"1.2 s "`
 */
export function describeRecord(
  record: EventRecord,
  formatDuration: (ms: number) => string = () => "",
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
    const description = describeEvent({ event, record });
    return agent + description.replace(event, "").replace(/^: /, "");
  }
  const duration = durationMs === undefined ? "" : formatDuration(durationMs);
  const error = textOf(record, "error");
  const target = describeCall({ tool, parameters }, projectDir);
  return `${agent}${duration}${tool} ${target}${error === undefined ? "" : `: ${error}`}`;
}

/** The parameters of Claude Code's own tools that say most about a call, the most telling first. */
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

/**
 * Describes what a tool was asked to do by its most telling parameter, such as the command or the file.
 * Paths in the project are relative to it.
 */
export function describeCall(
  { tool, parameters }: Pick<ToolCall, "tool" | "parameters">,
  projectDir: string,
): string {
  const type = fieldOf(parameters, "subagent_type");
  const suffix = typeof type === "string" ? ` (${type})` : "";
  // Searches have a path, too, but the pattern says more.
  const first = tool === "Grep" || tool === "Glob" ? ["pattern"] : [];
  for (const name of [...first, ...TELLING_PARAMETERS]) {
    const value = fieldOf(parameters, name);
    if (typeof value === "string" && value !== "")
      return withoutProject(value, projectDir) + suffix;
  }
  return parameters === undefined ? "" : JSON.stringify(parameters);
}

/** A path or a command without the folder of the project, where that is known. */
export function withoutProject(text: string, projectDir: string): string {
  return projectDir === "" ? text : text.replace(`${projectDir}/`, "");
}

/** Describes an event that is not a tool call. `Compaction` is what a timeline makes of several events. */
export function describeEvent({ event, record }: Pick<TimelineEvent, "event" | "record">): string {
  const text = (name: string) => textOf(record, name);
  switch (event === "Compaction" ? event : knownEvent(event)) {
    case "SessionStart": {
      const model = text("model");
      const source = text("source") ?? "started";
      const descriptions: Partial<Record<string, string>> = {
        startup: "session started",
        resume: "session resumed",
        clear: "session started by clear",
        fork: "session forked",
        compact: "session continues, compacted",
      };
      const description = descriptions[source] ?? `session started (${source})`;
      return `${description}${model ? `, ${model}` : ""}`;
    }
    case "SessionEnd":
      return `session ended (${text("reason") ?? "no reason given"})`;
    case "Compaction":
      return `compacted (${text("trigger") ?? "automatically"})`;
    case "Notification":
      return text("message") ?? "notification";
    case "PermissionRequest":
      return `permission requested for ${record.tool ?? "a tool"}`;
    default: {
      const fields = ["message", "error", "task_subject", "new_cwd", "command_name", "trigger"];
      const detail = fields.map(text).find((value) => value !== undefined);
      return detail === undefined ? event : `${event}: ${detail}`;
    }
  }
}

/** Describes a background task's report, which Claude Code submits as a prompt with tags in it. */
export function describeTaskReport(prompt: string): string {
  const summary = /<summary>([^<]*)<\/summary>/.exec(prompt)?.[1];
  return summary === undefined ? prompt : `background task reports: ${summary}`;
}
