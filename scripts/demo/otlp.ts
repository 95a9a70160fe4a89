// The demo of OpenTelemetry: a session is forwarded to a real Collector, and what the Collector passes on is shown as a tree.
// Where there is no Collector, a receiver of our own takes its place, and the demo says so.
import { appendRecord } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import { endsSpan } from "../../lib/forward/destinations/span-history";
import { findCollector, OtelCollector } from "../harness/otel-collector";
import { OtlpReceiver, type OtlpLog, type OtlpSpan } from "../harness/otlp-receiver";
import { exampleSession } from "./example-session";
import type { DemoSandbox } from "./sandbox";
import { traceTrees } from "./trace-tree";

const HOUR_MS = 3_600_000;

/** Returns whether every event arrived, and every span under its parent and with its log record. */
export async function demoOtlp(sandbox: DemoSandbox): Promise<boolean> {
  const found = findCollector();
  await using receiver = new OtlpReceiver();
  await using collector =
    "path" in found ? await OtelCollector.start(found.path, sandbox.root, receiver.url) : undefined;
  const server = collector === undefined ? "a receiver of our own" : "an OpenTelemetry Collector";
  if ("reason" in found)
    console.log(
      `There is no OpenTelemetry Collector: ${found.reason}.\n` +
        "So a receiver of our own takes its place, and reads the same as JSON.",
    );

  sandbox.showStep("Configure", `a destination: ${server} on this machine`);
  const destination = {
    name: "otel",
    type: "otlp",
    url: collector?.url ?? receiver.url,
    ...(collector === undefined && { encoding: "json" }),
  };
  const config = { destinations: [destination] };
  console.log(`\n~/.claude/session-hooks/config.json\n${JSON.stringify(config, undefined, 2)}`);
  const records = await exampleSession(Date.now() - HOUR_MS);
  for (const record of records)
    appendRecord(`${sandbox.state}/events`, record.timestamp, JSON.stringify(record));
  await Bun.write(`${sandbox.state}/config.json`, JSON.stringify(config));

  sandbox.showStep("Forward", `the ${records.length} events of a session of an hour ago`);
  await sandbox.showWhileServing("forward --once");
  sandbox.show("forward --status");

  const { logs, spans } = receiver;
  const who = collector === undefined ? "the receiver has" : "the Collector passed on";
  sandbox.showStep("Look", `at what ${who}: log records under the spans that they name`);
  console.log(`\n${traceTrees(logs, spans).join("\n")}`);
  if (collector !== undefined) {
    sandbox.showStep("Compare", "the call that failed, as the Collector itself prints it");
    console.log(`\n${failedSpan(collector.printed)}`);
  }

  sandbox.showStep("Count", "what is in the log, and what arrived");
  return isComplete(records, logs, spans);
}

/** The span of an error in what the Collector prints, without the empty line after it. */
function failedSpan(printed: string): string {
  const spans = printed.split(/^(?=Span #\d+$|ResourceSpans #)/m);
  const failed = spans.find((text) => text.includes("Status code    : Error")) ?? "";
  return failed.split(/\n(?=\S*\t|Logs\t|Traces\t)/)[0]?.trim() ?? "";
}

function isComplete(
  records: readonly EventRecord[],
  logs: readonly OtlpLog[],
  spans: readonly OtlpSpan[],
): boolean {
  const logOf = new Map(logs.map((log) => [log.attributes["log.record.uid"], log]));
  const right = records.filter((record) => logOf.get(record.id)?.body === JSON.stringify(record));
  console.log(
    `${right.length} of ${records.length} events are log records, each the line that is in the log.`,
  );
  const ending = records.filter((record) => endsSpan(record));
  console.log(`${spans.length} of ${ending.length} events that end something are spans.`);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const joined = spans.filter(({ traceId, spanId, parentSpanId, attributes }) => {
    const log = logOf.get(attributes["log.record.uid"]);
    const hasParent = parentSpanId === "" || ids.has(parentSpanId);
    return hasParent && log?.traceId === traceId && log.spanId === spanId;
  });
  console.log(
    `${joined.length} of ${spans.length} spans are under their parent, with the log record of their end.`,
  );
  return (
    right.length === records.length &&
    spans.length === ending.length &&
    joined.length === spans.length
  );
}
