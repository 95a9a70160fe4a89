// Where releases are, and which is the newest. Only `upgrade` and `doctor --check` look it up, because the user asked for
// it. The installer's rules apply: https only, http only from this machine, and no redirect to an address without https.
import { existsSync, readFileSync, statSync } from "node:fs";
import { environment } from "../environment";
import { faultCode } from "../os/fault";
import { isAbsolute } from "../os/paths";
import { CommandError } from "./command";
import { sanitize } from "./render/text";

/** Replaced by the compiler, where a release is made. */
declare const BUILD_RELEASES: string | undefined;

const TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
const MAX_BYTES = 1_048_576;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** A release: its address without a slash at the end, its versions, and the checksums of its files. */
export interface Release {
  readonly address: string;
  /** The newest of its versions. */
  readonly version: string;
  readonly checksums: ReadonlyMap<string, string>;
}

/**
 * Reads what a release says about itself.
 *
 * @param from a folder or an address; otherwise that of `CLAUDE_SESSION_RELEASE`, else where this program comes from
 * @param wanted a version, instead of the newest
 * @throws {CommandError} if there is no address, or it cannot be read, or has no such version
 */
export async function readRelease(from?: string, wanted?: string): Promise<Release> {
  const address = releaseAddress(from, wanted);
  const text = await readFrom(`${address}/SHA256SUMS`);
  const rows = Array.from(text.matchAll(/^([0-9a-f]{64}) {2}([\w.+-]+)$/gm), ([, sum, name]) => [
    name ?? "",
    sum ?? "",
  ]);
  const checksums = new Map(rows as [string, string][]);
  const versions = Array.from(
    checksums.keys(),
    (name) =>
      /^claude-session-hooks-(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+?)?)-(?:linux|darwin|windows)-.*\.tar\.xz$/.exec(
        name,
      )?.[1],
  ).filter((version) => version !== undefined);
  const version =
    wanted === undefined
      ? versions.toSorted((a, b) => Bun.semver.order(a, b)).at(-1)
      : versions.find((one) => one === wanted);
  if (version === undefined)
    throw new CommandError(
      `${address} has no ${wanted === undefined ? "release" : `version ${sanitize(wanted)}`}`,
    );
  return { address, version, checksums };
}

/**
 * Reads a text file of a release, and compares it with its checksum.
 *
 * @throws {CommandError} if it is not what the release says
 */
export async function readVerified({ address, checksums }: Release, name: string): Promise<string> {
  const text = await readFrom(`${address}/${name}`);
  if (Bun.SHA256.hash(text, "hex") !== checksums.get(name))
    throw new CommandError(
      `${name} does not match SHA256SUMS, so it was damaged or changed. Nothing was started.`,
    );
  return text;
}

function releaseAddress(from: string | undefined, version: string | undefined): string {
  const given = from ?? environment["CLAUDE_SESSION_RELEASE"];
  if (given !== undefined && given !== "") return checkedAddress(given);
  const releases = typeof BUILD_RELEASES === "string" ? BUILD_RELEASES : "";
  if (releases === "")
    throw new CommandError("these programs were built without a release address; use --from URL");
  const folder = version === undefined ? "latest/download" : `download/v${version}`;
  return checkedAddress(`${releases}/${folder}`);
}

function checkedAddress(given: string): string {
  const isFolder = isAbsolute(given, process.platform === "win32") && existsSync(given);
  if (isFolder && statSync(given).isDirectory())
    return Bun.pathToFileURL(given).href.replace(/\/+$/, "");
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isAllowed =
    url?.protocol === "https:" ||
    url?.protocol === "file:" ||
    (url?.protocol === "http:" && isLoopback(url) && url.username === "");
  if (!isAllowed)
    throw new CommandError(
      `not a release address: ${withoutPassword(given)}. Use the absolute path of a folder, an https: address, or an http: address on this machine`,
    );
  return given.replace(/\/+$/, "");
}

function withoutPassword(address: string): string {
  return sanitize(address).replace(/\/\/[^/]*@/, "//…@");
}

function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.has(hostname);
}

async function readFrom(address: string): Promise<string> {
  try {
    return address.startsWith("file:")
      ? readFileSync(Bun.fileURLToPath(address), "utf8")
      : await download(new URL(address));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`could not download ${address}: ${reasonOf(error)}`);
  }
}

async function download(first: URL): Promise<string> {
  // From this machine, a redirect could lead to another one.
  let redirectsLeft = first.protocol === "https:" ? MAX_REDIRECTS : 0;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  for (let url = first; ; redirectsLeft--) {
    const options = { redirect: "manual", signal, ...(isLoopback(url) && { proxy: false }) };
    // `fetch` of Bun 1.4.5 takes `proxy: false`; its types do not.
    const response = await fetch(url, options as unknown as BunFetchRequestInit);
    const location = response.headers.get("Location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      url = new URL(location, url);
      if (redirectsLeft === 0 || url.protocol !== "https:")
        throw new CommandError(
          `${first.href} redirects to ${sanitize(url.href)}, which is not followed`,
        );
      continue;
    }
    if (!response.ok) throw new CommandError(`${url.href} answers ${response.status}`);
    return await readAtMost(response);
  }
}

async function readAtMost(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes > MAX_BYTES) throw new CommandError(`${response.url} is larger than expected`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(error: unknown): string {
  try {
    return faultCode(error);
  } catch {
    return sanitize(error instanceof Error ? error.message : String(error));
  }
}
