// The built forwarder and a real OpenTelemetry Collector: what it got is what it prints, and what it passes on. Run it with
// `npm run test:e2e`.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { endsSpan } from "../../lib/forward/destinations/span-history";
import { findCollector, OtelCollector } from "../../scripts/harness/otel-collector";
import { OtlpReceiver, type OtlpSpan } from "../../scripts/harness/otlp-receiver";
import { Sandbox } from "../../scripts/harness/sandbox";
import { configure } from "../support/forwarder";
import { recordedSession, SESSION } from "../support/recorded-session";
import { Tally } from "../support/tally";
import { forwardOnce, statusOf } from "../support/two-destinations";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(120_000);

const tally = new Tally("the Collector");
afterAll(() => tally.print());
const found = findCollector();
const program = "path" in found ? found.path : "";
if ("reason" in found) tally.skip(`everything: there is no Collector: ${found.reason}`);

const records = await recordedSession();

/** A Collector, what is behind it, and a home whose log has the recorded session. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly sandbox: Sandbox,
    readonly receiver: OtlpReceiver,
    readonly collector: OtelCollector,
  ) {}

  static async open(): Promise<Scene> {
    const [sandbox, receiver] = [new Sandbox(), new OtlpReceiver()];
    writeRecords(sandbox, records);
    const collector = await OtelCollector.start(program, sandbox.root, receiver.url);
    return new Scene(sandbox, receiver, collector);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector[Symbol.asyncDispose]();
    await this.receiver[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}

/** `name < name of its parent`. */
function tree(spans: readonly OtlpSpan[]): string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId }) =>
    parentSpanId === "" ? name : `${name} < ${names.get(parentSpanId) ?? "?"}`,
  );
}

describe.skipIf(program === "")("the Collector", () => {
  test.each(["protobuf", "json"])("gets every event and every span in %s", async (encoding) => {
    await using scene = await Scene.open();
    const { sandbox, receiver, collector } = scene;
    const resource = { "deployment.environment.name": "läb" };
    configure(sandbox, { name: "otel", type: "otlp", url: collector.url, encoding, resource });
    expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });

    const { logs, spans } = receiver;
    expect(logs.map(({ body }) => body)).toEqual(records.map((record) => JSON.stringify(record)));
    expect(logs.map(({ attributes }) => attributes["log.record.uid"])).toEqual(
      records.map(({ id }) => id),
    );
    expect(logs.map(({ atMs }) => atMs)).toEqual(
      records.map(({ timestamp }) => Date.parse(timestamp)),
    );
    expect(tree(spans.filter(({ attributes }) => attributes["session.id"] === SESSION))).toEqual([
      "execute_tool Bash < invoke_agent claude-code",
      "execute_tool Read < invoke_agent claude-code",
      "execute_tool Agent < invoke_agent claude-code",
      "execute_tool Bash < invoke_agent general-purpose",
      "invoke_agent claude-code",
      "invoke_agent general-purpose < execute_tool Agent",
      "invoke_agent claude-code",
      "invoke_agent general-purpose < execute_tool Agent",
      "execute_tool Agent < invoke_agent claude-code",
      "invoke_agent claude-code",
      "invoke_agent claude-code",
    ]);
    for (const { resource: about } of [...logs, ...spans])
      expect(about).toMatchObject({ "service.name": "claude-code-hooks", ...resource });

    // Joined: the log record of what ended a span is in it, and of each call so is what began it.
    const logOf = new Map(logs.map((log) => [log.attributes["log.record.uid"], log]));
    for (const { traceId, spanId, attributes } of spans) {
      const uid = attributes["log.record.uid"];
      expect(logOf.get(uid)).toMatchObject({ traceId, spanId });
      const call = attributes["tool_use_id"];
      if (call === undefined) continue;
      const ofCall = logs.filter((log) => log.attributes["tool_use_id"] === call);
      expect(ofCall.length).toBeGreaterThanOrEqual(2);
      for (const log of ofCall) expect(log).toMatchObject({ traceId, spanId });
    }

    // The Collector prints the same.
    const { printed } = collector;
    for (const { id } of records) expect(printed).toContain(`-> log.record.uid: Str(${id})`);
    expect(printed.match(/^Span #\d/gm)).toHaveLength(spans.length);
    tally.add(`log records and spans in ${encoding}`, logs.length + spans.length);
  });

  const ending = records.filter((record) => endsSpan(record)).length;
  test.each([
    ["at another path", (url: string) => ({ url: `${url}/nowhere` }), /^it answered 404/],
    [
      "as another type",
      (url: string) => ({ url, headers: { "Content-Type": "text/plain" } }),
      /415/,
    ],
  ])("keeps every event that is sent %s", async (_, configured, error) => {
    await using scene = await Scene.open();
    const { sandbox, collector } = scene;
    configure(sandbox, { name: "otel", type: "otlp", ...configured(collector.url) });
    expect(await forwardOnce(sandbox)).toMatchObject({ code: 1 });
    const status = await statusOf(sandbox);
    for (const [signal, events] of [
      ["logs", records.length],
      ["traces", ending],
    ] as const)
      expect(status.of(`otel-${signal}`)).toMatchObject({
        undelivered: { events },
        rejected: 0,
        last_error: { message: expect.stringMatching(error) },
      });
    tally.add("answers read");
  });

  test("rejects a body that it cannot read, and then each event of it", async () => {
    await using scene = await Scene.open();
    const { sandbox, collector, receiver } = scene;
    // What is gzipped is taken for protobuf.
    const headers = { "Content-Encoding": "identity" };
    configure(sandbox, { name: "otel", type: "otlp", url: collector.url, headers });
    expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
    const status = await statusOf(sandbox);
    expect(status.of("otel-logs")).toMatchObject({
      undelivered: { events: 0 },
      rejected: records.length,
    });
    expect(status.of("otel-traces").rejected).toBeGreaterThan(10);
    expect(receiver.requests).toEqual([]);
    tally.add("answers read");
  });

  test("takes nothing while what is behind it does not, and then everything", async () => {
    await using scene = await Scene.open();
    const { sandbox, collector, receiver } = scene;
    configure(sandbox, { name: "otel", type: "otlp", url: collector.url });
    receiver.status = 503;
    expect(await forwardOnce(sandbox)).toMatchObject({ code: 1 });
    expect((await statusOf(sandbox)).of("otel-logs")).toMatchObject({
      undelivered: { events: records.length },
      rejected: 0,
    });
    receiver.status = 200;
    expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
    expect(receiver.logs).toHaveLength(records.length);
    tally.add("answers read");
  });
});
