// `claude-session prune`: removes old days, or one session's records, after saying how many.
import { loadConfig } from "../../config";
import { paths } from "../../environment";
import { rejectedLines, rejectedPath } from "../../forward/rejected";
import { dayPath, expireDay, expiredDays, listDays, utcDay } from "../../log/log";
import { readHeads } from "../../log/reader";
import { faultCode } from "../../os/fault";
import { openOwn, openToUpdate, removeFile } from "../../os/file";
import { namesIn } from "../../os/folder";
import { nodeFs } from "../../os/syscalls-node";
import { system } from "../../os/system";
import {
  defineCommand,
  DONE,
  CommandError,
  UsageError,
  type ExitCode,
  type Terminal,
} from "../command";
import { latestId } from "../log/find-session";
import { bytesOf, hasLog, readingProgress } from "../log/progress";
import { sanitize, plural, formatSize } from "../render/text";
import { parseDuration } from "../render/time";

const DAY_MS = 86_400_000;

export default defineCommand({
  description: "Removes old days from the log, or one session's records",
  args: {
    "older-than": {
      type: "string",
      description: "Days that are older; without it, than config.json's retention_days",
      valueHint: "30d",
    },
    session: {
      type: "string",
      description: "All records of this session instead: its whole id, or latest",
      valueHint: "ID",
    },
    "dry-run": { type: "boolean", description: "Only say how much it would remove" },
  },
  examples: [
    ["prune --dry-run", "what the next start of a session would remove anyway"],
    ["prune --older-than 7d", "keep a week"],
    ["prune --session 04e66903-735f-4d0a-b28e-14c9f244c7db", "forget one session"],
  ],
  async run({ "older-than": olderThan, session, "dry-run": isDryRun }, terminal) {
    if (olderThan !== undefined && session !== undefined)
      throw new UsageError("either --older-than or --session, not both");
    if (!hasLog(terminal, false)) return DONE;
    return session === undefined
      ? pruneDays(olderThan, isDryRun === true, terminal)
      : pruneSession(session, isDryRun === true, terminal);
  },
});

async function pruneDays(
  olderThan: string | undefined,
  isDryRun: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const { config } = loadConfig();
  const isForwarded = config.destinations.length > 0;
  const nowMs = Date.now();
  const ageMs =
    olderThan === undefined
      ? config.retention_days * DAY_MS
      : parseDuration(olderThan, "--older-than");
  // A day goes when all of it is older.
  const oldest = utcDay(nowMs - ageMs);
  const days = listDays(paths.events).filter((day) => day < oldest);
  if (days.length === 0) {
    terminal.print(`There is nothing before ${oldest} in the log.`);
    return DONE;
  }
  const count = `${plural(days.length, "day")}, ${days[0]} to ${days.at(-1)}, ${formatSize(bytesOf(days))}`;
  if (isDryRun) {
    terminal.print(`Would remove ${count}.`);
    return DONE;
  }
  // Beside the data, where nobody can keep us from going on.
  terminal.note(`Removing ${count} …`);
  const failed: string[] = [];
  for (const day of days) {
    try {
      if (isForwarded) expireDay(paths.events, day, nowMs);
      else removeFile(dayPath(paths.events, day));
    } catch (error) {
      failed.push(`${day} (${faultCode(error)})`);
    }
  }
  if (failed.length > 0) throw new CommandError(`could not be removed: ${failed.join(", ")}`);
  if (isForwarded) await removeExpired();
  terminal.print(`Removed ${count}.`);
  return DONE;
}

const FORWARDER_MS = 5000;
const POLL_MS = 50;

/** Removes the days that are out of the log, once what was not delivered of them is counted. */
async function removeExpired(): Promise<void> {
  const { settle } = await import("../../forward/forwarder");
  for (const endMs = performance.now() + FORWARDER_MS; ; await Bun.sleep(POLL_MS)) {
    // A forwarder that is at work does it by itself.
    await settle();
    if (expiredDays(paths.events).length === 0) return;
    if (performance.now() > endMs)
      throw new CommandError(
        "some days are out of the log, but not gone: the forwarder has not counted them; try again",
      );
  }
}

/** Where a line is in the log. */
interface Place {
  readonly begin: number;
  readonly end: number;
}

async function pruneSession(
  wanted: string,
  isDryRun: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const id = wanted === "latest" ? latestId(paths.events) : wanted;
  const places = new Map<string, Place[]>();
  let count = 0;
  const onRead = readingProgress(terminal);
  const containing = `"session_id":${JSON.stringify(id)}`;
  for (const entry of readHeads(paths.events, { containing, onRead })) {
    const { day, begin, end } = entry;
    const isIts =
      entry.kind === "head"
        ? entry.head.session_id === id
        : entry.reason === "torn" && end > begin && isCutShortOf(String(id), day, begin);
    if (!isIts) continue;
    places.set(day, [...(places.get(day) ?? []), { begin, end }]);
    count++;
  }
  if (count === 0)
    throw new CommandError(
      `there is no session "${sanitize(wanted)}" in the log; its whole id is wanted`,
    );
  const span = `${plural(count, "record")} of ${sanitize(String(id))} on ${Array.from(places.keys()).join(", ")}`;
  if (isDryRun) {
    terminal.print(`Would remove ${span}.`);
    return DONE;
  }
  terminal.note(`Removing ${span} …`);
  for (const [day, ofDay] of places) erase(dayPath(paths.events, day), ofDay);
  if (loadConfig().config.destinations.length > 0) await removeExpired();
  for (const { path, places: copies } of copiesOf(String(id))) erase(path, copies);
  terminal.print(`Removed ${span}; their place stays blank until the days are removed.`);
  return DONE;
}

/** Where a session's events are that servers refused. */
function copiesOf(id: string): { path: string; places: Place[] }[] {
  return namesIn(paths.forward).flatMap((name) => {
    const path = rejectedPath(`${paths.forward}/${name}`);
    const places = Array.from(rejectedLines(path)).filter(
      ({ rejected }) => rejected?.record.session_id === id,
    );
    return places.length === 0 ? [] : [{ path, places }];
  });
}

const USUAL_HEAD_BYTES = 1024;

/** Whether a line that is no record is the beginning of one of a session's. */
function isCutShortOf(id: string, day: string, begin: number): boolean {
  const { fd } = openOwn(dayPath(paths.events, day));
  try {
    const bytes = Buffer.alloc(USUAL_HEAD_BYTES);
    const text = bytes.toString("utf8", 0, system.readAt(fd, bytes, begin));
    const sessionId = /^\{(?:"\w+":(?:\d+|"[^"\\]*"),)*?"session_id":("[^"\\]*")/.exec(text)?.[1];
    return sessionId === JSON.stringify(id);
  } finally {
    system.close(fd);
  }
}

// In place, because hooks may be appending to the same file, and forwarders go by offsets: what is
// not ours to touch does not move, and a blank line is none to every reader.
function erase(path: string, places: readonly Place[]): void {
  const fs = nodeFs();
  const fd = openToUpdate(path);
  try {
    for (const { begin, end } of places) {
      const blank = Buffer.alloc(end - begin, " ");
      blank.write("\n", blank.length - 1);
      fs.writeSync(fd, blank, 0, blank.length, begin);
    }
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
