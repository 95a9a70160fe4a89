// Where events are delivered to: the `destinations` of `config.json`, checked one by one.
import { z } from "zod";
import { paths } from "../environment";
import { EVENTS } from "../events";
import type { LoadedConfig } from "../load-config";
import type { RecordHead } from "../log/record";
import type { Environment } from "../os/paths";
import { suggestWord } from "../suggestion";
import { isLoopbackHost, readAddress } from "./address";
import { endsSpan, type EndingHead } from "./destinations/span-history";

/** The signals of OpenTelemetry that are sent: log records, and spans. */
const SIGNALS = ["logs", "traces"] as const;

const destinationShape = z.strictObject({
  /** Also names its folder, which is next to the files `lock` and `heartbeat`. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .refine((name) => !/^(lock|heartbeat)$/i.test(name), "not lock or heartbeat"),
  type: z.enum(["observability", "http", "otlp"]),
  url: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Name of an environment variable that holds a bearer token. */
  token_env: z.string().min(1).optional(),
  /** Only these events; without it, all. */
  events: z.array(z.string()).optional(),
  /** Only these projects, by name; without it, all. */
  projects: z.array(z.string()).optional(),
  /** Lets events go over plain http to another machine. */
  insecure: z.boolean().optional(),
  /** For `otlp`: what to send; without it, both. */
  signals: z.array(z.enum(SIGNALS)).min(1).optional(),
  /** For `otlp`: how requests are written; without it, protobuf. */
  encoding: z.enum(["protobuf", "json"]).optional(),
  /** For `otlp`: attributes of what the events are about, next to ours. */
  resource: z.record(z.string().min(1), z.string()).optional(),
});

/** A destination that is configured correctly; of `otlp`, one signal of it. */
export interface Destination {
  /** As it is configured; of `otlp` with the signal behind it, `otel-logs`. */
  readonly name: string;
  readonly type: "observability" | "http" | "otlp";
  /** Where requests go: with the path and query, without user and password. */
  readonly url: string;
  /** For people: without the query and the parts of the path that may be secret. */
  readonly shownUrl: string;
  readonly isLoopback: boolean;
  readonly headers: Headers;
  /** Secret values from the headers and the URL, in every spelling, to be masked wherever they appear. */
  readonly secrets: readonly string[];
  /** Why this process cannot deliver to it, if it cannot. */
  readonly blockedReason?: string;
  /** For `otlp`. */
  readonly signal?: (typeof SIGNALS)[number];
  /** For `otlp`. */
  readonly encoding?: "protobuf" | "json";
  /** For `otlp`: attributes that the user adds. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Whether it gets a record. */
  wants(head: EndingHead & Pick<RecordHead, "project">): boolean;
  /** Where its cursor, status and rejected events are. */
  readonly folder: string;
  /** The path of the `config.json` that has it: the user's or the machine's. */
  readonly configuredIn: string;
}

/** One item of `destinations`: a destination, or why it cannot be used. */
export type ReadDestination =
  | {
      readonly kind: "usable";
      /** One, or of `otlp` one for each signal: each has a cursor of its own, so that one that fails holds up no other. */
      readonly destinations: readonly Destination[];
      readonly misspelt?: string;
    }
  | { readonly kind: "unusable"; readonly fault: string };

/** The destinations that can be used, and for each of the others why it cannot. */
export interface Destinations {
  readonly usable: readonly Destination[];
  readonly faults: readonly string[];
  /** Names in those that can be used that are probably misspelt. */
  readonly misspelt: readonly string[];
}

/**
 * Checks all destinations of a configuration. The machine's come first and keep their names, even if one is invalid,
 * because a user's destination of the same name would get its events and move its cursor. A name also reserves the names
 * of its signals, even if the types differ.
 */
export function readDestinations(
  { config, machine }: Pick<LoadedConfig, "config" | "machine">,
  env: Environment,
): Destinations {
  const usable: Destination[] = [];
  const faults: string[] = [];
  const misspelt: string[] = [];
  const taken = new Set<string>();
  const ofMachine = new Set<string>();
  const machines = machine?.destinations ?? 0;
  for (const [i, given] of config.destinations.entries()) {
    const isMachines = i < machines;
    const file = isMachines ? machine?.path : undefined;
    const name = typeof given["name"] === "string" ? given["name"] : "";
    const where = isMachines
      ? `${file}: destinations[${i}] ${name}`
      : `destinations[${i - machines}] ${name}`;
    const read = readDestination(given, env, file);
    if (isMachines) for (const folder of foldersFor(name)) ofMachine.add(folder);
    if (read.kind === "unusable") {
      faults.push(`${where}: ${read.fault}`);
      continue;
    }
    const folders = read.destinations.map(({ folder }) => folder.toLowerCase());
    if (!isMachines && folders.some((folder) => ofMachine.has(folder))) {
      faults.push(`${where}: a destination in ${machine?.path} has this name`);
      continue;
    }
    if (folders.some((folder) => taken.has(folder))) {
      faults.push(`${where}: another destination has this name`);
      continue;
    }
    for (const folder of folders) taken.add(folder);
    usable.push(...read.destinations);
    if (read.misspelt !== undefined) misspelt.push(`${where}: ${read.misspelt}`);
  }
  return { usable, faults, misspelt };
}

/** All folders that a destination of this name may use. Some file systems ignore case. */
function foldersFor(name: string): string[] {
  return ["", ...SIGNALS.map((signal) => `-${signal}`)].map((end) =>
    `${paths.forward}/${name}${end}`.toLowerCase(),
  );
}

/**
 * Checks one item of `destinations`.
 *
 * @param configuredIn the file that has it
 */
export function readDestination(
  given: Readonly<Record<string, unknown>>,
  env: Environment,
  configuredIn: string = paths.config,
): ReadDestination {
  const { success, data, error } = destinationShape.safeParse(given);
  if (!success) {
    const [issue] = error.issues;
    const key = issue?.path.join(".") ?? "";
    return unusable(key === "" ? String(issue?.message) : `${key}: ${issue?.message}`);
  }
  const { name, type, token_env: tokenName, events, projects } = data;
  if (type !== "otlp" && (data.encoding ?? data.resource ?? data.signals) !== undefined)
    return unusable("signals, encoding, resource: only for a destination of type otlp");
  const address = readAddress(data.url);
  if (address.kind === "invalid") return unusable(`url: ${address.reason}`);
  const url = new URL(address.url);
  const isLoopback = isLoopbackHost(url.hostname);
  if (url.protocol === "http:" && !isLoopback && data.insecure !== true)
    return unusable(
      `url: events would be sent unencrypted to ${url.hostname}; use https, or add "insecure": true`,
    );
  if (
    url.searchParams.getAll("wait_for_async_insert").some((value) => /^(?:0|false)$/i.test(value))
  )
    return unusable(
      "url: with wait_for_async_insert=0 ClickHouse answers before it has stored an event, so events could be lost; use 1",
    );
  const token = tokenName === undefined ? undefined : env[tokenName];
  const credentials = readCredentials(url, data.headers, token);
  if (credentials === undefined)
    return unusable("headers, user, password or token: not allowed in HTTP");
  url.username = url.password = "";
  if (type === "observability" && !/\/events\/?$/.test(url.pathname))
    url.pathname = `${url.pathname.replace(/\/$/, "")}/events`;
  const misspelt = misspeltEvent(events);
  const destination: Destination = {
    name,
    type,
    url: url.href,
    shownUrl: shown(url),
    isLoopback,
    ...credentials,
    ...(tokenName !== undefined &&
      !token && { blockedReason: `${tokenName} is not set in the forwarder's environment` }),
    wants: ({ event, project }) =>
      (events === undefined || events.includes(event)) &&
      (projects === undefined || projects.includes(project)),
    ...(data.encoding !== undefined && { encoding: data.encoding }),
    ...(data.resource !== undefined && { resource: data.resource }),
    folder: `${paths.forward}/${name}`,
    configuredIn,
  };
  const destinations =
    type === "otlp"
      ? Array.from(new Set(data.signals ?? SIGNALS), (signal) => ofSignal(destination, url, signal))
      : [destination];
  return { kind: "usable", destinations, ...(misspelt !== undefined && { misspelt }) };
}

function ofSignal(
  destination: Destination,
  url: URL,
  signal: (typeof SIGNALS)[number],
): Destination {
  const own = new URL(url);
  // As OTEL_EXPORTER_OTLP_ENDPOINT is read.
  own.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return {
    ...destination,
    name: `${destination.name}-${signal}`,
    signal,
    url: own.href,
    shownUrl: shown(own),
    folder: `${destination.folder}-${signal}`,
    wants: (head) => destination.wants(head) && (signal === "logs" || endsSpan(head)),
  };
}

// An unknown event may be one of a newer client; one that is nearly known is a mistake.
function misspeltEvent(events: readonly string[] = []): string | undefined {
  for (const event of events) {
    if (Object.hasOwn(EVENTS, event)) continue;
    const meant = suggestWord(event, Object.keys(EVENTS));
    if (meant !== undefined) return `events: unknown event ${event}; did you mean ${meant}?`;
  }
  return undefined;
}

function unusable(fault: string): ReadDestination {
  return { kind: "unusable", fault };
}

// Loggly, Sumo Logic and others have the token in the path.
function isSecretPart(part: string): boolean {
  return part.length >= 12 && /\d/.test(part) && /[A-Za-z]/.test(part);
}

function shown(url: URL): string {
  return url.origin + url.pathname.split("/").map(shownPart).join("/");
}

function shownPart(part: string): string {
  return isSecretPart(part) ? "…" : part;
}

/** Masking a shorter value would mask parts of ordinary words. */
const MIN_SECRET_LENGTH = 4;

/** The headers to send, and the secrets in them and in the URL; `undefined` where HTTP does not allow them. */
function readCredentials(
  url: URL,
  given: Readonly<Record<string, string>> = {},
  token = "",
): Pick<Destination, "headers" | "secrets"> | undefined {
  const secrets = [...Object.values(given), token, url.password];
  let headers: Headers;
  try {
    headers = new Headers(given);
    if (url.username !== "" || url.password !== "") {
      const login = decodeURIComponent(`${url.username}:${url.password}`);
      const encoded = Buffer.from(login).toString("base64");
      secrets.push(login, encoded, decodeURIComponent(url.password));
      headers.set("Authorization", `Basic ${encoded}`);
    }
    if (token !== "") headers.set("Authorization", `Bearer ${token}`);
  } catch {
    return undefined;
  }
  // Values of the query decoded, encoded, and as they are written.
  for (const [, value] of url.searchParams) secrets.push(value, encodeURIComponent(value));
  for (const [, value = ""] of url.search.matchAll(/=([^&]*)/g)) secrets.push(value);
  for (const part of url.pathname.split("/")) if (isSecretPart(part)) secrets.push(part);
  return { headers, secrets: secrets.filter(({ length }) => length >= MIN_SECRET_LENGTH) };
}
