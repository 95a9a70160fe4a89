// Where Claude Code keeps transcripts: `projects/FOLDER/SESSION.jsonl`, and those of subagents in
// `SESSION/subagents/agent-ID.jsonl`, each with an `agent-ID.meta.json`. Early clients put a subagent's next to the session's.
import { fieldOf } from "../history/payload";
import { faultCode } from "../os/fault";
import { isOwnedByUs, readOwnFile } from "../os/file";
import { namesIn } from "../os/folder";
import { system } from "../os/choose-syscalls";

/** A transcript on the disk. */
export interface TranscriptFile {
  readonly path: string;
  /** The session that its place names; `undefined` for a subagent's next to the session's. */
  readonly sessionId: string | undefined;
  /** Whose it is, if a subagent's. */
  readonly agentId: string | undefined;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedMs: number;
}

/** What is known of a subagent apart from its lines. */
export interface AgentMeta {
  readonly agentType: string;
  /** The call that started it; empty if the file does not say. */
  readonly toolUseId: string;
}

const SESSION_ID = /^[\w-]{1,100}$/;
const TRANSCRIPT = /^([\w-]{1,100})\.jsonl$/;
const AGENT = /^agent-([\w-]{1,90})\.jsonl$/;
// `subagents/`, and the folders by which a client may group them.
const MAX_DEPTH = 3;
const MAX_META_BYTES = 65_536;

/**
 * All transcripts, the one that was written to longest ago first.
 *
 * @param projects Claude Code's folder of them
 * @param sinceMs only those that were written to since then
 */
export function listTranscripts(projects: string, sinceMs = -Infinity): TranscriptFile[] {
  const files: TranscriptFile[] = [];
  for (const folder of foldersIn(projects))
    for (const name of namesSeenIn(folder)) {
      const [, id] = TRANSCRIPT.exec(name) ?? [];
      if (id !== undefined) addFile(files, folder, name, AGENT.test(name) ? undefined : id);
      else if (SESSION_ID.test(name)) addAgents(files, `${folder}/${name}`, name);
    }
  return inOrder(files.filter(({ modifiedMs }) => modifiedMs >= sinceMs));
}

/** The transcripts of one session and of its subagents, and those next to it that may be such. */
export function transcriptsOf(projects: string, sessionId: string): TranscriptFile[] {
  const files: TranscriptFile[] = [];
  if (!SESSION_ID.test(sessionId)) return files;
  for (const folder of foldersIn(projects)) {
    const before = files.length;
    addFile(files, folder, `${sessionId}.jsonl`, sessionId);
    addAgents(files, `${folder}/${sessionId}`, sessionId);
    if (files.length === before) continue;
    for (const name of namesSeenIn(folder))
      if (AGENT.test(name)) addFile(files, folder, name, undefined);
  }
  return inOrder(files);
}

/** What is written next to a subagent's transcript. */
export function agentMetaOf({ path, agentId }: TranscriptFile): AgentMeta | undefined {
  if (agentId === undefined) return undefined;
  try {
    const text = readOwnFile(path.replace(/\.jsonl$/, ".meta.json"), MAX_META_BYTES);
    if (text === undefined) return undefined;
    const meta: unknown = JSON.parse(text);
    const textAt = (name: string) => {
      const value = fieldOf(meta, name);
      return typeof value === "string" ? value : "";
    };
    return { agentType: textAt("agentType"), toolUseId: textAt("toolUseId") };
  } catch (error) {
    if (!(error instanceof SyntaxError)) faultCode(error);
    return undefined; // The lines themselves say most of it.
  }
}

function addAgents(files: TranscriptFile[], folder: string, sessionId: string, depth = 0): void {
  if (!isFolder(folder)) return;
  for (const name of namesSeenIn(folder)) {
    if (AGENT.test(name)) addFile(files, folder, name, sessionId);
    else if (depth < MAX_DEPTH && SESSION_ID.test(name))
      addAgents(files, `${folder}/${name}`, sessionId, depth + 1);
  }
}

function addFile(
  files: TranscriptFile[],
  folder: string,
  name: string,
  sessionId: string | undefined,
): void {
  const path = `${folder}/${name}`;
  const status = system.statusAt(path);
  if (status?.kind !== "file" || !isOwnedByUs(status)) return;
  const { size, modifiedMs } = status;
  files.push({ path, sessionId, agentId: AGENT.exec(name)?.[1], size, modifiedMs });
}

function foldersIn(folder: string): string[] {
  return namesSeenIn(folder)
    .map((name) => `${folder}/${name}`)
    .filter(isFolder);
}

// A link may lead out of Claude Code's folder.
function isFolder(path: string): boolean {
  return system.statusAt(path)?.kind === "folder";
}

function namesSeenIn(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch (error) {
    faultCode(error); // Not a folder, or not for us to see.
    return [];
  }
}

function inOrder(files: readonly TranscriptFile[]): TranscriptFile[] {
  return files.toSorted((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
}
