// Makes a release in dist/release/: an archive of the programs for each platform, checksums, the manifest, the
// bill of materials, the installers, and the release page.
//
// usage: bun scripts/release/release.ts [--target PLATFORM]… [--join FOLDER]… [--releases URL]
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { namesIn } from "../../lib/os/folder";
import manifest from "../../package.json" with { type: "json" };
import { dist } from "../build";
import { progress } from "../harness/progress";
import { changesOf, dateOf } from "./changelog";
import { billOfMaterials, RUNTIME } from "./components";
import { FORMULA, formula } from "./homebrew";
import {
  assetsOf,
  checksums,
  describeFile,
  formatMegabytes,
  manifestFile,
  mergeParts,
  releasePage,
  type Manifest,
  type Part,
} from "./manifest";
import { makePart } from "./build-platform";
import { LAUNCHER, launcherManifest, launcherArchive, packNpm } from "./npm-packages";
import { marketplace } from "./plugin";
import { PLATFORMS, type Platform } from "./platforms";

const root = dirname(dirname(import.meta.dir));

/** Which release to make, and where. */
export interface Release {
  readonly folder: string;
  /** The version that the programs report. */
  readonly version: string;
  /** The address where releases are published, e.g. `https://github.com/OWNER/REPOSITORY/releases`. */
  readonly releases?: string | undefined;
  /** For rehearsals: compresses fast, not well. */
  readonly isQuick?: boolean;
}

/** The release of this source, in its usual folder. */
export const USUAL: Release = { folder: `${dist}/release`, version: manifest.version };

/** Makes the archives of some platforms, and keeps those of other platforms if they are of the same version. */
export async function makeArchives(
  platforms: readonly Platform[],
  release: Release = USUAL,
): Promise<Manifest> {
  mkdirSync(release.folder, { recursive: true });
  const waiting = [...platforms];
  const made: Part[] = [];
  const steps = new Map<string, string>();
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const platform = next.name;
      if (!process.stderr.isTTY) console.log(`${platform} …`);
      const onStep = (step: string) => {
        steps.set(platform, `${platform}: ${step}`);
        progress([...steps.values()].join("   "));
      };
      const part = await makePart(next, { ...release, onStep });
      steps.delete(platform);
      made.push(part);
      progress("");
      console.log(
        part.archives.map(({ name, bytes }) => `${name}  ${formatMegabytes(bytes)}`).join("\n"),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  return publish(made, release);
}

/**
 * Joins the archives that other machines have made to one release.
 *
 * @throws {Error} if one has another version, or does not match its manifest
 */
export async function joinArchives(
  folders: readonly string[],
  release: Release = USUAL,
): Promise<Manifest> {
  mkdirSync(release.folder, { recursive: true });
  const joined: Part[] = [];
  for (const folder of folders) {
    const { version, platforms } = await readManifest(folder);
    if (version !== release.version)
      throw new Error(`${folder} has version ${version}, not ${release.version}`);
    for (const { name, sha256 } of platforms.flatMap(assetsOf)) {
      copyFileSync(`${folder}/${name}`, `${release.folder}/${name}`);
      if ((await describeFile(`${release.folder}/${name}`)).sha256 !== sha256)
        throw new Error(`${folder}/${name} does not match its manifest`);
    }
    joined.push(...platforms);
  }
  return publish(joined, release);
}

/** Writes everything but the archives, and removes what belongs to another version. */
async function publish(parts: readonly Part[], release: Release): Promise<Manifest> {
  const { folder, version, releases } = release;
  const released: Manifest = {
    name: manifest.name,
    version,
    released: dateOf(version),
    runtime: { ...RUNTIME, revision: Bun.revision },
    platforms: mergeParts(PLATFORMS, await partsIn(release), parts),
  };
  const archives = released.platforms.flatMap(assetsOf).map(({ name }) => name);
  for (const name of namesIn(folder))
    if (!archives.includes(name)) rmSync(`${folder}/${name}`, { recursive: true });
  const texts = new Map([
    ["manifest.json", `${JSON.stringify(released, undefined, 2)}\n`],
    [`${manifest.name}-${version}.cdx.json`, await billOfMaterials()],
    ["install.sh", await installer("install.sh", releases)],
    ["install.ps1", await installer("install.ps1", releases)],
  ]);
  // These name the archives by their addresses.
  if (releases !== undefined) {
    texts.set("marketplace.json", marketplace(released, releases));
    texts.set(FORMULA, formula(released, releases));
  }
  for (const [name, text] of texts) await Bun.write(`${folder}/${name}`, text);
  await packLauncher(release);
  const sums = await checksums(folder, [...archives, ...texts.keys(), launcherArchive(version)]);
  await Bun.write(`${folder}/SHA256SUMS`, sums);
  // The text of the release page, for its publisher; it is not a download.
  await Bun.write(`${folder}/RELEASE.md`, releasePage(released, changesOf(version), releases));
  return released;
}

async function packLauncher({ folder, version, releases }: Release): Promise<void> {
  const staged = `${folder}/launcher`;
  try {
    await Bun.write(`${staged}/package.json`, launcherManifest(version, releases));
    await Bun.write(`${staged}/launch.js`, LAUNCHER);
    const members = [
      { path: `${staged}/package.json`, name: "package.json", isProgram: false },
      { path: `${staged}/launch.js`, name: "launch.js", isProgram: true },
      { path: `${root}/README.md`, name: "README.md", isProgram: false },
      { path: `${root}/LICENSE`, name: "LICENSE", isProgram: false },
    ];
    await packNpm(members, `${folder}/${launcherArchive(version)}`, { date: dateOf(version) });
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** The parts of this version that an earlier run made, if their archives still exist. */
async function partsIn({ folder, version }: Release): Promise<Part[]> {
  if (!existsSync(`${folder}/manifest.json`)) return [];
  const before = await readManifest(folder);
  if (before.version !== version || before.runtime.revision !== Bun.revision) return [];
  return before.platforms.filter((part) =>
    assetsOf(part).every(({ name }) => existsSync(`${folder}/${name}`)),
  );
}

async function readManifest(folder: string): Promise<Manifest> {
  return manifestFile.parse(await Bun.file(`${folder}/manifest.json`).json());
}

/** An installer with the address of the releases filled in. */
async function installer(name: string, releases = ""): Promise<string> {
  if (releases !== "" && !/^https:\/\/[\w.-]+(?:\/[\w.-]+)*$/.test(releases))
    throw new Error(`--releases: not an https address: ${releases}`);
  const text = await Bun.file(`${root}/scripts/${name}`).text();
  const stamped = text.replace(/^(\$?releases ?= ?)""$/im, `$1"${releases}"`);
  if (releases !== "" && stamped === text) throw new Error(`${name} has no place for the address`);
  return stamped;
}

function platformsOf(names: readonly string[]): readonly Platform[] {
  if (names.length === 0) return PLATFORMS;
  return names.map((name) => {
    const platform = PLATFORMS.find((one) => one.name === name);
    if (platform !== undefined) return platform;
    const known = PLATFORMS.map((one) => one.name).join(", ");
    throw new Error(`--target: unknown platform "${name}"; known are ${known}`);
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true, default: [] },
      join: { type: "string", multiple: true, default: [] },
      releases: { type: "string" },
    },
  });
  const release = { ...USUAL, releases: values.releases };
  console.log(`${manifest.name} ${release.version}, with Bun ${RUNTIME.version}`);
  const { platforms } =
    values.join.length > 0
      ? await joinArchives(values.join, release)
      : await makeArchives(platformsOf(values.target), release);
  console.log(`dist/release has ${platforms.length} of ${PLATFORMS.length} platforms`);
}
