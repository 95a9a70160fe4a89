// What the ways of keeping six programs on a disk cost: space, and the time to start a hook, from memory
// and from the disk, which is so once after each boot. The table is the one of CONTRIBUTING.md.
//
// usage: bun scripts/bench/disk.ts [rounds]     wants root on Linux, btrfs-progs and xfsprogs
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
import { build, dist, isBuilt, programNames } from "../build";
import { run } from "../harness/commands";
import { capturedPayload } from "../harness/payloads";
import { Sandbox } from "../harness/sandbox";
import { progress } from "./report";
import { median, timeHook } from "./timing";

const ROUNDS = Number(process.argv[2] ?? 9);
const WARM_STARTS = 20;
const BLOCK_BYTES = 4096;

/** One way to keep them. */
interface Way {
  readonly name: string;
  readonly folder: string;
  readonly megabytes: number;
  /** Of `pre-tool-use`, from memory. */
  readonly warmMs: number[];
  /** Of the first hook after a boot, and of the five, one after the other. */
  readonly coldFirstMs: number[];
  readonly coldAllMs: number[];
}

if (!(await isBuilt())) await build();
using sandbox = new Sandbox();
const folder = `${dist}/bench/disk`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const mounted: string[] = [];
try {
  const ways = [
    await keep("ext4, six files", `${folder}/files`, placeFiles),
    await keep("ext4, one program of six names", `${folder}/names`, placeNames),
  ];
  for (const kind of ["xfs", "btrfs"]) {
    ways.push(await keep(`${kind}, six files`, mount(kind, "files"), placeFiles));
    ways.push(await keep(`${kind}, six clones`, mount(kind, "clones"), placeClones));
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const way of ways) {
      progress(`round ${round + 1} of ${ROUNDS}: ${way.name}`);
      await measure(way);
    }
  progress("");
  console.log("| | disk | start | first start after a boot | all five |\n|---|---|---|---|---|");
  for (const { name, megabytes, warmMs, coldFirstMs, coldAllMs } of ways) {
    const [warm, first, all] = [warmMs, coldFirstMs, coldAllMs].map((times) => median(times));
    console.log(
      `| ${name} | ${megabytes} MB | ${warm?.toFixed(1)} ms | ${first?.toFixed(0)} ms | ${all?.toFixed(0)} ms |`,
    );
  }
} finally {
  for (const point of mounted) run("umount", point);
  rmSync(folder, { recursive: true, force: true });
}

async function keep(
  name: string,
  where: string,
  place: (where: string) => Promise<void>,
): Promise<Way> {
  mkdirSync(where, { recursive: true });
  const before = usedBytes(where);
  await place(where);
  run("sync");
  const megabytes = Math.round((usedBytes(where) - before) / 1e6);
  return { name, folder: where, megabytes, warmMs: [], coldFirstMs: [], coldAllMs: [] };
}

async function measure(way: Way): Promise<void> {
  const { text } = await capturedPayload("PreToolUse");
  const start = (program: string) => timeHook(`${way.folder}/${program}`, text, sandbox);
  run("sync");
  writeFileSync("/proc/sys/vm/drop_caches", "3");
  const cold: number[] = [];
  for (const program of HOOK_PROGRAMS) cold.push(await start(program));
  way.coldFirstMs.push(cold[0] ?? NaN);
  way.coldAllMs.push(cold.reduce((sum, ms) => sum + ms, 0));
  for (let i = 0; i < WARM_STARTS; i++) way.warmMs.push(await start("pre-tool-use"));
}

async function placeFiles(where: string): Promise<void> {
  for (const name of await programNames()) copyFileSync(`${dist}/${name}`, `${where}/${name}`);
}

/** Each program a clone of the first, with its own blocks written over those that differ. */
async function placeClones(where: string): Promise<void> {
  const first = `${where}/claude-session`;
  copyFileSync(`${dist}/claude-session`, first);
  const theirs = readFileSync(first);
  for (const name of HOOK_PROGRAMS) {
    const clone = `${where}/${name}`;
    copyFileSync(first, clone, constants.COPYFILE_FICLONE_FORCE);
    const mine = readFileSync(`${dist}/${name}`);
    await using file = await open(clone, "r+");
    await file.truncate(mine.length);
    for (let start = 0; start < mine.length; start += BLOCK_BYTES) {
      const block = mine.subarray(start, start + BLOCK_BYTES);
      if (!block.equals(theirs.subarray(start, start + BLOCK_BYTES)))
        await file.write(block, 0, block.length, start);
    }
  }
}

/** As `claude-session install --link` does. */
async function placeNames(where: string): Promise<void> {
  const first = `${where}/claude-session`;
  copyFileSync(`${dist}/claude-session`, first);
  for (const name of HOOK_PROGRAMS) linkSync(first, `${where}/${name}`);
}

/** A new file system of its own, in a file. */
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

function usedBytes(where: string): number {
  const { blocks, bfree, bsize } = statfsSync(where);
  return (blocks - bfree) * bsize;
}
