// Forwarders as processes: each sandbox has its own programs, so that its forwarders can be found.
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { placePrograms } from "../../scripts/build";
import type { Sandbox } from "../../scripts/harness/sandbox";
import { until } from "./until";

/** Writes `config.json`. */
export function configure(sandbox: Sandbox, ...destinations: readonly object[]): void {
  mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
  const path = `${sandbox.state}/config.json`;
  writeFileSync(path, JSON.stringify({ destinations }), { mode: 0o600 });
}

/** Gives a sandbox its own programs and returns their folder. */
export async function ownPrograms({ root }: Sandbox): Promise<string> {
  const folder = `${root}/hooks`;
  await placePrograms(folder);
  return folder;
}

/** The ids of the processes that run a sandbox's own `claude-session` (Linux). */
export function forwardersOf({ root }: Sandbox): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => isForwarderIn(root, linkTarget(`/proc/${pid}/exe`)))
    .map(Number);
}

function isForwarderIn(root: string, program = ""): boolean {
  return program.startsWith(`${root}/`) && program.endsWith("/claude-session");
}

/** Kills a sandbox's forwarders. */
export async function endForwarders(sandbox: Sandbox): Promise<void> {
  for (const pid of forwardersOf(sandbox)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  await until(() => forwardersOf(sandbox).length === 0);
}

/** The target of a link; `undefined` where its process has ended. */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
