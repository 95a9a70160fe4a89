// Small disks in memory for tests, where root may mount them.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { faultCode } from "../../lib/os/fault";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";

/** Whether this user may mount. */
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

/** A small disk, mounted on a folder of a sandbox until it is disposed of. */
export class Disk implements Disposable {
  readonly #folder: string;

  /** @param options of a tmpfs: `size=1m`, `nr_inodes=100` */
  constructor(folder: string, options: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    run("mount", "-t", "tmpfs", "-o", `mode=700,${options}`, "tmpfs", folder);
  }

  /** Takes all free space. */
  fill(): void {
    this.#untilFull((i) => writeFileSync(`${this.#folder}/filler-${i}`, new Uint8Array(65_536)));
  }

  /** Takes all free inodes. */
  fillInodes(): void {
    this.#untilFull((i) => writeFileSync(`${this.#folder}/filler-${i}`, ""));
  }

  /** Frees all of that. */
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
    throw new Error("the disk never fills up");
  }
}
