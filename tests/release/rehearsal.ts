// A release for this machine as it would be published: the archive in dist/release, which is made if it does not
// have the built programs, and a newer version.
import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { buildIfStale, dist } from "../../scripts/build";
import { describeFile, manifestFile, type Part } from "../../scripts/release/manifest";
import { ownPlatform } from "../../scripts/release/platforms";
import { makeArchives, USUAL } from "../../scripts/release/release";

const platform = ownPlatform();
if (platform === undefined) throw new Error("this machine is not a platform of the release");

/** The part of the release for this machine. */
export const part: Part = await findOrMakePart();

/** The version in dist/release. */
export const { version } = USUAL;

/** The version of the tests' newer release. */
export const NEWER = "7.8.9";

/** The name of a version's archive for this machine. */
export function archiveOf(ofVersion: string): string {
  return `claude-session-hooks-${ofVersion}-${part.platform}.tar.xz`;
}

let newer: string | undefined;

/**
 * Puts the release into a folder as it would be on a server, with the newer version if asked for.
 *
 * @param folder an existing folder
 */
export async function publishInto(folder: string, { withNewer = false } = {}): Promise<void> {
  for (const name of [archiveOf(version), "SHA256SUMS", "install.sh"])
    copyFileSync(`${USUAL.folder}/${name}`, `${folder}/${name}`);
  if (!withNewer) return;
  newer ??= await makeNewer();
  copyFileSync(`${newer}/${archiveOf(NEWER)}`, `${folder}/${archiveOf(NEWER)}`);
  appendFileSync(`${folder}/SHA256SUMS`, readFileSync(`${newer}/SHA256SUMS`));
}

async function findOrMakePart(): Promise<Part> {
  await buildIfStale();
  const path = `${USUAL.folder}/manifest.json`;
  if (existsSync(path)) {
    const { platforms } = manifestFile.parse(await Bun.file(path).json());
    const made = platforms.find((one) => one.platform === platform?.name);
    if (made !== undefined && (await isOfThesePrograms(made)) && isNewerThanSources(path))
      return made;
  }
  return ownPartOf(await makeArchives(platform === undefined ? [] : [platform]));
}

async function isOfThesePrograms({ programs }: Part): Promise<boolean> {
  const built = await Promise.all(programs.map(({ name }) => describeFile(`${dist}/${name}`)));
  return Bun.deepEquals(built, programs);
}

/** Whether a file is newer than the scripts and texts that a release is made with. */
function isNewerThanSources(path: string): boolean {
  const root = dirname(dist);
  const making = [...new Bun.Glob("scripts/{build.ts,install.*,release/*}").scanSync(root)];
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

function ownPartOf({ platforms }: { platforms: readonly Part[] }): Part {
  const made = platforms.find((one) => one.platform === platform?.name);
  if (made === undefined) throw new Error("the release has no part for this machine");
  return made;
}
