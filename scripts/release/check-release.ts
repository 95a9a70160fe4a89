// Reads a release back as its users will: every file that it names is there, with the checksum that it says, for every
// platform. It is the last step before a release is published, because a user's program, not ours, would find the fault.
//
// usage: bun scripts/release/check-release.ts FOLDER
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { z } from "zod";
import { FORMULA } from "./homebrew";
import { assetsOf, describeFile, manifestFile } from "./manifest";
import { launcherArchive, npmArchive, npmPackage } from "./npm-packages";
import { PLATFORMS } from "./platforms";
import { pluginName } from "./plugin";

const marketplaceFile = z.object({
  plugins: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      source: z.object({ source: z.literal("archive"), url: z.url(), sha256: z.hash("sha256") }),
    }),
  ),
});

const npmManifest = z.object({
  name: z.string(),
  version: z.string(),
  repository: z.object({ url: z.string() }),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

/**
 * What is wrong with a release in a folder; nothing if it can be published.
 *
 * @throws {Error} if its manifest cannot be read
 */
export async function faultsOf(folder: string): Promise<string[]> {
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  const { version, platforms } = manifestFile.parse(JSON.parse(read("manifest.json")));
  const faults: string[] = [];
  const missing = PLATFORMS.filter(({ name }) => !platforms.some((one) => one.platform === name));
  for (const { name } of missing) faults.push(`no programs for ${name}`);
  const texts = ["SHA256SUMS", "marketplace.json", FORMULA, launcherArchive(version)];
  for (const name of texts) if (!existsSync(`${folder}/${name}`)) faults.push(`${name} is missing`);
  if (faults.length > 0) return faults;

  const sums = new Map(
    Array.from(read("SHA256SUMS").matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm), ([, sum, name]) => [
      name ?? "",
      sum ?? "",
    ]),
  );
  const isThere = async (by: string, name: string, sha256: string) => {
    if (!existsSync(`${folder}/${name}`)) faults.push(`${by} names ${name}, which is missing`);
    else if ((await describeFile(`${folder}/${name}`)).sha256 !== sha256)
      faults.push(`${by} has another checksum of ${name}`);
    if (sums.get(name) !== sha256) faults.push(`SHA256SUMS and ${by} do not agree on ${name}`);
  };
  for (const { name, sha256 } of platforms.flatMap(assetsOf))
    await isThere("manifest.json", name, sha256); // oxlint-disable-line no-await-in-loop -- large files
  for (const [name, sum] of sums) await isThere("SHA256SUMS", name, sum); // oxlint-disable-line no-await-in-loop -- as above

  const { plugins } = marketplaceFile.parse(JSON.parse(read("marketplace.json")));
  for (const platform of PLATFORMS) {
    const plugin = plugins.find(({ name }) => name === pluginName(platform));
    if (plugin?.version !== version) faults.push(`marketplace.json has no ${pluginName(platform)}`);
    else faults.push(...faultsOfLink("marketplace.json", plugin.source, version, sums));
  }

  const links = Array.from(
    read(FORMULA).matchAll(/url "([^"]+)"\s+sha256 "([^"]+)"/g),
    ([, url = "", sha256 = ""]) => ({ url, sha256 }),
  );
  if (links.length !== 4) faults.push(`${FORMULA} has ${links.length} archives, not 4`);
  for (const link of links) faults.push(...faultsOfLink(FORMULA, link, version, sums));

  const manifestOf = async (archive: string) =>
    npmManifest.parse(JSON.parse(await memberOf(`${folder}/${archive}`, "package/package.json")));
  const launcher = await manifestOf(launcherArchive(version));
  const wanted = Object.fromEntries(PLATFORMS.map((one) => [npmPackage(one), version]));
  if (launcher.version !== version || !Bun.deepEquals(launcher.optionalDependencies, wanted))
    faults.push(`${launcherArchive(version)} does not want the packages of version ${version}`);
  if (launcher.repository.url.includes("OWNER"))
    faults.push(`${launcherArchive(version)} does not name its repository, which provenance needs`);
  for (const platform of PLATFORMS) {
    const archive = npmArchive(platform, version);
    if (!existsSync(`${folder}/${archive}`)) {
      faults.push(`${archive} is missing`);
      continue;
    }
    const { name, version: own } = await manifestOf(archive); // oxlint-disable-line no-await-in-loop -- large files
    if (name !== npmPackage(platform) || own !== version)
      faults.push(`${archive} is ${name} ${own}`);
  }
  return faults;
}

/** What is wrong with an address of an asset: it has to be one of this version that SHA256SUMS has. */
function faultsOfLink(
  by: string,
  { url, sha256 }: { readonly url: string; readonly sha256: string },
  version: string,
  sums: ReadonlyMap<string, string>,
): string[] {
  const name = /\/releases\/download\/v([^/]+)\/([^/]+)$/.exec(url);
  if (name?.[1] !== version) return [`${by} names ${url}, which is not of version ${version}`];
  return sums.get(name[2] ?? "") === sha256 ? [] : [`${by} has another checksum of ${name[2]}`];
}

/**
 * A text in a `.tgz`. It is the first member in ours, so the rest is not read.
 *
 * @throws {Error} if it is not there
 */
async function memberOf(path: string, wanted: string): Promise<string> {
  const source = createReadStream(path);
  const tar = source.pipe(createGunzip()).pipe(extract());
  try {
    for await (const entry of tar) {
      if (entry.header.name !== wanted) {
        entry.resume();
        continue;
      }
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      return Buffer.concat(parts).toString();
    }
  } finally {
    source.destroy();
  }
  throw new Error(`${path} has no ${wanted}`);
}

if (import.meta.main) {
  const [folder = "dist/release"] = process.argv.slice(2);
  const faults = await faultsOf(folder);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
  console.log(`${folder} can be published`);
}
