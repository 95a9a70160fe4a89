// The environment that the program was started with, and the paths it leads to. The only reader of
// `process.env`.
import { faultCode } from "./os/fault";
import { pathsFrom, type Environment, type Paths } from "./os/paths";
import { system } from "./os/system";

/** The environment that the program was started with. */
export const environment: Environment = process.env;

const usual = pathsFrom(environment);
const userId = process.geteuid?.();

/** Whether another user has the usual state folder, so that ours is next to it. */
export const isStateElsewhere: boolean = isTaken(usual);

/** The paths that follow from the environment. */
export const paths: Paths = isStateElsewhere
  ? pathsFrom(environment, process.platform, `-${userId}`)
  : usual;

// After `sudo claude`, or with a home that containers share, one user's folder would stop the other's recording.
function isTaken({ state, claude }: Paths): boolean {
  if (userId === undefined) return false;
  try {
    const status = system.statusAt(state);
    if (status !== undefined) return status.userId !== userId;
    // Root takes no name in the home of a user who may need it later.
    const home = userId === 0 ? system.statusAt(claude) : undefined;
    return home !== undefined && home.userId !== userId;
  } catch (error) {
    faultCode(error); // What we cannot see, we cannot use either; recording reports it.
    return false;
  }
}
