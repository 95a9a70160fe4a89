// Whether events get to where they are forwarded.
import type { DestinationReport } from "../../../forward/report";
import { isFailing } from "../../../forward/status-file";
import { plural, formatSize } from "../../render/text";
import { formatAgo } from "../../render/time";
import type { Facts } from "../collect";
import { fail, ok, warn, type Result } from "../finding";

const RECENT_MS = 7 * 86_400_000;

/** Judges each destination; there is nothing to say where nothing is to be forwarded. */
export function* checkForwarding({ forwarding }: Facts, nowMs: number): Generator<Result> {
  if (forwarding === undefined) return;
  const { alive, forwarder, destinations, faults } = forwarding;
  if (forwarder === null)
    yield fail(
      "There is no claude-session beside the hooks, nor where config.json says: nothing is forwarded",
      "Put it there, and run claude-session install from there.",
    );
  for (const fault of faults)
    yield fail(`config.json: ${fault}`, "Mend it; the other destinations go on.");
  for (const destination of destinations) {
    yield judgeDelivery(destination, alive, nowMs);
    yield* judgeLosses(destination, nowMs);
  }
}

function judgeDelivery(destination: DestinationReport, isAlive: boolean, nowMs: number): Result {
  const { name, url, undelivered, last_success: success, last_error: error } = destination;
  const { events, bytes } = undelivered;
  const last = `last delivery ${success === null ? "never" : sinceWords(success, nowMs)}`;
  if (events === 0) return ok(`${name} has got everything (${url}; ${last})`);
  const waiting = `${plural(events, "event")} (${formatSize(bytes)})`;
  if (error !== null && isFailing(destination)) {
    const when = sinceWords(error.at, nowMs);
    return warn(
      `${name}: ${waiting} wait: ${error.message} (${url}; last try ${when}, ${last})`,
      "They are kept, and delivered once the server takes them. Is it running, and the URL right?",
    );
  }
  if (isAlive) return ok(`${name}: ${waiting} are on their way (${url}; ${last})`);
  return warn(
    `${name}: ${waiting} wait for a forwarder, which the next event starts (${url})`,
    "claude-session forward --once delivers them now.",
  );
}

function* judgeLosses(destination: DestinationReport, nowMs: number): Generator<Result> {
  const { name, set_aside: aside, lost, restarted } = destination;
  if (aside > 0)
    yield warn(
      `${name} refused ${plural(aside, "event")}`,
      `forward/${name}/rejected.jsonl has them, with what the server said.`,
    );
  if (lost > 0)
    yield warn(
      `${name} will never get ${plural(lost, "event")}: they became older than retention_days first`,
      "A longer retention_days in config.json keeps them for longer outages.",
    );
  // The first start is none.
  const isRecent = restarted !== null && nowMs - Date.parse(restarted.at) < RECENT_MS;
  if (
    isRecent &&
    destination.last_success !== null &&
    !restarted.reason.includes("there was no cursor")
  )
    yield warn(
      `${name} began anew ${sinceWords(restarted.at, nowMs)}, ${restarted.reason}`,
      "It may have events twice; their event_id tells which.",
    );
}

function sinceWords(at: string, nowMs: number): string {
  return formatAgo(Date.parse(at), nowMs);
}
