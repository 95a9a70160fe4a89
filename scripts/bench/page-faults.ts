// How many pages a finished child process touched: unlike its time, nearly the same on every machine.
import { dlopen } from "bun:ffi";

// <sys/resource.h>, on Linux and macOS alike.
const RUSAGE_CHILDREN = -1;
// `ru_minflt` comes after two `timeval` of two words and after four `long`.
const MINOR_FAULTS_WORD = 8;
// The whole struct is 18 words, of 8 bytes on every 64-bit system.
const usage = new BigInt64Array(18);
const getrusage = loadGetrusage();

/**
 * Runs something that starts child processes, and counts their minor page faults (`ru_minflt`).
 * `Subprocess.resourceUsage()` does not have that number (Bun 1.4.5). Other children of this process must
 * not end in the meantime: the system keeps one total for all.
 *
 * @returns with `pageFaults`, unless the system's C library is not known
 */
export async function countPageFaults<T>(
  run: () => Promise<T>,
): Promise<{ result: T; pageFaults: number | undefined }> {
  const before = minorFaultsOfChildren();
  const result = await run();
  const after = minorFaultsOfChildren();
  const pageFaults = before === undefined || after === undefined ? undefined : after - before;
  return { result, pageFaults };
}

function minorFaultsOfChildren(): number | undefined {
  if (getrusage?.(RUSAGE_CHILDREN, usage) !== 0) return undefined;
  return Number(usage[MINOR_FAULTS_WORD]);
}

function loadGetrusage(): ((who: number, usage: BigInt64Array) => number) | undefined {
  const library = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
  try {
    const functions = { getrusage: { args: ["int", "buffer"], returns: "int" } } as const;
    return dlopen(library, functions).symbols.getrusage;
  } catch {
    // Windows, or a C library under another name: the bench reports times alone.
    return undefined;
  }
}
