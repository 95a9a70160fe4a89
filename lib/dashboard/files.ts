// Which files all sessions read and changed: the newest calls of tools for files, by file.
import { isEvent } from "../events";
import { fileOf, fileUseOf } from "../history/files-touched";
import type { Filter } from "../log-index/filter-words";
import { readRecordsAt } from "../log/reader";
import type { FilesAnswer, FileUser, TouchedFile } from "./answers";
import type { Catalog } from "./catalog";
import { chooseEvents } from "./events";

// Their records have to be read: this many take a fifth of a second.
const MAX_CALLS = 20_000;
const MAX_FILES = 2000;

interface Touched {
  readonly path: string;
  readonly project: string;
  lastMs: number;
  readonly sessions: Map<string, { reads: number; changes: number; lastMs: number }>;
}

/** The files that calls touched whose events match a filter, latest first. */
export function answerFiles(catalog: Catalog, filter: Filter, nowMs: number): FilesAnswer {
  const { names } = catalog;
  const isFileTool = names.texts.map((text) => fileUseOf(text) !== undefined);
  const isResult = names.texts.map((text) => isEvent(text, "PostToolUse"));
  const files = new Map<string, Touched>();
  let calls = 0;
  let isCut = false;
  for (const { index, places } of chooseEvents(catalog, filter, nowMs)) {
    const { day, columns } = index;
    const chosen = Array.from(places).filter(
      (at) => isFileTool[columns.tool[at] as number] && isResult[columns.event[at] as number],
    );
    const room = MAX_CALLS - calls;
    if (chosen.length > room) isCut = true;
    const newest = room > 0 ? chosen.slice(-room) : [];
    calls += newest.length;
    const offsets = newest.map((at) => columns.offset[at] as number);
    for (const [i, record] of readRecordsAt(catalog.events, day, offsets).entries()) {
      const at = newest[i] as number;
      const tool = names.texts[columns.tool[at] as number] ?? "";
      const file = fileOf(tool, record?.parameters);
      if (file === undefined) continue;
      const session = names.texts[columns.session[at] as number] ?? "";
      const project = names.texts[columns.project[at] as number] ?? "";
      add(files, { ...file, session, project, atMs: columns.atMs[at] as number });
    }
    if (isCut) break;
  }
  const latest = Array.from(files.values()).toSorted((a, b) => b.lastMs - a.lastMs);
  return {
    files: latest.slice(0, MAX_FILES).map(toAnswer),
    matched: files.size,
    calls,
    is_cut: isCut,
  };
}

interface Touch {
  readonly path: string;
  readonly use: "read" | "changed";
  readonly session: string;
  readonly project: string;
  readonly atMs: number;
}

function add(files: Map<string, Touched>, { path, use, session, project, atMs }: Touch): void {
  const file = files.get(path) ?? { path, project, lastMs: 0, sessions: new Map() };
  const user = file.sessions.get(session) ?? { reads: 0, changes: 0, lastMs: 0 };
  if (use === "changed") user.changes++;
  else user.reads++;
  user.lastMs = Math.max(user.lastMs, atMs);
  file.lastMs = Math.max(file.lastMs, atMs);
  file.sessions.set(session, user);
  files.set(path, file);
}

function toAnswer({ path, project, lastMs, sessions }: Touched): TouchedFile {
  const users = Array.from(sessions, ([session, user]): FileUser => {
    const { reads, changes, lastMs: last_ms } = user;
    return { session, reads, changes, last_ms };
  });
  return {
    path,
    project,
    last_ms: lastMs,
    sessions: users.toSorted((a, b) => b.last_ms - a.last_ms),
  };
}
