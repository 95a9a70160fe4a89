// One process of several that use pointers at once: it waits for the moment at which all begin a round,
// takes its steps, and in the end prints what each `get` of each round gave.
//
// usage: bun pointer-lane.ts BEGIN FOLDER '[[STEP, …], …]'
import { mkdirSync } from "node:fs";
import { projectAt } from "../../lib/project";
import {
  cleanupStaleSessions,
  forgetSessionId,
  getStoredSessionId,
  storeSessionId,
} from "../../lib/session";

/** What a process does to a pointer, and of which project. */
export type Step =
  | { readonly do: "store" | "forget"; readonly id: string; readonly folder: string }
  | { readonly do: "get"; readonly folder: string }
  | { readonly do: "cleanup" };

/** Does one step, and answers with the session that a `get` found. */
export async function take(step: Step, pointers: string): Promise<string | undefined> {
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

/** Where the pointers of a round are: each has a folder of its own. */
export function folderOf(pointers: string, round: number): string {
  return `${pointers}/${round}`;
}

const ROUND_MS = 4;

if (import.meta.main) {
  const [, , begin = "0", pointers = "", given = "[]"] = Bun.argv;
  const rounds = JSON.parse(given) as Step[][];
  const found: string[][] = [];
  for (const [round, steps] of rounds.entries()) {
    const folder = folderOf(pointers, round);
    mkdirSync(folder, { recursive: true });
    while (Date.now() < Number(begin) + round * ROUND_MS);
    const ids: string[] = [];
    for (const step of steps) {
      const id = await take(step, folder);
      if (id !== undefined) ids.push(id);
    }
    found.push(ids);
  }
  console.log(JSON.stringify(found));
}
