// What the layouts to keep six programs on a disk cost: space, and the time to start a hook from memory and, as
// happens once after each boot, from the disk. Prints the table of docs/performance.md.
//
// usage: bun scripts/bench/disk-layouts.ts [rounds]     Linux only; needs root, btrfs-progs and xfsprogs
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { HOOK_PROGRAMS } from "../../lib/events";
import { buildIfStale, dist, programNames } from "../build";
import { run } from "../harness/system-commands";
import { capturedPayload } from "../harness/payloads";
import { progress } from "../harness/progress";
import { Sandbox } from "../harness/sandbox";
import { median, timeHook } from "./timing";

// Odd, so that a median is a value that was measured.
const ROUNDS = Number(process.argv[2] ?? 9);
const WARM_STARTS = 20;
/** What file systems share between clones: blocks of this size, or multiples of it. */
const BLOCK_BYTES = 4096;

/** One way to keep the programs, and what it costs. */
interface Layout {
  readonly name: string;
  readonly folder: string;
  readonly megabytes: number;
  /** The starts of `pre-tool-use` from memory. */
  readonly warmMs: number[];
  /** The first hook after the page cache was dropped, and all five, one after the other. */
  readonly coldFirstMs: number[];
  readonly coldAllMs: number[];
}

await buildIfStale();
using sandbox = new Sandbox();
const folder = `${dist}/bench/disk`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const mounted: string[] = [];
try {
  const layouts = [
    await layOut("ext4, six files", `${folder}/files`, placeFiles),
    await layOut("ext4, one program of six names", `${folder}/names`, placeNames),
  ];
  for (const kind of ["xfs", "btrfs"]) {
    layouts.push(await layOut(`${kind}, six files`, mount(kind, "files"), placeFiles));
    layouts.push(await layOut(`${kind}, six clones`, mount(kind, "clones"), placeClones));
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const layout of layouts) {
      progress(`round ${round + 1} of ${ROUNDS}: ${layout.name}`);
      await runRound(layout);
    }
  progress("");
  console.log("| | disk | start | first start after a boot | all five |\n|---|---|---|---|---|");
  for (const { name, megabytes, warmMs, coldFirstMs, coldAllMs } of layouts) {
    const [warm, first, all] = [warmMs, coldFirstMs, coldAllMs].map((times) => median(times));
    console.log(
      `| ${name} | ${megabytes} MB | ${warm?.toFixed(1)} ms | ${first?.toFixed(0)} ms | ${all?.toFixed(0)} ms |`,
    );
  }
} finally {
  for (const point of mounted) run("umount", point);
  rmSync(folder, { recursive: true, force: true });
}

async function layOut(
  name: string,
  target: string,
  place: (target: string) => Promise<void>,
): Promise<Layout> {
  mkdirSync(target, { recursive: true });
  const before = usedBytes(target);
  await place(target);
  run("sync");
  const megabytes = Math.round((usedBytes(target) - before) / 1e6);
  return { name, folder: target, megabytes, warmMs: [], coldFirstMs: [], coldAllMs: [] };
}

async function runRound(layout: Layout): Promise<void> {
  const { text } = await capturedPayload("PreToolUse");
  const start = (program: string) => timeHook(`${layout.folder}/${program}`, text, sandbox);
  run("sync");
  // Clean pages, dentries and inodes: proc_sys_vm(5).
  writeFileSync("/proc/sys/vm/drop_caches", "3");
  const cold: number[] = [];
  for (const program of HOOK_PROGRAMS) cold.push(await start(program));
  layout.coldFirstMs.push(cold[0] ?? NaN);
  layout.coldAllMs.push(cold.reduce((sum, ms) => sum + ms, 0));
  for (let i = 0; i < WARM_STARTS; i++) layout.warmMs.push(await start("pre-tool-use"));
}

async function placeFiles(target: string): Promise<void> {
  for (const name of await programNames()) copyFileSync(`${dist}/${name}`, `${target}/${name}`);
}

/** Each program is a clone of the first, with the blocks that differ overwritten. */
async function placeClones(target: string): Promise<void> {
  const first = `${target}/claude-session`;
  copyFileSync(`${dist}/claude-session`, first);
  const shared = readFileSync(first);
  for (const name of HOOK_PROGRAMS) {
    const clone = `${target}/${name}`;
    copyFileSync(first, clone, constants.COPYFILE_FICLONE_FORCE);
    const wanted = readFileSync(`${dist}/${name}`);
    await using file = await open(clone, "r+");
    await file.truncate(wanted.length);
    for (let start = 0; start < wanted.length; start += BLOCK_BYTES) {
      const block = wanted.subarray(start, start + BLOCK_BYTES);
      if (!block.equals(shared.subarray(start, start + BLOCK_BYTES)))
        await file.write(block, 0, block.length, start);
    }
  }
}

/** Hard links, as `claude-session install --link` makes them. */
async function placeNames(target: string): Promise<void> {
  const first = `${target}/claude-session`;
  copyFileSync(`${dist}/claude-session`, first);
  for (const name of HOOK_PROGRAMS) linkSync(first, `${target}/${name}`);
}

/** Makes a file system in a file, and mounts it; returns the mount point. */
function mount(kind: string, name: string): string {
  const image = `${folder}/${kind}-${name}.img`;
  const point = `${folder}/${kind}-${name}`;
  mkdirSync(point);
  run("truncate", "-s", "2G", image);
  run(`mkfs.${kind}`, "-q", image);
  run("mount", "-o", "loop", image, point);
  mounted.push(point);
  return point;
}

function usedBytes(target: string): number {
  const { blocks, bfree, bsize } = statfsSync(target);
  return (blocks - bfree) * bsize;
}
