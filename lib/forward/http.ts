// Log collectors and ClickHouse: records as they are in the log, one a line, many in a request.
import type { PendingEvent } from "./backlog";
import { judge, type Deliver } from "./delivery";
import type { Destination } from "./destination";
import { post } from "./request";

/** What is wrong may be one of the events, and is looked for. */
const ABOUT_CONTENT = new Set([400, 413, 422]);

/** Delivers batches; one that is refused is halved until the event that is to blame is alone. */
export function httpDelivery(destination: Destination): Deliver {
  return async function deliver(events, receipts): ReturnType<Deliver> {
    if (events.length === 0) return undefined;
    const body = events.map(({ line }) => `${line}\n`).join("");
    const answer = await post(destination, body, {
      "Content-Type": "application/x-ndjson",
      "Idempotency-Key": idempotencyKey(events),
    });
    const outcome = judge(answer, () => true);
    if (outcome.kind === "kept") return outcome;
    if (outcome.kind === "delivered") {
      receipts.delivered(events);
      return undefined;
    }
    if (events.length === 1 || !ABOUT_CONTENT.has(outcome.status))
      return receipts.refused(events, outcome);
    const half = events.length >> 1;
    return (
      (await deliver(events.slice(0, half), receipts)) ?? deliver(events.slice(half), receipts)
    );
  };
}

// A batch that is sent again has the same events, and so the same key.
function idempotencyKey(events: readonly PendingEvent[]): string {
  return `${events[0]?.id}-${events.at(-1)?.id}`;
}
