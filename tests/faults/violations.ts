// What must hold of a sandbox after any fault in a hook.
import { existsSync, readFileSync } from "node:fs";
import { DEFAULT_CONFIG } from "../../lib/config";
import { utcDay } from "../../lib/log/log";
import { runProgram, type Ended } from "../../scripts/harness/run-program";
import { faultsOf } from "../../scripts/harness/read-records";
import type { Sandbox } from "../../scripts/harness/sandbox";
import {
  ageFile,
  BEFORE,
  countRecords,
  DAY_MS,
  pointersIn,
  tempFilesIn,
  type Scene,
} from "./scene";

/** The session of the event during which the fault happens. */
export const DURING = "session-during";
const AFTER = "session-after";

// A hook gives up after a second, and many run at the same time here.
const MAX_MS = 2000;

/** How a hook ended, and what to expect of it. */
export interface FaultyEnd extends Ended {
  /** It was killed, so all that it owes is intact files. */
  readonly isKilled?: boolean;
  /** The fault lasts, so it may have had no file to report it in. */
  readonly isLasting?: boolean;
  /** The event ends the session. */
  readonly endsSession?: boolean;
  /** The fault kept it from removing files. */
  readonly cannotRemove?: boolean;
}

/** What is wrong after a hook met a fault during an event of the session `DURING`. */
export async function violations(
  sandbox: Sandbox,
  before: Scene,
  { code, stdout, stderr, ms, isKilled, isLasting, endsSession, cannotRemove }: FaultyEnd,
): Promise<string[]> {
  const found: string[] = [];
  if (!isKilled && code !== 0) found.push(`it ended with ${code}`);
  const output = stdout + stderr;
  if (output !== "") found.push(`it printed ${JSON.stringify(output.slice(0, 200))}`);
  if (ms > MAX_MS) found.push(`it took ${Math.round(ms)} ms`);

  found.push(...pointerViolations(sandbox, before, endsSession));
  found.push(...lostLines(before));
  const records = countRecords(sandbox, DURING);
  if (records > 1) found.push(`the event was recorded ${records} times`);
  if ((await fateOf(sandbox)) === "lost" && !isKilled && !isLasting)
    found.push("the event was neither recorded nor reported");

  const left = tempFilesIn(sandbox).filter((path) => !before.tempFiles.includes(path));
  const mostLeft = cannotRemove ? 3 : Number(isKilled ?? false);
  if (left.length > mostLeft) found.push(`temp files are left: ${left.join(" ")}`);
  return found;
}

/** Whether the event of the session `DURING` was recorded, or its loss reported in hook-errors.log. */
export async function fateOf(sandbox: Sandbox): Promise<"recorded" | "reported" | "lost"> {
  if (countRecords(sandbox, DURING) > 0) return "recorded";
  const faults = await faultsOf(sandbox);
  const isReported = faults.some((fault) => /not recorded|input: unreadable/.test(fault));
  return isReported ? "reported" : "lost";
}

/** Whether the session `DURING` is in the log and in both pointers, as without a fault. */
export function isUnaffected(sandbox: Sandbox): boolean {
  const pointers = Array.from(pointersIn(sandbox).values());
  const naming = pointers.filter((content) => content.startsWith(`${DURING}\n`));
  return naming.length === 2 && countRecords(sandbox, DURING) === 1;
}

/** What is wrong after the next event, of another session, when the fault is over. */
export async function laterViolations(sandbox: Sandbox, before: Scene): Promise<string[]> {
  const found: string[] = [];
  for (const path of tempFilesIn(sandbox)) ageFile(path);
  const event = { session_id: AFTER, hook_event_name: "SessionStart" };
  const { code, stdout, stderr } = await runProgram("session-start", sandbox, event);
  if (code !== 0 || stdout + stderr !== "") found.push(`the next program ended with ${code}`);
  if (countRecords(sandbox, AFTER) !== 1) found.push("a later event cannot be read");
  found.push(...lostLines(before));
  for (const [name, content] of pointersIn(sandbox))
    if (isOfProject(name) && !content.startsWith(`${AFTER}\n`))
      found.push(`a later session is not in ${name}`);
  const left = tempFilesIn(sandbox);
  if (left.length > 0) found.push(`temp files are left after an hour: ${left.join(" ")}`);
  return found;
}

/** A pointer must have its old content or the new one. The end of a session removes it, or goes back to the other session. */
function pointerViolations(sandbox: Sandbox, before: Scene, endsSession = false): string[] {
  const pointers = pointersIn(sandbox);
  const stored = new RegExp(
    `^${endsSession ? BEFORE : DURING}\\n\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{3}\\n$`,
  );
  return Array.from(before.pointers).flatMap(([name, old]) => {
    if (!isOfProject(name)) return [];
    const content = pointers.get(name);
    const isNew = content === undefined ? endsSession : stored.test(content);
    return content === old || isNew ? [] : [`${name} holds ${JSON.stringify(content)}`];
  });
}

/** Not the other project's pointer, which a hook is to clean up. */
function isOfProject(pointerName: string): boolean {
  return pointerName.startsWith("claude_session_shop");
}

/** A day must still begin with its earlier lines, byte for byte, unless retention removed it. */
function lostLines(before: Scene): string[] {
  const firstKept = utcDay(Date.now() - DEFAULT_CONFIG.retention_days * DAY_MS);
  return Array.from(before.days).flatMap(([path, bytes]) => {
    const day = path.slice(path.lastIndexOf("/") + 1, -".jsonl".length);
    if (!existsSync(path)) return day < firstKept ? [] : [`${day} is gone`];
    const beginning = readFileSync(path).subarray(0, bytes.length);
    return beginning.equals(bytes) ? [] : [`earlier lines of ${day} have changed`];
  });
}
