// What CHANGELOG.md says of a version (https://keepachangelog.com).
import { dirname } from "node:path";

const text = await Bun.file(`${dirname(dirname(import.meta.dir))}/CHANGELOG.md`).text();

interface Section {
  readonly version: string;
  /** The day of its release, `YYYY-MM-DD`. */
  readonly date: string;
  readonly changes: string;
}

// Links to the versions stand at the end.
const sections: readonly Section[] = text
  .replaceAll(/^\[[^\]]+\]: .*\n?/gm, "")
  .split(/^## /m)
  .flatMap((part) => {
    const [, version, date] = /^\[(\d\S*)\] - (\d{4}-\d\d-\d\d)\n/.exec(part) ?? [];
    if (version === undefined || date === undefined) return [];
    return [{ version, date, changes: part.slice(part.indexOf("\n")).trim() }];
  });

/** The versions that it tells of, the latest first. */
export const versions: readonly string[] = sections.map(({ version }) => version);

/** The day of a version's release; of a rehearsed one, of which nothing is told, the latest day. */
export function dateOf(version: string): string {
  const section = sections.find((one) => one.version === version) ?? sections[0];
  if (section === undefined) throw new Error("CHANGELOG.md tells of no version");
  return section.date;
}

/** What changed with a version, in Markdown. */
export function changesOf(version: string): string {
  return sections.find((one) => one.version === version)?.changes ?? "";
}
