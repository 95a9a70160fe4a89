// Fresh copies of the programs that a bench starts, and of the empty program they are compared with.
//
// How a file came into the page cache decides what it costs to start it: the same hook takes 4.9 ms after
// `cp` or writes of 1 MiB, 6.9 ms after `tar` (writes of 10 kB), and 6.3 ms after a boot (Linux 6.18, ext4
// with large folios). So both sides of a comparison are copied in the same way, just before they run.
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { buildIfStale, compile, dist, programNames } from "../build";
import { run } from "../harness/system-commands";

const WRITE_BYTES = 2 ** 20;

/** The copies, in one folder that is removed on dispose. */
export class FreshCopies implements Disposable {
  readonly folder = `${dist}/bench/programs`;
  /** A program of no statements, compiled with the same options as ours. */
  readonly empty = `${this.folder}/empty`;

  /** Builds what is not built, and copies it. */
  static async make(): Promise<FreshCopies> {
    await buildIfStale();
    const copies = new FreshCopies();
    rmSync(copies.folder, { recursive: true, force: true });
    mkdirSync(copies.folder, { recursive: true });
    copyInLargeWrites(await compileEmptyProgram(), copies.empty);
    for (const name of await programNames())
      copyInLargeWrites(`${dist}/${name}`, copies.program(name));
    // So that the disk is not still writing them while the bench runs.
    run("sync");
    return copies;
  }

  /** The path of a program's copy. */
  program(name: string): string {
    return `${this.folder}/${name}`;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function compileEmptyProgram(): Promise<string> {
  const source = `${dist}/bench/empty.ts`;
  const program = `${dist}/bench/empty`;
  await Bun.write(source, "export {};\n");
  await compile(source, program);
  return program;
}

function copyInLargeWrites(from: string, to: string): void {
  const source = openSync(from, "r");
  const target = openSync(to, "wx", 0o755);
  const buffer = new Uint8Array(WRITE_BYTES);
  for (let length = readSync(source, buffer); length > 0; length = readSync(source, buffer))
    for (let written = 0; written < length;)
      written += writeSync(target, buffer, written, length - written);
  closeSync(source);
  closeSync(target);
}
