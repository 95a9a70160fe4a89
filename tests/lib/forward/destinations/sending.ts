// A server on loopback that answers by the body of a request, and what a destination makes of its answers.
import type { PendingEvent } from "../../../../lib/forward/backlog";
import { parseJson } from "../../../../lib/forward/parse-json";
import type { PostTarget } from "../../../../lib/forward/post";
import type { RecordHead } from "../../../../lib/log/record";
import type { SendEvents, SentEvents } from "../../../../lib/forward/verdict";

/** What was sent, and what became of it. */
export interface Sending {
  readonly bodies: readonly string[];
  readonly keys: readonly (string | null)[];
  /** Ids, in the order of the verdicts. */
  readonly delivered: readonly string[];
  readonly rejected: readonly (readonly [id: string, status: number])[];
  readonly retryReasons: readonly string[];
}

/** An event as the backlog has it. A line that is not a record has a head that nobody reads. */
export function pendingEvent(id: string, line: string, session = "s"): PendingEvent {
  const position = { offset: 0, id };
  const head = (parseJson(line) ?? {}) as RecordHead;
  return { id, session, head, line, day: "2026-11-22", position, bytes: line.length };
}

/** Sends events to a server of its own, and collects the verdicts. */
export async function sendAll(
  toSend: (target: PostTarget) => SendEvents,
  events: readonly PendingEvent[],
  answer: (body: string) => Response | Promise<Response>,
  {
    stop,
    onSent,
  }: { readonly stop?: AbortSignal; readonly onSent?: (sent: SentEvents) => void } = {},
): Promise<Sending> {
  const bodies: string[] = [];
  const keys: (string | null)[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text();
      bodies.push(body);
      keys.push(request.headers.get("Idempotency-Key"));
      return answer(body);
    },
  });
  const target = { url: server.url.href, headers: new Headers(), isLoopback: true, secrets: [] };
  const delivered: string[] = [];
  const rejected: [string, number][] = [];
  const retryReasons: string[] = [];
  for await (const sent of toSend(target)(events, 5000, stop)) {
    onSent?.(sent);
    const { verdict } = sent;
    const ids = sent.events.map(({ id }) => id);
    if (verdict.kind === "delivered") delivered.push(...ids);
    else if (verdict.kind === "retry") retryReasons.push(verdict.reason);
    else for (const id of ids) rejected.push([id, verdict.status]);
  }
  return { bodies, keys, delivered, rejected, retryReasons };
}
