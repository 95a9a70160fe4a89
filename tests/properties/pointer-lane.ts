// One of several processes that use session pointers at the same time. In each round it waits for the
// others, takes its steps, and keeps what each `get` returned. At the end it prints that.
//
// usage: bun pointer-lane.ts PROCESSES BARRIER_FILE POINTERS '[[STEP, …], …]'
import { mkdirSync } from "node:fs";
import { projectAt } from "../../lib/project";
import {
  cleanupStaleSessions,
  forgetSessionId,
  getStoredSessionId,
  storeSessionId,
} from "../../lib/session";

/** What a process does to the pointers of a project folder. */
export type Step =
  | { readonly do: "store" | "forget"; readonly id: string; readonly folder: string }
  | { readonly do: "get"; readonly folder: string }
  | { readonly do: "cleanup" };

/** Takes one step, and returns the session that a `get` found. */
export async function takeStep(step: Step, pointers: string): Promise<string | undefined> {
  if (step.do === "cleanup") {
    cleanupStaleSessions(pointers);
    return undefined;
  }
  const project = projectAt(step.folder);
  if (step.do === "get") return getStoredSessionId(project, pointers);
  if (step.do === "store") await storeSessionId(step.id, project, pointers);
  else forgetSessionId(step.id, project, pointers);
  return undefined;
}

/** The pointer folder of a round. */
export function folderOfRound(pointers: string, round: number): string {
  return `${pointers}/${round}`;
}

/** The size of a barrier's file, which begins as zeros: how often a process has come to a round. */
export const BARRIER_BYTES = 4;
// Long enough to leave the processor to another process, short next to a step, which takes 100 µs. Less than
// a millisecond is no pause at all to `Bun.sleepSync` (1.4.5), so the lanes wait for what never comes.
const PAUSE_MS = 0.05;
const never = new Int32Array(new SharedArrayBuffer(4));

if (import.meta.main) {
  const [, , processes = "1", barrier = "", pointers = "", json = "[]"] = Bun.argv;
  const rounds = JSON.parse(json) as Step[][];
  const arrivals = new Int32Array(Bun.mmap(barrier).buffer);
  const found: string[][] = [];
  for (const [round, steps] of rounds.entries()) {
    const folder = folderOfRound(pointers, round);
    mkdirSync(folder, { recursive: true });
    Atomics.add(arrivals, 0, 1);
    while (Atomics.load(arrivals, 0) < Number(processes) * (round + 1))
      Atomics.wait(never, 0, 0, PAUSE_MS);
    const ids: string[] = [];
    for (const step of steps) {
      const id = await takeStep(step, folder);
      if (id !== undefined) ids.push(id);
    }
    found.push(ids);
  }
  console.log(JSON.stringify(found));
}
