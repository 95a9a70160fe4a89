// CHANGELOG.md describes the version that the programs report.
import { expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { changesOf, dateOf, versions } from "../../scripts/release/changelog";

test("this version comes first, with its changes", () => {
  expect(versions[0]).toBe(manifest.version);
  expect(changesOf(manifest.version)).toContain("### Added");
  expect(dateOf(manifest.version)).toMatch(/^20\d\d-\d\d-\d\d$/);
});

test("versions are semantic, and none is listed twice", () => {
  for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  expect(new Set(versions).size).toBe(versions.length);
});
