// Where events are delivered to: the `destinations` of `config.json`, judged one by one.
import { z } from "zod";
import type { Config } from "../config";
import { paths } from "../environment";
import type { RecordHead } from "../log/record";
import type { Environment } from "../os/paths";

/** One of the `destinations` in `config.json`: where a forwarder delivers to, and what. */
const destinationShape = z.strictObject({
  /** Also the name of its folder, beside which there are two files. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .refine((name) => !/^(lock|heartbeat)$/i.test(name), "not lock or heartbeat"),
  type: z.enum(["observability", "http"]),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()).optional(),
  /** Name of an environment variable that holds a bearer token. */
  token_env: z.string().min(1).optional(),
  /** Only these kinds of event; all without it. */
  events: z.array(z.string()).optional(),
  /** Only these projects, by name; all without it. */
  projects: z.array(z.string()).optional(),
  /** Lets events go over plain http to another machine. */
  insecure: z.boolean().optional(),
});

/** A destination that can be tried. */
export interface Destination {
  readonly name: string;
  readonly type: "observability" | "http";
  /** Complete, and without a user and password. */
  readonly url: string;
  /** Where it is, for a person: without the query, which may hold a secret. */
  readonly shownUrl: string;
  readonly isLoopback: boolean;
  readonly headers: Headers;
  /** What must never be told, because it is in the headers or the URL. */
  readonly secrets: readonly string[];
  /** Why it cannot be tried by this process, though its configuration is right. */
  readonly obstacle?: string;
  /** Whether it is to get a record. */
  wants(head: Pick<RecordHead, "event" | "project">): boolean;
  /** Its folder. */
  readonly folder: string;
}

/** The destinations that can be used, and for each of the others why it cannot. */
export interface Destinations {
  readonly usable: readonly Destination[];
  readonly faults: readonly string[];
}

/** Judges all destinations of a configuration. */
export function readDestinations({ destinations }: Config, env: Environment): Destinations {
  const usable: Destination[] = [];
  const faults: string[] = [];
  for (const [i, given] of destinations.entries()) {
    const judged = readDestination(given, env);
    const name = typeof given["name"] === "string" ? given["name"] : "";
    if (typeof judged === "string") faults.push(`destinations[${i}] ${name}: ${judged}`);
    else if (usable.some((other) => isSameFolder(other.name, judged.name)))
      faults.push(`destinations[${i}] ${name}: another one has this name`);
    else usable.push(judged);
  }
  return { usable, faults };
}

/** Judges one; in words, why it cannot be used. */
export function readDestination(
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): Destination | string {
  const { success, data, error } = destinationShape.safeParse(given);
  if (!success) {
    const [issue] = error.issues;
    const where = issue?.path.join(".") ?? "";
    return where === "" ? String(issue?.message) : `${where}: ${issue?.message}`;
  }
  const { name, type, token_env: tokenName, events, projects } = data;
  const url = new URL(data.url);
  const isLoopback = isLoopbackHost(url.hostname);
  if (url.protocol === "http:" && !isLoopback && data.insecure !== true)
    return `url: events would go in the clear to ${url.hostname}; use https, or add "insecure": true`;
  const token = tokenName === undefined ? undefined : env[tokenName];
  const credentials = readCredentials(url, data.headers, token);
  if (typeof credentials === "string") return credentials;
  url.username = url.password = "";
  if (type === "observability" && !/\/events\/?$/.test(url.pathname))
    url.pathname = `${url.pathname.replace(/\/$/, "")}/events`;
  return {
    name,
    type,
    url: url.href,
    shownUrl: url.origin + url.pathname,
    isLoopback,
    ...credentials,
    ...(tokenName !== undefined &&
      !token && { obstacle: `${tokenName} is not set where the forwarder was started` }),
    wants: ({ event, project }) =>
      (events === undefined || events.includes(event)) &&
      (projects === undefined || projects.includes(project)),
    folder: `${paths.forward}/${name}`,
  };
}

// Shorter ones are parts of everything.
const SHORTEST_SECRET = 4;

/** What is sent in headers, and all that must not be told; in words, what is wrong with it. */
function readCredentials(
  url: URL,
  given: Readonly<Record<string, string>> = {},
  token = "",
): Pick<Destination, "headers" | "secrets"> | string {
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
    return "headers, user, password or token: not what HTTP allows";
  }
  // As it is meant, as it is written, and as others write it.
  for (const [, value] of url.searchParams) secrets.push(value, encodeURIComponent(value));
  for (const [, value = ""] of url.search.matchAll(/=([^&]*)/g)) secrets.push(value);
  return { headers, secrets: secrets.filter(({ length }) => length >= SHORTEST_SECRET) };
}

function isLoopbackHost(hostname: string): boolean {
  // `URL` has brought every way to write an address to one form.
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

// Some disks do not tell capitals from small letters.
function isSameFolder(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
