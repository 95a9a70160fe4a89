// What describes a release: the manifest for machines, the checksums, and the page for people.
import { basename } from "node:path";
import { z } from "zod";
import type { Platform } from "./platforms";

/** A file, with its name in its folder or archive. */
const file = z.object({
  name: z.string().regex(/^[\w.+-]+$/),
  bytes: z.int().positive(),
  sha256: z.hash("sha256"),
});

/** The part of one platform: its archives, and the programs in each of them. */
const part = z.object({
  platform: z.string(),
  /** Bun's name of the platform. */
  runtime: z.string(),
  archives: z.array(file).min(1),
  programs: z.array(file).min(1),
  /** The zip of the plugin. */
  plugin: file.optional(),
  /** The package for npm. */
  npm: file.optional(),
  /** The size of all programs together. */
  unpacked_bytes: z.int().positive(),
});

/** `manifest.json`. */
export const manifestFile = z.object({
  name: z.string(),
  version: z.string(),
  /** The date, UTC. */
  released: z.iso.date(),
  runtime: z.object({ name: z.string(), version: z.string(), revision: z.string() }),
  platforms: z.array(part),
});

export type File = z.infer<typeof file>;
export type Part = z.infer<typeof part>;
export type Manifest = z.infer<typeof manifestFile>;

/** Puts parts in the order of the platforms; a later part replaces an earlier one of the same platform. */
export function mergeParts(
  platforms: readonly Platform[],
  ...lists: readonly (readonly Part[])[]
): Part[] {
  const latest = new Map(lists.flat().map((one) => [one.platform, one]));
  return platforms.flatMap(({ name }) => latest.get(name) ?? []);
}

/** All files of a part among the assets of a release. */
export function assetsOf({ archives, plugin, npm }: Part): readonly File[] {
  return [...archives, plugin, npm].filter((one) => one !== undefined);
}

/** Describes a file: its name, size and hash. */
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
 * @param changes the changelog of this version
 * @param releases the address where releases are published, if known
 */
export function releasePage(
  { name, version, runtime, platforms }: Manifest,
  changes: string,
  releases?: string,
): string {
  const rows = platforms.flatMap(({ platform, archives, unpacked_bytes }) =>
    archives.map(
      (each) =>
        `| ${platform} | \`${each.name}\` | ${formatMegabytes(each.bytes)} | ${formatMegabytes(unpacked_bytes)} |`,
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
          "With Node:",
          "",
          "```sh",
          `npx ${name}@${version} install`,
          "```",
          "",
          "In Claude Code, with your platform of the table below:",
          "",
          "```",
          `/plugin marketplace add ${base}/marketplace.json`,
          `/plugin install session-hooks-PLATFORM@${name}`,
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
    `Each has the six programs for one platform, with Bun ${runtime.version} inside, and their licenses.`,
    "",
    "| platform | archive | download | unpacked |",
    "|---|---|---|---|",
    ...rows,
    "",
    "`SHA256SUMS` has the checksum of every file (`sha256sum --check --ignore-missing SHA256SUMS`),",
    "`manifest.json` also that of every program. The `.cdx.json` is the bill of materials.",
    "",
  ].join("\n");
}

/** Formats a size, e.g. `40.3 MB`. */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}
