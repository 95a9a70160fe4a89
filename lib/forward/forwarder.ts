// The forwarder: one process per user that follows the log and delivers, and ends when nothing comes.
import { loadConfig } from "../load-config";
import { paths } from "../environment";
import { startForwarder } from "../hook/start-forwarder";
import { faultCode } from "../os/fault";
import { namesIn } from "../os/folder";
import { system } from "../os/choose-syscalls";
import type { Lock } from "./lock";
import { MAX_TIMEOUT_MS } from "./pace";
import type { Sender } from "./sender";
import { asSoleForwarder, removeCountedDays, type Ending } from "./sole-forwarder";

/** How often to look for new events: a person who watches a server does not notice the delay. */
const POLL_MS = 100;
/** How often to look whether it is time to end. */
const WATCH_MS = 1000;
/** Longer than most pauses within a session, so that few events have to wait for a new process. */
const LINGER_MS = 10_000;
/** After an update, the old program continues for at most this long. */
const LIFETIME_MS = 15 * 60_000;
/** At the end, a pending request may use its whole timeout, plus a little time to save the result. */
const GRACE_MS = MAX_TIMEOUT_MS + 1000;
/**
 * Without the token of a destination it ends soon, because the next event may come from an environment that has the token.
 * The time is random; if it were fixed, the same one of two alternating sessions would always start the next forwarder.
 */
const BLOCKED_LIFETIME_MS = 2000;

/**
 * Delivers until nothing has come for 10 seconds, for 15 minutes at most.
 *
 * @returns `false` if another forwarder is alive
 * @throws {Fault} if the state folder cannot be used
 */
export async function runForwarder(): Promise<boolean> {
  const ending = await asSoleForwarder(loadConfig(), serve);
  // The new process uses the current configuration and program.
  if (ending === "renew") await startForwarder(loadConfig().config);
  return ending !== undefined;
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
    removeCountedDays(senders);
    const isIdle = waiting.size === 0 && nowMs - workedMs > LINGER_MS;
    const isOver = nowMs - startedMs > LIFETIME_MS;
    if (configStamp() !== configured) ending = "renew";
    // While a server is down, it is enough that the next event starts a new one.
    else if (isOver) ending = waiting.size === 0 ? "renew" : "end";
    else if (!lock.isNamed()) ending = "end";
    else if (!isIdle) return;
    end.abort();
  }, WATCH_MS);

  // Not renewed: that would be without the token, too.
  const handOver = senders.some((sender) => sender.isBlocked())
    ? setTimeout(() => end.abort(), BLOCKED_LIFETIME_MS * Math.random())
    : undefined;

  const follow = async (sender: Sender) => {
    let seen = "";
    while (!end.signal.aborted) {
      const stamp = logStamp();
      if (stamp === seen) {
        await pause(POLL_MS, end.signal);
        continue;
      }
      // Before the round, not a second later: the old address must not get an event more.
      if (configStamp() !== configured) {
        ending = "renew";
        end.abort();
        break;
      }
      const { done, waitMs } = await sender.round(
        () => end.signal.aborted || configStamp() !== configured,
      );
      if (done > 0) workedMs = performance.now();
      // A destination that this process can never deliver to does not keep it alive.
      if (waitMs > 0 && !sender.isBlocked()) waiting.add(sender);
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
    clearTimeout(handOver);
  }
}

/** Changes when something is written to the log, or removed from it. */
function logStamp(): string {
  let stamp = "";
  try {
    for (const name of namesIn(paths.events)) {
      const status = system.statusAt(`${paths.events}/${name}`);
      stamp += `${name} ${status?.size} ${status?.inode} ${status?.modifiedMs}\n`;
    }
  } catch (error) {
    stamp = faultCode(error);
  }
  return stamp;
}

/** Changes when the user's `config.json` or the machine's does. */
function configStamp(): string {
  return [paths.machineConfig, paths.config].map(stampOf).join("\n");
}

/** An unreadable file does not stop delivery; `loadConfig` handles it. */
function stampOf(path: string): string {
  try {
    const status = system.statusAt(path);
    return status === undefined ? "" : `${status.modifiedMs} ${status.size}`;
  } catch (error) {
    return faultCode(error);
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
