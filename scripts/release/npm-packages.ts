// The packages for npm: one with a launcher, and one with the programs for each platform, of which npm installs the one
// that fits. All have one version. They are tarballs among the assets of a release, to be published as they are, those of
// the platforms first.
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import manifest from "../../package.json" with { type: "json" };
import { fillTar, writeAndRename, type Member, type Packing } from "./archive";
import { PLATFORMS, type Platform } from "./platforms";
import { PLUGIN_PROGRAMS } from "./plugin";

/** The programs in a platform's package: gzip would store the runtime six times, and one hook acts as all. */
export const NPM_PROGRAMS = PLUGIN_PROGRAMS;

/** The name of a platform's package. */
export function npmPackage({ name }: Platform): string {
  return `${manifest.name}-${name}`;
}

/** The name of a platform's tarball among the assets of a release; longer than that of its archive, as for the plugin. */
export function npmArchive({ name }: Platform, version: string): string {
  return `${manifest.name}-${version}-${name}-npm.tgz`;
}

/** The name of the launcher's tarball. */
export function launcherArchive(version: string): string {
  return `${manifest.name}-${version}-npm.tgz`;
}

/** npm publishes with provenance only what names the repository that the workflow runs in. */
function commonFields(releases: string | undefined) {
  const { license } = manifest;
  if (releases === undefined)
    return { license, homepage: manifest.homepage, repository: manifest.repository };
  const address = releases.replace(/\/releases$/, "");
  const repository = { type: "git", url: `git+${address}.git` };
  return { license, homepage: `${address}#readme`, repository };
}

/**
 * `package.json` of a platform's package.
 *
 * @param releases the address where releases are published, if known
 */
export function platformManifest(platform: Platform, version: string, releases?: string): string {
  const [os = "", cpu = "", libc] = platform.name.split("-");
  const name = npmPackage(platform);
  return json({
    name,
    version,
    description: `The programs of ${manifest.name} for ${platform.name}`,
    ...commonFields(releases),
    os: [os === "windows" ? "win32" : os],
    cpu: [cpu],
    ...(os === "linux" && { libc: [libc ?? "glibc"] }),
    files: ["bin"],
    // npm makes executable what is listed here.
    bin: Object.fromEntries(
      NPM_PROGRAMS.map((program) => [`${name}-${program}`, `bin/${program}${platform.suffix}`]),
    ),
  });
}

/** `package.json` of the launcher; `releases` as above. */
export function launcherManifest(version: string, releases?: string): string {
  return json({
    name: manifest.name,
    version,
    description: manifest.description,
    ...commonFields(releases),
    engines: { node: ">=18" },
    files: ["launch.js"],
    bin: { "claude-session": "launch.js" },
    optionalDependencies: Object.fromEntries(
      PLATFORMS.map((platform) => [npmPackage(platform), version]),
    ),
  });
}

/** What `npx claude-session-hooks` runs: the program of the package that npm chose. */
export const LAUNCHER = `#!/usr/bin/env node
// Starts claude-session of the package that npm has installed for this platform. \`install\` copies the programs to
// ~/.claude/hooks, so that neither Node nor this package is needed afterwards.
"use strict";
const { spawnSync } = require("node:child_process");

const os = process.platform === "win32" ? "windows" : process.platform;
const suffix = os === "windows" ? ".exe" : "";
const usesGlibc = os !== "linux" || "glibcVersionRuntime" in process.report.getReport().header;
const platform = [os, process.arch, ...(usesGlibc ? [] : ["musl"])].join("-");

function find() {
  try {
    return require.resolve(\`${manifest.name}-\${platform}/bin/claude-session\${suffix}\`);
  } catch {
    console.error(\`claude-session: the package ${manifest.name}-\${platform} is missing: there is none for this platform, or npm was told to leave out optional dependencies\`);
    process.exit(1);
  }
}

const [command, ...rest] = process.argv.slice(2);
const args = command === "install" ? ["install", "--copy", ...rest] : process.argv.slice(2);
const { status, error } = spawnSync(find(), args, { stdio: "inherit" });
if (error) console.error(\`claude-session: \${error.message}\`);
process.exit(status ?? 1);
`;

/** Packs a package; npm wants everything below `package/`. */
export async function packNpm(
  members: readonly Member[],
  outfile: string,
  { date, isQuick = false }: Packing,
): Promise<void> {
  const tar = pack();
  const inPackage = members.map((member) => ({ ...member, name: `package/${member.name}` }));
  await Promise.all([
    fillTar(tar, inPackage, date),
    writeAndRename(outfile, (part) =>
      pipeline(tar, createGzip({ level: isQuick ? 1 : 9 }), createWriteStream(part)),
    ),
  ]);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
