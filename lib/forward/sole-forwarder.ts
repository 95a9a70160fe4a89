// What only one process per user may do at a time: deliver, and move the cursors.
//
// How it ends without losing the event of a hook that came too late for it: a hook appends its event and
// then looks at the heartbeat. The forwarder removes the heartbeat, releases the lock, and then looks at
// the log once more. If the hook still saw the heartbeat, its event was in the log before that last look.
// If it did not, it starts a new forwarder, which finds the lock free or its holder about to look.
import { environment, paths } from "../environment";
import { touchHeartbeat } from "../hook/start-forwarder";
import type { LoadedConfig } from "../load-config";
import { expiredDays, utcDay } from "../log/log";
import { faultCode } from "../os/fault";
import { removeFile } from "../os/file";
import { ensureOwnFolder, removeStaleTempFiles } from "../os/folder";
import { readDestinations } from "./destination";
import { acquireLock, type Lock } from "./lock";
import { pruneRejected } from "./rejected";
import { Sender } from "./sender";

/** A third of the age at which hooks take a heartbeat for dead: a late beat or two do no harm. */
const BEAT_MS = 1000;
const DAY_MS = 86_400_000;

/** What follows the work: a last look at the log, a new forwarder, or nothing. */
export type Ending = "look" | "renew" | "end";

/**
 * Does some work as the only forwarder, and again as long as a last look finds events that came too late.
 *
 * @returns how the work ended last; `undefined` where another forwarder is alive
 * @throws {Fault} if the state folder cannot be used
 */
export async function asSoleForwarder(
  loaded: LoadedConfig,
  work: (senders: readonly Sender[], lock: Lock) => Promise<Ending>,
): Promise<Ending | undefined> {
  ensureOwnFolder(paths.state);
  ensureOwnFolder(paths.forward);
  let ending: Ending | undefined;
  for (let isFirst = true; ; isFirst = false) {
    const lock = await lockSoon(isFirst ? LOCK_TRIES : 1);
    if (lock === undefined) return ending;
    const beating = setInterval(() => beat(lock), BEAT_MS);
    const senders = sendersFor(loaded);
    try {
      beat(lock);
      ending = await work(senders, lock);
      removeCountedDays(senders);
    } finally {
      for (const sender of senders) sender.close();
      clearInterval(beating);
      removeFile(paths.heartbeat);
      lock.release();
    }
    // By the cursors in memory: on a full disk, the saved ones may be behind, and this would never end.
    if (ending !== "look" || !senders.some((sender) => sender.hasWork())) return ending;
  }
}

/** Removes the expired days that every destination has counted. */
export function removeCountedDays(senders: readonly Sender[]): void {
  for (const { name, path } of expiredDays(paths.events))
    if (senders.every((sender) => sender.hasCounted(name))) removeFile(path);
}

// `forward --status` and doctor hold the lock for a moment to see whether a forwarder is alive.
const LOCK_TRIES = 3;
const LOCK_PAUSE_MS = 50;

async function lockSoon(tries: number): Promise<Lock | undefined> {
  for (let left = tries; ; left--) {
    const lock = acquireLock(`${paths.forward}/lock`);
    if (lock !== undefined || left <= 1) return lock;
    await Bun.sleep(LOCK_PAUSE_MS);
  }
}

function beat(lock: Lock): void {
  // The folder was removed: touching the heartbeat would create it again.
  if (!lock.isNamed()) return;
  try {
    touchHeartbeat();
  } catch (error) {
    faultCode(error); // Then hooks start others, which find the lock taken.
  }
}

function sendersFor(loaded: LoadedConfig): Sender[] {
  const oldest = utcDay(Date.now() - loaded.config.retention_days * DAY_MS);
  return readDestinations(loaded, environment).usable.flatMap((destination) => {
    try {
      const sender = new Sender(destination, paths.events);
      pruneRejected(destination.folder, oldest);
      removeStaleTempFiles(destination.folder);
      return [sender];
    } catch (error) {
      faultCode(error); // Its folder is not ours or its disk is full. The report says so; the others go on.
      return [];
    }
  });
}
