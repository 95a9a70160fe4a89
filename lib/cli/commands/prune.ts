// `claude-session prune`: removes old days, or one session's records, after saying how many.
import { loadConfig } from "../../load-config";
import { paths } from "../../environment";
import { dayPath, expireDay, expiredDays, indexPath, listDays, utcDay } from "../../log/log";
import { faultCode } from "../../os/fault";
import { removeFile } from "../../os/file";
import { namesIn } from "../../os/folder";
import { system } from "../../os/choose-syscalls";
import { CommandError, defineCommand, DONE, UsageError, type ExitStatus } from "../command";
import { erasePlaces, eraseRejected, findPlaces } from "../log/erase-session";
import { latestId } from "../log/find-session";
import { hasLog } from "../log/no-log";
import { bytesOf, readingProgress } from "../log/progress";
import { formatSize, plural, sanitize } from "../render/text";
import { parseDuration } from "../render/time";
import type { Terminal } from "../terminal";

const DAY_MS = 86_400_000;

export default defineCommand({
  description: "Remove old days from the log, or one session's records",
  arguments: {
    "older-than": {
      type: "string",
      description: "Remove days older than this; by default retention_days in config.json",
      value: "30d",
    },
    session: {
      type: "string",
      description: "Remove all records of this session: a whole session id, or latest",
      value: "SESSION",
    },
    "dry-run": { type: "boolean", description: "Only show what would be removed" },
  },
  examples: [
    ["prune --dry-run", "what the next session start would remove anyway"],
    ["prune --older-than 7d", "keep a week"],
    ["prune --session 04e66903-735f-4d0a-b28e-14c9f244c7db", "remove one session"],
  ],
  async run({ "older-than": olderThan, session, "dry-run": isDryRun }, terminal) {
    if (olderThan !== undefined && session !== undefined)
      throw new UsageError("--older-than and --session cannot be combined");
    if (!hasLog(terminal)) return DONE;
    return session === undefined
      ? pruneDays(olderThan, isDryRun, terminal)
      : pruneSession(session, isDryRun, terminal);
  },
});

async function pruneDays(
  olderThan: string | undefined,
  isDryRun: boolean,
  terminal: Terminal,
): Promise<ExitStatus> {
  const { config } = loadConfig();
  const isForwarded = config.destinations.length > 0;
  const nowMs = Date.now();
  const ageMs =
    olderThan === undefined
      ? config.retention_days * DAY_MS
      : parseDuration(olderThan, "--older-than");
  // A day is removed when all of it is older.
  const oldest = utcDay(nowMs - ageMs);
  const days = listDays(paths.events).filter((day) => day < oldest);
  if (!isDryRun) await pruneRejectedBefore(oldest);
  if (days.length === 0) {
    terminal.print(`The log has nothing before ${oldest}.`);
    return DONE;
  }
  const size = formatSize(bytesOf(days));
  const count = `${plural(days.length, "day")}, ${days[0]} to ${days.at(-1)}, ${size}`;
  if (isDryRun) {
    terminal.print(`Would remove ${count}.`);
    return DONE;
  }
  // On stderr, where a closed pipe does not stop the work.
  terminal.note(`Removing ${count} …`);
  const failed: string[] = [];
  for (const day of days) {
    try {
      removeFile(indexPath(paths.events, day));
      if (isForwarded) expireDay(paths.events, day, nowMs);
      else removeFile(dayPath(paths.events, day));
    } catch (error) {
      failed.push(`${day} (${faultCode(error)})`);
    }
  }
  if (failed.length > 0) throw new CommandError(`could not be removed: ${failed.join(", ")}`);
  if (isForwarded) await removeExpiredDays();
  terminal.print(`Removed ${count}.`);
  return DONE;
}

/** Also of destinations that are configured no longer. */
async function pruneRejectedBefore(oldest: string): Promise<void> {
  const { pruneRejected } = await import("../../forward/rejected");
  for (const name of namesIn(paths.forward)) {
    const folder = `${paths.forward}/${name}`;
    if (system.statusAt(folder)?.kind === "folder") pruneRejected(folder, oldest);
  }
}

async function pruneSession(
  wanted: string,
  isDryRun: boolean,
  terminal: Terminal,
): Promise<ExitStatus> {
  const id = wanted === "latest" ? latestId(paths.events) : wanted;
  const places = findPlaces(String(id), readingProgress(terminal));
  if (id === undefined || places.count === 0)
    throw new CommandError(
      `no session "${sanitize(wanted)}" in the log; --session needs a whole session id`,
    );
  const days = Array.from(places.days.keys()).join(", ");
  const span = `${plural(places.count, "record")} of ${sanitize(id)} on ${days}`;
  if (isDryRun) {
    terminal.print(`Would remove ${span}.`);
    return DONE;
  }
  terminal.note(`Removing ${span} …`);
  erasePlaces(places);
  if (loadConfig().config.destinations.length > 0) await removeExpiredDays();
  eraseRejected(id);
  terminal.print(`Removed ${span}; the lines stay blank until their days are removed.`);
  return DONE;
}

// How long to wait for a running forwarder, which looks once a second.
const FORWARDER_MS = 5000;
const POLL_MS = 50;

/** Removes expired days, once a forwarder has counted what it had not delivered of them. */
async function removeExpiredDays(): Promise<void> {
  const { countExpiredDays } = await import("../../forward/drain");
  for (const endMs = performance.now() + FORWARDER_MS; ; await Bun.sleep(POLL_MS)) {
    // A running forwarder does this itself.
    await countExpiredDays();
    if (expiredDays(paths.events).length === 0) return;
    if (performance.now() > endMs)
      throw new CommandError(
        "some days are not removed yet, because the forwarder has not counted their events; try again",
      );
  }
}
