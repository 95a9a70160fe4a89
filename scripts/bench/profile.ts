// Where the time of a hook goes, next to an empty program: time in the kernel and outside, page faults by what was touched,
// and system calls. Writes dist/test-results/profile.md, and prints it.
//
// usage: bun scripts/bench/profile.ts [program]     Linux only; needs perf, strace and readelf (Debian: linux-perf,
//                                                   strace, binutils)
import { capturedPayload } from "../harness/payloads";
import { commandExists } from "../harness/system-commands";
import { Sandbox } from "../harness/sandbox";
import { dist } from "../build";
import { FreshCopies } from "./fresh-copies";

const RUNS = 60;
const EVENTS: Readonly<Record<string, string>> = {
  "session-start": "SessionStart",
  "session-event": "UserPromptSubmit",
  "pre-tool-use": "PreToolUse",
  "post-tool-use": "PostToolUse",
  "session-end": "SessionEnd",
};

const missing = ["perf", "strace", "readelf"].filter((tool) => !commandExists(tool));
if (missing.length > 0) throw new Error(`not installed: ${missing.join(", ")}`);
const program = process.argv[2] ?? "pre-tool-use";
const event = EVENTS[program];
if (event === undefined) throw new Error(`not a hook program: ${program}`);

using copies = await FreshCopies.make();
using sandbox = new Sandbox();
const payload = `${sandbox.root}/payload.json`;
await Bun.write(payload, (await capturedPayload(event)).text);
const programs = { empty: copies.empty, [program]: copies.program(program) };
// The first start creates the folders.
run(copies.program(program));

const lines = [
  ...table("means: milliseconds, and page faults", Object.values(programs).map(statOf)),
  ...table("page faults by what was touched", Object.values(programs).map(faultsOf)),
  ...table("system calls", Object.values(programs).map(callsOf)),
];
const text = lines.join("\n");
await Bun.write(`${dist}/test-results/profile.md`, text);
console.log(text);

/** Runs a program with the payload, under a tool; returns what the tool wrote. */
function run(path: string, ...tool: readonly string[]): string {
  const { stdout, stderr } = start(path, ...tool);
  return `${stdout}${stderr}`;
}

function start(path: string, ...tool: readonly string[]) {
  return Bun.spawnSync(["sh", "-c", 'exec "$@" < "$0"', payload, ...tool, path], {
    env: sandbox.env({ PATH: "/usr/bin:/bin", LC_ALL: "C", USER: "you" }),
    cwd: sandbox.project,
  });
}

/** Of the whole process. */
function statOf(path: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (let i = 0; i < RUNS; i++) {
    const { resourceUsage } = start(path);
    add(sums, "outside the kernel", Number(resourceUsage.cpuTime.user) / 1000 / RUNS);
    add(sums, "in the kernel", Number(resourceUsage.cpuTime.system) / 1000 / RUNS);
    const counted = /^(\d+),,page-faults/m.exec(
      run(path, "perf", "stat", "-x", ",", "-e", "page-faults"),
    );
    add(sums, "page faults", Number(counted?.[1]) / RUNS);
  }
  return sums;
}

function faultsOf(path: string): Record<string, number> {
  const data = `${sandbox.root}/perf.data`;
  run(path, "perf", "record", "-q", "-e", "page-faults", "-c", "1", "-d", "-o", data);
  const code = sectionOf(path, ".text");
  const counts: Record<string, number> = {};
  for (const [, address = "", file = ""] of output([
    "perf",
    "script",
    "-i",
    data,
    "-F",
    "addr,ip,dso",
  ]).matchAll(/^\s*([0-9a-f]+) \((.*?)\)/gm)) {
    const at = Number(`0x${address}`);
    const within = ([begin, end]: readonly [number, number]) => at >= begin && at < end;
    if (file !== path) add(counts, /^\/[^/]/.test(file) ? "libraries" : "memory", 1);
    else add(counts, within(code) ? "the runtime's code" : "the runtime's data", 1);
  }
  return counts;
}

/** Where a section of a program is in memory. */
function sectionOf(path: string, name: string): readonly [begin: number, end: number] {
  const line = output(["readelf", "-SW", path])
    .split("\n")
    .find((one) => one.includes(` ${name} `));
  const [, address = "", , size = ""] =
    / ([0-9a-f]{16}) ([0-9a-f]+) ([0-9a-f]+)/.exec(line ?? "") ?? [];
  const begin = Number(`0x${address}`);
  return [begin, begin + Number(`0x${size}`)];
}

function callsOf(path: string): Record<string, number> {
  const trace = `${sandbox.root}/trace`;
  run(path, "strace", "-f", "-qq", "-o", trace);
  const counts: Record<string, number> = {};
  for (const [, name = ""] of output(["cat", trace]).matchAll(/^\d+ +(\w+)\(/gm))
    add(counts, name, 1);
  return counts;
}

function output(command: string[]): string {
  return Bun.spawnSync(command, { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } }).stdout.toString();
}

function add(counts: Record<string, number>, name: string, value: number): void {
  counts[name] = (counts[name] ?? 0) + value;
}

/** Rows in which the hook has more than the empty program, those with the largest difference first. */
function table(
  title: string,
  [empty = {}, hook = {}]: readonly Record<string, number>[],
): string[] {
  const rows = Object.entries(hook)
    .map(([name, value]) => ({ name, value, before: empty[name] ?? 0 }))
    .filter(({ value, before }) => value !== before)
    .toSorted((a, b) => Math.abs(b.value - b.before) - Math.abs(a.value - a.before));
  const format = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2));
  return [
    `| ${title} | empty program | ${program} | difference |`,
    "|---|---|---|---|",
    ...rows.map(
      ({ name, value, before }) =>
        `| ${name} | ${format(before)} | ${format(value)} | ${format(value - before)} |`,
    ),
    "",
  ];
}
