// Reads CHANGELOG.md (https://keepachangelog.com).
import { dirname } from "node:path";

const text = await Bun.file(`${dirname(dirname(import.meta.dir))}/CHANGELOG.md`).text();

interface Section {
  readonly version: string;
  /** The date of the release, `YYYY-MM-DD`. */
  readonly date: string;
  readonly changes: string;
}

// The links to the versions are at the end of the file.
const sections: readonly Section[] = text
  .replaceAll(/^\[[^\]]+\]: .*\n?/gm, "")
  .split(/^## /m)
  .flatMap((part) => {
    const [, version, date] = /^\[(\d\S*)\] - (\d{4}-\d\d-\d\d)\n/.exec(part) ?? [];
    if (version === undefined || date === undefined) return [];
    return [{ version, date, changes: part.slice(part.indexOf("\n")).trim() }];
  });

/** All released versions, the latest first. */
export const versions: readonly string[] = sections.map(({ version }) => version);

/** The release date of a version; for one that is not in the changelog (a rehearsal), the latest date. */
export function dateOf(version: string): string {
  const section = sections.find((one) => one.version === version) ?? sections[0];
  if (section === undefined) throw new Error("CHANGELOG.md has no released version");
  return section.date;
}

/** The changes of a version, in Markdown. */
export function changesOf(version: string): string {
  return sections.find((one) => one.version === version)?.changes ?? "";
}
