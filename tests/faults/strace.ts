// Traces the system calls of a built program with strace, and makes them fail. Only the main thread is
// traced, because that is where our code makes all of its calls, one after the other.
import { readFileSync } from "node:fs";
import { programPath, type Ended } from "../../scripts/harness/run-program";
import type { Sandbox } from "../../scripts/harness/sandbox";

/** A program with its arguments and its input. */
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
  /** The call and its files, without what differs from run to run: `openat ROOT/home/…`. */
  readonly label: string;
  /** How many bytes it was to write. */
  readonly bytes?: number;
}

/** A fault: `inject=NAME:EFFECT` of strace. */
export interface Injection {
  readonly call: Call;
  readonly effect: string;
  /** Whether it happens to all calls of that name from this one on, not to this call alone. */
  readonly isLasting?: boolean;
}

/** How a traced program ended. */
export interface Traced extends Ended {
  readonly calls: readonly Call[];
  /** The calls that the fault happened to. */
  readonly hit: readonly Call[];
}

const HUNG_MS = 15_000;
// Calls on files and descriptors, the wait for input among them.
const TRACED_CALLS = "trace=%file,%desc";

/** Runs a program to its end, and returns its calls. */
export async function runTraced(
  sandbox: Sandbox,
  { program, args = [], input }: Command,
  injection?: Injection,
): Promise<Traced> {
  const trace = `${sandbox.root}/trace`;
  const options = ["-qq", "-y", "-s", "0", "-e", TRACED_CALLS, "-o", trace];
  if (injection !== undefined) {
    const { call, effect, isLasting = false } = injection;
    const when = `${call.ordinal}${isLasting ? "+" : ""}`;
    options.push("-e", `inject=${call.name}:${effect}:when=${when}`);
  }
  const started = performance.now();
  const child = Bun.spawn(["strace", ...options, programPath(program), ...args], {
    // The garbage collector asks how much memory is in use, at other moments in every run.
    env: { ...sandbox.env(), BUN_JSC_useGC: "0" },
    cwd: sandbox.project,
    stdin: new TextEncoder().encode(input === undefined ? "" : JSON.stringify(input)),
    stdout: "pipe",
    stderr: "pipe",
    // In its own process group, because killing only strace would leave the program.
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
  // The calls before the first of our files are the runtime's.
  const begin = found.findIndex(({ call }) => call.label.includes(" ROOT/home/"));
  const calls = found
    .slice(begin < 0 ? found.length : begin)
    .map(({ call }) => call)
    .filter(({ label }) => label.includes(" ROOT/") || isInput(label));
  return { code, stdout, stderr, ms, calls, hit };
}

function isInput(label: string): boolean {
  return /^p?poll 0$|^read 0$/.test(label);
}

function callsIn(lines: readonly string[], { root }: Sandbox): { line: string; call: Call }[] {
  const counts = new Map<string, number>();
  return lines.flatMap((line) => {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (name === undefined) return [];
    const ordinal = (counts.get(name) ?? 0) + 1;
    counts.set(name, ordinal);
    const label = labelOf(name, line, root);
    const bytes = Number(/, (\d+)\)\s+= /.exec(line)?.[1]);
    return [{ line, call: { name, ordinal, label, ...(name === "write" && { bytes }) } }];
  });
}

/** The name of a call and every path in its line. */
function labelOf(name: string, line: string, root: string): string {
  // arm64 has only `ppoll`.
  if (/^(?:p?poll|read\(0)/.test(line)) return `${name} 0`;
  const paths = line.replace(/AT_FDCWD<[^>]*>/g, "").match(/(?<=["<])\/[^">]+/g) ?? [];
  const stable = Array.from(new Set(paths), (path) =>
    path
      .replace(root, "ROOT")
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "UUID")
      .replace(/-[0-9a-f]{16}\b/, "-HASH"),
  );
  return [name, ...stable].join(" ");
}
