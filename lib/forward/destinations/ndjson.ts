// Log collectors and ClickHouse: records as they are in the log, one a line, many in a request.
import type { PendingEvent } from "../backlog";
import { post, type Requested } from "../post";
import { judge, type Deliver } from "../verdict";

/** What is wrong may be one of the events, and is looked for; 403 is what a firewall says to one. */
const ABOUT_CONTENT = new Set([400, 403, 413, 422]);

/** Delivers batches; one that is refused is halved until the event that is to blame is alone. */
export function sendNdjson(destination: Requested): Deliver {
  return async function deliver(events, receipts): ReturnType<Deliver> {
    if (events.length === 0) return undefined;
    const body = events.map(({ line }) => `${wellFormed(line)}\n`).join("");
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

// Half of a character that somebody cut in two is what `JSON.stringify` escapes, and what ClickHouse
// refuses. Behind an odd number of backslashes it is an escape, else the end of a path.
function wellFormed(line: string): string {
  if (!line.includes("\\ud")) return line;
  return line.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][\da-f]{2}/g, "$1\\ufffd");
}
