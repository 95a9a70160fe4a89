// Any endpoint of OpenTelemetry: many log records or spans per request, as OTLP over HTTP.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { hostname } from "node:os";
import { recordIn } from "../../log/reader";
import type { PendingEvent } from "../backlog";
import type { Destination } from "../destination";
import { post, type Answer } from "../post";
import { verdictOf, type SendEvents, type Verdict } from "../verdict";
import { toLogRecord, toResource, type Resource } from "./otlp-log";
import { toSpan } from "./otlp-span";
import { LogHistory } from "./span-history";

/** What the endpoint needs to know about its destination. */
export type OtlpTarget = Pick<
  Destination,
  "url" | "headers" | "isLoopback" | "secrets" | "encoding" | "resource"
>;

const CONTENT_TYPES = { protobuf: "application/x-protobuf", json: "application/json" } as const;

// Two fifths of the time that the default takes, and a seventh of the bytes instead of a tenth (500 records).
const GZIP = { library: "libdeflate", level: 1 } as const;

/** A serializer of the package, for log records or for spans. */
interface Serializer<Item> {
  serializeRequest(items: Item[]): Uint8Array | undefined;
  deserializeResponse(bytes: Uint8Array): {
    readonly partialSuccess?: {
      readonly rejectedLogRecords?: number | string;
      readonly rejectedSpans?: number | string;
    };
  };
}

/** How events become what is sent. */
interface Signal<Item> {
  /** Late: no other command and no other destination needs the package. */
  readonly serializer: () => Promise<Serializer<Item>>;
  /** `undefined` for an event of which nothing is sent. */
  readonly toItem: (event: PendingEvent) => Item | undefined;
}

/** Sends a log record for each event. */
export function sendOtlpLogs(target: OtlpTarget): SendEvents {
  const resource = resourceOf(target);
  return sendItems(target, {
    serializer: async () => {
      const { JsonLogsSerializer, ProtobufLogsSerializer } =
        await import("@opentelemetry/otlp-transformer");
      return target.encoding === "json" ? JsonLogsSerializer : ProtobufLogsSerializer;
    },
    toItem: ({ head, line }) => toLogRecord(head, line, resource),
  });
}

/**
 * Sends a span for each event that ends something.
 *
 * @param events the folder of the log, where it began
 */
export function sendOtlpSpans(target: OtlpTarget, events: string): SendEvents {
  const resource = resourceOf(target);
  const history = new LogHistory(events);
  return sendItems(target, {
    serializer: async () => {
      const { JsonTraceSerializer, ProtobufTraceSerializer } =
        await import("@opentelemetry/otlp-transformer");
      return target.encoding === "json" ? JsonTraceSerializer : ProtobufTraceSerializer;
    },
    toItem: ({ head, line, day, position }) => {
      // One that was rejected has left its place: all of its day is looked at.
      const place =
        day === ""
          ? ([head.timestamp.slice(0, 10), { ...position, offset: Infinity }] as const)
          : ([day, position] as const);
      return toSpan(head, () => recordIn(line), history.upTo(...place), resource);
    },
  });
}

function resourceOf({ resource }: OtlpTarget): Resource {
  const os = process.platform === "win32" ? "windows" : process.platform;
  return toResource({ name: hostname(), os }, resource ?? {});
}

/** Sends batches; a rejected batch is halved until the event that causes it is alone. */
function sendItems<Item>(target: OtlpTarget, signal: Signal<Item>): SendEvents {
  const { encoding = "protobuf" } = target;
  const headers = { "Content-Type": CONTENT_TYPES[encoding], "Content-Encoding": "gzip" };
  return async function* (events, timeoutMs, stop) {
    const serializer = await signal.serializer();
    // Once, and in their order: what an event becomes may depend on those before it.
    const items = new Map<PendingEvent, Item>();
    for (const event of events) {
      const item = signal.toItem(event);
      if (item !== undefined) items.set(event, item);
    }
    const batches = [events];
    for (let batch; (batch = batches.shift()) !== undefined;) {
      if (batch.length === 0) continue;
      if (stop?.aborted === true) return;
      const chosen = batch.flatMap((event) => items.get(event) ?? []);
      if (chosen.length === 0) {
        yield { events: batch, verdict: { kind: "delivered" } };
        continue;
      }
      const body = Bun.gzipSync(new Uint8Array(serializer.serializeRequest(chosen) ?? []), GZIP);
      const answer = await post(target, body, headers, timeoutMs);
      const verdict = otlpVerdict(answer, serializer);
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

function otlpVerdict(answer: Answer, serializer: Serializer<never>): Verdict {
  const verdict = verdictOf(answer);
  if (verdict.kind !== "delivered" || answer.kind === "failed") return verdict;
  const refused = refusedIn(answer.bytes, serializer);
  // The specification forbids to send them again, and the answer does not say which they are.
  return refused > 0 ? { kind: "delivered", refused } : verdict;
}

/** How many items the endpoint says that it did not take. */
function refusedIn(bytes: Uint8Array, serializer: Serializer<never>): number {
  try {
    const { partialSuccess } = serializer.deserializeResponse(bytes);
    const count = partialSuccess?.rejectedLogRecords ?? partialSuccess?.rejectedSpans ?? 0;
    return Math.max(0, Number(count) || 0);
  } catch {
    return 0; // A server that says 2xx and then something else has taken them.
  }
}
