// A release for this machine, as it would be published: the archive in dist/release, made first if it is not
// of these very programs, and another version beside it.
import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { build, dist, isBuilt } from "../../scripts/build";
import { describeFile, manifestFile, type Part } from "../../scripts/release/manifest";
import { ownPlatform } from "../../scripts/release/platforms";
import { makeArchives, USUAL } from "../../scripts/release/release";

const platform = ownPlatform();
if (platform === undefined) throw new Error("there are no releases for this machine");

/** This machine's part of the release. */
export const part: Part = await madePart();

/** The version that is in dist/release. */
export const { version } = USUAL;

/** A version that is newer, as the tests have it. */
export const NEWER = "7.8.9";

/** The name of a version's archive for this machine. */
export function archiveOf(its: string): string {
  return `claude-session-hooks-${its}-${part.platform}.tar.xz`;
}

let newer: string | undefined;

/**
 * Puts the release into a folder as a server would have it, and with it, if wanted, the newer version.
 *
 * @param folder exists
 */
export async function publishInto(folder: string, { withNewer = false } = {}): Promise<void> {
  for (const name of [archiveOf(version), "SHA256SUMS", "install.sh"])
    copyFileSync(`${USUAL.folder}/${name}`, `${folder}/${name}`);
  if (!withNewer) return;
  newer ??= await makeNewer();
  copyFileSync(`${newer}/${archiveOf(NEWER)}`, `${folder}/${archiveOf(NEWER)}`);
  appendFileSync(`${folder}/SHA256SUMS`, readFileSync(`${newer}/SHA256SUMS`));
}

async function madePart(): Promise<Part> {
  if (!(await isBuilt())) await build();
  const path = `${USUAL.folder}/manifest.json`;
  if (existsSync(path)) {
    const { platforms } = manifestFile.parse(await Bun.file(path).json());
    const made = platforms.find((one) => one.platform === platform?.name);
    if (made !== undefined && (await isOfThesePrograms(made)) && isNewerThanTheRest(path))
      return made;
  }
  return partOf(await makeArchives(platform === undefined ? [] : [platform]));
}

async function isOfThesePrograms({ programs }: Part): Promise<boolean> {
  const built = await Promise.all(programs.map(({ name }) => describeFile(`${dist}/${name}`)));
  return Bun.deepEquals(built, programs);
}

/** Whether a file was written after what else goes into a release, and what makes it. */
function isNewerThanTheRest(path: string): boolean {
  const root = dirname(dist);
  const making = [...new Bun.Glob("scripts/{install.*,release.ts,release/*}").scanSync(root)];
  const sources = ["LICENSE", "CHANGELOG.md", "package-lock.json", ...making];
  const written = (file: string) => statSync(file).mtimeMs;
  return sources.every((source) => written(`${root}/${source}`) <= written(path));
}

async function makeNewer(): Promise<string> {
  const folder = `${dist}/release-${NEWER}`;
  rmSync(folder, { recursive: true, force: true });
  await makeArchives(platform === undefined ? [] : [platform], {
    folder,
    version: NEWER,
    isQuick: true,
  });
  return folder;
}

function partOf({ platforms }: { platforms: readonly Part[] }): Part {
  const made = platforms.find((one) => one.platform === platform?.name);
  if (made === undefined) throw new Error("the release lacks this machine");
  return made;
}
