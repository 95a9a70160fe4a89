// Access control of the dashboard: which requests are allowed, and the headers of every answer. A server on loopback can be
// reached by every user of the machine and by every web page in a browser there.
import { timingSafeEqual } from "node:crypto";

/** What a request may see. */
export type Access = "page" | "api" | Response;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The headers of every answer. There is none for other origins: none may read anything. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** An answer with the headers of every answer. */
export function answer(
  body: Bun.BodyInit | null,
  status = 200,
  headers: Record<string, string> = {},
) {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } });
}

/** An answer in JSON. */
export function answerJson(value: unknown, status = 200): Response {
  return answer(JSON.stringify(value), status, { "content-type": "application/json" });
}

const LOGIN = "/api/login";

/**
 * Lets a request in, or says with an answer why not.
 *
 * - `Host` is exactly ours: a name that a web page's own server resolves to this machine (DNS rebinding) is not.
 * - `Origin` and `Sec-Fetch-Site`, where a browser sends them, are ours: no other page asks for anything.
 * - `GET` only, but for the login: nothing that a page can ask for changes anything.
 * - The API wants the token, in a header that no browser adds by itself. There is no cookie: one of 127.0.0.1 goes to
 *   every port of it, and so to other users' servers.
 */
export function letIn(request: Request, port: number, isToken: (given: string) => boolean): Access {
  const { pathname } = new URL(request.url);
  const host = request.headers.get("host");
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return answer("Wrong host.\n", 403);
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) return answer("Not from this page.\n", 403);
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "none" && site !== "same-origin")
    return answer("Not from another site.\n", 403);
  const isLogin = pathname === LOGIN;
  if (request.method !== (isLogin ? "POST" : "GET"))
    return answer("Not allowed.\n", 405, { allow: isLogin ? "POST" : "GET" });
  if (isLogin) return "api";
  if (!pathname.startsWith("/api/")) return "page";
  const [, given = ""] =
    /^Bearer ([\w-]{1,128})$/.exec(request.headers.get("authorization") ?? "") ?? [];
  return isToken(given)
    ? "api"
    : answerJson({ error: "the token is missing or belongs to another server" }, 401);
}

/** Compares two texts in constant time, so that an attacker cannot guess one character at a time. */
export function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
