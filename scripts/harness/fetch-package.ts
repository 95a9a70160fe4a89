// Packages of the registry that only a few tests and measurements need: too large for every `npm ci`, so each is fetched
// once, into a cache folder.
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const caches = resolve(import.meta.dir, "../../node_modules/.cache");
const INSTALL_MS = 300_000;

/** A package, and the file in it that is used. */
export interface WantedPackage {
  readonly name: string;
  readonly version: string;
  /** From the package's folder. */
  readonly file: string;
  /** What its cache folder is called. */
  readonly label: string;
}

/** Where the file is, or why it is not available. */
export type Fetched = { readonly path: string } | { readonly reason: string };

/** Finds a package in the cache, or fetches it from the package registry into it. Its install scripts do not run. */
export function fetchPackage({ name, version, file, label }: WantedPackage): Fetched {
  const cache = `${caches}/${label}-${version}`;
  const path = `${cache}/node_modules/${name}/${file}`;
  if (existsSync(path)) return { path };
  if (Bun.which("npm") === null) return { reason: "npm, which fetches it, is not installed" };
  console.log(`Fetching ${label} ${version} …`);
  const { exitCode, stderr } = Bun.spawnSync(
    ["npm", "install", "--ignore-scripts", "--no-save", "--prefix", cache, `${name}@${version}`],
    { stdout: "ignore", stderr: "pipe", timeout: INSTALL_MS },
  );
  if (existsSync(path)) return { path };
  return { reason: `npm ended with ${exitCode}: ${stderr.toString().trim().split("\n")[0]}` };
}
