// The built forwarder and an endpoint of OpenTelemetry that fails on the way.
import { expect, setDefaultTimeout, test } from "bun:test";
import { endsSpan } from "../../lib/forward/destinations/span-history";
import { Sandbox } from "../../scripts/harness/sandbox";
import { configure } from "../support/forwarder";
import { recordedSession } from "../support/recorded-session";
import { forwardOnce, statusOf } from "../support/two-destinations";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();
const ids = records.map(({ id }) => id);

/** Answers with these statuses, and then takes everything. */
function endpoint(...statuses: readonly number[]) {
  const left = [...statuses];
  const bodies: Buffer[] = [];
  const paths = new Set<string>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      paths.add(new URL(request.url).pathname);
      bodies.push(Buffer.from(await request.arrayBuffer()));
      return new Response("", { status: left.shift() ?? 200 });
    },
  });
  return {
    url: server.url.origin,
    bodies,
    paths,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly kind: number;
}

function spansIn(body: string): SentSpan[] {
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function uidsIn(body: Buffer): string[] {
  const text = Bun.gunzipSync(new Uint8Array(body));
  const { resourceLogs } = JSON.parse(new TextDecoder().decode(text)) as {
    resourceLogs: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[];
  };
  return resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .map(({ body: { stringValue } }) => (JSON.parse(stringValue) as { id: string }).id);
}

test("every event arrives once, in order, as the line that is in the log", async () => {
  using sandbox = new Sandbox();
  await using otel = endpoint();
  configure(sandbox, {
    name: "otel",
    type: "otlp",
    url: otel.url,
    encoding: "json",
    signals: ["logs"],
  });
  writeRecords(sandbox, records);
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
  expect([...otel.paths]).toEqual(["/v1/logs"]);
  expect(otel.bodies.flatMap(uidsIn)).toEqual(ids);
  expect((await statusOf(sandbox)).of("otel-logs")).toMatchObject({ undelivered: { events: 0 } });
});

test("spans have a cursor of their own: what they fail at holds up no log record", async () => {
  using sandbox = new Sandbox();
  const bodies: { readonly path: string; readonly body: string }[] = [];
  let isDown = true;
  await using server = Object.assign(
    Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname: path } = new URL(request.url);
        if (path === "/v1/traces" && isDown) return new Response("", { status: 503 });
        const bytes = Bun.gunzipSync(new Uint8Array(await request.arrayBuffer()));
        bodies.push({ path, body: new TextDecoder().decode(bytes) });
        return Response.json({
          partialSuccess: { rejectedSpans: path === "/v1/traces" ? "1" : "0" },
        });
      },
    }),
    {
      async [Symbol.asyncDispose]() {
        await server.stop(true);
      },
    },
  );
  configure(sandbox, { name: "otel", type: "otlp", url: server.url.origin, encoding: "json" });
  writeRecords(sandbox, records);
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 1 });
  const failed = await statusOf(sandbox);
  expect(failed.of("otel-logs")).toMatchObject({ undelivered: { events: 0 }, last_error: null });
  const ending = records.filter((record) => endsSpan(record));
  expect(failed.of("otel-traces")).toMatchObject({ undelivered: { events: ending.length } });
  isDown = false;
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
  const spans = bodies
    .filter(({ path }) => path === "/v1/traces")
    .flatMap(({ body }) => spansIn(body));
  // Of each event at most one, and the same trace for all of a prompt.
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(spans.map(({ name }) => name)).toContain("invoke_agent claude-code");
  expect(spans.every(({ kind, traceId }) => kind === 1 && /^[\da-f]{32}$/.test(traceId))).toBe(
    true,
  );
  expect((await statusOf(sandbox)).of("otel-traces")).toMatchObject({
    undelivered: { events: 0 },
    refused: 1,
  });
});

test("another process sends what failed as the same bytes", async () => {
  using sandbox = new Sandbox();
  // A run gives up after the third failure.
  await using otel = endpoint(404, 415, 503);
  configure(sandbox, { name: "otel", type: "otlp", url: otel.url, signals: ["logs"] });
  writeRecords(sandbox, records);
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 1 });
  const failed = (await statusOf(sandbox)).of("otel-logs");
  expect(failed).toMatchObject({ undelivered: { events: ids.length }, rejected: 0 });
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
  expect(otel.bodies).toHaveLength(4);
  for (const body of otel.bodies) expect(body.equals(otel.bodies[0] as Buffer)).toBe(true);
});
