// Programs run as other users, where the tests run as root.
import { chmodSync, copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { dist, placePrograms, programNames } from "../../scripts/build";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";

/** User ids that no account has. */
export const USER = 2001;
export const NEIGHBOR = 2002;

/** The start of a command that is to run as a user, without any privilege of root. */
export function as(userId: number): string[] {
  return ["setpriv", `--reuid=${userId}`, `--regid=${userId}`, "--clear-groups", "--no-new-privs"];
}

/** Why nothing can run as another user here; `undefined` if it can. */
export function whyNotAnother(): string | undefined {
  if (process.geteuid?.() !== 0) return "only root can become another user";
  if (!commandExists("setpriv")) return "setpriv is not installed";
  using sandbox = new Sandbox();
  chmodSync(sandbox.root, 0o755);
  const { exitCode } = Bun.spawnSync([...as(USER), "test", "-x", sandbox.root], { env: { PATH } });
  return exitCode === 0 ? undefined : `another user cannot enter ${tmpdir()}`;
}

/** A reason at the end of a test's name: `""` without one. */
export function skipped(whyNot: string | undefined): string {
  return whyNot === undefined ? "" : ` (skipped: ${whyNot})`;
}

const PATH = "/usr/bin:/bin";

// A clone may be in a folder that only its owner may enter, such as root's home in a container, or be
// made under a umask that hides its files. So what another user is to start or read is placed in a
// sandbox. A sandbox's own folder is open to others afterwards.

/** Places the built programs where every user can start them, and returns their folder. */
export async function placeForAll(sandbox: Sandbox): Promise<string> {
  const folder = openFolder(sandbox);
  await placePrograms(folder);
  for (const name of await programNames()) {
    const path = `${folder}/${name}`;
    if ((statSync(path).mode & FOR_ALL) === FOR_ALL) continue;
    // A second name has the mode of the first, which is not ours to change.
    rmSync(path);
    copyFileSync(`${dist}/${name}`, path);
    chmodSync(path, 0o755);
  }
  return folder;
}

/** Copies a file or a folder to where every user can read it, and returns its path there. */
export function copyForAll(sandbox: Sandbox, path: string): string {
  const copy = `${openFolder(sandbox)}/${basename(path)}`;
  run("cp", "-RL", path, copy);
  run("chmod", "-R", "a+rX", copy);
  return copy;
}

const FOR_ALL = 0o005;

function openFolder({ root }: Sandbox): string {
  chmodSync(root, 0o755);
  const folder = `${root}/for-all`;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  return folder;
}
