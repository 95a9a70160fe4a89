// Packs files into one archive, the same bytes from the same files wherever and whenever it is done.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack as tarPack } from "tar-stream";
import { ZipFile } from "yazl";

/** A file that goes into an archive. */
export interface Member {
  /** Where it is on this disk. */
  readonly path: string;
  /** Its name in the archive. */
  readonly name: string;
  readonly isProgram: boolean;
}

/** How, and not what, is packed. */
export interface Packing {
  /** The day that members are dated, `YYYY-MM-DD`. */
  readonly date: string;
  /** For rehearsals: a fifth of the time, an archive a sixth larger. */
  readonly isQuick?: boolean;
  /** Is told, now and then, what share of the bytes is packed. */
  readonly onProgress?: (share: number) => void;
}

/**
 * How xz compresses. The programs of one platform begin with the same 109 MB, so the window must be longer
 * than a program, or that is stored six times. Among xz's ways to look for matches, only hash chains pass
 * quickly over so long a repetition. CONTRIBUTING.md has what was measured, beside zstd.
 */
const XZ_BEST = "preset=6,dict=128MiB,mf=hc4,depth=24,nice=273";
const XZ_QUICK = "preset=0,dict=128MiB";
const WINDOW_BYTES = 128 * 2 ** 20;

/**
 * Writes a `.tar.xz`. Wants the program `xz`.
 *
 * @throws {Error} where a member is longer than the window, or xz fails
 */
export async function packTarXz(
  members: readonly Member[],
  outfile: string,
  { date, isQuick = false, onProgress }: Packing,
): Promise<void> {
  const tooLong = members.find(({ path }) => statSync(path).size > WINDOW_BYTES);
  if (tooLong !== undefined) throw new Error(`${tooLong.name} is longer than the window of xz`);
  const tar = tarPack();
  const filling = fillTar(tar, members, date);
  await Promise.all([
    filling,
    writeWhole(outfile, async (part) => {
      const xz = spawn("xz", ["--stdout", `--lzma2=${isQuick ? XZ_QUICK : XZ_BEST}`], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      const ended = once(xz, "close");
      await Promise.all([
        pipeline(tar, meter(members, onProgress), xz.stdin),
        pipeline(xz.stdout, createWriteStream(part)),
      ]);
      const [code] = await ended;
      if (code !== 0) throw new Error(`xz ended with ${code}`);
    }),
  ]);
}

/** Writes a `.zip` that every Windows can unpack: each member by itself, which is why it is large. */
export async function packZip(
  members: readonly Member[],
  outfile: string,
  { date, isQuick = false, onProgress }: Packing,
): Promise<void> {
  // The format knows no time zones: noon here is noon everywhere.
  const mtime = new Date(`${date}T12:00:00`);
  const zip = new ZipFile();
  for (const { path, name, isProgram } of members)
    zip.addFile(path, name, {
      mtime,
      forceDosTimestamp: true,
      mode: 0o100_000 | permissions(isProgram),
      compressionLevel: isQuick ? 1 : 9,
    });
  zip.end();
  await writeWhole(outfile, (part) =>
    // What is counted here is compressed already; programs shrink to about two fifths.
    pipeline(
      Readable.from(zip.outputStream),
      meter(members, onProgress && ((share) => onProgress(Math.min(share * 2.5, 1)))),
      createWriteStream(part),
    ),
  );
}

type TarPack = ReturnType<typeof tarPack>;

async function fillTar(tar: TarPack, members: readonly Member[], date: string): Promise<void> {
  for (const { path, name, isProgram } of members) {
    const { size } = statSync(path);
    const mode = permissions(isProgram);
    const entry = tar.entry({ name, size, mode, mtime: new Date(`${date}T00:00:00Z`) });
    await pipeline(createReadStream(path), entry);
  }
  tar.finalize();
}

/** Writes a file under another name first, so that one that is cut off never looks like a whole one. */
async function writeWhole(outfile: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${outfile}.part`;
  try {
    await write(part);
    renameSync(part, outfile);
  } finally {
    rmSync(part, { force: true });
  }
}

function meter(members: readonly Member[], onProgress?: (share: number) => void): PassThrough {
  const total = members.reduce((sum, { path }) => sum + statSync(path).size, 0);
  const stream = new PassThrough();
  let passed = 0;
  if (onProgress !== undefined)
    stream.on("data", (chunk: Uint8Array) => onProgress((passed += chunk.length) / total));
  return stream;
}

function permissions(isProgram: boolean): number {
  return isProgram ? 0o755 : 0o644;
}
