// A server on loopback that collects events, for every type of destination, and can misbehave in every way.
// It is built on TCP, because an HTTP server does not let itself be used for that.
import type { Socket, TCPSocketListener } from "bun";
import { constants, deflateRawSync, gunzipSync } from "node:zlib";

/** What to do with a request. A number is a status to answer with; a function decides per request. */
export type Behavior =
  keyof typeof BEHAVIORS | number | Answer | ((delivery: Delivery) => Behavior);

/** An answer. A 2xx means that the events are stored; on `/events` only with a numeric id. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that was read to its end. */
export interface Delivery {
  /** Counts from 1. */
  readonly number: number;
  readonly path: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The events in it, in order. */
  readonly arrivals: readonly Arrival[];
}

/** An event in a request. */
export interface Arrival {
  /** The record's id. */
  readonly id: string;
  readonly session_id: string;
  /** The body of `POST /events`, or the record. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server on 127.0.0.1 that listens from the start. */
export class Collector {
  /** May change at any time, for later requests. */
  behavior: Behavior = "healthy";
  /** The text of an answer where the behavior is only a status. */
  statusText = "not today";
  /** The Retry-After of each 429, in seconds. */
  retryAfter = "1";
  /** Every event that it stored, in order; an event may be there more than once. */
  readonly arrivals: Arrival[] = [];
  /** Every request that was read. */
  readonly deliveries: Delivery[] = [];
  /** Bodies that do not fit their path; they are answered with 400. */
  readonly unreadable: string[] = [];
  /** How many connections it accepted. */
  connections = 0;
  readonly port: number;
  #listener: TCPSocketListener<Connection> | undefined;
  #elsewhere: Collector | undefined;

  /** @param port by default, one that no other program gets while this server is stopped */
  constructor(port?: number) {
    this.#listener = port === undefined ? this.#listenAnywhere() : this.#listen(port);
    ({ port: this.port } = this.#listener);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The ids of the stored events, each once, in the order in which they first arrived. */
  get ids(): string[] {
    return [...new Set(this.arrivals.map(({ id }) => id))];
  }

  /** The server that it redirects to. */
  get elsewhere(): Collector {
    return (this.#elsewhere ??= new Collector());
  }

  /** Listens again, on the same port. */
  start(): void {
    this.#listener ??= this.#listen(this.port);
  }

  /** Closes every connection and refuses new ones. */
  stop(): void {
    this.#listener?.stop(true);
    this.#listener = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#elsewhere?.[Symbol.asyncDispose]();
  }

  #listenAnywhere(): TCPSocketListener<Connection> {
    for (;;) {
      const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
      if (givenPorts.has(port)) continue;
      givenPorts.add(port);
      try {
        return this.#listen(port);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
      }
    }
  }

  #listen(port: number): TCPSocketListener<Connection> {
    return Bun.listen<Connection>({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => {
          this.connections++;
          socket.data = new Connection(socket, this);
          if (this.behavior === "close") socket.end();
        },
        data: ({ data: connection }, bytes) => connection.take(bytes),
        drain: ({ data: connection }) => connection.flush(),
        close: ({ data: connection }) => connection.close(),
        error: ({ data: connection }) => connection.close(),
      },
    });
  }
}

// Below the ports that Linux gives to programs that ask for any (32768 and up): it would give the port of a
// stopped server to another server, or to the very connection that tries to reach it.
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const givenPorts = new Set<number>();

// What is answered with 200 is stored. A forwarder that expects more than a 200, or does not receive it,
// sends the events again.
const BEHAVIORS = {
  healthy: (to) => to.accept(),
  hang: () => {},
  "hang after headers": (to) => {
    to.store();
    to.send(`${head(200)}Content-Length: 8\r\n\r\n`);
  },
  "hang in headers": (to) => to.send("HTTP/1.1 200 OK\r\nX-Slow: "),
  drip: (to) => {
    to.store();
    to.send(`${head(200)}Content-Length: 100000\r\n\r\n`);
    to.dripOn();
  },
  "drip in headers": (to) => {
    to.send("HTTP/1.1 200 OK\r\nX-Slow: ");
    to.dripOn();
  },
  // As observability servers answer on any other path, where they store nothing.
  "text to everything": (to) =>
    to.answer({ status: 200, text: "Multi-Agent Observability Server" }),
  "success without an id": (to) => to.answer({ status: 200, text: '{"success":true}' }),
  "failure with a friendly status": (to) =>
    to.answer({ status: 200, text: '{"success":false,"error":"database is locked"}' }),
  "id is text": (to) => to.answer({ status: 200, text: '{"id":"7"}' }),
  redirect: (to) => to.redirect(),
  reset: (to) => to.reset(),
  "reset after storing": (to) => {
    to.store();
    to.reset();
  },
  "endless answer": (to) => {
    to.store();
    to.send(`${head(200)}\r\n{`);
    to.sendEndlessly(Buffer.alloc(65_536, " "));
  },
  "gzip bomb": (to) => {
    to.store();
    bomb ??= gzipOfZeros();
    to.send(`${head(200)}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
    to.send(bomb);
  },
  garbage: (to) => to.send("\u0000\u0001 what is HTTP?\r\n\r\n".repeat(50)),
  close: (to) => to.end(),
} as const satisfies Record<string, (to: Connection) => void>;

/** One connection: reads requests one after the other, and queues what is still to be written. */
class Connection {
  #bytes: Uint8Array[] = [];
  #size = 0;
  /** How many bytes the next request needs, if its head was read. */
  #needed = 0;
  #delivery: Delivery | undefined;
  #unsent: Uint8Array[] = [];
  #endless: Uint8Array | undefined;
  #drip: Timer | undefined;
  #hangs: boolean;

  constructor(
    readonly socket: Socket<Connection>,
    readonly collector: Collector,
  ) {
    this.#hangs = collector.behavior === "hang";
  }

  take(bytes: Uint8Array): void {
    if (this.#hangs) return;
    // Bun reuses the buffer.
    this.#bytes.push(bytes.slice());
    this.#size += bytes.length;
    while (this.#size > 0 && this.#size >= this.#needed && this.#readRequest());
  }

  /** Reads a request and acts on it; `false` where it is not complete yet. */
  #readRequest(): boolean {
    const all = Buffer.concat(this.#bytes);
    this.#bytes = [all];
    const headEnd = all.indexOf("\r\n\r\n");
    if (headEnd < 0) return false;
    const [requestLine = "", ...lines] = all.toString("latin1", 0, headEnd).split("\r\n");
    const headers = Object.fromEntries(lines.map(toHeader));
    const end = headEnd + 4 + Number(headers["content-length"] ?? 0);
    this.#needed = end;
    if (all.length < end) return false;
    const [, path = ""] = requestLine.split(" ");
    const text = textOf(headers, all.subarray(headEnd + 4, end));
    this.#bytes = [all.subarray(end)];
    this.#size = all.length - end;
    this.#needed = 0;
    const { deliveries, unreadable, behavior } = this.collector;
    const arrivals = toArrivals(path, headers, text);
    if (arrivals === undefined) unreadable.push(text);
    this.#delivery = { number: deliveries.length + 1, path, headers, arrivals: arrivals ?? [] };
    deliveries.push(this.#delivery);
    this.#act(arrivals === undefined ? 400 : behavior);
    return true;
  }

  #act(behavior: Behavior): void {
    if (typeof behavior === "function") this.#act(behavior(this.#delivery as Delivery));
    else if (typeof behavior === "string") BEHAVIORS[behavior](this);
    else if (typeof behavior === "object") this.answer(behavior);
    else this.answer({ status: behavior, text: behavior === 204 ? "" : this.collector.statusText });
  }

  store(): void {
    this.collector.arrivals.push(...(this.#delivery?.arrivals ?? []));
  }

  /** Stores the events, and answers as the destination's type expects. */
  accept(): void {
    const { path = "", arrivals = [] } = this.#delivery ?? {};
    const id = this.collector.arrivals.length + 1;
    const answered = isForEvents(path) ? { ...arrivals[0]?.body, id } : { stored: arrivals.length };
    this.answer({ status: 200, text: JSON.stringify(answered) });
  }

  answer({ status, text, headers = {} }: Answer): void {
    const isStored = isForEvents(this.#delivery?.path ?? "")
      ? [201, 202, 204].includes(status) || (status === 200 && saysStored(text))
      : status >= 200 && status < 300;
    if (isStored) this.store();
    const all = {
      ...(status === 429 && { "Retry-After": this.collector.retryAfter }),
      ...headers,
      ...(status !== 204 && { "Content-Length": Buffer.byteLength(text) }),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    this.send(`${head(status)}${lines.join("")}\r\n${text}`);
  }

  redirect(): void {
    const location = `${this.collector.elsewhere.url}${this.#delivery?.path}`;
    this.answer({ status: 307, text: "", headers: { Location: location } });
  }

  send(data: string | Uint8Array): void {
    this.#unsent.push(Buffer.from(data));
    this.flush();
  }

  /** Sends the bytes again and again, as long as the client reads. */
  sendEndlessly(bytes: Uint8Array): void {
    this.#endless = bytes;
    this.flush();
  }

  /** Writes as much as the client reads. */
  flush(): void {
    for (;;) {
      const next = this.#unsent.shift() ?? this.#endless;
      if (next === undefined) return;
      const written = Math.max(0, this.socket.write(next));
      if (written === next.length) continue;
      if (this.socket.readyState > 0) this.#unsent.unshift(next.subarray(written));
      return;
    }
  }

  dripOn(): void {
    this.#drip = setInterval(() => this.send(" "), 100);
  }

  reset(): void {
    this.socket.terminate();
  }

  end(): void {
    this.socket.end();
  }

  close(): void {
    clearInterval(this.#drip);
    this.#unsent = [];
    this.#endless = undefined;
  }
}

function head(status: number): string {
  return `HTTP/1.1 ${status} ${status < 300 ? "OK" : "Failed"}\r\n`;
}

function toHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function isForEvents(path: string): boolean {
  return new URL(path, "http://127.0.0.1").pathname.endsWith("/events");
}

function textOf(headers: Delivery["headers"], body: Buffer): string {
  return (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
}

/** An attribute as OTLP writes it in JSON. */
interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OtlpItem {
  readonly attributes: readonly OtlpAttribute[];
}

/** The log records or spans of an OTLP request in JSON. */
function otlpArrivals(headers: Delivery["headers"], text: string): Arrival[] {
  const { resourceLogs = [], resourceSpans = [] } = JSON.parse(text) as {
    resourceLogs?: { scopeLogs: { logRecords: OtlpItem[] }[] }[];
    resourceSpans?: { scopeSpans: { spans: OtlpItem[] }[] }[];
  };
  const items = [
    ...resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
    ...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  ];
  return items.map((item): Arrival => {
    const valueOf = (wanted: string) =>
      item.attributes.find(({ key }) => key === wanted)?.value.stringValue ?? "";
    const [id, session_id] = [valueOf("log.record.uid"), valueOf("session.id")];
    return { id, session_id, body: { ...item }, headers };
  });
}

function toArrivals(path: string, headers: Delivery["headers"], text: string) {
  const isEvent = isForEvents(path);
  const texts = isEvent ? [text] : text.split("\n").filter((line) => line !== "");
  try {
    if (path.startsWith("/v1/")) return otlpArrivals(headers, text);
    return texts.map((one): Arrival => {
      const body = JSON.parse(one) as Record<string, unknown>;
      const { event_id } = body["payload"] as Record<string, unknown>;
      const id = isEvent ? event_id : body["id"];
      return { id: String(id), session_id: String(body["session_id"]), body, headers };
    });
  } catch {
    return undefined;
  }
}

function saysStored(text: string): boolean {
  try {
    return (JSON.parse(text) as { success?: unknown }).success !== false;
  } catch {
    return false;
  }
}

let bomb: Uint8Array | undefined;

// 2 GiB of zeros in 2 MB: one compressed block, 32 times.
function gzipOfZeros(): Uint8Array {
  const block = deflateRawSync(Buffer.alloc(67_108_864), { finishFlush: constants.Z_FULL_FLUSH });
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  return Buffer.concat([header, ...Array.from({ length: 32 }, () => block)]);
}
