// Archives that a release would never contain, such as one with a link.
import { spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";

/** A member: a file with this text or the bytes of another file, or a link. */
export interface Entry {
  readonly name: string;
  readonly text?: string;
  readonly path?: string;
  readonly linkname?: string;
  /** The type of the link. */
  readonly type?: "symlink" | "link";
}

/** Writes a `.tar.xz` of any members. */
export async function writeTar(entries: readonly Entry[], outfile: string): Promise<void> {
  const tar = pack();
  for (const { name, text = "", path, linkname, type = "symlink" } of entries)
    if (linkname !== undefined) tar.entry({ name, type, linkname });
    else tar.entry({ name, mode: 0o755 }, path === undefined ? text : readFileSync(path));
  tar.finalize();
  const xz = spawn("xz", ["-0", "--stdout"], { stdio: ["pipe", "pipe", "inherit"] });
  await Promise.all([pipeline(tar, xz.stdin), pipeline(xz.stdout, createWriteStream(outfile))]);
}
