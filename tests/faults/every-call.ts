// The method of SQLite's tests: the Nth system call fails, for every N, and something must hold
// afterwards, whatever N was.
import { expect } from "bun:test";
import { commandExists } from "../../scripts/harness/commands";
import { Sandbox } from "../../scripts/harness/sandbox";
import type { Tally } from "../support/tally";
import { runTraced, type Command, type Injection, type Traced } from "./strace";

/** A program, what it finds, and what must hold after a fault in it. */
export interface Trial<Before> {
  readonly command: Command;
  prepare(sandbox: Sandbox): Before | Promise<Before>;
  /** Says what is amiss; nothing, if all is well. */
  judge(
    sandbox: Sandbox,
    before: Before,
    fault: Injection,
    ended: Traced,
  ): string[] | Promise<string[]>;
}

const ERRORS = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE", "EINTR"] as const;
/** Those that are so for longer than one call. */
const LASTING = ["ENOSPC", "EIO", "EACCES", "EMFILE"] as const;
const KILL = "signal=SIGKILL";
// A call's number may differ: the runtime looks at its memory from time to time.
const SHIFTS = [0, 1, -1, 2, -2, 3, -3, 0, 1, -1];
/** Of a hundred faults, how many may be missed for that. */
const MOST_MISSED = 1;
const AT_ONCE = 6;

/** Why faults cannot be injected here; `undefined` where they can. */
export function obstacle(): string | undefined {
  if (process.platform !== "linux") return "strace is for Linux";
  return commandExists("strace") ? undefined : "there is no strace here";
}

/** Whether a fault is the program's death. */
export function isKill({ what }: Injection): boolean {
  return what === KILL;
}

/** Does everything to every call of a program, and expects that nothing is amiss afterwards. */
export async function expectToSurvive<Before>(trial: Trial<Before>, tally: Tally): Promise<void> {
  const faults = await faultsFor(trial);
  const amiss: string[] = [];
  const missed: string[] = [];
  const queue = faults.values();
  const work = async () => {
    for (const fault of queue) {
      const found = await tryFault(trial, fault);
      if (found === undefined) missed.push(nameOf(fault));
      else amiss.push(...found.map((what) => `${nameOf(fault)}: ${what}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(amiss).toEqual([]);
  expect(missed.length).toBeLessThanOrEqual((faults.length * MOST_MISSED) / 100);
  for (const name of missed) tally.note(`never hit: ${name}`);
  tally.add("faults injected", faults.length - missed.length);
  tally.add("of them kills", faults.filter(isKill).length);
}

async function faultsFor<Before>({ command, prepare }: Trial<Before>): Promise<Injection[]> {
  using sandbox = new Sandbox();
  await prepare(sandbox);
  const { calls } = await runTraced(sandbox, command);
  expect(calls.length).toBeGreaterThan(5);
  const faults: Injection[] = [];
  for (const call of calls) {
    for (const error of ERRORS) faults.push({ call, what: `error=${error}` });
    // A close that fails has closed, but one that strace makes fail has not.
    for (const error of call.name === "close" ? [] : LASTING)
      faults.push({ call, what: `error=${error}`, isLasting: true });
    faults.push({ call, what: KILL });
  }
  return faults;
}

function nameOf({ what, call, isLasting = false }: Injection): string {
  return `${what}${isLasting ? " from then on" : ""} at ${call.what} (${call.ordinal})`;
}

/** Tries one fault, and answers with what is amiss then; `undefined` where another call was hit. */
async function tryFault<Before>(
  { command, prepare, judge }: Trial<Before>,
  fault: Injection,
): Promise<string[] | undefined> {
  const { call } = fault;
  for (const shift of SHIFTS) {
    using sandbox = new Sandbox();
    const before = await prepare(sandbox);
    const ordinal = Math.max(1, call.ordinal + shift);
    const ended = await runTraced(sandbox, command, { ...fault, call: { ...call, ordinal } });
    if (ended.hit[0]?.what === call.what) return await judge(sandbox, before, fault, ended);
  }
  return undefined;
}
