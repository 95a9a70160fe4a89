// The address after `--server`, as people type and paste it: a port alone, another scheme, an IPv6 address without
// brackets. Where it can only be guessed, the message has the line to type.
import { isLoopbackHost, readAddress, type Address } from "../../forward/address";

/** Reads the address that a person gave; a reason never contains a password. */
export function readServerAddress(text: string): Address {
  const given = text.trim();
  const bare = withoutMarks(given);
  const login = /^([^/?#@]*)@(.*)$/.exec(bare);
  if (login !== null) {
    const url = urlOf(login[2] ?? "");
    const user = (login[1] ?? "").replace(/:.*/, "");
    const withLogin = url?.replace("://", `://${user}:PASSWORD@`);
    return invalid(
      "a user and a password need a URL with its scheme",
      withLogin,
      "; or put token_env into config.json (docs/forwarding.md)",
    );
  }
  const url = needsRepair(bare) ? urlOf(bare) : undefined;
  if (bare === given && url === undefined) return readAddress(given);
  const reason = hasBadPort(bare) ? "has no port from 1 to 65535" : "is not an http or https URL";
  return invalid(`"${text}" ${reason}`, url ?? urlOf(bare));
}

// What a line of a log, a shell or a chat has around an address.
function withoutMarks(text: string): string {
  return text.replace(/^["'<(]+/, "").replace(/["'>),;]+$/, "");
}

const SCHEME = /^(?:(https?):(?!\d+$)\/{0,2}|(?:(https?)|(wss?|tcp|udp|grpc)):?\/\/)/i;
const IPV6 = /^(?:[\da-f]*:){2,}[\da-f:]*(?:\d+\.\d+\.\d+\.\d+)?(?::\d+)?$/i;

function needsRepair(text: string): boolean {
  const isRight = /^https?:\/\/[^/]/i.test(text);
  return (
    hasBadPort(text) || (!isRight && (SCHEME.test(text) || /^:?\d+$/.test(text) || IPV6.test(text)))
  );
}

function hasBadPort(text: string): boolean {
  const port = /^(?:https?:\/\/)?[^/:]*:(\d+)(?:[/?#]|$)/i.exec(text)?.[1];
  return port !== undefined && (Number(port) > 65_535 || Number(port) === 0);
}

/** The URL that was most likely meant: plain http on this machine, https elsewhere. */
function urlOf(text: string): string | undefined {
  const scheme = SCHEME.exec(text);
  let host = text.slice(scheme?.[0].length ?? 0).replace(/^\/+/, "");
  if (hasBadPort(host)) host = host.replace(/:\d+/, ":4000");
  else if (/^:?\d+$/.test(host)) host = `localhost:${host.replace(":", "")}`;
  else if (IPV6.test(host))
    // Only after an IPv4 address can a port be told from a group.
    host = host.replace(/^(.*?\.\d+\.\d+\.\d+|[^.]*)(:\d+)?$/, "[$1]$2");
  const url = URL.parse(`http://${host}`);
  if (url === null) return undefined;
  const given = (scheme?.[1] ?? scheme?.[2] ?? scheme?.[3] ?? "").toLowerCase();
  const isPlain = isLoopbackHost(url.hostname) && given !== "https" && given !== "wss";
  const address = readAddress(`${isPlain ? "http" : "https"}://${host}`);
  return address.kind === "valid" ? address.url : undefined;
}

function invalid(reason: string, url: string | undefined, more = ""): Address {
  return { kind: "invalid", reason: url === undefined ? reason : `${reason}; write ${url}${more}` };
}
