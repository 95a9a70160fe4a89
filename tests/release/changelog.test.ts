// CHANGELOG.md tells of the version that the programs say.
import { expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { changesOf, dateOf, versions } from "../../scripts/release/changelog";

test("it tells of this version, first, and what changed", () => {
  expect(versions[0]).toBe(manifest.version);
  expect(changesOf(manifest.version)).toContain("### Added");
  expect(dateOf(manifest.version)).toMatch(/^20\d\d-\d\d-\d\d$/);
});

test("versions are semantic, and each once", () => {
  for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  expect(new Set(versions).size).toBe(versions.length);
});
