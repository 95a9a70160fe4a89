// Starts the built programs as Claude Code does; builds them first if they are missing or old.
import { buildIfStale, dist } from "../build";
import type { Sandbox } from "./sandbox";

await buildIfStale();

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** How to start a program, apart from its payload. */
export interface Start {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly args?: readonly string[];
  /** A command to start it with, such as an emulator. */
  readonly by?: readonly string[];
  /** The folder of the programs; by default the one that this machine's are built in. */
  readonly folder?: string;
}

/** The path of a built program. */
export function programPath(name: string, folder = dist): string {
  return `${folder}/${name}`;
}

/** Runs a program to its end: the payload on a socket, then end of input, as Claude Code does. */
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
    // It has read enough and closed its end, or has exited.
  }
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr, ms: performance.now() - started };
}

/** Runs `claude-session` with arguments separated by spaces. */
export function runCli(sandbox: Sandbox, line: string, start: Start = {}): Promise<Ended> {
  const args = line.split(" ").filter((arg) => arg !== "");
  return runProgram("claude-session", sandbox, "", { ...start, args });
}
