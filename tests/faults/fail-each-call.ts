// The method of SQLite's tests: the Nth system call fails, for every N, and the same must hold after each.
import { expect } from "bun:test";
import { commandExists } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";
import type { Tally } from "../support/tally";
import { runTraced, type Command, type Injection, type Traced } from "./strace";

/** A command, the sandbox that it finds, and what must hold after a fault in it. */
export interface Trial<Before> {
  readonly command: Command;
  /** Whether a trial takes a second or more: then each day tries another third of the faults, `FAULTS=all` all. */
  readonly isSlow?: boolean;
  prepare(sandbox: Sandbox): Before | Promise<Before>;
  /** What is wrong after a fault. */
  violations(
    sandbox: Sandbox,
    before: Before,
    fault: Injection,
    end: Traced,
  ): string[] | Promise<string[]>;
}

const ERRORS = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE", "EINTR"] as const;
/** Errors that can outlast one call. */
const LASTING_ERRORS = ["ENOSPC", "EIO", "EACCES", "EMFILE"] as const;
const KILL = "signal=SIGKILL";
// A call may have another number in the next run, if a timer of the runtime goes off before it.
const SHIFTS = [0, 1, -1, 2, -2];
/** The share of faults that may hit another call in spite of that. */
const MAX_MISSED = 0.01;
const CONCURRENT = 6;

/** Why no fault can be injected here; `undefined` if one can. */
export function whyNoFaults(): string | undefined {
  if (process.platform !== "linux") return "strace is for Linux";
  return commandExists("strace") ? undefined : "strace is not installed";
}

/** Whether a fault kills the program. */
export function isKill({ effect }: Injection): boolean {
  return effect === KILL;
}

/** Injects each fault into each system call of a command, and expects no violation after any. */
export async function expectToSurvive<Before>(trial: Trial<Before>, tally: Tally): Promise<void> {
  const faults = await faultsFor(trial);
  const found: string[] = [];
  const missed: string[] = [];
  const queue = faults.values();
  const work = async () => {
    for (const fault of queue) {
      const violations = await inject(trial, fault);
      if (violations === undefined) missed.push(nameOf(fault));
      else found.push(...violations.map((violation) => `${nameOf(fault)}: ${violation}`));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  expect(found).toEqual([]);
  expect(missed.length).toBeLessThanOrEqual(faults.length * MAX_MISSED);
  for (const name of missed) tally.note(`never hit: ${name}`);
  tally.add("faults injected", faults.length - missed.length);
  tally.add("of them kills", faults.filter(isKill).length);
}

async function faultsFor<Before>({
  command,
  isSlow = false,
  prepare,
}: Trial<Before>): Promise<Injection[]> {
  using sandbox = new Sandbox();
  await prepare(sandbox);
  const { calls } = await runTraced(sandbox, command);
  expect(calls.length).toBeGreaterThan(5);
  const faults: Injection[] = [];
  for (const call of calls) {
    for (const error of ERRORS) faults.push({ call, effect: `error=${error}` });
    // A real close that fails has closed the file. One that strace fails has not, so each would leak.
    for (const error of call.name === "close" ? [] : LASTING_ERRORS)
      faults.push({ call, effect: `error=${error}`, isLasting: true });
    faults.push({ call, effect: KILL });
  }
  return isSlow && process.env["FAULTS"] !== "all" ? shareOfToday(faults) : faults;
}

// A call has eleven faults, or seven, so every call gets three or four of them, and each fault comes at every third call.
function shareOfToday(faults: readonly Injection[]): Injection[] {
  const day = Math.floor(Date.now() / 86_400_000);
  return faults.filter((_, i) => (i + day) % 3 === 0);
}

function nameOf({ effect, call, isLasting = false }: Injection): string {
  return `${effect}${isLasting ? " from then on" : ""} at ${call.label} (${call.ordinal})`;
}

/** Injects one fault, and returns what is wrong afterwards; `undefined` if only other calls were hit. */
async function inject<Before>(
  { command, prepare, violations }: Trial<Before>,
  fault: Injection,
): Promise<string[] | undefined> {
  const { call } = fault;
  for (const shift of SHIFTS) {
    using sandbox = new Sandbox();
    const before = await prepare(sandbox);
    const ordinal = Math.max(1, call.ordinal + shift);
    const end = await runTraced(sandbox, command, { ...fault, call: { ...call, ordinal } });
    if (end.hit[0]?.label === call.label) return await violations(sandbox, before, fault, end);
  }
  return undefined;
}
