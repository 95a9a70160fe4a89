// The address of a server as people write it: without a scheme, or as the server itself prints it.

/** An address that can be used, or what is wrong with it and the line to write instead. */
export type Address =
  | { readonly kind: "valid"; readonly url: string }
  | { readonly kind: "invalid"; readonly reason: string };

/** Reads an address; `localhost:4000` and `0.0.0.0:4000` are on this machine. */
export function readAddress(text: string): Address {
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text);
  const url = URL.parse(hasScheme ? text : `http://${text}`);
  if (url === null) return invalid(`"${text}" is not a URL`);
  if (!/^https?:$/.test(url.protocol)) return invalid(`"${text}" is neither http nor https`);
  const listening = LISTENING[url.hostname];
  if (listening !== undefined) url.hostname = listening;
  if (hasScheme) return { kind: "valid", url: listening === undefined ? text : plain(url) };
  return isLoopbackHost(url.hostname)
    ? { kind: "valid", url: plain(url) }
    : invalid(`"${text}" has no scheme; write https://${text}`);
}

/** Where a server says it listens on every address, and where it is reached on its own machine. */
const LISTENING: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "[::]": "[::1]" };

/** Whether a host, as `URL` normalizes it, is this machine: 2130706433 is 127.0.0.1 by then. */
export function isLoopbackHost(hostname: string): boolean {
  // ::ffff:7f00:1 is 127.0.0.1 as an IPv6 address.
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\])$/.test(
    hostname,
  );
}

function invalid(reason: string): Address {
  return { kind: "invalid", reason };
}

// Without the slash that `URL` adds after a host.
function plain(url: URL): string {
  return url.pathname === "/" && url.search === "" ? url.origin : url.href;
}
