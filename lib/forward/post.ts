// One request to a server that may do anything: hang, lie, redirect, never end. What comes back is a
// value, and nothing of it tells a secret.
import type { Destination } from "./destination";

/** What a server answered. */
export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  /** The first 64 KiB, without the destination's secrets. */
  readonly text: string;
  /** Whether there may be more. */
  readonly isTruncated: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** What a server answered, or why it did not. */
export type Answer = Answered | { readonly kind: "failed"; readonly reason: string };

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 65_536;

/** What a request needs to know of its destination. */
export type Requested = Pick<Destination, "url" | "headers" | "isLoopback" | "secrets">;

/** Posts a body, and answers within 5 seconds, whatever the server does. Never throws. */
export async function post(
  { url, headers, isLoopback, secrets }: Requested,
  body: string,
  more: Readonly<Record<string, string>>,
): Promise<Answer> {
  const all = new Headers(more);
  // The user's own win.
  headers.forEach((value, name) => all.set(name, value));
  // An answer that is small on the wire could unpack to gigabytes.
  all.set("Accept-Encoding", "identity");
  const options = {
    method: "POST",
    headers: all,
    body,
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    tls: { rejectUnauthorized: true },
    decompress: false,
    // A variable for a proxy would send it there, credentials and all (Bun 1.4.5).
    ...(isLoopback && { proxy: false }),
  } as const;
  try {
    // The types of Bun 1.4.5 know no `false`, which its fetch does.
    const response = await fetch(url, options as unknown as BunFetchRequestInit);
    const { text, isTruncated } = await beginningOf(response);
    const retryAfterMs = waitOf(response.headers.get("Retry-After"));
    return {
      kind: "answered",
      status: response.status,
      text: withoutSecrets(text, secrets),
      isTruncated,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  } catch (error) {
    return { kind: "failed", reason: reasonOf(error) };
  }
}

async function beginningOf({ body }: Response): Promise<{ text: string; isTruncated: boolean }> {
  if (body === null) return { text: "", isTruncated: false };
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let bytes = 0;
  while (bytes < MAX_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), isTruncated: false };
    const kept = value.subarray(0, MAX_ANSWER_BYTES - bytes);
    text += decoder.decode(kept, { stream: true });
    bytes += kept.length;
  }
  await reader.cancel();
  return { text, isTruncated: true };
}

// A server may say back what it was told. Before anything is cut, or half a secret would stay.
function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) safe = safe.replaceAll(secret, "[redacted]");
  return safe;
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-retry-after: seconds, or a date. */
function waitOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

const REASONS: Readonly<Record<string, string>> = {
  ConnectionRefused: "connection refused",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ConnectionClosed: "connection closed",
  FailedToOpenSocket: "no connection",
  TimeoutError: `no answer within ${TIMEOUT_MS / 1000} seconds`,
  UnexpectedRedirect: "it redirects, and events are not sent on to elsewhere",
};

// Not the message: it may tell the URL with all that is in it.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return REASONS[code] ?? code;
}
