// The state of a sandbox that a fault may damage: session pointers, the log, and temp files.
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { DEFAULT_CONFIG } from "../../lib/config";
import { buildRecord } from "../../lib/hook/build-record";
import { redactionRules } from "../../lib/hook/redact";
import { dayPath, utcDay } from "../../lib/log/log";
import { isTempFileName } from "../../lib/os/file";
import { formatLocalTime } from "../../lib/os/local-time";
import { projectAt } from "../../lib/project";
import { storeSessionId } from "../../lib/session";
import { entriesOf } from "../../scripts/harness/read-records";
import type { Sandbox } from "../../scripts/harness/sandbox";
import { writeRecords } from "../support/written-log";

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** The session of the records and pointers that exist before the fault. */
export const BEFORE = "session-before";
const RECORDS_PER_DAY = 3;

/** The files of a sandbox at one time. */
export interface Scene {
  /** Contents by file name. */
  readonly pointers: ReadonlyMap<string, string>;
  /** Contents by path. */
  readonly days: ReadonlyMap<string, Buffer>;
  /** Paths. */
  readonly tempFiles: readonly string[];
}

/** What differs from the usual scene. */
export interface SceneOptions {
  /** The session that the pointers name. */
  readonly session?: string;
  /** Whether the log ends in a torn line. */
  readonly isTorn?: boolean;
  /** Whether there is no file for today yet. */
  readonly isNewDay?: boolean;
}

/**
 * Fills a sandbox with a log, pointers, and what a hook is to clean up: an old temp file, an old pointer
 * of another project, and a day past the retention.
 */
export async function prepareScene(
  sandbox: Sandbox,
  { session = BEFORE, isTorn = false, isNewDay = false }: SceneOptions = {},
): Promise<Scene> {
  const nowMs = Date.now();
  await storeSessionId(session, projectAt(sandbox.project), sandbox.pointers, nowMs - HOUR_MS);
  const stale = `${sandbox.pointers}/claude_session_other-0123456789abcdef`;
  writeFileSync(stale, `old\n${formatLocalTime(nowMs - 2 * DAY_MS)}\n`, { mode: 0o600 });
  const tempFile = `${sandbox.pointers}/.claude_session_tmp_old`;
  writeFileSync(tempFile, "old", { mode: 0o600 });
  ageFile(tempFile);
  for (const startedMs of [nowMs - 60 * DAY_MS, nowMs - DAY_MS, ...(isNewDay ? [] : [nowMs])])
    writeRecords(
      sandbox,
      Array.from({ length: RECORDS_PER_DAY }, () => recordAt(sandbox, startedMs)),
    );
  const today = dayPath(sandbox.events, utcDay(nowMs));
  if (isTorn) writeFileSync(today, '{"v":1,"id":"torn', { flag: "a" });
  return sceneOf(sandbox);
}

function recordAt(sandbox: Sandbox, startedMs: number) {
  return buildRecord(
    { kind: "event", payload: {}, text: "{}" },
    {
      startedMs,
      event: "Stop",
      session: { id: BEFORE, source: "payload" },
      project: projectAt(sandbox.project),
      user: "you",
      pid: 1,
    },
    DEFAULT_CONFIG.capture,
    redactionRules({}, DEFAULT_CONFIG.redact),
  );
}

/** The files of a sandbox now. */
export function sceneOf(sandbox: Sandbox): Scene {
  return {
    pointers: pointersIn(sandbox),
    days: daysIn(sandbox),
    tempFiles: tempFilesIn(sandbox),
  };
}

/** The contents of a sandbox's pointers, by file name. */
export function pointersIn({ pointers }: Sandbox): Map<string, string> {
  const names = readdirSync(pointers).filter((name) => name.startsWith("claude_session_"));
  return new Map(names.map((name) => [name, readFileSync(`${pointers}/${name}`, "utf8")]));
}

function daysIn({ events }: Sandbox): Map<string, Buffer> {
  const names = existsSync(events) ? readdirSync(events) : [];
  return new Map(names.map((name) => [`${events}/${name}`, readFileSync(`${events}/${name}`)]));
}

/** The paths of our temp files anywhere in a sandbox. */
export function tempFilesIn({ root }: Sandbox): string[] {
  return (readdirSync(root, { recursive: true }) as string[])
    .map((name) => `${root}/${name}`)
    .filter((path) => isTempFileName(path.slice(path.lastIndexOf("/") + 1)))
    .filter((path) => lstatSync(path).isFile());
}

/** How many records of a session the log has. */
export function countRecords(sandbox: Sandbox, session: string): number {
  return entriesOf(sandbox).filter(
    (entry) => entry.kind === "record" && entry.record.session_id === session,
  ).length;
}

/** Makes a file two hours older: a temp file of that age was left by a program that is gone. */
export function ageFile(path: string): void {
  const seconds = (Date.now() - 2 * HOUR_MS) / 1000;
  utimesSync(path, seconds, seconds);
}
