// The forwarder: one process for each user that delivers while there is work, and ends when there is
// none.
//
// Its end, and the hook that could come too late for it: a hook appends its event and then looks at
// the heartbeat. The forwarder removes the heartbeat, gives up the lock, and then looks at the log
// once more. If the hook still saw the heartbeat, its event was in the log before that look. If it
// did not, it starts a new forwarder, which finds the lock free or its holder about to look.
import { loadConfig, type Config } from "../config";
import { environment, paths } from "../environment";
import { touchHeartbeat, startForwarder } from "../hook/start-forwarder";
import { expiredDays, utcDay } from "../log/log";
import { faultCode } from "../os/fault";
import { removeFile } from "../os/file";
import { ensurePrivateFolder, namesIn, sweepTemporaries } from "../os/folder";
import { system } from "../os/system";
import { readDestinations } from "./destination";
import { acquireLock, type Lock } from "./lock";
import { pruneRejected } from "./rejected";
import { Sender } from "./sender";

const POLL_MS = 100;
const BEAT_MS = 1000;
const LINGER_MS = 10_000;
const LIFETIME_MS = 15 * 60_000;
/** What a request that is under way may take at the end. */
const GRACE_MS = 6000;
const DAY_MS = 86_400_000;

/** What is to come after it: nothing but a last look; a younger one; nothing at all. */
type Ending = "look" | "renew" | "end";

/**
 * Delivers until nothing has come for 10 seconds, for 15 minutes at most.
 *
 * @returns whether it did: not where another forwarder is alive
 */
export async function runForwarder(): Promise<boolean> {
  const { config } = loadConfig();
  const ending = await whileAlone(config, (senders, lock) => serve(senders, lock));
  // With the configuration as it is now, and the program as it is now.
  if (ending === "renew") await startForwarder(loadConfig().config);
  return ending !== undefined;
}

/** What a single pass came to. */
export interface Drained {
  /** Names of the destinations that have not got all there was. */
  readonly failed: readonly string[];
}

/**
 * Delivers what there is, and ends; a destination that fails three times in a row is given up.
 *
 * @param triesRefused whether to try again what servers refused, when all else is delivered
 * @param onDone told how many events are done with, as they are
 * @returns `undefined` where another forwarder is alive
 */
export async function drain(
  triesRefused: boolean,
  onDone: (events: number) => void,
): Promise<Drained | undefined> {
  let drained: Drained | undefined;
  const { config } = loadConfig();
  await whileAlone(config, async (senders) => {
    // Those whose folder cannot be used, to begin with.
    const failed = readDestinations(config, environment)
      .usable.map(({ name }) => name)
      .filter((name) => !senders.some(({ destination }) => destination.name === name));
    const drainOne = async (sender: Sender) => {
      const isDone =
        (await drainSender(sender, onDone)) && (!triesRefused || (await sender.retryRefused()));
      if (!isDone) failed.push(sender.destination.name);
    };
    await Promise.all(senders.map(drainOne));
    removeCounted(senders);
    drained = { failed };
    return failed.length > 0 ? "end" : "look";
  });
  return drained;
}

const MOST_FAILURES = 3;
const LONGEST_WAIT_MS = 5000;

async function drainSender(sender: Sender, onDone: (events: number) => void): Promise<boolean> {
  for (let failures = 0; failures < MOST_FAILURES;) {
    const { done, waitMs } = await sender.round(() => false, onDone);
    if (waitMs === 0) return true;
    if (done > 0) failures = 0;
    failures++;
    if (sender.destination.obstacle !== undefined || waitMs > LONGEST_WAIT_MS) return false;
    if (failures < MOST_FAILURES) await Bun.sleep(waitMs);
  }
  return false;
}

/** Counts what is lost of the days that retention took, if no forwarder is alive to do it. */
export async function settle(): Promise<void> {
  const { config } = loadConfig();
  await whileAlone(config, async (senders) => {
    for (const sender of senders) sender.settle();
    removeCounted(senders);
    return "end";
  });
}

/** Works as the only forwarder, and again as long as there is something that came too late. */
async function whileAlone(
  config: Config,
  work: (senders: readonly Sender[], lock: Lock) => Promise<Ending>,
): Promise<Ending | undefined> {
  ensurePrivateFolder(paths.state);
  ensurePrivateFolder(paths.forward);
  let ending: Ending | undefined;
  for (let isFirst = true; ; isFirst = false) {
    const lock = await lockSoon(isFirst ? LOCK_TRIES : 1);
    if (lock === undefined) return ending;
    const beating = setInterval(() => showLife(lock), BEAT_MS);
    const senders = sendersFor(config);
    try {
      showLife(lock);
      ending = await work(senders, lock);
    } finally {
      for (const sender of senders) sender.close();
      clearInterval(beating);
      removeFile(paths.heartbeat);
      lock.release();
    }
    // By the cursors in memory: one that a full disk could not take would be behind for ever.
    if (ending !== "look" || !senders.some((sender) => sender.hasWork())) return ending;
  }
}

const LOCK_TRIES = 3;
const LOCK_PAUSE_MS = 50;

// Whoever only looks whether a forwarder is alive has the lock for a moment.
async function lockSoon(tries: number): Promise<Lock | undefined> {
  for (let left = tries; ; left--) {
    const lock = acquireLock(`${paths.forward}/lock`);
    if (lock !== undefined || left <= 1) return lock;
    await Bun.sleep(LOCK_PAUSE_MS);
  }
}

function sendersFor(config: Config): Sender[] {
  const oldest = utcDay(Date.now() - config.retention_days * DAY_MS);
  return readDestinations(config, environment).usable.flatMap((destination) => {
    try {
      const sender = new Sender(destination, paths.events);
      pruneRejected(destination.folder, oldest);
      sweepTemporaries(destination.folder);
      return [sender];
    } catch (error) {
      faultCode(error); // Its folder is not ours or its disk is full: the others go on.
      return [];
    }
  });
}

async function serve(senders: readonly Sender[], lock: Lock): Promise<Ending> {
  const startedMs = performance.now();
  const configured = configStamp();
  const end = new AbortController();
  const waiting = new Set<Sender>();
  let workedMs = startedMs;
  let ending: Ending = "look";

  const watching = setInterval(() => {
    const nowMs = performance.now();
    removeCounted(senders);
    const isIdle = waiting.size === 0 && nowMs - workedMs > LINGER_MS;
    const isOver = nowMs - startedMs > LIFETIME_MS;
    if (configStamp() !== configured) ending = "renew";
    // While a server is down, the next event is soon enough.
    else if (isOver) ending = waiting.size === 0 ? "renew" : "end";
    else if (!lock.isNamed()) ending = "end";
    else if (!isIdle) return;
    end.abort();
  }, BEAT_MS);

  const follow = async (sender: Sender) => {
    let seen = "";
    while (!end.signal.aborted) {
      const stamp = logStamp();
      if (stamp === seen) {
        await pause(POLL_MS, end.signal);
        continue;
      }
      const { done, waitMs } = await sender.round(() => end.signal.aborted);
      if (done > 0) workedMs = performance.now();
      // What this process cannot do anything about is no work.
      if (waitMs > 0 && sender.destination.obstacle === undefined) waiting.add(sender);
      else waiting.delete(sender);
      seen = waitMs > 0 ? "" : stamp;
      await pause(waitMs > 0 ? waitMs : POLL_MS, end.signal);
    }
  };
  try {
    const ended = Promise.all(senders.map(follow));
    const late = new Promise((resolve) => {
      end.signal.addEventListener("abort", () => setTimeout(resolve, GRACE_MS));
    });
    await Promise.race([ended, late]);
    return ending;
  } finally {
    clearInterval(watching);
  }
}

/** Removes the expired days that every destination has counted. */
function removeCounted(senders: readonly Sender[]): void {
  for (const { name, path } of expiredDays(paths.events))
    if (senders.every((sender) => sender.hasCounted(name))) removeFile(path);
}

/** Changes with whatever is written to the log, or taken out of it. */
function logStamp(): string {
  let stamp = "";
  try {
    for (const name of namesIn(paths.events))
      stamp += `${name} ${system.statusAt(`${paths.events}/${name}`)?.size}\n`;
  } catch (error) {
    stamp = faultCode(error);
  }
  return stamp;
}

function configStamp(): string {
  const status = system.statusAt(paths.config);
  return status === undefined ? "" : `${status.modifiedMs} ${status.size}`;
}

function showLife(lock: Lock): void {
  // Whoever removed all of it wants it gone.
  if (!lock.isNamed()) return;
  try {
    touchHeartbeat();
  } catch (error) {
    faultCode(error); // Then hooks start others, which find the lock taken.
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = () => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}
