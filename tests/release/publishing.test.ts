// The last steps of a release, which the workflow runs where nobody can take them back: the check that reads everything
// again, and npm's packages in the order in which they may become visible.
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { Sandbox } from "../../scripts/harness/sandbox";
import { faultsOf } from "../../scripts/release/check-release";
import { FORMULA, formula } from "../../scripts/release/homebrew";
import { checksums, describeFile, type File, type Manifest } from "../../scripts/release/manifest";
import {
  launcherArchive,
  launcherManifest,
  npmArchive,
  npmPackage,
  packNpm,
  platformManifest,
} from "../../scripts/release/npm-packages";
import { PLATFORMS } from "../../scripts/release/platforms";
import { marketplace, pluginArchive } from "../../scripts/release/plugin";

const root = dirname(dirname(import.meta.dir));
const VERSION = "7.8.9";
const RELEASES = "https://example.com/someone/claude-session-hooks/releases";

/** A release of which only the programs are missing: its archives have a line of text each. */
async function makeRelease(folder: string): Promise<Manifest> {
  mkdirSync(folder, { recursive: true });
  const write = async (name: string): Promise<File> => {
    await Bun.write(`${folder}/${name}`, `${name}\n`);
    return describeFile(`${folder}/${name}`);
  };
  const pack = async (name: string, text: string): Promise<File> => {
    await Bun.write(`${folder}/package.json`, text);
    const members = [{ path: `${folder}/package.json`, name: "package.json", isProgram: false }];
    await packNpm(members, `${folder}/${name}`, { date: "2026-11-23" });
    rmSync(`${folder}/package.json`);
    return describeFile(`${folder}/${name}`);
  };
  const platforms: Manifest["platforms"] = [];
  for (const platform of PLATFORMS) {
    const { name, runtime } = platform;
    const archive = `claude-session-hooks-${VERSION}-${name}.tar.xz`;
    const npm = platformManifest(platform, VERSION, RELEASES);
    platforms.push({
      platform: name,
      runtime,
      archives: [await write(archive)],
      programs: [{ name: "claude-session", bytes: 1, sha256: "ab".repeat(32) }],
      plugin: await write(pluginArchive(platform, VERSION)),
      npm: await pack(npmArchive(platform, VERSION), npm),
      unpacked_bytes: 1,
    });
  }
  const released: Manifest = {
    name: "claude-session-hooks",
    version: VERSION,
    released: "2026-11-23",
    runtime: { name: "bun", version: "1.4.5", revision: "0" },
    platforms,
  };
  await pack(launcherArchive(VERSION), launcherManifest(VERSION, RELEASES));
  await Bun.write(`${folder}/manifest.json`, JSON.stringify(released));
  await Bun.write(`${folder}/marketplace.json`, marketplace(released, RELEASES));
  await Bun.write(`${folder}/${FORMULA}`, formula(released, RELEASES));
  await writeSums(folder);
  return released;
}

async function writeSums(folder: string): Promise<void> {
  const names = Array.from(new Bun.Glob("*").scanSync(folder)).filter(
    (name) => name !== "SHA256SUMS",
  );
  await Bun.write(`${folder}/SHA256SUMS`, await checksums(folder, names));
}

const [first] = PLATFORMS;
if (first === undefined) throw new Error("there are platforms");

function replaceIn(path: string, text: string | RegExp, by: string): void {
  const before = readFileSync(path, "utf8");
  const after = before.replace(text, by);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

describe("a release is published only", () => {
  test("if everything that it names is there", async () => {
    using sandbox = new Sandbox();
    await makeRelease(sandbox.root + "/release");
    expect(await faultsOf(`${sandbox.root}/release`)).toEqual([]);
  });

  const zip = pluginArchive(first, VERSION);
  test.each<[string, (folder: string) => void, string]>([
    [
      "with every archive",
      (folder) => rmSync(`${folder}/${zip}`),
      `names ${zip}, which is missing`,
    ],
    [
      "with whole archives",
      (folder) => appendFileSync(`${folder}/${zip}`, "x"),
      `another checksum of ${zip}`,
    ],
    [
      "with every platform",
      (folder) =>
        replaceIn(`${folder}/manifest.json`, '"platform":"darwin-x64"', '"platform":"other"'),
      "no programs for darwin-x64",
    ],
    [
      "with a marketplace of this version",
      (folder) => replaceIn(`${folder}/marketplace.json`, `/v${VERSION}/`, "/v7.8.8/"),
      `not of version ${VERSION}`,
    ],
    [
      "with a marketplace of these archives",
      (folder) =>
        replaceIn(
          `${folder}/marketplace.json`,
          /"sha256": ".{64}"/,
          `"sha256": "${"0".repeat(64)}"`,
        ),
      "marketplace.json has another checksum",
    ],
    [
      "with a formula of these archives",
      (folder) => replaceIn(`${folder}/${FORMULA}`, /sha256 ".{64}"/, `sha256 "${"0".repeat(64)}"`),
      `${FORMULA} has another checksum`,
    ],
    [
      "with a formula of four",
      (folder) => replaceIn(`${folder}/${FORMULA}`, /url .*\n.*/, ""),
      "has 3 archives",
    ],
    [
      "with the launcher",
      (folder) => rmSync(`${folder}/${launcherArchive(VERSION)}`),
      "is missing",
    ],
  ])("%s", async (_, spoil, fault) => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/release`;
    await makeRelease(folder);
    spoil(folder);
    expect((await faultsOf(folder)).join("\n")).toContain(fault);
  });

  test("with an npm package of each platform, of this version, that names the repository", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/release`;
    await makeRelease(folder);
    for (const [archive, text] of [
      [npmArchive(first, VERSION), platformManifest(first, "7.8.8", RELEASES)],
      [launcherArchive(VERSION), launcherManifest(VERSION)],
    ] as const) {
      await Bun.write(`${sandbox.root}/package.json`, text);
      const member = {
        path: `${sandbox.root}/package.json`,
        name: "package.json",
        isProgram: false,
      };
      await packNpm([member], `${folder}/${archive}`, { date: "2026-11-23" });
    }
    await writeSums(folder);
    const faults = (await faultsOf(folder)).join("\n");
    expect(faults).toContain(`${npmArchive(first, VERSION)} is ${npmPackage(first)} 7.8.8`);
    expect(faults).toContain("does not name its repository");
  });
});

/** An npm that keeps what it publishes as files, and refuses a package of a name. */
function fakeNpm(folder: string, refused = "none"): void {
  mkdirSync(`${folder}/bin`, { recursive: true });
  mkdirSync(`${folder}/registry`, { recursive: true });
  const script = `#!/bin/sh
case $1 in
view) [ -e "${folder}/registry/$2" ] && echo "${VERSION}" ;;
publish)
  case $2 in *${refused}*) echo "refused" >&2; exit 1 ;; esac
  name=$(tar -xzOf "$2" package/package.json | sed -n 's/^  "name": "\\(.*\\)",$/\\1/p')
  echo "$name $3 $4 $5" >> "${folder}/published"
  : > "${folder}/registry/$name@${VERSION}" ;;
esac
`;
  writeFileSync(`${folder}/bin/npm`, script);
  chmodSync(`${folder}/bin/npm`, 0o755);
}

function publish(folder: string, release: string): { code: number; text: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, `${root}/scripts/release/publish-npm.ts`, release],
    { env: { PATH: `${folder}/bin:/usr/bin:/bin`, PUBLISH_PAUSE_MS: "1" } },
  );
  return { code: exitCode, text: `${stdout}${stderr}` };
}

const published = (folder: string) =>
  existsSync(`${folder}/published`)
    ? readFileSync(`${folder}/published`, "utf8").trim().split("\n")
    : [];
const PLATFORM_LINES = PLATFORMS.map((one) => `${npmPackage(one)} --provenance --access public`);
const LAUNCHER_LINE = "claude-session-hooks --provenance --access public";

describe("npm gets", () => {
  test("the packages of the platforms first, and nothing twice", async () => {
    using sandbox = new Sandbox();
    const release = `${sandbox.root}/release`;
    await makeRelease(release);
    fakeNpm(sandbox.root);
    expect(publish(sandbox.root, release)).toMatchObject({ code: 0 });
    expect(published(sandbox.root)).toEqual([...PLATFORM_LINES, LAUNCHER_LINE]);
    expect(publish(sandbox.root, release)).toMatchObject({ code: 0 });
    expect(published(sandbox.root)).toHaveLength(PLATFORMS.length + 1);
  });

  test("no launcher while a platform is missing, and the rest in a second run", async () => {
    using sandbox = new Sandbox();
    const release = `${sandbox.root}/release`;
    await makeRelease(release);
    fakeNpm(sandbox.root, "darwin-x64");
    expect(publish(sandbox.root, release)).toMatchObject({ code: 1 });
    expect(published(sandbox.root)).not.toContain(LAUNCHER_LINE);
    fakeNpm(sandbox.root);
    expect(publish(sandbox.root, release)).toMatchObject({ code: 0 });
    expect(published(sandbox.root).toSorted()).toEqual(
      [...PLATFORM_LINES, LAUNCHER_LINE].toSorted(),
    );
    expect(published(sandbox.root).at(-1)).toBe(LAUNCHER_LINE);
  });

  test("no launcher if the registry does not show a platform's package", async () => {
    using sandbox = new Sandbox();
    const release = `${sandbox.root}/release`;
    await makeRelease(release);
    fakeNpm(sandbox.root);
    // It takes everything, and shows nothing.
    replaceIn(`${sandbox.root}/bin/npm`, /^ {2}: > .*$/m, "  ;;");
    const ended = publish(sandbox.root, release);
    expect(ended.code).toBe(1);
    expect(ended.text).toContain("claude-session-hooks was not published");
    expect(published(sandbox.root)).toEqual(PLATFORM_LINES);
  });

  test("nothing at all from a folder in which a package is missing", async () => {
    using sandbox = new Sandbox();
    const release = `${sandbox.root}/release`;
    await makeRelease(release);
    fakeNpm(sandbox.root);
    rmSync(`${release}/${launcherArchive(VERSION)}`);
    expect(publish(sandbox.root, release)).toMatchObject({ code: 1 });
    expect(published(sandbox.root)).toEqual([]);
  });
});
