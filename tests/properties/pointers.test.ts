// Several processes store, get, forget and clean up at once: what is left is what some order of their
// steps leaves, and nobody ever gets a session that was not stored for his project.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import { folderOf, take, type Step } from "./pointer-lane";

const LANE = `${import.meta.dir}/pointer-lane.ts`;
const RUNS = 25;
const ROUNDS = 60;
const PROCESSES = 3;
/** Time enough for every process to be waiting. */
const RUN_UP_MS = 150;

const FOLDERS = ["/a/shop", "/b/shop", "/a/till"] as const;
const folder = fc.constantFrom(...FOLDERS);
const session = fc.constantFrom("x", "y", "z");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("store" as const), id: session, folder }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("forget" as const), id: session, folder }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("get" as const), folder }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cleanup" as const) }) },
);
/** What each process does in a round. */
const round = fc.tuple(
  ...Array.from({ length: PROCESSES }, () => fc.array(step, { maxLength: 4 })),
);
const rounds = fc.array(round, { minLength: ROUNDS, maxLength: ROUNDS });

test("what many processes leave is what one order of their steps leaves", async () => {
  const seed = Date.now() % 2 ** 31;
  const tally = new Tally("pointers");
  const amiss: string[] = [];
  // What races does not shrink, so the samples are taken and no property is searched.
  for (const all of fc.sample(rounds, { numRuns: RUNS, seed })) {
    using sandbox = new Sandbox();
    const found = await runTogether(sandbox, all);
    for (const [at, lanes] of all.entries()) {
      const pointers = folderOf(sandbox.pointers, at);
      const got = FOLDERS.map((name) => take({ do: "get", folder: name }, pointers));
      const left = (await Promise.all(got)).join(" ");
      const tried = JSON.stringify(lanes);
      if (!outcomesOf(lanes).has(left)) amiss.push(`${tried} left ${left}`);
      for (const [lane, steps] of lanes.entries()) {
        const strange = strangersIn(steps, found[lane]?.[at] ?? [], lanes);
        amiss.push(...strange.map((what) => `${tried}: ${what}`));
      }
    }
    tally.add("processes", PROCESSES);
    tally.add("rounds", all.length);
    tally.add("steps", all.flat(2).length);
  }
  expect({ seed, amiss }).toEqual({ seed, amiss: [] });
  tally.note(`seed ${seed}`);
  tally.print();
}, 120_000);

/** Runs each lane in a process of its own, all at once, and answers with what their gets gave. */
async function runTogether(
  { pointers }: Sandbox,
  all: readonly (readonly (readonly Step[])[])[],
): Promise<string[][][]> {
  const begin = String(Date.now() + RUN_UP_MS);
  const children = Array.from({ length: PROCESSES }, (_, lane) => {
    const its = JSON.stringify(all.map((lanes) => lanes[lane]));
    return Bun.spawn([process.execPath, LANE, begin, pointers, its], {
      env: { HOME: pointers, CLAUDE_SESSION_DIR: pointers },
      stdout: "pipe",
      stderr: "inherit",
    });
  });
  const outputs = await Promise.all(children.map((child) => child.stdout.text()));
  return outputs.map((output) => JSON.parse(output) as string[][]);
}

/** The sessions that a process was told of a project, and that were never stored for it. */
function strangersIn(
  steps: readonly Step[],
  told: readonly string[],
  lanes: readonly (readonly Step[])[],
): string[] {
  const gets = steps.filter((one) => one.do === "get");
  return gets.flatMap(({ folder: asked }, at) => {
    const id = told[at] ?? "";
    return idsOf(asked, lanes).includes(id) ? [] : [`${asked} got ${id}`];
  });
}

/** What may be told of a project: what was stored for it, or nothing. */
function idsOf(name: string | undefined, steps: readonly (readonly Step[])[]): string[] {
  const stored = steps
    .flat()
    .flatMap((one) => (one.do === "store" && one.folder === name ? [one.id] : []));
  return ["unknown", ...stored];
}

/**
 * Every outcome that an order of the steps can have, in which each process keeps its own: what the
 * three projects get in the end. A model in memory takes the steps one by one.
 */
function outcomesOf(steps: readonly (readonly Step[])[]): Set<string> {
  const outcomes = new Set<string>();
  const seen = new Set<string>();
  const go = (at: readonly number[], state: Model): void => {
    const key = `${at.join(",")} ${JSON.stringify(state)}`;
    if (seen.has(key)) return;
    seen.add(key);
    let isOver = true;
    for (const [lane, next] of at.entries()) {
      const todo = steps[lane]?.[next];
      if (todo === undefined) continue;
      isOver = false;
      go(at.with(lane, next + 1), after(state, todo));
    }
    if (isOver) outcomes.add(FOLDERS.map((name) => answerOf(state, name)).join(" "));
  };
  go(
    steps.map(() => 0),
    { own: {}, shared: {} },
  );
  return outcomes;
}

/** Who was last stored under each folder, and under each name. */
interface Model {
  readonly own: Readonly<Record<string, string>>;
  readonly shared: Readonly<Record<string, string>>;
}

function after(state: Model, todo: Step): Model {
  if (todo.do === "get" || todo.do === "cleanup") return state;
  const name = nameOf(todo.folder);
  if (todo.do === "store")
    return {
      own: { ...state.own, [todo.folder]: todo.id },
      shared: { ...state.shared, [name]: todo.id },
    };
  return {
    own: without(state.own, todo.folder, todo.id),
    shared: without(state.shared, name, todo.id),
  };
}

function without(kept: Readonly<Record<string, string>>, key: string, forgotten: string) {
  const { [key]: found, ...others } = kept;
  return found === forgotten ? others : kept;
}

function answerOf({ own, shared }: Model, name: string): string {
  const itsOwn = own[name];
  if (itsOwn !== undefined) return itsOwn;
  const hasNamesake = Object.keys(own).some((other) => nameOf(other) === nameOf(name));
  return hasNamesake ? "unknown" : (shared[nameOf(name)] ?? "unknown");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
