// The API of the multi-agent observability servers: `POST /events` with one event, answered with the
// event and its number. They take no batches, and store an event twice if it is sent twice.
import { fieldOf } from "../../history/payload";
import { recordIn } from "../../log/reader";
import type { PendingEvent } from "../backlog";
import { parseJson } from "../parse-json";
import { post, type Answer, type Answered, type PostTarget } from "../post";
import { verdictOf, type SendEvents, type Verdict } from "../verdict";
import { Models, toMessage } from "./observability-message";

/**
 * How many requests are under way at most, each for another session. One at a time would deliver one
 * event per round trip; many do not help, because these servers write to SQLite, one at a time.
 */
const MAX_REQUESTS = 8;
const JSON_CONTENT = { "Content-Type": "application/json" };

/** Sends one event per request: sessions side by side, the events of each session in order. */
export function sendToObservability(target: PostTarget): SendEvents {
  const models = new Models();
  return async function* (events, timeoutMs, stop) {
    const bodies = toBodies(events, models);
    const sendFirst = async (session: PendingEvent[]) => {
      const event = session.shift() as PendingEvent;
      const answer = await post(target, bodies.get(event) ?? "", JSON_CONTENT, timeoutMs);
      return { session, event, verdict: verdictFor(event, answer) };
    };
    /** Sessions with events to send and no request under way. */
    const waiting = Array.from(Map.groupBy(events, ({ session }) => session).values());
    const requests = new Map<PendingEvent[], ReturnType<typeof sendFirst>>();
    let isFailing = false;
    for (;;) {
      const free = isFailing || stop?.aborted === true ? 0 : MAX_REQUESTS - requests.size;
      for (const session of waiting.splice(0, free)) requests.set(session, sendFirst(session));
      if (requests.size === 0) return;
      const { session, event, verdict } = await Promise.race(requests.values());
      requests.delete(session);
      if (session.length > 0) waiting.unshift(session);
      if (verdict.kind === "retry") isFailing = true;
      yield { events: [event], verdict };
    }
  };
}

// Before anything is sent, because the models of sessions are known in the order of the log.
function toBodies(events: readonly PendingEvent[], models: Models): Map<PendingEvent, string> {
  const bodies = new Map<PendingEvent, string>();
  for (const event of events) {
    const record = recordIn(event.line);
    if (record !== undefined)
      bodies.set(event, JSON.stringify(toMessage(record, models.of(record))));
  }
  return bodies;
}

function verdictFor({ id }: PendingEvent, answer: Answer): Verdict {
  const verdict = verdictOf(answer);
  if (verdict.kind !== "delivered" || answer.kind === "failed" || isStored(answer, id))
    return verdict;
  const reason = `it answered ${answer.status}, but not like an observability server; is the URL correct?`;
  return { kind: "retry", reason };
}

// These servers answer a friendly 200 on any path that they do not know. On `/events` they answer with
// the event and, last, its number, which is not read of a long event.
function isStored({ status, text, isTruncated }: Answered, id: string): boolean {
  // Created, accepted, nothing to say: no server answers so to a path that it does not know.
  if (status === 201 || status === 202 || status === 204) return true;
  if (status !== 200) return false;
  const number = fieldOf(parseJson(text), "id");
  if (typeof number === "number" || (typeof number === "string" && number !== "")) return true;
  return isTruncated && text.startsWith("{") && text.includes(`"event_id":${JSON.stringify(id)}`);
}
