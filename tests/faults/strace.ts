// System calls of a built program, seen and made to fail by strace. Only its main thread is traced,
// which is where all of ours are made, one after the other.
import { readFileSync } from "node:fs";
import { programPath, type Ended } from "../../scripts/harness/programs";
import type { Sandbox } from "../../scripts/harness/sandbox";

/** A program and what it is given. */
export interface Command {
  readonly program: string;
  readonly args?: readonly string[];
  readonly input?: object;
}

/** A system call on a file of the sandbox, or on standard input. */
export interface Call {
  readonly name: string;
  /** Which call of that name it is, counted from the program's first. */
  readonly ordinal: number;
  /** The call and the files that it is about, without what differs from run to run. */
  readonly what: string;
  /** How many bytes it was to write. */
  readonly bytes?: number;
}

/** What is done to a call: `inject=NAME:WHAT` of strace. */
export interface Injection {
  readonly call: Call;
  readonly what: string;
  /** To this call alone, or to all calls of that name from this one on. */
  readonly isLasting?: boolean;
}

/** How a traced program ended. */
export interface Traced extends Ended {
  readonly calls: readonly Call[];
  /** The calls that something was done to. */
  readonly hit: readonly Call[];
}

const HUNG_MS = 15_000;
// Those on files and descriptors, and the wait for input.
const TRACED = "trace=%file,%desc,poll";

/** Runs a program to its end, and answers with what it called. */
export async function runTraced(
  sandbox: Sandbox,
  { program, args = [], input }: Command,
  injection?: Injection,
): Promise<Traced> {
  const trace = `${sandbox.root}/trace`;
  const options = ["-qq", "-y", "-s", "0", "-e", TRACED, "-o", trace];
  if (injection !== undefined) {
    const { call, what, isLasting = false } = injection;
    const when = `${call.ordinal}${isLasting ? "+" : ""}`;
    options.push("-e", `inject=${call.name}:${what}:when=${when}`);
  }
  const started = performance.now();
  const child = Bun.spawn(["strace", ...options, programPath(program), ...args], {
    env: sandbox.env(),
    cwd: sandbox.project,
    stdin: new TextEncoder().encode(input === undefined ? "" : JSON.stringify(input)),
    stdout: "pipe",
    stderr: "pipe",
    // A group of its own: strace, killed alone, would leave the program.
    detached: true,
  });
  const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), HUNG_MS);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  clearTimeout(timer);
  const ms = performance.now() - started;
  const lines = readFileSync(trace, "utf8").split("\n");
  const isKilled = lines.at(-2)?.startsWith("+++ killed") ?? false;
  const found = callsIn(lines, sandbox);
  const hit = found
    .filter(({ line }, i) => line.includes("(INJECTED)") || (isKilled && i === found.length - 1))
    .map(({ call }) => call);
  // What comes before is the runtime's, which has no file of ours yet.
  const begin = found.findIndex(({ call }) => call.what.includes(" ROOT/home/"));
  const calls = found
    .slice(begin < 0 ? found.length : begin)
    .map(({ call }) => call)
    .filter(({ what }) => what.includes(" ROOT/") || isInput(what));
  return { code, stdout, stderr, ms, calls, hit };
}

function isInput(what: string): boolean {
  return what === "poll 0" || what === "read 0";
}

function callsIn(lines: readonly string[], { root }: Sandbox): { line: string; call: Call }[] {
  const counts = new Map<string, number>();
  return lines.flatMap((line) => {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (name === undefined) return [];
    const ordinal = (counts.get(name) ?? 0) + 1;
    counts.set(name, ordinal);
    const what = whatIs(name, line, root);
    const bytes = Number(/, (\d+)\)\s+= /.exec(line)?.[1]);
    return [{ line, call: { name, ordinal, what, ...(name === "write" && { bytes }) } }];
  });
}

/** `openat ROOT/home/…`: the name, and every path in the line. */
function whatIs(name: string, line: string, root: string): string {
  if (/^(?:poll|read\(0)/.test(line)) return `${name} 0`;
  const paths = line.replace(/AT_FDCWD<[^>]*>/g, "").match(/(?<=["<])\/[^">]+/g) ?? [];
  const steady = Array.from(new Set(paths), (path) =>
    path
      .replace(root, "ROOT")
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "UUID")
      .replace(/-[0-9a-f]{16}\b/, "-HASH"),
  );
  return [name, ...steady].join(" ");
}
