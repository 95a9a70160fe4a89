// The proxy of ALL_PROXY, which Bun's `fetch` does not know (1.4.5): it reads HTTP_PROXY and HTTPS_PROXY only.
import type { Environment } from "../os/paths";

/** The proxy for a URL from ALL_PROXY; `undefined` if there is none, or a more specific variable decides. */
export function allProxy(url: URL, env: Environment): string | undefined {
  const specific = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  if (value(env, specific) !== undefined || isExcepted(url.hostname, value(env, "NO_PROXY")))
    return undefined;
  const proxy = value(env, "ALL_PROXY");
  // It speaks no SOCKS either.
  return proxy !== undefined && /^https?:\/\//i.test(proxy) ? proxy : undefined;
}

function value(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

// A list of hosts and domains, as curl reads it: `example.com` excepts its subdomains as well.
function isExcepted(host: string, noProxy = ""): boolean {
  return noProxy.split(",").some((item) => {
    const name = item.trim().replace(/^\*?\./, "");
    return name === "*" || (name !== "" && (host === name || host.endsWith(`.${name}`)));
  });
}
