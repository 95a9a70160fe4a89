// Forwarders as processes: programs of a sandbox's own, so that theirs can be told from others'.
import { linkSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { programNames } from "../../scripts/build";
import { programPath } from "./programs";
import type { Sandbox } from "./sandbox";

const PATIENCE_MS = 30_000;

/** Writes `config.json`. */
export function configure(sandbox: Sandbox, ...destinations: readonly object[]): void {
  mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
  const path = `${sandbox.state}/config.json`;
  writeFileSync(path, JSON.stringify({ destinations }), { mode: 0o600 });
}

/** Gives a sandbox programs of its own, and answers with their folder. */
export async function ownPrograms({ root }: Sandbox): Promise<string> {
  const folder = `${root}/hooks`;
  mkdirSync(folder);
  for (const name of await programNames()) linkSync(programPath(name), `${folder}/${name}`);
  return folder;
}

/** The processes that run a sandbox's own `claude-session` (Linux). */
export function forwardersOf({ root }: Sandbox): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => linkTarget(`/proc/${pid}/exe`) === `${root}/hooks/claude-session`)
    .map(Number);
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

/** Waits for something to be so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not so: ${isSo}`);
    await Bun.sleep(10);
  }
}
