// Programs for other processors, run here by an emulator: QEMU's, with the C and C++ libraries of Debian's
// packages for cross-compiling.
import { existsSync } from "node:fs";
import { build, dist } from "../build";
import { ownPlatform, PLATFORMS } from "../release/platforms";

/** How programs for a platform are started here. */
export interface Foreign {
  /** Where they are. */
  readonly folder: string;
  /** What starts them. */
  readonly by: readonly string[];
}

// Debian: qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross, and their like.
const EMULATORS: Readonly<Record<string, { qemu: string; libraries: string }>> = {
  "linux-arm64": { qemu: "qemu-aarch64-static", libraries: "/usr/aarch64-linux-gnu" },
  "linux-x64": { qemu: "qemu-x86_64-static", libraries: "/usr/x86_64-linux-gnu" },
};

/** The platforms whose programs can be started here by an emulator. */
export function emulated(): string[] {
  return Object.keys(EMULATORS).filter((name) => emulatorOf(name) !== undefined);
}

/**
 * Builds the programs for a platform.
 *
 * @throws {Error} where they could not be started here
 */
export async function buildForeign(name: string): Promise<Foreign> {
  const platform = PLATFORMS.find((one) => one.name === name);
  if (platform === undefined) throw new Error(`there is no platform "${name}"`);
  const by = emulatorOf(name);
  if (by === undefined) throw new Error(`there is no emulator for ${name} here`);
  const folder = `${dist}/${name}`;
  await build(folder, { runtime: platform.runtime });
  return { folder, by };
}

function emulatorOf(name: string): string[] | undefined {
  const emulator = EMULATORS[name];
  if (emulator === undefined || name === ownPlatform()?.name) return undefined;
  const qemu = Bun.which(emulator.qemu, { PATH: "/usr/bin:/bin:/usr/local/bin" });
  if (qemu === null || !existsSync(`${emulator.libraries}/lib`)) return undefined;
  return [qemu, "-L", emulator.libraries];
}
