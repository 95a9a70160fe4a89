// What must hold of a sandbox after a fault, whatever the fault was.
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
import { runProgram, type Ended } from "../../scripts/harness/programs";
import { entriesOf, faultsOf } from "../../scripts/harness/records";
import type { Sandbox } from "../../scripts/harness/sandbox";
import { writeRecords } from "../support/written-log";

/** The session that the pointer names before, unless it is to name another. */
const BEFORE = "session-before";
/** The session of the event during which the fault happens. */
export const DURING = "session-during";
const AFTER = "session-after";

const MOST_MS = 2000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RECORDS = 3;

/** What lies in a sandbox before a fault. */
export interface Scene {
  readonly pointers: ReadonlyMap<string, string>;
  readonly days: ReadonlyMap<string, Buffer>;
  readonly temporaries: readonly string[];
}

/** How a program came through a fault. */
export interface Survival extends Ended {
  /** Nothing can be asked of a program that was killed but that it left things whole. */
  readonly isKilled?: boolean;
  /** The fault lasts, so that the program may have had nowhere to say what it could not do. */
  readonly isLasting?: boolean;
  /** The event is the session's end. */
  readonly isEnd?: boolean;
  /** The fault kept it from removing a file. */
  readonly cannotRemove?: boolean;
}

/**
 * Prepares a log of two days, pointers, and what is to be cleaned up: an old temp file, another
 * project's old pointer, a day past the retention.
 */
export async function setScene(
  sandbox: Sandbox,
  { session = BEFORE, isTorn = false, isNewDay = false } = {},
): Promise<Scene> {
  const now = Date.now();
  await storeSessionId(session, projectAt(sandbox.project), sandbox.pointers, now - HOUR_MS);
  const stale = `${sandbox.pointers}/claude_session_other-0123456789abcdef`;
  writeFileSync(stale, `old\n${formatLocalTime(now - 2 * DAY_MS)}\n`, { mode: 0o600 });
  const temporary = `${sandbox.pointers}/.claude_session_tmp_old`;
  writeFileSync(temporary, "old", { mode: 0o600 });
  makeOlder(temporary);
  for (const startedMs of [now - 60 * DAY_MS, now - DAY_MS, ...(isNewDay ? [] : [now])])
    writeRecords(
      sandbox,
      Array.from({ length: RECORDS }, () => recordAt(sandbox, startedMs)),
    );
  const today = dayPath(sandbox.events, utcDay(now));
  if (isTorn) writeFileSync(today, '{"v":1,"id":"torn', { flag: "a" });
  return look(sandbox);
}

/** What lies there now. */
export function look(sandbox: Sandbox): Scene {
  return {
    pointers: pointersIn(sandbox),
    days: daysIn(sandbox),
    temporaries: temporariesIn(sandbox),
  };
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

/**
 * Says what is not as it must be after an event of the session `DURING` was handed to a program with
 * a fault. Nothing, if all is well.
 */
export async function violations(
  sandbox: Sandbox,
  before: Scene,
  { code, stdout, stderr, ms, isKilled, isLasting, isEnd, cannotRemove }: Survival,
): Promise<string[]> {
  const found: string[] = [];
  if (!isKilled && code !== 0) found.push(`it ended with ${code}`);
  const output = stdout + stderr;
  if (output !== "") found.push(`it printed ${JSON.stringify(output.slice(0, 200))}`);
  if (ms > MOST_MS) found.push(`it took ${Math.round(ms)} ms`);

  found.push(...pointerViolations(sandbox, before, isEnd));
  found.push(...lostLines(before));
  const recorded = recordsOfSession(sandbox, DURING);
  if (recorded > 1) found.push(`the event was recorded ${recorded} times`);
  if ((await fateOf(sandbox)) === "lost" && !isKilled && !isLasting)
    found.push("the event was not recorded, and nobody was told");

  const temporary = temporariesIn(sandbox).filter((path) => !before.temporaries.includes(path));
  const most = cannotRemove ? 3 : Number(isKilled ?? false);
  if (temporary.length > most) found.push(`temp files are left: ${temporary.join(" ")}`);
  return found;
}

/** What became of the event of the session `DURING`: where it is not recorded, somebody may be told. */
export async function fateOf(sandbox: Sandbox): Promise<"recorded" | "told" | "lost"> {
  if (recordsOfSession(sandbox, DURING) > 0) return "recorded";
  const faults = await faultsOf(sandbox);
  return faults.some((fault) => /not recorded|input: unreadable/.test(fault)) ? "told" : "lost";
}

/** Whether the event of the session `DURING` is recorded, and the pointers name it, as without a fault. */
export function isUnhurt(sandbox: Sandbox): boolean {
  const pointers = Array.from(pointersIn(sandbox).values());
  const named = pointers.filter((content) => content.startsWith(`${DURING}\n`));
  return named.length === 2 && recordsOfSession(sandbox, DURING) === 1;
}

/** The same after an event of yet another session, handed to a program in a sandbox that is well again. */
export async function laterViolations(sandbox: Sandbox, before: Scene): Promise<string[]> {
  const found: string[] = [];
  for (const path of temporariesIn(sandbox)) makeOlder(path);
  const event = { session_id: AFTER, hook_event_name: "SessionStart" };
  const { code, stdout, stderr } = await runProgram("session-start", sandbox, event);
  if (code !== 0 || stdout + stderr !== "") found.push(`the next program ended with ${code}`);
  if (recordsOfSession(sandbox, AFTER) !== 1) found.push("a later event cannot be read");
  found.push(...lostLines(before));
  for (const [name, content] of pointersIn(sandbox))
    if (name.startsWith("claude_session_shop") && !content.startsWith(`${AFTER}\n`))
      found.push(`a later session is not in ${name}`);
  const left = temporariesIn(sandbox);
  if (left.length > 0) found.push(`temp files are left after an hour: ${left.join(" ")}`);
  return found;
}

/** A pointer holds what it held, or what it was to hold. */
function pointerViolations(sandbox: Sandbox, before: Scene, isEnd = false): string[] {
  const now = pointersIn(sandbox);
  return Array.from(before.pointers).flatMap(([name, content]) => {
    // The other project's, which was to be cleaned up.
    if (!name.startsWith("claude_session_shop")) return [];
    const found = now.get(name);
    const isNew =
      found === undefined
        ? isEnd
        : /^session-during\n\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}\n$/.test(found);
    return found === content || isNew ? [] : [`${name} holds ${JSON.stringify(found)}`];
  });
}

/** Earlier lines are the beginning of what is there, byte for byte, unless the whole day was pruned. */
function lostLines(before: Scene): string[] {
  const kept = utcDay(Date.now() - DEFAULT_CONFIG.retention_days * DAY_MS);
  return Array.from(before.days).flatMap(([path, bytes]) => {
    const day = path.slice(path.lastIndexOf("/") + 1, -".jsonl".length);
    if (!existsSync(path)) return day < kept ? [] : [`${day} is gone`];
    const now = readFileSync(path).subarray(0, bytes.length);
    return now.equals(bytes) ? [] : [`earlier lines of ${day} are not as they were`];
  });
}

function recordsOfSession(sandbox: Sandbox, session: string): number {
  return entriesOf(sandbox).filter(
    (entry) => entry.kind === "record" && entry.record.session_id === session,
  ).length;
}

function pointersIn({ pointers }: Sandbox): Map<string, string> {
  const names = readdirSync(pointers).filter((name) => name.startsWith("claude_session_"));
  return new Map(names.map((name) => [name, readFileSync(`${pointers}/${name}`, "utf8")]));
}

function daysIn({ events }: Sandbox): Map<string, Buffer> {
  const names = existsSync(events) ? readdirSync(events) : [];
  return new Map(names.map((name) => [`${events}/${name}`, readFileSync(`${events}/${name}`)]));
}

/** Our temp files anywhere in a sandbox. */
export function temporariesIn({ root }: Sandbox): string[] {
  return (readdirSync(root, { recursive: true }) as string[])
    .map((name) => `${root}/${name}`)
    .filter((path) => isTempFileName(path.slice(path.lastIndexOf("/") + 1)))
    .filter((path) => lstatSync(path).isFile());
}

/** Makes a file two hours older. */
export function makeOlder(path: string): void {
  const seconds = (Date.now() - 2 * HOUR_MS) / 1000;
  utimesSync(path, seconds, seconds);
}
