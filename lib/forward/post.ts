// One request to a server that may do anything: hang, lie, redirect, never end. The result is a value, and
// has no secrets in it.
import { environment } from "../environment";
import type { Destination } from "./destination";
import { allProxy } from "./proxy";

/** The answer of a server. */
export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  /** The first 64 KiB, with the destination's secrets masked. */
  readonly text: string;
  /** The same as it came, secrets included, for an answer that is not text. */
  readonly bytes: Uint8Array;
  /** Whether the answer may be longer. */
  readonly isTruncated: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The answer of a server, or why there is none. */
export type Answer =
  Answered | { readonly kind: "failed"; readonly reason: string; readonly isTimeout: boolean };

/** Observability servers echo the event, and most events are much shorter. */
const MAX_ANSWER_BYTES = 65_536;

/** What a request needs to know about its destination. */
export type PostTarget = Pick<Destination, "url" | "headers" | "isLoopback" | "secrets">;

/**
 * Posts a body. Returns in time, and never throws.
 *
 * @param extraHeaders which the destination's own headers override
 * @param timeoutMs for the whole request and its answer
 */
export async function post(
  { url, headers, isLoopback, secrets }: PostTarget,
  body: string | Uint8Array<ArrayBuffer>,
  extraHeaders: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Answer> {
  const allHeaders = new Headers(extraHeaders);
  headers.forEach((value, name) => allHeaders.set(name, value));
  // A small compressed answer could unpack to gigabytes.
  allHeaders.set("Accept-Encoding", "identity");
  const options = {
    method: "POST",
    headers: allHeaders,
    body,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
    tls: { rejectUnauthorized: true },
    decompress: false,
    // Otherwise a proxy from the environment gets the request, with credentials (Bun 1.4.5).
    ...(isLoopback ? { proxy: false } : { proxy: allProxy(new URL(url), environment) }),
  } as const;
  try {
    // `fetch` of Bun 1.4.5 takes `proxy: false`; its types do not.
    const response = await fetch(url, options as unknown as BunFetchRequestInit);
    const { bytes, isTruncated } = await readBeginning(response);
    const retryAfterMs = parseRetryAfter(response.headers.get("Retry-After"));
    return {
      kind: "answered",
      status: response.status,
      text: maskSecrets(new TextDecoder().decode(bytes), secrets),
      bytes,
      isTruncated,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      return {
        kind: "failed",
        reason: `no answer within ${timeoutMs / 1000} seconds`,
        isTimeout: true,
      };
    return { kind: "failed", reason: reasonOf(error), isTimeout: false };
  }
}

async function readBeginning({
  body,
}: Response): Promise<{ bytes: Uint8Array; isTruncated: boolean }> {
  if (body === null) return { bytes: new Uint8Array(), isTruncated: false };
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < MAX_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) return { bytes: Buffer.concat(parts), isTruncated: false };
    const part = value.subarray(0, MAX_ANSWER_BYTES - length);
    parts.push(part);
    length += part.length;
  }
  await reader.cancel();
  return { bytes: Buffer.concat(parts), isTruncated: true };
}

// A server may echo the request. This comes before the answer is truncated for a message, which could
// leave half a secret.
function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) masked = masked.replaceAll(secret, "[redacted]");
  return masked;
}

/** Milliseconds from seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** By the error's code or name in Bun 1.4.5. */
const TRUST = "set NODE_EXTRA_CA_CERTS to a file with the certificate that signed it";
const SELF_SIGNED = `its certificate is self-signed; ${TRUST}`;
const UNTRUSTED = `its certificate is signed by an unknown authority; ${TRUST}`;
const REASONS: Readonly<Record<string, string>> = {
  ConnectionRefused: "connection refused",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ConnectionClosed: "connection closed",
  FailedToOpenSocket: "no connection",
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: SELF_SIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  UnexpectedRedirect: "it redirects, but events go only to the configured URL",
};

// Not the error's message, which may show the URL with its query.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return REASONS[code] ?? code;
}
