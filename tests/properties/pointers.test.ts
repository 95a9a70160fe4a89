// Several processes store, get, forget and clean up pointers at the same time: what they leave is what
// some order of their steps leaves, and no project gets a session that was not stored for it.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import { BARRIER_BYTES, folderOfRound, takeStep, type Step } from "./pointer-lane";
import { outcomesOf, PROJECT_FOLDERS, sessionsFor, type Steps } from "./pointer-model";

const LANE = `${import.meta.dir}/pointer-lane.ts`;
// Starting a process costs as much as a hundred rounds, so a few processes play many rounds.
const RUNS = 3;
const ROUNDS = 400;
const PROCESSES = 3;

// Most steps meet in one folder, and most gets ask for its namesake: that is where a race shows.
const folder = mostly(PROJECT_FOLDERS[0]);
const id = fc.constantFrom("x", "y");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("store" as const), id, folder }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("forget" as const), id, folder }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("get" as const), folder: mostly(PROJECT_FOLDERS[1]) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cleanup" as const) }) },
);

function mostly(favourite: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(favourite) },
    { weight: 1, arbitrary: fc.constantFrom(...PROJECT_FOLDERS) },
  );
}

/** The steps of each process in a round. */
const round = fc.tuple(
  ...Array.from({ length: PROCESSES }, () => fc.array(step, { maxLength: 4 })),
);
const rounds = fc.array(round, { minLength: ROUNDS, maxLength: ROUNDS });

test("what several processes leave is what some order of their steps leaves", async () => {
  const seed = Date.now() % 2 ** 31;
  const tally = new Tally("pointers");
  const violations: string[] = [];
  // A race does not shrink, so this checks samples instead of searching for a smallest failure.
  for (const run of fc.sample(rounds, { numRuns: RUNS, seed })) {
    using sandbox = new Sandbox();
    const found = await runTogether(sandbox, run);
    for (const [i, steps] of run.entries()) {
      const left = await sessionsIn(folderOfRound(sandbox.pointers, i));
      const played = JSON.stringify(steps);
      if (!outcomesOf(steps).has(left)) violations.push(`${played} left ${left}`);
      for (const [lane, own] of steps.entries())
        for (const stray of straysIn(own, found[lane]?.[i] ?? [], steps))
          violations.push(`${played}: ${stray}`);
    }
    tally.add("processes", PROCESSES);
    tally.add("rounds", run.length);
    tally.add("steps", run.flat(2).length);
  }
  expect({ seed, violations }).toEqual({ seed, violations: [] });
  tally.note(`seed ${seed}`);
  tally.print();
}, 120_000);

/** Plays the steps of each process in a process, and returns what its gets returned, by round. */
async function runTogether(
  { root, pointers }: Sandbox,
  run: readonly Steps[],
): Promise<string[][][]> {
  const barrier = `${root}/barrier`;
  writeFileSync(barrier, new Uint8Array(BARRIER_BYTES));
  const children = Array.from({ length: PROCESSES }, (_, lane) => {
    const own = JSON.stringify(run.map((steps) => steps[lane]));
    return Bun.spawn([process.execPath, LANE, String(PROCESSES), barrier, pointers, own], {
      env: { HOME: pointers, CLAUDE_SESSION_DIR: pointers },
      stdout: "pipe",
      stderr: "inherit",
    });
  });
  const outputs = await Promise.all(children.map((child) => child.stdout.text()));
  return outputs.map((output) => JSON.parse(output) as string[][]);
}

/** The session that each project folder has in the end. */
async function sessionsIn(pointers: string): Promise<string> {
  const gets = PROJECT_FOLDERS.map((project) => ({ do: "get", folder: project }) as const);
  return (await Promise.all(gets.map((get) => takeStep(get, pointers)))).join(" ");
}

/** What a process got for a project for which nothing of the kind was stored. */
function straysIn(own: readonly Step[], found: readonly string[], steps: Steps): string[] {
  const gets = own.filter((one) => one.do === "get");
  return gets.flatMap((get, i) => {
    const session = found[i] ?? "";
    return sessionsFor(get.folder, steps).includes(session) ? [] : [`${get.folder} got ${session}`];
  });
}
