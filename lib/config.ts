// Environment and `config.json`, as one frozen value. The only reader of `process.env`.
//
// On the hook's path the checks are by hand, because zod would double its cost; `schema.ts` says
// the same in zod for the cold paths, and a test holds the two together.
import { faultCode } from "./os/fault";
import { readOwn } from "./os/file";
import { isAbsolute, pathsFrom, type Environment, type Paths } from "./os/paths";
import type { Config } from "./schema";

/** The environment that the program was started with. */
export const environment: Environment = process.env;

/** Where everything lives under that environment. */
export const paths: Paths = pathsFrom(environment);

/** What holds where the user chose nothing. The limits are also the most that can be chosen. */
export const DEFAULTS: Config = {
  retention_days: 30,
  capture: { prompts: true, tool_input: true, tool_response: true },
  redact: { keys: [], literals: [] },
  limits: { string_bytes: 16_384, record_bytes: 131_072, input_bytes: 16_777_216 },
  destinations: [],
  forwarder: "",
};

const MAX_BYTES = 65_536;

/** A configuration, and for each key that could not be used a line that names it and says why. */
export interface LoadedConfig {
  readonly config: Config;
  readonly problems: readonly string[];
}

/** Reads the user's configuration; what is absent or wrong is the default. Never throws on a bad file. */
export function loadConfig(path: string = paths.config): LoadedConfig {
  try {
    const text = readOwn(path, MAX_BYTES);
    return text === undefined ? { config: DEFAULTS, problems: [] } : parseConfig(text);
  } catch (error) {
    return { config: DEFAULTS, problems: [`config.json: ${faultCode(error)}`] };
  }
}

/** Reads the text of a `config.json`. Keys that this version does not know are left alone. */
export function parseConfig(text: string): LoadedConfig {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { config: DEFAULTS, problems: ["config.json: not JSON"] };
  }
  const problems: string[] = [];
  const config = choose(checks(), DEFAULTS, given, "", problems) as Config;
  return { config: Object.freeze(config), problems };
}

interface Check {
  readonly wants: string;
  passes(value: unknown): boolean;
}
type Checks<T> = { readonly [K in keyof T]: Check | Checks<T[K]> };

// Made only where there is a file to check.
function checks(): Checks<Config> {
  return {
    retention_days: wholeNumber(1, 3650),
    capture: { prompts: trueOrFalse(), tool_input: trueOrFalse(), tool_response: trueOrFalse() },
    redact: { keys: texts(1), literals: texts(4) },
    limits: {
      string_bytes: wholeNumber(256, DEFAULTS.limits.string_bytes),
      record_bytes: wholeNumber(8192, DEFAULTS.limits.record_bytes),
      input_bytes: wholeNumber(1024, DEFAULTS.limits.input_bytes),
    },
    destinations: objects(),
    forwarder: absolutePath(),
  };
}

type Tree = Record<string, unknown>;

function choose(
  wanted: Checks<object>,
  defaults: object,
  given: unknown,
  path: string,
  problems: string[],
): object {
  if (!isTree(given)) {
    problems.push(`${path || "config.json"}: not an object`);
    return defaults;
  }
  const chosen: Tree = {};
  for (const [key, check] of Object.entries(wanted) as [string, Check | Checks<object>][]) {
    const fallback = (defaults as Tree)[key];
    const value = Object.hasOwn(given, key) ? given[key] : fallback;
    const name = path ? `${path}.${key}` : key;
    if (!isCheck(check)) {
      chosen[key] = choose(check, fallback as object, value, name, problems);
    } else if (check.passes(value)) {
      chosen[key] = value;
    } else {
      chosen[key] = fallback;
      problems.push(`${name}: not ${check.wants}; using ${JSON.stringify(fallback)}`);
    }
  }
  return chosen;
}

function isCheck(check: Check | Checks<object>): check is Check {
  return "passes" in check;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wholeNumber(least: number, most: number): Check {
  return {
    wants: `a whole number from ${least} to ${most}`,
    passes: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  };
}

function trueOrFalse(): Check {
  return { wants: "true or false", passes: (value) => typeof value === "boolean" };
}

function texts(shortest: number): Check {
  return {
    wants: `a list of texts of ${shortest} or more characters`,
    passes(value) {
      if (!Array.isArray(value)) return false;
      for (const text of value)
        // Characters, not units of UTF-16.
        if (typeof text !== "string" || [...text].length < shortest) return false;
      return true;
    },
  };
}

// What is in them is for the forwarder to judge: a hook only has to know whether there are any.
function objects(): Check {
  return {
    wants: "a list of objects",
    passes(value) {
      if (!Array.isArray(value)) return false;
      for (const item of value) if (!isTree(item)) return false;
      return true;
    },
  };
}

function absolutePath(): Check {
  return {
    wants: "an absolute path",
    passes: (value) =>
      value === "" ||
      (typeof value === "string" && isAbsolute(value, process.platform === "win32")),
  };
}
