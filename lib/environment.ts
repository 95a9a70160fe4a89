// The environment that the program was started with, and where everything lives under it. The only
// reader of `process.env`.
import { pathsFrom, type Environment, type Paths } from "./os/paths";

/** The environment that the program was started with. */
export const environment: Environment = process.env;

/** Where everything lives under that environment. */
export const paths: Paths = pathsFrom(environment);
