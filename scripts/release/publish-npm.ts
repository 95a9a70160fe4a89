// Publishes the packages of a release on npm: those of the platforms first, and the one that wants them only when all of
// them are there. What is published already is left, so that a run that failed can be started again.
//
// usage: bun scripts/release/publish-npm.ts FOLDER
import { existsSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { manifestFile } from "./manifest";
import { launcherArchive, npmArchive, npmPackage } from "./npm-packages";
import { PLATFORMS } from "./platforms";

/** How often a package is asked for that was just published: the registry needs a moment. */
const ATTEMPTS = 20;
const PAUSE_MS = Number(process.env["PUBLISH_PAUSE_MS"] ?? 15_000);

async function publish(folder: string): Promise<void> {
  const { version } = manifestFile.parse(await Bun.file(`${folder}/manifest.json`).json());
  const platforms = PLATFORMS.map((platform) => ({
    name: npmPackage(platform),
    path: `${folder}/${npmArchive(platform, version)}`,
  }));
  const launcher = { name: manifest.name, path: `${folder}/${launcherArchive(version)}` };
  for (const { path } of [...platforms, launcher])
    if (!existsSync(path)) throw new Error(`${path} is missing; nothing was published`);
  for (const one of platforms) publishOne(one, version);
  for (const { name } of platforms) await waitFor(name, version); // oxlint-disable-line no-await-in-loop -- each is needed
  publishOne(launcher, version);
}

function publishOne(
  { name, path }: { readonly name: string; readonly path: string },
  version: string,
): void {
  if (isPublished(name, version)) {
    console.log(`${name} ${version} is published already`);
    return;
  }
  console.log(`publishing ${name} ${version}`);
  const { exitCode } = Bun.spawnSync(
    ["npm", "publish", path, "--provenance", "--access", "public"],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  if (exitCode !== 0) throw new Error(`npm publish ${path} ended with ${exitCode}`);
}

async function waitFor(name: string, version: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (isPublished(name, version)) return;
    await Bun.sleep(PAUSE_MS); // oxlint-disable-line no-await-in-loop -- that is the pause
  }
  throw new Error(`${name} ${version} is not there; ${manifest.name} was not published`);
}

function isPublished(name: string, version: string): boolean {
  const { stdout } = Bun.spawnSync(["npm", "view", `${name}@${version}`, "version"], {
    stderr: "ignore",
  });
  return stdout.toString().trim() === version;
}

const [folder = "dist/release"] = process.argv.slice(2);
try {
  await publish(folder);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
