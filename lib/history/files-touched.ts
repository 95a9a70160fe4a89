// Which files tool calls read and changed, according to their parameters. Changes made by commands are unknown.
import { fieldOf } from "./payload";
import type { Step, Timeline, ToolCall, Turn } from "./timeline";

/** What a call does to a file. */
export type FileUse = "read" | "changed";

/** A file, and what a call does to it. */
export interface NamedFile {
  /** As the tool was given it: Claude Code's own tools want whole paths. */
  readonly path: string;
  readonly use: FileUse;
}

/** A file that a session touched. */
export interface TouchedFile {
  readonly path: string;
  readonly reads: number;
  readonly changes: number;
  /** The calls, in their order. */
  readonly calls: readonly FileCall[];
}

/** A call that read or changed a file. */
export interface FileCall {
  readonly id: string;
  /** The subagent that made it, if one did. */
  readonly agentId: string | undefined;
  readonly tool: string;
  readonly use: FileUse;
  readonly atMs: number;
}

/** Claude Code's own tools for files. */
const USES: Readonly<Record<string, FileUse>> = {
  Read: "read",
  NotebookRead: "read",
  Edit: "changed",
  MultiEdit: "changed",
  Write: "changed",
  NotebookEdit: "changed",
};

// The usual words in the names of tools of MCP servers: `mcp__filesystem__write_file`.
const CHANGING_WORD =
  /(?:^|_)(?:write|edit|create|append|replace|insert|patch|delete|move|rename)(?:_|$)/;
const READING_WORD = /(?:^|_)(?:read|open|view)(?:_|$)/;

/** What a tool does to files; `undefined` if nothing that is known. */
export function fileUseOf(tool: string): FileUse | undefined {
  if (Object.hasOwn(USES, tool)) return USES[tool];
  const name = /^mcp__.+?__(.+)$/.exec(tool)?.[1];
  if (name === undefined) return undefined;
  if (CHANGING_WORD.test(name)) return "changed";
  return READING_WORD.test(name) ? "read" : undefined;
}

/** The file that a call is about; `undefined` if it is about none. */
export function fileOf(tool: string, parameters: unknown): NamedFile | undefined {
  const use = fileUseOf(tool);
  if (use === undefined) return undefined;
  const names = tool.startsWith("mcp__") ? ["file_path", "path"] : ["file_path", "notebook_path"];
  const path = names.map((name) => fieldOf(parameters, name)).find((value) => value !== undefined);
  return typeof path === "string" && path !== "" ? { path, use } : undefined;
}

/** The files of a session, those that were changed first, each group by its first call. Calls without success do not count. */
export function filesTouched({ entries }: Timeline): TouchedFile[] {
  const files = new Map<string, FileCall[]>();
  for (const { id, agentId, tool, atMs, parameters, outcome } of callsIn(entries)) {
    const file = outcome === "succeeded" ? fileOf(tool, parameters) : undefined;
    if (file === undefined) continue;
    const calls = files.get(file.path) ?? [];
    calls.push({ id, agentId, tool, use: file.use, atMs });
    files.set(file.path, calls);
  }
  const touched = Array.from(files, ([path, calls]): TouchedFile => {
    const changes = calls.filter(({ use }) => use === "changed").length;
    return { path, reads: calls.length - changes, changes, calls };
  });
  const isChanged = ({ changes }: TouchedFile) => (changes > 0 ? 0 : 1);
  return touched.toSorted((a, b) => isChanged(a) - isChanged(b));
}

/** All tool calls of a timeline, those of subagents behind the call that started them. */
export function* callsIn(entries: readonly (Turn | Step)[]): Generator<ToolCall> {
  for (const entry of entries) {
    switch (entry.kind) {
      case "turn":
      case "agent":
        yield* callsIn(entry.steps);
        break;
      case "tool":
        yield entry;
        yield* callsIn(entry.agents);
        break;
      case "event":
    }
  }
}
