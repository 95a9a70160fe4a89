// The environment that this program was started with, and the paths that follow from it. No other file reads
// `process.env`.
import { pathsFrom, type Environment, type Paths } from "./os/paths";

/** The environment that this program was started with. */
export const environment: Environment = process.env;

/** Our paths in that environment. */
export const paths: Paths = pathsFrom(environment);
