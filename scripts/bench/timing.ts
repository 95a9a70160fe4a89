// What a fresh process costs: its time and its memory.
import type { Sandbox } from "../harness/sandbox";

/** Runs a command to its end, without input or output, and answers with the milliseconds it took. */
export async function timeCommand(
  command: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([...command], {
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  await child.exited;
  return performance.now() - started;
}

/** Starts a hook as the client does, with its payload on a socket, and answers with the milliseconds it took. */
export async function timeHook(path: string, payload: string, sandbox: Sandbox): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([path], {
    env: sandbox.env(),
    cwd: sandbox.project,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  try {
    child.stdin.write(payload);
    await child.stdin.end();
  } catch {
    // The empty program does not read.
  }
  await child.exited;
  return performance.now() - started;
}

/**
 * Runs a command to its end, and answers with the most memory that it had. Linux counts to a process
 * what its parent had at the fork, so a small process stands between.
 */
export async function peakMegabytes(
  command: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const launcher = `
    const child = Bun.spawn(JSON.parse(process.argv.at(-1)), { stdout: "ignore", stderr: "ignore" });
    await child.exited;
    console.log(child.resourceUsage().maxRSS / 1e6);`;
  const child = Bun.spawn([process.execPath, "-e", launcher, "--", JSON.stringify(command)], {
    env,
    stdout: "pipe",
  });
  return Number(await child.stdout.text());
}

/** The middle one, or the higher of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
