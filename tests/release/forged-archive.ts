// Archives that no release makes.
import { spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";

/** A member: a file of a text or of another file's bytes, or a link. */
export interface Entry {
  readonly name: string;
  readonly text?: string;
  readonly path?: string;
  readonly linkname?: string;
  /** Of a link. */
  readonly type?: "symlink" | "link";
}

/** Writes a `.tar.xz` of whatever members. */
export async function writeTar(entries: readonly Entry[], outfile: string): Promise<void> {
  const tar = pack();
  for (const { name, text = "", path, linkname, type = "symlink" } of entries)
    if (linkname !== undefined) tar.entry({ name, type, linkname });
    else tar.entry({ name, mode: 0o755 }, path === undefined ? text : readFileSync(path));
  tar.finalize();
  const xz = spawn("xz", ["-0", "--stdout"], { stdio: ["pipe", "pipe", "inherit"] });
  await Promise.all([pipeline(tar, xz.stdin), pipeline(xz.stdout, createWriteStream(outfile))]);
}
