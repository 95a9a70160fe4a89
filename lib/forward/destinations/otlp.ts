// Any endpoint of OpenTelemetry: many records per request, as OTLP over HTTP.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { hostname } from "node:os";
import type { Destination } from "../destination";
import { recordIn } from "../../log/reader";
import type { PendingEvent } from "../backlog";
import { post, type Answer } from "../post";
import { verdictOf, type SendEvents, type Verdict } from "../verdict";
import { toLogRecord, toResource } from "./otlp-log";

/** What the endpoint needs to know about its destination. */
export type OtlpTarget = Pick<
  Destination,
  "url" | "headers" | "isLoopback" | "secrets" | "encoding" | "resource"
>;

const CONTENT_TYPES = { protobuf: "application/x-protobuf", json: "application/json" } as const;

/** Sends batches as log records; a rejected batch is halved until the event that causes it is alone. */
export function sendOtlpLogs(target: OtlpTarget): SendEvents {
  const { encoding = "protobuf" } = target;
  const host = {
    name: hostname(),
    os: process.platform === "win32" ? "windows" : process.platform,
  };
  const resource = toResource(host, target.resource ?? {});
  return async function* (events, timeoutMs, stop) {
    // Late: no other command and no other destination needs it.
    const { JsonLogsSerializer, ProtobufLogsSerializer } =
      await import("@opentelemetry/otlp-transformer");
    const serializer = encoding === "json" ? JsonLogsSerializer : ProtobufLogsSerializer;
    const toBody = (batch: readonly PendingEvent[]) => {
      const records = batch.flatMap(({ line }) => {
        const record = recordIn(line);
        return record === undefined ? [] : [toLogRecord(record, line, resource)];
      });
      return Bun.gzipSync(new Uint8Array(serializer.serializeRequest(records) ?? []));
    };
    const rejectedRecords = (bytes: Uint8Array): number => {
      try {
        return Number(
          serializer.deserializeResponse(bytes).partialSuccess?.rejectedLogRecords ?? 0,
        );
      } catch {
        return 0; // A server that says 2xx and then something else has taken them.
      }
    };
    const batches = [events];
    for (let batch; (batch = batches.shift()) !== undefined;) {
      if (batch.length === 0) continue;
      if (stop?.aborted === true) return;
      const headers = { "Content-Type": CONTENT_TYPES[encoding], "Content-Encoding": "gzip" };
      const answer = await post(target, toBody(batch), headers, timeoutMs);
      const verdict = otlpVerdict(answer, batch.length, rejectedRecords);
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

function otlpVerdict(
  answer: Answer,
  events: number,
  rejectedRecords: (bytes: Uint8Array) => number,
): Verdict {
  const verdict = verdictOf(answer);
  if (verdict.kind !== "delivered" || answer.kind === "failed") return verdict;
  const rejected = rejectedRecords(answer.bytes);
  // The specification forbids to send them again, and the answer does not say which they are.
  return rejected > 0
    ? { kind: "delivered", warning: `it did not take ${rejected} of ${events} events` }
    : verdict;
}
