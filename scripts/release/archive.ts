// Packs files into an archive: the same files give the same bytes, on any machine and on any day.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack as tarPack } from "tar-stream";
import { ZipFile } from "yazl";

/** A file of an archive. */
export interface Member {
  /** Its path on this disk. */
  readonly path: string;
  /** Its name in the archive. */
  readonly name: string;
  readonly isProgram: boolean;
}

/** How to pack. */
export interface Packing {
  /** The date of every member, `YYYY-MM-DD`. */
  readonly date: string;
  /** For rehearsals: takes a fifth of the time, and the archive is a sixth larger. */
  readonly isQuick?: boolean;
  /** Called now and then with the share of the bytes that is packed, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * The options of xz. All programs of a platform begin with the same 109 MB: unless the window is longer than
 * a program, they are stored six times. Of xz's match finders only hash chains are fast on such long
 * repetitions. docs/performance.md has the measurements, also of zstd.
 */
const XZ_BEST = "preset=6,dict=128MiB,mf=hc4,depth=24,nice=273";
const XZ_QUICK = "preset=0,dict=128MiB";
const WINDOW_BYTES = 128 * 2 ** 20;

/**
 * Writes a `.tar.xz` with the program `xz`.
 *
 * @throws {Error} if a member is longer than the window, or xz fails
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
    writeAndRename(outfile, async (part) => {
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

/** Writes a `.zip`, which every Windows can unpack; it is large because each member is compressed separately. */
export async function packZip(
  members: readonly Member[],
  outfile: string,
  { date, isQuick = false, onProgress }: Packing,
): Promise<void> {
  // The format has local time without a zone: noon here is noon everywhere.
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
  await writeAndRename(outfile, (part) =>
    // This counts compressed bytes; programs shrink to about two fifths.
    pipeline(
      Readable.from(zip.outputStream),
      meter(members, onProgress && ((share) => onProgress(Math.min(share * 2.5, 1)))),
      createWriteStream(part),
    ),
  );
}

type TarPack = ReturnType<typeof tarPack>;

/** Streams files into a tar. */
export async function fillTar(
  tar: TarPack,
  members: readonly Member[],
  date: string,
): Promise<void> {
  for (const { path, name, isProgram } of members) {
    const { size } = statSync(path);
    const mode = permissions(isProgram);
    const entry = tar.entry({ name, size, mode, mtime: new Date(`${date}T00:00:00Z`) });
    await pipeline(createReadStream(path), entry);
  }
  tar.finalize();
}

/** Writes under another name first, so that an interrupted run never leaves half an archive. */
export async function writeAndRename(
  outfile: string,
  write: (part: string) => Promise<void>,
): Promise<void> {
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
