// The environment that the program was started with, and the paths it leads to. The only reader of
// `process.env`.
import { faultCode } from "./os/fault";
import { pathsFrom, type Environment, type Paths } from "./os/paths";
import { system } from "./os/system";

/** The environment that the program was started with. */
export const environment: Environment = process.env;

const ROOT = 0;
const userId = process.geteuid?.();
const place = placeOfState(pathsFrom(environment));

/** The paths that follow from the environment. */
export const paths: Paths = pathsFrom(environment, process.platform, place.state);

/** Another user's folder, because of which our state folder is not in the usual place. */
export const takenFolder: string | undefined = place.taken;

// After `sudo claude`, or with a home that containers share, one user's folder would stop the other's recording. Ours
// is then next to it, with our user id in its name.
function placeOfState({ state, claude }: Paths): { state: string; taken?: string } {
  if (userId === undefined) return { state };
  try {
    const owner = ownerOf(state);
    if (owner === userId) return { state };
    // A place that someone chose may be in anyone's folder.
    const isChosen = state !== `${claude}/session-hooks`;
    const home = claude.slice(0, claude.lastIndexOf("/"));
    // Root takes no name in the home of a user who will need it.
    const rival = ownerOf(claude) ?? (userId === ROOT ? ownerOf(home) : userId);
    if (isChosen || rival === userId || rival === undefined)
      return owner === undefined ? { state } : { state: `${state}-${userId}`, taken: state };
    return {
      state: `${claude}-session-hooks-${userId}`,
      taken: owner === undefined ? claude : state,
    };
  } catch (error) {
    faultCode(error); // What we cannot see, we cannot use either; recording reports it.
    return { state };
  }
}

function ownerOf(path: string): number | undefined {
  return system.statusAt(path)?.userId;
}
