// What doctor looks at. Everything is read and nothing judged, written or made; what cannot be read
// is told by its system error code.
import { statfsSync, statSync, type Dirent, readdirSync } from "node:fs";
import { parse } from "jsonc-parser";
import { environment, loadConfig, paths } from "../config";
import { faultCode } from "../fault";
import { readOwn } from "../file";
import { fieldOf } from "../history/payload";
import { dayPath, listDays } from "../log";
import { glanceAt, type Skipped } from "../log-reader";
import { version } from "../self-test";
import { validSessionId } from "../session";
import { system, type Status } from "../system";
import { readingProgress } from "./log-view";
import { PROGRAMS, programPath, tryProgram, type ProgramState } from "./programs";
import { registrations, SettingsError, type Registration } from "./settings";
import { readSettings, settingsPath } from "./settings-file";
import { Refusal, type Terminal } from "./verb";

/** What one settings file says that concerns us. */
export interface SettingsFacts {
  readonly scope: "user" | "project" | "local" | "managed";
  readonly path: string;
  /** Why it says nothing, if it is there. */
  readonly fault?: string;
  readonly registrations: readonly Registration[];
  readonly disableAllHooks: boolean;
  readonly allowManagedHooksOnly: boolean;
  /** Names of the variables that it sets for Claude Code and its hooks. */
  readonly env: readonly string[];
}

/** Something on the disk; absent where there is neither status nor fault. */
export interface PathFacts {
  readonly path: string;
  readonly status?: Status;
  readonly fault?: string;
}

/** Everything that doctor knows. Times are milliseconds since 1970 UTC. */
export interface Facts {
  readonly version: string;
  readonly programs: readonly ProgramState[];
  /** Where each program that the settings name would be, and whether it is there. */
  readonly commands: ReadonlyMap<string, "ours" | "elsewhere" | "missing">;
  readonly settings: readonly SettingsFacts[];
  /** Names of all variables that are set. */
  readonly variables: readonly string[];
  readonly ownUserId: number | undefined;
  readonly state: PathFacts;
  readonly events: PathFacts;
  readonly pointers: PathFacts;
  readonly freeBytes: number | undefined;
  readonly configProblems: readonly string[];
  readonly retentionDays: number;
  readonly days: readonly string[];
  readonly logBytes: number;
  /** Files of the log that others may read. */
  readonly openFiles: readonly string[];
  /** Of each kind of event: how many, and when the last one was. */
  readonly kinds: ReadonlyMap<string, { readonly count: number; readonly lastMs: number }>;
  readonly skipped: ReadonlyMap<Skipped, number>;
  /** Lines of `hook-errors.log`, the newest last: time, program, fault. */
  readonly errors: readonly string[];
  readonly errorsFault: string | undefined;
  /** When Claude Code last wrote a transcript. */
  readonly transcriptMs: number | undefined;
  /** The session that this was started in, and whether anything of it was recorded. */
  readonly session: { readonly id: string; readonly isRecorded: boolean } | undefined;
}

const MAX_ERROR_LOG_BYTES = 2_097_152;

/** Collects the facts. */
export async function examine(terminal: Terminal): Promise<Facts> {
  const programs = await Promise.all(PROGRAMS.map((program) => tryProgram(program)));
  const settings = settingsFiles().map(([scope, path]) => settingsFacts(scope, path));
  const log = examineLog(terminal);
  const { config, problems } = loadConfig();
  const { errors, fault: errorsFault } = examineErrors();
  const id = validSessionId(environment["CLAUDE_CODE_SESSION_ID"]);
  return {
    version,
    programs,
    commands: examineCommands(settings),
    settings,
    variables: Object.keys(environment).filter((name) => environment[name] !== ""),
    ownUserId: process.geteuid?.(),
    state: pathFacts(paths.state),
    events: pathFacts(paths.events),
    pointers: pathFacts(paths.pointers),
    freeBytes: freeBytes(),
    configProblems: problems,
    retentionDays: config.retention_days,
    ...log,
    errors,
    errorsFault,
    transcriptMs: newestTranscript(),
    session: id === undefined ? undefined : { id, isRecorded: isRecorded(id) },
  };
}

// Where an administrator's settings are, by platform.
const MANAGED: Partial<Record<NodeJS.Platform, string>> = {
  linux: "/etc/claude-code/managed-settings.json",
  darwin: "/Library/Application Support/ClaudeCode/managed-settings.json",
  win32: "C:/Program Files/ClaudeCode/managed-settings.json",
};

function settingsFiles(): [SettingsFacts["scope"], string][] {
  const managed = MANAGED[process.platform];
  const own = (["user", "project", "local"] as const).map(
    (scope): [SettingsFacts["scope"], string] => [scope, settingsPath(scope, undefined)],
  );
  // At home, the project's settings are the user's.
  const distinct = own.filter(([, path], i) => own.findIndex(([, other]) => other === path) === i);
  return managed === undefined ? distinct : [...distinct, ["managed", managed]];
}

function settingsFacts(scope: SettingsFacts["scope"], path: string): SettingsFacts {
  const facts = {
    scope,
    path,
    registrations: [],
    disableAllHooks: false,
    allowManagedHooksOnly: false,
    env: [],
  };
  try {
    const { text } = scope === "managed" ? { text: readManaged(path) } : readSettings(path);
    if (text === undefined) return facts;
    const settings: unknown = parse(text);
    const env = fieldOf(settings, "env");
    return {
      ...facts,
      registrations: registrations(text),
      disableAllHooks: fieldOf(settings, "disableAllHooks") === true,
      allowManagedHooksOnly: fieldOf(settings, "allowManagedHooksOnly") === true,
      env: typeof env === "object" && env !== null ? Object.keys(env) : [],
    };
  } catch (error) {
    if (error instanceof SettingsError || error instanceof Refusal)
      return { ...facts, fault: error.message };
    return { ...facts, fault: faultCode(error) };
  }
}

// An administrator's file is not ours by its owner, and still the one that counts.
function readManaged(path: string): string | undefined {
  const { readFileSync } = require("node:fs") as typeof import("node:fs");
  if (system.statusAt(path)?.kind !== "file") return undefined;
  return readFileSync(path, "utf8");
}

function examineCommands(settings: readonly SettingsFacts[]): Facts["commands"] {
  const own = new Set<string>(PROGRAMS.map((program) => programPath(program)));
  const commands = settings.flatMap((file) => file.registrations.map(({ command }) => command));
  return new Map(
    commands.map((command) => [
      command,
      pathFacts(command).status === undefined ? "missing" : own.has(command) ? "ours" : "elsewhere",
    ]),
  );
}

function examineLog(
  terminal: Terminal,
): Pick<Facts, "days" | "logBytes" | "openFiles" | "kinds" | "skipped"> {
  const kinds = new Map<string, { count: number; lastMs: number }>();
  const skipped = new Map<Skipped, number>();
  const openFiles: string[] = [];
  let logBytes = 0;
  const days = daysOrNone();
  for (const day of days) {
    const { status } = pathFacts(dayPath(paths.events, day));
    logBytes += status?.size ?? 0;
    if (((status?.mode ?? 0) & 0o077) !== 0) openFiles.push(day);
  }
  if (days.length > 0)
    for (const glance of glanceAt(paths.events, { onRead: readingProgress(terminal) })) {
      if (glance.kind === "skipped") {
        skipped.set(glance.reason, (skipped.get(glance.reason) ?? 0) + 1);
        continue;
      }
      const { event, timestamp } = glance.head;
      const known = kinds.get(event) ?? { count: 0, lastMs: 0 };
      known.count++;
      known.lastMs = Math.max(known.lastMs, Date.parse(timestamp) || 0);
      kinds.set(event, known);
    }
  return { days, logBytes, openFiles, kinds, skipped };
}

function daysOrNone(): string[] {
  try {
    return listDays(paths.events);
  } catch (error) {
    faultCode(error); // The folder's own facts say so.
    return [];
  }
}

function examineErrors(): { errors: string[]; fault: string | undefined } {
  try {
    const text = readOwn(paths.errorLog, MAX_ERROR_LOG_BYTES) ?? "";
    return { errors: text.split("\n").filter((line) => line !== ""), fault: undefined };
  } catch (error) {
    return { errors: [], fault: faultCode(error) };
  }
}

function pathFacts(path: string): PathFacts {
  try {
    const status = system.statusAt(path);
    return status === undefined ? { path } : { path, status };
  } catch (error) {
    return { path, fault: faultCode(error) };
  }
}

// Of the disk that the log is on, or will be.
function freeBytes(): number | undefined {
  for (
    let folder = paths.events;
    folder !== "";
    folder = folder.slice(0, folder.lastIndexOf("/"))
  ) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch (error) {
      if (faultCode(error) !== "ENOENT") return undefined;
    }
  }
  return undefined;
}

// Claude Code keeps a file for each session in a folder for each project; only their dates are read.
function newestTranscript(): number | undefined {
  const root = `${paths.claude}/projects`;
  let newest: number | undefined;
  for (const project of entriesOf(root))
    for (const { name } of project.isDirectory() ? entriesOf(`${root}/${project.name}`) : [])
      if (name.endsWith(".jsonl")) {
        const writtenMs = modifiedMs(`${root}/${project.name}/${name}`);
        if (writtenMs !== undefined && writtenMs > (newest ?? 0)) newest = writtenMs;
      }
  return newest;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    faultCode(error); // Nothing there, or nothing for us to see.
    return [];
  }
}

function modifiedMs(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch (error) {
    faultCode(error); // Gone meanwhile.
    return undefined;
  }
}

function isRecorded(id: string): boolean {
  for (const glance of glanceAt(paths.events, {
    newestFirst: true,
    containing: `"session_id":"${id}"`,
  }))
    if (glance.kind === "head" && glance.head.session_id === id) return true;
  return false;
}
