// What a release says of itself: a manifest for machines, checksums, and a page for people.
import { basename } from "node:path";
import { z } from "zod";
import type { Platform } from "./platforms";

/** A file, by its name in its folder or archive. */
const file = z.object({
  name: z.string().regex(/^[\w.+-]+$/),
  bytes: z.int().positive(),
  sha256: z.hash("sha256"),
});

/** One platform's part: its archives, and what is in each of them. */
const part = z.object({
  platform: z.string(),
  /** As Bun calls it. */
  runtime: z.string(),
  archives: z.array(file).min(1),
  programs: z.array(file).min(1),
  /** Of all programs as they lie on a disk. */
  unpacked_bytes: z.int().positive(),
});

/** `manifest.json`. */
export const manifestFile = z.object({
  name: z.string(),
  version: z.string(),
  /** The day, UTC. */
  released: z.iso.date(),
  runtime: z.object({ name: z.string(), version: z.string(), revision: z.string() }),
  platforms: z.array(part),
});

export type File = z.infer<typeof file>;
export type Part = z.infer<typeof part>;
export type Manifest = z.infer<typeof manifestFile>;

/** Puts parts in the order of the platforms; a later one takes the place of an earlier one. */
export function mergeParts(
  platforms: readonly Platform[],
  ...lists: readonly (readonly Part[])[]
): Part[] {
  const latest = new Map(lists.flat().map((one) => [one.platform, one]));
  return platforms.flatMap(({ name }) => latest.get(name) ?? []);
}

/** Describes a file by what is in it. */
export async function describeFile(path: string): Promise<File> {
  const hasher = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  for await (const chunk of Bun.file(path).stream()) {
    hasher.update(chunk);
    bytes += chunk.length;
  }
  return { name: basename(path), bytes, sha256: hasher.digest("hex") };
}

/** `SHA256SUMS`, as `sha256sum --check` reads it. */
export async function checksums(folder: string, names: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    names.toSorted().map(async (name) => {
      const { sha256 } = await describeFile(`${folder}/${name}`);
      return `${sha256}  ${name}\n`;
    }),
  );
  return lines.join("");
}

/**
 * The page of a release, in Markdown.
 *
 * @param changes what CHANGELOG.md says of this version
 * @param releases where releases are published, if that is known
 */
export function releasePage(
  { name, version, runtime, platforms }: Manifest,
  changes: string,
  releases?: string,
): string {
  const rows = platforms.flatMap(({ platform, archives, unpacked_bytes }) =>
    archives.map(
      (each) =>
        `| ${platform} | \`${each.name}\` | ${megabytes(each.bytes)} | ${megabytes(unpacked_bytes)} |`,
    ),
  );
  const base = releases === undefined ? "" : `${releases}/download/v${version}`;
  const install =
    releases === undefined
      ? []
      : [
          "## Install",
          "",
          "Linux and macOS:",
          "",
          "```sh",
          `curl -fsSL ${base}/install.sh | sh`,
          "```",
          "",
          "Windows, in PowerShell:",
          "",
          "```powershell",
          `irm ${base}/install.ps1 | iex`,
          "```",
          "",
        ];
  return [
    `# ${name} ${version}`,
    "",
    changes,
    "",
    ...install,
    "## Archives",
    "",
    `Each holds the six programs for one platform, with Bun ${runtime.version} inside, and their licences.`,
    "",
    "| platform | archive | download | unpacked |",
    "|---|---|---|---|",
    ...rows,
    "",
    "`SHA256SUMS` has the checksum of every file (`sha256sum --check --ignore-missing SHA256SUMS`),",
    "`manifest.json` also that of every program, and the `.cdx.json` lists what they are made of.",
    "",
  ].join("\n");
}

/** A size in words, e.g. `40.3 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}
