// A model of session pointers in memory: what any order of several processes' steps can leave.
import type { Step } from "./pointer-lane";

/** Project folders: two with one name, and one with another name. */
export const PROJECT_FOLDERS = ["/a/shop", "/b/shop", "/a/till"] as const;

/** The steps of each process, in its order. */
export type Steps = readonly (readonly Step[])[];

/**
 * The sessions of the project folders, joined by spaces, after each possible order of the steps in which
 * every process keeps its own order.
 */
export function outcomesOf(steps: Steps): Set<string> {
  const outcomes = new Set<string>();
  const seen = new Set<string>();
  const explore = (taken: readonly number[], pointers: Pointers): void => {
    const key = `${taken.join(",")} ${JSON.stringify(pointers)}`;
    if (seen.has(key)) return;
    seen.add(key);
    let isEnd = true;
    for (const [process, count] of taken.entries()) {
      const step = steps[process]?.[count];
      if (step === undefined) continue;
      isEnd = false;
      explore(taken.with(process, count + 1), after(pointers, step));
    }
    if (isEnd) outcomes.add(PROJECT_FOLDERS.map((folder) => sessionOf(pointers, folder)).join(" "));
  };
  explore(
    steps.map(() => 0),
    { byFolder: {}, byName: {} },
  );
  return outcomes;
}

/**
 * What a `get` may return for a project folder: a session that was stored for it, or `unknown`. Or a
 * namesake's session, if one process stores it while another forgets it: for a moment only the shared name
 * is then left, as if a hook in Python had written it.
 */
export function sessionsFor(folder: string, steps: Steps): string[] {
  const isStored = (id: string) =>
    steps.flat().some((step) => step.do === "store" && step.id === id && step.folder === folder);
  const isContested = (id: string) =>
    PROJECT_FOLDERS.some(
      (other) =>
        nameOf(other) === nameOf(folder) &&
        processesThat("store", id, other, steps).some((storing) =>
          processesThat("forget", id, other, steps).some((forgetting) => forgetting !== storing),
        ),
    );
  const ids = steps.flat().flatMap((step) => ("id" in step ? [step.id] : []));
  return ["unknown", ...ids.filter((id) => isStored(id) || isContested(id))];
}

function processesThat(
  what: "store" | "forget",
  id: string,
  folder: string,
  steps: Steps,
): number[] {
  return steps.flatMap((own, process) =>
    own.some((step) => step.do === what && step.id === id && step.folder === folder)
      ? [process]
      : [],
  );
}

/** The last session stored for each folder, under its own name and under the name it may share. */
interface Pointers {
  readonly byFolder: Readonly<Record<string, string>>;
  readonly byName: Readonly<Record<string, string>>;
}

function after(pointers: Pointers, step: Step): Pointers {
  if (step.do === "get" || step.do === "cleanup") return pointers;
  const { id, folder } = step;
  const { byFolder, byName } = pointers;
  const name = nameOf(folder);
  if (step.do === "store")
    return { byFolder: { ...byFolder, [folder]: id }, byName: { ...byName, [name]: id } };
  return { byFolder: without(byFolder, folder, id), byName: without(byName, name, id) };
}

function without(sessions: Readonly<Record<string, string>>, key: string, id: string) {
  const { [key]: current, ...others } = sessions;
  return current === id ? others : sessions;
}

function sessionOf({ byFolder, byName }: Pointers, folder: string): string {
  const own = byFolder[folder];
  if (own !== undefined) return own;
  const hasNamesake = Object.keys(byFolder).some((other) => nameOf(other) === nameOf(folder));
  return hasNamesake ? "unknown" : (byName[nameOf(folder)] ?? "unknown");
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf("/") + 1);
}
