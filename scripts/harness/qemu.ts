// Programs for other processors, started by QEMU with the C and C++ libraries of Debian's cross-compilers.
import { existsSync } from "node:fs";
import { build, dist } from "../build";
import { ownPlatform, PLATFORMS } from "../release/platforms";

/** How to start the programs of another platform. */
export interface Foreign {
  /** The folder of the programs. */
  readonly folder: string;
  /** The command that starts one. */
  readonly by: readonly string[];
}

// From the Debian packages qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross, or their -amd64- twins.
const EMULATORS: Readonly<Record<string, { qemu: string; libraries: string }>> = {
  "linux-arm64": { qemu: "qemu-aarch64-static", libraries: "/usr/aarch64-linux-gnu" },
  "linux-x64": { qemu: "qemu-x86_64-static", libraries: "/usr/x86_64-linux-gnu" },
};

/** The platforms whose programs this machine can start in an emulator. */
export function emulated(): string[] {
  return Object.keys(EMULATORS).filter((name) => emulatorOf(name) !== undefined);
}

/**
 * Builds the programs for a platform.
 *
 * @throws {Error} if this machine has no emulator for them
 */
export async function buildForeign(name: string): Promise<Foreign> {
  const platform = PLATFORMS.find((one) => one.name === name);
  if (platform === undefined) throw new Error(`unknown platform "${name}"`);
  const by = emulatorOf(name);
  if (by === undefined) throw new Error(`this machine has no emulator for ${name}`);
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
