// Disks of their own for tests, in memory, where we are root and may mount.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { faultCode } from "../../lib/os/fault";
import { commandExists, run } from "../../scripts/harness/commands";
import { Sandbox } from "../../scripts/harness/sandbox";

/** Whether this user may mount, which is asked once. */
export const canMount = process.geteuid?.() === 0 && commandExists("mount") && tryToMount();

function tryToMount(): boolean {
  using sandbox = new Sandbox();
  try {
    run("mount", "-t", "tmpfs", "tmpfs", sandbox.pointers);
    run("umount", sandbox.pointers);
    return true;
  } catch {
    return false;
  }
}

/** A small disk under a folder of a sandbox, until it is disposed of. */
export class Disk implements Disposable {
  readonly #folder: string;

  /** @param options of a tmpfs: `size=1m`, `nr_inodes=100` */
  constructor(folder: string, options: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    run("mount", "-t", "tmpfs", "-o", `mode=700,${options}`, "tmpfs", folder);
  }

  /** Takes all the space that is left. */
  fill(): void {
    this.#untilFull((i) => writeFileSync(`${this.#folder}/filler-${i}`, new Uint8Array(65_536)));
  }

  /** Takes all the names that are left. */
  fillNames(): void {
    this.#untilFull((i) => writeFileSync(`${this.#folder}/filler-${i}`, ""));
  }

  /** Gives all of that back. */
  empty(): void {
    for (const name of new Bun.Glob("filler-*").scanSync(this.#folder))
      rmSync(`${this.#folder}/${name}`);
  }

  remount(how: "ro" | "rw"): void {
    run("mount", "-o", `remount,${how}`, this.#folder);
  }

  [Symbol.dispose](): void {
    run("umount", "--lazy", this.#folder);
  }

  #untilFull(take: (i: number) => void): void {
    for (let i = 0; i < 10_000; i++)
      try {
        take(i);
      } catch (error) {
        if (faultCode(error) === "ENOSPC") return;
        throw error;
      }
    throw new Error("it is never full");
  }
}
