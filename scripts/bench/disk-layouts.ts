// What the forms in which six programs can lie on a disk cost: space, and the time to start a hook on new files, from the
// disk, as once after each boot, and later: before and after the programs were read from end to end, as the first session
// after a boot has them read. Prints the table of docs/performance.md.
//
// usage: bun scripts/bench/disk-layouts.ts [rounds]     Linux only; needs root, btrfs-progs and xfsprogs
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
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
/** One way to keep the programs, and what it costs. */
interface Layout {
  readonly name: string;
  readonly folder: string;
  readonly megabytes: number;
  /** The starts of `pre-tool-use` on new files. */
  readonly newMs: number[];
  /** Those after a boot, and those after the programs were read. */
  readonly bootedMs: number[];
  readonly readMs: number[];
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
    await layOut("ext4, six files as tar unpacks them", `${folder}/unpacked`, unpack),
    await layOut("ext4, six files", `${folder}/files`, (target) => install(target, "--separate")),
    await layOut("ext4, one file for five hooks", `${folder}/names`, (target) =>
      install(target, "--link"),
    ),
  ];
  for (const kind of ["xfs", "btrfs"])
    for (const [form, option] of [
      ["six files", "--separate"],
      ["six clones", "--link"],
    ] as const) {
      const point = mount(kind, option.slice(2));
      layouts.push(await layOut(`${kind}, ${form}`, point, (target) => install(target, option)));
    }
  for (let round = 0; round < ROUNDS; round++)
    for (const layout of layouts) {
      progress(`round ${round + 1} of ${ROUNDS}: ${layout.name}`);
      await runRound(layout);
    }
  progress("");
  console.log("| | disk | start, new files | after a boot: first | all five | later | read |");
  console.log("|---|---|---|---|---|---|---|");
  for (const { name, megabytes, ...times } of layouts) {
    const ms = (list: readonly number[], digits: number) => `${median(list).toFixed(digits)} ms`;
    const cells = [
      name,
      `${megabytes} MB`,
      ms(times.newMs, 1),
      ms(times.coldFirstMs, 0),
      ms(times.coldAllMs, 0),
      ms(times.bootedMs, 1),
      ms(times.readMs, 1),
    ];
    console.log(`| ${cells.join(" | ")} |`);
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
  const layout: Layout = {
    name,
    folder: target,
    megabytes,
    newMs: [],
    bootedMs: [],
    readMs: [],
    coldFirstMs: [],
    coldAllMs: [],
  };
  // Later its files are no longer new.
  await startOften(layout, layout.newMs);
  return layout;
}

async function startOften({ folder: programs }: Layout, times: number[]): Promise<void> {
  const { text } = await capturedPayload("PreToolUse");
  for (let i = 0; i < WARM_STARTS; i++)
    times.push(await timeHook(`${programs}/pre-tool-use`, text, sandbox));
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
  await startOften(layout, layout.bootedMs);
  readPrograms(layout.folder);
  await startOften(layout, layout.readMs);
}

/** As the installer finds them: `tar` writes ten kilobytes at a time. */
async function unpack(target: string): Promise<void> {
  const names = await programNames();
  run("sh", "-c", `cd '${dist}' && tar -cf - ${names.join(" ")} | tar -C '${target}' -xf -`);
}

/** As `claude-session install` leaves them. */
async function install(target: string, option: string): Promise<void> {
  await unpack(target);
  const { exitCode, stderr } = Bun.spawnSync(
    [`${target}/claude-session`, "install", "--no-register", option],
    { env: sandbox.env() },
  );
  if (exitCode !== 0) throw new Error(`install ${option}: ${stderr}`);
}

/** What the first session after a boot has another program do. */
function readPrograms(programs: string): void {
  for (const name of HOOK_PROGRAMS)
    run(
      "sh",
      "-c",
      `dd if='${programs}/${name}' iflag=nocache count=0 2>/dev/null; cat '${programs}/${name}' >/dev/null`,
    );
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
