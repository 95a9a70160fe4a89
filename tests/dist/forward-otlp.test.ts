// The built forwarder and an endpoint of OpenTelemetry that fails on the way.
import { expect, setDefaultTimeout, test } from "bun:test";
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
  configure(sandbox, { name: "otel", type: "otlp", url: otel.url, encoding: "json" });
  writeRecords(sandbox, records);
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
  expect([...otel.paths]).toEqual(["/v1/logs"]);
  expect(otel.bodies.flatMap(uidsIn)).toEqual(ids);
  expect((await statusOf(sandbox)).of("otel")).toMatchObject({ undelivered: { events: 0 } });
});

test("another process sends what failed as the same bytes", async () => {
  using sandbox = new Sandbox();
  // A run gives up after the third failure.
  await using otel = endpoint(404, 415, 503);
  configure(sandbox, { name: "otel", type: "otlp", url: otel.url });
  writeRecords(sandbox, records);
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 1 });
  const failed = (await statusOf(sandbox)).of("otel");
  expect(failed).toMatchObject({ undelivered: { events: ids.length }, rejected: 0 });
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
  expect(otel.bodies).toHaveLength(4);
  for (const body of otel.bodies) expect(body.equals(otel.bodies[0] as Buffer)).toBe(true);
});
