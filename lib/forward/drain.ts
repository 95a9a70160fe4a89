// One pass over the backlog, as a person starts it: `forward --once` delivers, `prune` only counts.
import { loadConfig } from "../load-config";
import { environment } from "../environment";
import { readDestinations } from "./destination";
import type { Sender } from "./sender";
import { asSoleForwarder } from "./sole-forwarder";

/** How a pass ended. */
export interface DrainResult {
  /** Names of the destinations that did not get everything. */
  readonly failed: readonly string[];
}

/**
 * Delivers what there is. Gives up on a destination that fails three times in a row.
 *
 * @param retriesRejected whether to send rejected events again, after everything else is delivered
 * @param onDone receives how many more events are delivered or rejected
 * @returns `undefined` if another forwarder is alive
 * @throws {Fault} if the state folder cannot be used
 */
export async function drain(
  retriesRejected: boolean,
  onDone: (events: number) => void,
): Promise<DrainResult | undefined> {
  let result: DrainResult | undefined;
  const loaded = loadConfig();
  await asSoleForwarder(loaded, async (senders) => {
    const isReady = (name: string) => senders.some((sender) => sender.destination.name === name);
    const { usable } = readDestinations(loaded, environment);
    // Those whose folder cannot be used have failed before the start.
    const failed = usable.map(({ name }) => name).filter((name) => !isReady(name));
    const drainOne = async (sender: Sender) => {
      const isDone =
        (await drainSender(sender, onDone)) && (!retriesRejected || (await sender.retryRejected()));
      if (!isDone) failed.push(sender.destination.name);
    };
    await Promise.all(senders.map(drainOne));
    result = { failed };
    return failed.length > 0 ? "end" : "look";
  });
  return result;
}

/** Counts what retention took before it was delivered, unless a forwarder is alive, which does so itself. */
export async function countExpiredDays(): Promise<void> {
  await asSoleForwarder(loadConfig(), (senders) => {
    for (const sender of senders) sender.countExpiredDays();
    return Promise.resolve("end");
  });
}

// A person is waiting: with the waits between them, three tries take three seconds, or 38 where a server hangs.
const MAX_FAILURES = 3;
const MAX_WAIT_MS = 5000;

async function drainSender(sender: Sender, onDone: (events: number) => void): Promise<boolean> {
  for (let failures = 0; failures < MAX_FAILURES;) {
    const { done, waitMs } = await sender.round(() => false, onDone);
    if (waitMs === 0) return true;
    if (done > 0) failures = 0;
    failures++;
    if (sender.destination.blockedReason !== undefined || waitMs > MAX_WAIT_MS) return false;
    if (failures < MAX_FAILURES) await Bun.sleep(waitMs);
  }
  return false;
}
