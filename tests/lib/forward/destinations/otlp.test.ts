// What an endpoint of OpenTelemetry receives, and how its answers are read.
import { expect, test } from "bun:test";
import { sendOtlpLogs, type OtlpTarget } from "../../../../lib/forward/destinations/otlp";
import { spanIdOf, traceIdOf } from "../../../../lib/forward/destinations/otlp-ids";
import { toLogRecord, toResource } from "../../../../lib/forward/destinations/otlp-log";
import type { EventRecord } from "../../../../lib/log/record";
import { pendingEvent } from "./sending";

const PROMPT = "c8a239fc-c271-4af3-afda-b00e1f71c4be";
const RECORD: EventRecord = {
  v: 1,
  id: "01a202c9-d2a3-702d-85be-255794ed817c",
  timestamp: "2026-11-22T09:58:01.123Z",
  event: "PostToolUse",
  session_id: "04e66903-0000-4000-8000-000000000000",
  session_id_source: "payload",
  project: "shop",
  project_dir: "/home/user/shop",
  user: "bryan",
  pid: 4242,
  should_notify: false,
  prompt_id: PROMPT,
  tool: "Read",
  tool_use_id: "toolu_1",
  duration_ms: 7,
  payload: { text: "é🛒" },
};

interface Request {
  readonly path: string;
  readonly type: string | null;
  readonly encoding: string | null;
  readonly body: Uint8Array<ArrayBuffer>;
}

async function send(
  records: readonly EventRecord[],
  answer: (body: string) => Response,
  more: Partial<OtlpTarget> = { encoding: "json" },
) {
  const requests: Request[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = Bun.gunzipSync(await request.arrayBuffer());
      const { headers } = request;
      const path = new URL(request.url).pathname;
      const [type, encoding] = [headers.get("Content-Type"), headers.get("Content-Encoding")];
      requests.push({ path, type, encoding, body });
      return answer(new TextDecoder().decode(body));
    },
  });
  const url = `${server.url.href}v1/logs`;
  const target = { url, headers: new Headers(), isLoopback: true, secrets: [], ...more };
  const verdicts: (readonly [ids: string[], verdict: unknown])[] = [];
  const events = records.map((record) => pendingEvent(record.id, JSON.stringify(record)));
  for await (const { events: sent, verdict } of sendOtlpLogs(target)(events, 5000))
    verdicts.push([sent.map(({ id }) => id), verdict]);
  return { requests, verdicts };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...RECORD, id: `id-${i};` }));

test("a record becomes a log record whose body is its line", async () => {
  const own = { "deployment.environment.name": "lab", "service.name": "hooks" };
  const { requests } = await send([RECORD], () => Response.json({}), {
    encoding: "json",
    resource: own,
  });
  const [{ type, encoding, path, body }] = requests as [Request];
  expect([type, encoding, path]).toEqual(["application/json", "gzip", "/v1/logs"]);
  const [{ resource, scopeLogs }] = JSON.parse(new TextDecoder().decode(body)).resourceLogs;
  expect(resource.attributes).toContainEqual({
    key: "deployment.environment.name",
    value: { stringValue: "lab" },
  });
  expect(resource.attributes).toContainEqual({
    key: "service.name",
    value: { stringValue: "hooks" },
  });
  const [log] = scopeLogs[0].logRecords;
  expect(log).toMatchObject({
    timeUnixNano: "1795341481123000000",
    observedTimeUnixNano: "1795341481123000000",
    severityNumber: 9,
    severityText: "INFO",
    eventName: "claude_code.hook.post_tool_use",
    traceId: "c8a239fcc2714af3afdab00e1f71c4be",
    spanId: spanIdOf(RECORD),
    flags: 1,
    body: { stringValue: JSON.stringify(RECORD) },
  });
  const keys = log.attributes.map(({ key }: { key: string }) => key);
  expect(keys).toContain("log.record.uid");
  expect(keys).not.toContain("agent_id");
});

test("protobuf is the default, and sending again sends the same bytes", async () => {
  const once = await send(numbered(3), () => new Response(), {});
  const again = await send(numbered(3), () => new Response(), {});
  expect(once.requests[0]?.type).toBe("application/x-protobuf");
  expect(new TextDecoder().decode(once.requests[0]?.body)).toContain(
    JSON.stringify(RECORD.payload),
  );
  expect(again.requests).toEqual(once.requests);
});

test.each([
  ["PostToolUseFailure", 17],
  ["StopFailure", 17],
  ["PermissionDenied", 13],
  ["SomethingNew", 9],
])("the severity of %s is %d", (event, severity) => {
  const resource = toResource({ name: "h", os: "linux" }, {});
  expect(toLogRecord({ ...RECORD, event }, "", resource).severityNumber).toBe(severity);
});

test.each([400, 413])("a batch answered with %d is halved to the bad event", async (status) => {
  const isBad = (body: string) => body.includes("id-5;");
  const answer = (body: string) => new Response("why", { status: isBad(body) ? status : 200 });
  const { verdicts } = await send(numbered(20), answer);
  const rejected = verdicts.filter(([, v]) => (v as { kind: string }).kind === "rejected");
  expect(rejected).toEqual([[["id-5;"], { kind: "rejected", status, answer: "why" }]]);
  expect(verdicts.flatMap(([ids]) => ids)).toEqual(numbered(20).map(({ id }) => id));
});

test.each([401, 403, 404, 405, 415, 429, 503])("%d keeps every event", async (status) => {
  const { requests, verdicts } = await send(numbered(4), () => new Response("", { status }));
  expect(requests).toHaveLength(1);
  expect(verdicts).toMatchObject([[numbered(4).map(({ id }) => id), { kind: "retry" }]]);
});

test.each([
  ["json", '{"partialSuccess":{"rejectedLogRecords":"2"}}'],
  ["protobuf", Uint8Array.from([0x0a, 0x02, 0x08, 0x02])],
] as const)(
  "a partial success in %s is a delivery, with what was refused",
  async (encoding, body) => {
    const { requests, verdicts } = await send(numbered(3), () => new Response(body), { encoding });
    expect(requests).toHaveLength(1);
    expect(verdicts).toMatchObject([[{}, { kind: "delivered", refused: 2 }]]);
  },
);

test.each([
  [{ prompt_id: PROMPT }, PROMPT.replaceAll("-", ""), "the prompt"],
  [{ prompt_id: undefined }, RECORD.session_id.replaceAll("-", ""), "the session"],
  [{ prompt_id: "00000000-0000-0000-0000-000000000000" }, undefined, "zeros are not allowed"],
  [{ prompt_id: "p1" }, undefined, "not a UUID"],
])("the trace of %j is %s: %s", (more, expected) => {
  const id = traceIdOf({ ...RECORD, ...more });
  expect(id).toMatch(/^(?!0+$)[\da-f]{32}$/);
  if (expected !== undefined) expect(id).toBe(expected);
});
