// What a fresh process costs: time and memory.
import type { Sandbox } from "../harness/sandbox";

/** Runs a command to its end without input or output; returns how many milliseconds that took. */
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

/** Runs a hook as Claude Code does, its payload on a socket; returns how many milliseconds that took. */
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
 * Runs a command to its end; returns its peak memory in megabytes. On Linux a process starts out with the
 * peak of the one that forked it, so a small process stands in between.
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

/** The median: the middle value, or the higher of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
