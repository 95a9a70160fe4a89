// Whether events reach their destinations.
import type { DestinationReport } from "../../../forward/status";
import { isFailing } from "../../../forward/status-file";
import { inConfigFile } from "../../render/config-fault";
import { plural, formatSize } from "../../render/text";
import { formatAgo } from "../../render/time";
import type { Facts } from "../collect";
import { fail, ok, warn, type Result } from "../finding";

const RECENT_MS = 7 * 86_400_000;

/** Checks each destination; without one there is nothing to report. */
export function* checkForwarding({ forwarding }: Facts, nowMs: number): Generator<Result> {
  if (forwarding === undefined) return;
  const { alive, forwarder, destinations, faults } = forwarding;
  if (forwarder === null)
    yield fail(
      "Nothing is forwarded, because claude-session is neither next to the hooks nor at the path in config.json",
      "Put it next to the hooks and run claude-session install from there.",
    );
  for (const fault of faults)
    yield fail(inConfigFile(fault), "Fix it; the other destinations are not affected.");
  for (const destination of destinations) {
    yield checkDelivery(destination, alive, nowMs);
    yield* checkLosses(destination, nowMs);
  }
}

function checkDelivery(destination: DestinationReport, isAlive: boolean, nowMs: number): Result {
  const { name, url, undelivered, last_success_at: success, last_error: error } = destination;
  const { events, bytes } = undelivered;
  const last = `last delivery ${success === null ? "never" : since(success, nowMs)}`;
  if (events === 0) return ok(`${name} has everything (${url}; ${last})`);
  const waiting = `${plural(events, "event")} (${formatSize(bytes)})`;
  if (error !== null && isFailing(destination)) {
    const when = since(error.at, nowMs);
    return warn(
      `${name}: ${waiting} waiting: ${error.message} (${url}; last attempt ${when}, ${last})`,
      "They are kept, and delivered once the server accepts them. Is it running, and is the URL correct?",
    );
  }
  if (isAlive) return ok(`${name}: ${waiting} being delivered (${url}; ${last})`);
  return warn(
    `${name}: ${waiting} waiting for a forwarder, which the next event starts (${url})`,
    "claude-session forward --once delivers them now.",
  );
}

function* checkLosses(destination: DestinationReport, nowMs: number): Generator<Result> {
  const { name, rejected, lost, refused, restarted } = destination;
  if (rejected > 0)
    yield warn(
      `${name} rejected ${plural(rejected, "event")}`,
      `forward/${name}/rejected.jsonl has them, with the server's answers.`,
    );
  if (refused > 0)
    yield warn(
      `${name} did not accept ${plural(refused, "event")} in delivered batches`,
      "The endpoint does not say which, and OpenTelemetry forbids sending them again. Check the endpoint's own log.",
    );
  if (lost > 0)
    yield warn(
      `${name} will never get ${plural(lost, "event")}: retention_days removed them before delivery`,
      "A larger retention_days in config.json keeps events through longer outages.",
    );
  // The very first start is not a restart.
  const isRecent = restarted !== null && nowMs - Date.parse(restarted.at) < RECENT_MS;
  if (
    isRecent &&
    destination.last_success_at !== null &&
    !restarted.reason.includes("there was no cursor")
  )
    yield warn(
      `Delivery to ${name} started over ${since(restarted.at, nowMs)}, ${restarted.reason}`,
      "It may have some events twice, with the same event_id.",
    );
}

function since(at: string, nowMs: number): string {
  return formatAgo(Date.parse(at), nowMs);
}
