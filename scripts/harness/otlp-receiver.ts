// A receiver of OTLP on loopback that keeps what it is sent, and reads what is sent as JSON.

/** A request as it came, unpacked. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A log record or a span, with its attributes as an object. */
export interface OtlpItem {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
  /** Those of what it is about. */
  readonly resource: Attributes;
}

/** Values by name. OTLP writes integers as text; here they are numbers. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A log record. Times are in milliseconds since 1970 UTC. */
export interface OtlpLog extends OtlpItem {
  readonly eventName: string;
  readonly atMs: number;
  readonly severity: string;
  readonly body: string;
}

/** A span. Times are in milliseconds since 1970 UTC. */
export interface OtlpSpan extends OtlpItem {
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: { readonly code: number; readonly message: string };
}

/** Listens until it is disposed of (`await using`). */
export class OtlpReceiver implements AsyncDisposable {
  /** Every request that it took. */
  readonly requests: OtlpRequest[] = [];
  /** What it answers; it takes what it answers with 200. */
  status = 200;
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const bytes = new Uint8Array(await request.arrayBuffer());
      const { headers } = request;
      const body = headers.get("Content-Encoding") === "gzip" ? Bun.gunzipSync(bytes) : bytes;
      if (this.status !== 200) return new Response("", { status: this.status });
      this.requests.push({ path: new URL(request.url).pathname, headers, body });
      const type = headers.get("Content-Type") ?? "";
      // An empty answer in protobuf says the same.
      return new Response(type.includes("json") ? "{}" : "", { headers: { "Content-Type": type } });
    },
  });

  get url(): string {
    return this.#server.url.origin;
  }

  /** The log records in requests that are JSON, in their order. */
  get logs(): OtlpLog[] {
    return this.#texts("/v1/logs").flatMap(logsIn);
  }

  /** The spans in requests that are JSON, in their order. */
  get spans(): OtlpSpan[] {
    return this.#texts("/v1/traces").flatMap(spansIn);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop(true);
  }

  #texts(path: string): string[] {
    return this.requests
      .filter(
        (request) => request.path === path && request.headers.get("Content-Type")?.includes("json"),
      )
      .map(({ body }) => new TextDecoder().decode(body));
  }
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface Entry {
  readonly key: string;
  readonly value: Value;
}

interface Item {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes?: readonly Entry[];
}

interface LogItem extends Item {
  readonly eventName?: string;
  readonly timeUnixNano?: string;
  readonly severityText?: string;
  readonly body?: Value;
}

interface SpanItem extends Item {
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface Group {
  readonly resource?: { readonly attributes?: readonly Entry[] };
  readonly scopeLogs?: readonly { readonly logRecords?: readonly LogItem[] }[];
  readonly scopeSpans?: readonly { readonly spans?: readonly SpanItem[] }[];
}

/** The log records in a request to `/v1/logs`, as JSON. */
export function logsIn(text: string): OtlpLog[] {
  const { resourceLogs = [] } = JSON.parse(text) as { resourceLogs?: readonly Group[] };
  return resourceLogs.flatMap(({ resource, scopeLogs = [] }) =>
    scopeLogs
      .flatMap(({ logRecords = [] }) => logRecords)
      .map((item) => toLog(item, toAttributes(resource?.attributes))),
  );
}

/** The spans in a request to `/v1/traces`, as JSON. */
export function spansIn(text: string): OtlpSpan[] {
  const { resourceSpans = [] } = JSON.parse(text) as { resourceSpans?: readonly Group[] };
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans
      .flatMap(({ spans = [] }) => spans)
      .map((item) => toSpan(item, toAttributes(resource?.attributes))),
  );
}

function toLog(item: LogItem, resource: Attributes): OtlpLog {
  return {
    ...toItem(item, resource),
    eventName: item.eventName ?? "",
    atMs: toMs(item.timeUnixNano ?? "0"),
    severity: item.severityText ?? "",
    body: String(toValue(item.body) ?? ""),
  };
}

function toSpan(item: SpanItem, resource: Attributes): OtlpSpan {
  return {
    ...toItem(item, resource),
    parentSpanId: item.parentSpanId ?? "",
    name: item.name,
    kind: item.kind,
    startMs: toMs(item.startTimeUnixNano),
    endMs: toMs(item.endTimeUnixNano),
    status: { code: item.status?.code ?? 0, message: item.status?.message ?? "" },
  };
}

function toItem({ traceId = "", spanId = "", attributes }: Item, resource: Attributes): OtlpItem {
  return { traceId, spanId, attributes: toAttributes(attributes), resource };
}

function toAttributes(entries: readonly Entry[] = []): Attributes {
  return Object.fromEntries(entries.map(({ key, value }) => [key, toValue(value)]));
}

function toValue(value: Value = {}): Attributes[string] {
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}

/** From nanoseconds, as text because a number would lose the last digits. */
function toMs(nanos: string): number {
  return Number(BigInt(nanos) / 1000n) / 1000;
}
