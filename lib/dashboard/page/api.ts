// Asks the server. The token comes with the link, and is kept for this address alone: see `guard.ts`.
import { signal } from "@preact/signals";

const KEPT = "claude-session token";

/** Whether the server lets this page in. */
export const access = signal<"asking" | "open" | "closed">("asking");

/** An answer that says what was wrong. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Takes the token or the ticket out of the link, before anyone sees it there. A view may follow: `#ticket=…/session/ID`. */
export async function logIn(): Promise<void> {
  const [, kind, secret, view = "/"] =
    /^#(token|ticket)=([\w-]+)(\/.*)?$/.exec(location.hash) ?? [];
  if (kind !== undefined) history.replaceState(null, "", `${location.pathname}#${view}`);
  if (kind === "token") localStorage.setItem(KEPT, secret ?? "");
  if (kind === "ticket") {
    const response = await fetch("/api/login", { method: "POST", body: secret ?? "" });
    if (response.ok) {
      const { token } = (await response.json()) as { token: string };
      localStorage.setItem(KEPT, token);
    }
  }
}

/** Sends a question to the server. */
export async function ask(path: string, stop?: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${localStorage.getItem(KEPT) ?? ""}` };
  const response = await fetch(path, { headers, ...(stop && { signal: stop }) });
  if (response.status === 401) access.value = "closed";
  else access.value = "open";
  return response;
}

/** Asks for a value in JSON. */
export async function askJson<T>(path: string, stop?: AbortSignal): Promise<T> {
  const response = await ask(path, stop);
  const value = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new ApiError(response.status, value.error ?? `status ${response.status}`);
  return value;
}

/** The values of an answer that has one a line, as they come. */
export async function* messagesIn<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read(); // oxlint-disable-line no-await-in-loop
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as T;
  }
}
