// The built programs, started as Claude Code starts them.
import { build, dist, isBuilt } from "../build";
import type { Sandbox } from "./sandbox";

if (!(await isBuilt())) await build();

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** What to start a program with, besides its payload. */
export interface Start {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly args?: readonly string[];
  /** A command that is to start it. */
  readonly by?: readonly string[];
  /** Where the programs are, if they are not those that are built for this machine. */
  readonly folder?: string;
}

/** Where a built program is. */
export function programPath(name: string, folder = dist): string {
  return `${folder}/${name}`;
}

/** Runs a program to its end: a payload on a socket, then end of input, as the client does. */
export async function runProgram(
  name: string,
  sandbox: Sandbox,
  payload: string | Uint8Array | object,
  { env = {}, cwd = sandbox.project, args = [], by = [], folder }: Start = {},
): Promise<Ended> {
  const started = performance.now();
  const child = Bun.spawn([...by, programPath(name, folder), ...args], {
    env: sandbox.env(env),
    cwd,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const input =
    typeof payload === "string" || payload instanceof Uint8Array
      ? payload
      : JSON.stringify(payload);
  try {
    child.stdin.write(input);
    await child.stdin.end();
  } catch {
    // It had read enough and closed its end, or had gone.
  }
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr, ms: performance.now() - started };
}

/** Runs `claude-session` with the words of a command line. */
export function runCli(sandbox: Sandbox, words: string, start: Start = {}): Promise<Ended> {
  const args = words.split(" ").filter((word) => word !== "");
  return runProgram("claude-session", sandbox, "", { ...start, args });
}
