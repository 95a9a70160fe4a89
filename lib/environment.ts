// The environment that the program was started with, and the paths it leads to. The only reader of
// `process.env`.
import { faultCode } from "./os/fault";
import { pathsFrom, type Environment, type Paths } from "./os/paths";
import { system } from "./os/choose-syscalls";

/** The environment that the program was started with. */
export const environment: Environment = process.env;

/** A folder that belongs to another user. */
export interface TakenFolder {
  readonly path: string;
  readonly userId: number;
}

const ROOT = 0;
const ownUserId = process.geteuid?.();
const place = placeOfState(pathsFrom(environment));

/** The paths that follow from the environment. */
export const paths: Paths = pathsFrom(environment, process.platform, place.state);

/** Another user's folder, because of which our state folder is not in the usual place. */
export const takenFolder: TakenFolder | undefined = place.taken;

// After `sudo claude`, or with a home that containers share, one user's folder would stop the other's recording. Ours
// is then next to it, with our user id in its name.
function placeOfState({ state, claude }: Paths): { state: string; taken?: TakenFolder } {
  if (ownUserId === undefined) return { state };
  try {
    const owner = ownerOf(state);
    if (owner === ownUserId) return { state };
    const isChosen = state !== `${claude}/session-hooks`;
    const takenState = foreign(state, owner);
    const takenClaude = isChosen ? undefined : foreign(claude, ownerOf(claude));
    // Root creates no name that a user will need, and no folder that leads there: the user could not write in it.
    const parent = parentOf(isChosen ? state : claude);
    const near = ownUserId === ROOT ? nearestFolder(parent) : undefined;
    const taken = takenState ?? takenClaude ?? near;
    if (taken === undefined) return { state };
    if (near !== undefined && near.path !== parent)
      return { state: `${near.path}/.claude-session-hooks-${ROOT}`, taken };
    // Root's own home may hold a user's ~/.claude, in a container that keeps nothing else.
    const isBesideClaude = !isChosen && (ownUserId === ROOT ? near : takenClaude) !== undefined;
    return { state: `${isBesideClaude ? `${claude}-session-hooks` : state}-${ownUserId}`, taken };
  } catch (error) {
    faultCode(error); // What we cannot see, we cannot use either; recording reports it.
    return { state };
  }
}

function ownerOf(path: string): number | undefined {
  return system.statusAt(path)?.userId;
}

function foreign(path: string, userId: number | undefined): TakenFolder | undefined {
  return userId === undefined || userId === ownUserId ? undefined : { path, userId };
}

/** The folder in which a path would be created, if another user has it. */
function nearestFolder(path: string): TakenFolder | undefined {
  let folder = path;
  while (folder !== "" && system.statusAt(folder) === undefined) folder = parentOf(folder);
  // A link to a home is the system's.
  return folder === "" ? undefined : foreign(folder, system.statusThroughLink(folder).userId);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
