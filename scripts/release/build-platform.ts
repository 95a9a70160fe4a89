// Makes one platform's part of a release: compiles, signs, tests and packs its programs.
import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { build } from "../build";
import { packTarXz, packZip, type Member } from "./archive";
import { dateOf } from "./changelog";
import { licenses } from "./components";
import { describeFile, type File, type Part } from "./manifest";
import { NPM_PROGRAMS, npmArchive, packNpm, platformManifest } from "./npm-packages";
import { PLUGIN_PROGRAMS, pluginArchive, pluginTexts } from "./plugin";
import { ownPlatform, type Platform } from "./platforms";

const root = dirname(dirname(import.meta.dir));

/** How to make a part. */
export interface PartOptions {
  /** The folder for its archives. */
  readonly folder: string;
  /** The version that the programs report. */
  readonly version: string;
  /** The address of the releases, for `claude-session upgrade`. */
  readonly releases?: string | undefined;
  /** For rehearsals: compresses fast, not well. */
  readonly isQuick?: boolean;
  /** Called with what is being done, for a progress line. */
  readonly onStep: (what: string) => void;
}

/** Makes the archives of a platform. */
export async function makePart(platform: Platform, options: PartOptions): Promise<Part> {
  const { folder, version, releases, isQuick = false, onStep } = options;
  const name = `${manifest.name}-${version}-${platform.name}`;
  const staged = `${folder}/${name}`;
  try {
    onStep("compiling");
    const names = await build(staged, { runtime: platform.runtime, version, releases });
    const programs = names.map((program) => `${staged}/${program}${platform.suffix}`);
    if (process.platform === "darwin" && platform.name.startsWith("darwin")) signForMac(programs);
    if (platform === ownPlatform())
      for (const [i, program] of programs.entries()) selfTest(program, `${names[i]} ${version}`);
    await Bun.write(`${staged}/THIRD-PARTY-LICENSES.md`, await licenses());
    const texts = [
      `${root}/LICENSE`,
      `${root}/CHANGELOG.md`,
      `${staged}/THIRD-PARTY-LICENSES.md`,
      ...(await writeShellFiles(staged, version)),
    ];
    const members: Member[] = [
      ...programs.map((path) => ({ path, name: `${name}/${basename(path)}`, isProgram: true })),
      ...texts.map((path) => ({ path, name: `${name}/${basename(path)}`, isProgram: false })),
    ];
    const archives: File[] = [];
    for (const kind of platform.archives) {
      const archive = `${folder}/${name}.${kind}`;
      await (kind === "zip" ? packZip : packTarXz)(members, archive, {
        date: dateOf(version),
        isQuick,
        onProgress: (share) => onStep(`packing ${kind}, ${Math.floor(share * 100)} %`),
      });
      archives.push(await describeFile(archive));
    }
    const plugin = await packPlugin(platform, staged, options);
    const npm = await packPlatformPackage(platform, staged, options);
    const described = await Promise.all(programs.map(describeFile));
    return {
      platform: platform.name,
      runtime: platform.runtime,
      archives,
      programs: described,
      plugin,
      npm,
      unpacked_bytes: described.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** Packs the plugin; programs and texts lie in `staged`. */
async function packPlugin(
  platform: Platform,
  staged: string,
  { folder, version, isQuick = false, onStep }: PartOptions,
): Promise<File> {
  const texts = [...pluginTexts(platform, version)];
  for (const [name, text] of texts) await Bun.write(`${staged}/plugin/${name}`, text);
  const members: Member[] = [
    ...texts.map(([name]) => ({ path: `${staged}/plugin/${name}`, name, isProgram: false })),
    ...["LICENSE", "THIRD-PARTY-LICENSES.md"].map((name) => ({
      path: name === "LICENSE" ? `${root}/${name}` : `${staged}/${name}`,
      name,
      isProgram: false,
    })),
    ...PLUGIN_PROGRAMS.map((program) => `${program}${platform.suffix}`).map((name) => ({
      path: `${staged}/${name}`,
      name: `bin/${name}`,
      isProgram: true,
    })),
  ];
  const zip = `${folder}/${pluginArchive(platform, version)}`;
  await packZip(members, zip, {
    date: dateOf(version),
    isQuick,
    onProgress: (share) => onStep(`packing the plugin, ${Math.floor(share * 100)} %`),
  });
  return describeFile(zip);
}

/** Packs the platform's package for npm. */
async function packPlatformPackage(
  platform: Platform,
  staged: string,
  { folder, version, releases, isQuick = false, onStep }: PartOptions,
): Promise<File> {
  onStep("packing for npm");
  await Bun.write(`${staged}/npm/package.json`, platformManifest(platform, version, releases));
  const programs = NPM_PROGRAMS.map((program) => `${program}${platform.suffix}`);
  const tarball = `${folder}/${npmArchive(platform, version)}`;
  await packNpm(
    [
      { path: `${staged}/npm/package.json`, name: "package.json", isProgram: false },
      { path: `${root}/LICENSE`, name: "LICENSE", isProgram: false },
      {
        path: `${staged}/THIRD-PARTY-LICENSES.md`,
        name: "THIRD-PARTY-LICENSES.md",
        isProgram: false,
      },
      ...programs.map((name) => ({
        path: `${staged}/${name}`,
        name: `bin/${name}`,
        isProgram: true,
      })),
    ],
    tarball,
    { date: dateOf(version), isQuick },
  );
  return describeFile(tarball);
}

const SHELL_FILES: readonly (readonly [file: string, ...words: string[]])[] = [
  ["claude-session.1", "man"],
  ["claude-session.bash", "completions", "bash"],
  ["claude-session.zsh", "completions", "zsh"],
  ["claude-session.fish", "completions", "fish"],
  ["claude-session.ps1", "completions", "powershell"],
];

/** Writes the man page and the completions, from the source: the programs may be for another system. */
async function writeShellFiles(folder: string, version: string): Promise<string[]> {
  const source = [`BUILD_VERSION=${JSON.stringify(version)}`, `${root}/lib/cli/main.ts`];
  return Promise.all(
    SHELL_FILES.map(async ([file, ...words]) => {
      await Bun.write(`${folder}/${file}`, run(process.execPath, "--define", ...source, ...words));
      return `${folder}/${file}`;
    }),
  );
}

// macOS kills a program with an invalid signature, and Bun's own was invalid in 1.3.12 and 1.4.0
// (https://github.com/oven-sh/bun/issues/29306, /39764).
function signForMac(programs: readonly string[]): void {
  for (const program of programs) {
    run("codesign", "--remove-signature", program);
    run("codesign", "--sign", "-", "--force", program);
    run("codesign", "--verify", "--strict", program);
  }
}

function selfTest(program: string, expected: string): void {
  const [reported] = run(program, "--self-test").split(/\r?\n/);
  if (reported !== expected) throw new Error(`${program} reports "${reported}", not "${expected}"`);
}

// With the part of the environment that a program needs to find its folders, and nothing else.
function run(...command: string[]): string {
  const kept = ["PATH", "SystemRoot", "TEMP"].map((name) => [name, process.env[name]]);
  const env = Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env });
  if (exitCode === 0) return stdout.toString();
  throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
}
