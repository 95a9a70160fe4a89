// Log collectors and ClickHouse: records as they are in the log, one per line, many per request.
import type { PendingEvent } from "../backlog";
import { post, type PostTarget } from "../post";
import { verdictOf, type SendEvents } from "../verdict";

/** Sends batches; a rejected batch is halved until the event that causes it is alone. */
export function sendNdjson(target: PostTarget): SendEvents {
  return async function* (events, timeoutMs, stop) {
    const batches = [events];
    for (let batch; (batch = batches.shift()) !== undefined;) {
      if (batch.length === 0) continue;
      if (stop?.aborted === true) return;
      const body = batch.map(({ line }) => `${wellFormed(line)}\n`).join("");
      const headers = {
        "Content-Type": "application/x-ndjson",
        "Idempotency-Key": idempotencyKey(batch),
      };
      const answer = await post(target, body, headers, timeoutMs);
      const verdict = verdictOf(answer);
      // It may be about a single event, or about the size of the batch.
      if (verdict.kind === "rejected" && batch.length > 1) {
        const half = batch.length >> 1;
        batches.unshift(batch.slice(0, half), batch.slice(half));
        continue;
      }
      yield { events: batch, verdict };
      if (verdict.kind === "retry") return;
    }
  };
}

// A batch that is sent again has the same events, and so the same key.
function idempotencyKey(events: readonly PendingEvent[]): string {
  return `${events[0]?.id}-${events.at(-1)?.id}`;
}

// Half a surrogate pair, which is what `JSON.stringify` makes of a truncated text, is an escape such as
// \ud83d. ClickHouse 18.16 rejects it. After an odd number of backslashes it is an escape; after an even
// number it is text, such as the path C:\\ud83d.
function wellFormed(line: string): string {
  if (!line.includes("\\ud")) return line;
  return line.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][\da-f]{2}/g, "$1\\ufffd");
}
