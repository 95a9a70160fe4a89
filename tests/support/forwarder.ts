// Forwarders as processes: programs of a sandbox's own, so that theirs can be told from others'.
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

/** Gives a sandbox programs of its own, and answers with their folder. */
export async function ownPrograms({ root }: Sandbox): Promise<string> {
  const folder = `${root}/hooks`;
  await placePrograms(folder);
  return folder;
}

/** The processes that run a sandbox's own `claude-session` (Linux). */
export function forwardersOf({ root }: Sandbox): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => isProgramIn(root, linkTarget(`/proc/${pid}/exe`)))
    .map(Number);
}

function isProgramIn(root: string, path = ""): boolean {
  return path.startsWith(`${root}/`) && path.endsWith("/claude-session");
}

/** Ends them. */
export async function endForwarders(sandbox: Sandbox): Promise<void> {
  for (const pid of forwardersOf(sandbox)) process.kill(pid, "SIGKILL");
  await until(() => forwardersOf(sandbox).length === 0);
}

/** Where a link leads; nowhere, where its process is over. */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
