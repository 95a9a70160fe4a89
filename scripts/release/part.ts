// One platform's part of a release: its programs, compiled, signed, tried and packed.
import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { build } from "../build";
import { packTarXz, packZip, type Member } from "./archive";
import { dateOf } from "./changelog";
import { licences } from "./components";
import { describeFile, type File, type Part } from "./manifest";
import { ownPlatform, type Platform } from "./platforms";

const root = dirname(dirname(import.meta.dir));

/** How a part is made. */
export interface Making {
  /** Where its archives go. */
  readonly folder: string;
  /** The version that the programs say. */
  readonly version: string;
  /** For rehearsals: compress little, and soon. */
  readonly isQuick?: boolean;
  /** Is told what is being done. */
  readonly say: (what: string) => void;
}

/** Makes a platform's archives. */
export async function makePart(platform: Platform, making: Making): Promise<Part> {
  const { folder, version, isQuick = false, say } = making;
  const name = `${manifest.name}-${version}-${platform.name}`;
  const staged = `${folder}/${name}`;
  try {
    say("compiling");
    const names = await build(staged, { runtime: platform.runtime, version });
    const programs = names.map((program) => `${staged}/${program}${platform.suffix}`);
    if (process.platform === "darwin" && platform.name.startsWith("darwin")) signForMac(programs);
    if (platform === ownPlatform())
      for (const [i, program] of programs.entries()) tryProgram(program, `${names[i]} ${version}`);
    await Bun.write(`${staged}/THIRD-PARTY-LICENSES.md`, await licences());
    const texts = [`${root}/LICENSE`, `${root}/CHANGELOG.md`, `${staged}/THIRD-PARTY-LICENSES.md`];
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
        onProgress: (share) => say(`packing ${kind}, ${Math.floor(share * 100)} %`),
      });
      archives.push(await describeFile(archive));
    }
    const described = await Promise.all(programs.map(describeFile));
    return {
      platform: platform.name,
      runtime: platform.runtime,
      archives,
      programs: described,
      unpacked_bytes: described.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

// macOS kills a program whose signature is not right, and Bun's own was not, in 1.3.12 and 1.4.0
// (https://github.com/oven-sh/bun/issues/29306, /39764).
function signForMac(programs: readonly string[]): void {
  for (const program of programs) {
    run("codesign", "--remove-signature", program);
    run("codesign", "--sign", "-", "--force", program);
    run("codesign", "--verify", "--strict", program);
  }
}

function tryProgram(program: string, name: string): void {
  const [said] = run(program, "--self-test").split(/\r?\n/);
  if (said !== name) throw new Error(`${program} says that it is ${said}, not ${name}`);
}

// With no more of the environment than a program needs to find its place.
function run(...command: string[]): string {
  const kept = ["PATH", "SystemRoot", "TEMP"].map((name) => [name, process.env[name]]);
  const env = Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env });
  if (exitCode === 0) return stdout.toString();
  throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
}
