// The API of the multi-agent observability servers: `POST /events` with one event, answered with the
// event and its number. They take no batches, and store an event twice if it is sent twice.
import { fieldOf } from "../../history/payload";
import { recordIn } from "../../log/reader";
import type { PendingEvent } from "../backlog";
import { parseJson } from "../parse-json";
import { post, type Answer, type Answered, type PostTarget } from "../post";
import { describeAnswer, verdictOf, type SendEvents, type Verdict } from "../verdict";
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
      const body = bodies.get(event) ?? "";
      const answer = await post(target, body, JSON_CONTENT, timeoutMs);
      return { session, event, verdict: verdictFor(event, body, answer) };
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

function verdictFor({ id }: PendingEvent, sent: string, answer: Answer): Verdict {
  const verdict = verdictOf(answer);
  if (verdict.kind !== "delivered" || answer.kind === "failed") return verdict;
  const parsed = parseJson(answer.text);
  if (saysFailed(parsed, sent)) return { kind: "retry", reason: describeAnswer(answer) };
  if (isStored(answer, parsed, id)) return verdict;
  const reason = `it answered ${answer.status}, but not like an observability server; is the URL correct?`;
  return { kind: "retry", reason };
}

/**
 * Whether an answer looks like a server's that stored the event. On a path that they do not know, these servers answer a
 * friendly 200 in plain text; a captive portal, a proxy and a web server answer 200 with a page. On `/events`, they answer
 * with an object: the event and, last, its number, or only that it went well. Of a long event, the end is not read.
 */
function isStored({ status, text, isTruncated }: Answered, parsed: unknown, id: string): boolean {
  // Created, accepted, nothing to say: no server answers so to a path that it does not know.
  if (status === 201 || status === 202 || status === 204 || isObject(parsed)) return true;
  return isTruncated && text.startsWith("{") && text.includes(`"event_id":${JSON.stringify(id)}`);
}

/** Whether the body of an answer reports a failure. Its status may still be 200. */
function saysFailed(answer: unknown, sent: string): boolean {
  if (!isObject(answer)) return false;
  if (fieldOf(answer, "success") === false || fieldOf(answer, "ok") === false) return true;
  const status = fieldOf(answer, "status");
  if (typeof status === "number" ? status >= 400 : FAILED_STATUS.test(String(status))) return true;
  const errors = fieldOf(answer, "errors");
  if (Array.isArray(errors) && errors.length > 0) return true;
  const error = fieldOf(answer, "error");
  if (error === undefined || error === null || error === false || error === "") return false;
  // The event of a failed tool call has an error, which comes back with it. A server may have shortened it.
  const own = fieldOf(parseJson(sent), "error");
  return own === undefined || (own !== error && fieldOf(answer, "id") === undefined);
}

const FAILED_STATUS = /^(?:error|fail(?:ed|ure)?)$/i;

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
