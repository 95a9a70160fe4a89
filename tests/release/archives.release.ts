// What is in a release, compared with the built programs, with its manifest, and with a second release.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { dist } from "../../scripts/build";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";
import { packTarXz } from "../../scripts/release/archive";
import { changesOf } from "../../scripts/release/changelog";
import { describeFile, manifestFile } from "../../scripts/release/manifest";
import { PLUGIN_PROGRAMS, pluginTexts } from "../../scripts/release/plugin";
import { PLATFORMS } from "../../scripts/release/platforms";
import { joinArchives, makeArchives, USUAL } from "../../scripts/release/release";
import { archiveOf, part, version } from "./rehearsal";

setDefaultTimeout(600_000);

const archive = `${USUAL.folder}/${archiveOf(version)}`;
const root = archiveOf(version).replace(".tar.xz", "");
const platform = PLATFORMS.find(({ name }) => name === part.platform);
/** How much larger an archive of six programs may be than an archive of one. 1.008 was measured. */
const MAX_RATIO = 1.25;

test("an archive has the six programs, byte for byte, and the licenses, all in one folder", async () => {
  using sandbox = new Sandbox();
  run("tar", "-xJf", archive, "-C", sandbox.root);
  const programs = part.programs.map(({ name }) => name);
  const shells = ["1", "bash", "fish", "ps1", "zsh"].map((end) => `claude-session.${end}`);
  const texts = ["CHANGELOG.md", "LICENSE", "THIRD-PARTY-LICENSES.md", ...shells];
  expect(readdirSync(`${sandbox.root}/${root}`).toSorted()).toEqual(
    [...texts, ...programs].toSorted(),
  );
  for (const described of part.programs) {
    const path = `${sandbox.root}/${root}/${described.name}`;
    expect(await describeFile(path)).toEqual(described);
    expect(await describeFile(`${dist}/${described.name}`)).toEqual(described);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  }
  const licenses = readFileSync(`${sandbox.root}/${root}/THIRD-PARTY-LICENSES.md`, "utf8");
  for (const name of [...Object.keys(manifest.dependencies), "Bun", "JavaScriptCore"])
    expect(licenses).toContain(name);
});

test("the plugin has the hook and the command line, which can be started, and its texts", async () => {
  using sandbox = new Sandbox();
  const { plugin } = part;
  if (plugin === undefined) throw new Error("the part has no plugin");
  expect(await describeFile(`${USUAL.folder}/${plugin.name}`)).toEqual(plugin);
  expect(plugin.bytes).toBeLessThan(256 * 2 ** 20);
  run("unzip", "-q", `${USUAL.folder}/${plugin.name}`, "-d", sandbox.root);
  for (const name of PLUGIN_PROGRAMS) {
    const path = `${sandbox.root}/bin/${name}`;
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(part.programs).toContainEqual(await describeFile(path));
  }
  if (platform === undefined) throw new Error("this machine is not a platform of the release");
  for (const [name, text] of pluginTexts(platform, version))
    expect(readFileSync(`${sandbox.root}/${name}`, "utf8")).toBe(text);
});

test("an archive of six programs is little larger than an archive of one", async () => {
  using sandbox = new Sandbox();
  const member = { path: `${dist}/claude-session`, name: "claude-session", isProgram: true };
  await packTarXz([member], `${sandbox.root}/one.tar.xz`, { date: "2026-01-01" });
  const ratio = statSync(archive).size / statSync(`${sandbox.root}/one.tar.xz`).size;
  console.log(`an archive of six is ${ratio.toFixed(3)} × an archive of one`);
  expect(ratio).toBeLessThan(MAX_RATIO);
});

test("a release made again, in another folder and time zone, has the same bytes", async () => {
  using sandbox = new Sandbox();
  const zone = process.env["TZ"];
  process.env["TZ"] = "Pacific/Kiritimati";
  try {
    await makeArchives(platform === undefined ? [] : [platform], {
      ...USUAL,
      folder: `${sandbox.root}/again`,
    });
  } finally {
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  }
  for (const name of [
    archiveOf(version),
    `${manifest.name}-${version}.cdx.json`,
    "install.sh",
    "install.ps1",
  ])
    expect(await describeFile(`${sandbox.root}/again/${name}`)).toEqual(
      await describeFile(`${USUAL.folder}/${name}`),
    );
});

test("parts from several machines are joined to what one machine would have made", async () => {
  using sandbox = new Sandbox();
  const joined = await joinArchives([USUAL.folder], { ...USUAL, folder: `${sandbox.root}/joined` });
  expect(joined).toEqual(
    manifestFile.parse(await Bun.file(`${USUAL.folder}/manifest.json`).json()),
  );
  const sums = (folder: string) => readFileSync(`${folder}/SHA256SUMS`, "utf8");
  expect(sums(`${sandbox.root}/joined`)).toBe(sums(USUAL.folder));
});

test("a published release has its own address in the installers and on its page", async () => {
  using sandbox = new Sandbox();
  const releases = "https://github.com/example/claude-session-hooks/releases";
  const folder = `${sandbox.root}/published`;
  await joinArchives([USUAL.folder], { ...USUAL, folder, releases });
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  expect(read("install.sh")).toContain(`\nreleases="${releases}"\n`);
  expect(read("install.ps1")).toContain(`\n$Releases = "${releases}"\n`);
  const base = `${releases}/download/v${version}`;
  expect(read("RELEASE.md")).toContain(`\ncurl -fsSL ${base}/install.sh | sh\n`);
  expect(read("RELEASE.md")).toContain(`\nirm ${base}/install.ps1 | iex\n`);
  const elsewhere = { ...USUAL, folder, releases: 'https://x/"; rm' };
  expect(joinArchives([USUAL.folder], elsewhere)).rejects.toThrow("not an https address");
});

test("parts of another version, and parts that were changed, are rejected", async () => {
  using sandbox = new Sandbox();
  const release = { ...USUAL, folder: `${sandbox.root}/joined` };
  expect(joinArchives([USUAL.folder], { ...release, version: "9.9.9" })).rejects.toThrow(
    "not 9.9.9",
  );
  mkdirSync(`${sandbox.root}/part`);
  await Bun.write(
    `${sandbox.root}/part/manifest.json`,
    readFileSync(`${USUAL.folder}/manifest.json`, "utf8").replaceAll(
      /"sha256": "."/g,
      '"sha256": "0"',
    ),
  );
  for (const { name } of (await readManifest()).platforms.flatMap(({ archives }) => archives))
    await Bun.write(`${sandbox.root}/part/${name}`, "changed");
  expect(joinArchives([`${sandbox.root}/part`], release)).rejects.toThrow(
    "does not match its manifest",
  );
});

test("there is a checksum of every published file", async () => {
  const lines = readFileSync(`${USUAL.folder}/SHA256SUMS`, "utf8").trim().split("\n");
  const listed = lines.map((line) => line.split("  ")[1] ?? "");
  const notListed = new Set(["SHA256SUMS", "RELEASE.md"]);
  expect(listed).toEqual(
    readdirSync(USUAL.folder)
      .filter((name) => !notListed.has(name))
      .toSorted(),
  );
  if (commandExists("sha256sum"))
    run("sh", "-c", `cd '${USUAL.folder}' && sha256sum --check --strict SHA256SUMS`);
  for (const { name, bytes } of (await readManifest()).platforms.flatMap(
    ({ archives }) => archives,
  ))
    expect(statSync(`${USUAL.folder}/${name}`).size).toBe(bytes);
});

test("the bill of materials names every bundled package with its license, and the runtime", async () => {
  const bill = (await Bun.file(`${USUAL.folder}/${manifest.name}-${version}.cdx.json`).json()) as {
    bomFormat: string;
    specVersion: string;
    metadata: { component: { name: string; version: string } };
    components: { name: string; version: string; licenses: unknown[] }[];
  };
  expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.5" });
  expect(bill.metadata.component).toMatchObject({ name: manifest.name, version });
  const parts = new Map(bill.components.map(({ name, version: bundled }) => [name, bundled]));
  for (const [name, required] of Object.entries(manifest.dependencies))
    expect(parts.get(name)).toBe(required);
  expect(parts.get("bun")).toBe(manifest.devDependencies.bun);
  for (const { licenses } of bill.components) expect(licenses).not.toBeEmpty();
});

test("the page lists the changes and every archive", async () => {
  const page = readFileSync(`${USUAL.folder}/RELEASE.md`, "utf8");
  expect(page).toContain(changesOf(version));
  for (const { name } of part.archives) expect(page).toContain(`\`${name}\``);
});

test("a zip is valid, and the same in every time zone", async () => {
  using sandbox = new Sandbox();
  const members = [
    { path: `${import.meta.dir}/rehearsal.ts`, name: "folder/program.exe", isProgram: true },
    { path: `${import.meta.dir}/../../LICENSE`, name: "folder/LICENSE", isProgram: false },
  ];
  const hashes = new Set<string>();
  for (const zone of ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]) {
    const script = `import { packZip } from ${JSON.stringify(`${import.meta.dir}/../../scripts/release/archive.ts`)};
      await packZip(${JSON.stringify(members)}, "out.zip", { date: "2026-11-23" });`;
    const child = Bun.spawnSync([process.execPath, "-e", script], {
      env: sandbox.env({ TZ: zone }),
      cwd: sandbox.root,
    });
    expect(child.stderr.toString()).toBe("");
    hashes.add((await describeFile(`${sandbox.root}/out.zip`)).sha256);
  }
  expect(hashes.size).toBe(1);
  if (!commandExists("unzip")) return;
  expect(run("unzip", "-tq", `${sandbox.root}/out.zip`)).toContain("No errors");
  expect(run("unzip", "-Z1", `${sandbox.root}/out.zip`)).toBe(
    "folder/program.exe\nfolder/LICENSE\n",
  );
});

async function readManifest() {
  return manifestFile.parse(await Bun.file(`${USUAL.folder}/manifest.json`).json());
}
