// `config.json`, as one frozen value: what the user chose, and the defaults for the rest.
//
// The checks are our own because zod would double the cost of a hook. `KEYS` states each key once; types
// and defaults follow from it, and a test holds it together with the same in zod.
import { paths } from "./environment";
import { faultCode } from "./os/fault";
import { readOwn } from "./os/file";
import { isAbsolute } from "./os/paths";

// Plain data, so that a program that finds no file pays nothing for it. A limit can only be lowered:
// the default is also the maximum.
const KEYS = {
  retention_days: { type: "integer", default: 30, min: 1, max: 3650 },
  capture: {
    prompts: { type: "boolean", default: true },
    tool_input: { type: "boolean", default: true },
    tool_response: { type: "boolean", default: true },
  },
  redact: {
    keys: { type: "strings", default: [], minLength: 1 },
    literals: { type: "strings", default: [], minLength: 4 },
  },
  limits: {
    string_bytes: { type: "integer", default: 16_384, min: 256, max: 16_384 },
    record_bytes: { type: "integer", default: 131_072, min: 8192, max: 131_072 },
    input_bytes: { type: "integer", default: 16_777_216, min: 1024, max: 16_777_216 },
  },
  // What is in them is checked by the forwarder: a hook only has to know whether there are any.
  destinations: { type: "objects", default: [] },
  // Where `claude-session` is, if it is not next to the hooks; empty where install wrote nothing.
  forwarder: { type: "path", default: "" },
} as const;

type Key =
  | {
      readonly type: "integer";
      readonly default: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly type: "boolean"; readonly default: boolean }
  | { readonly type: "strings"; readonly default: readonly string[]; readonly minLength: number }
  | { readonly type: "objects"; readonly default: readonly object[] }
  | { readonly type: "path"; readonly default: string };
interface Section {
  readonly [key: string]: Key | Section;
}

interface ValueTypes {
  integer: number;
  boolean: boolean;
  strings: readonly string[];
  objects: readonly Readonly<Record<string, unknown>>[];
  path: string;
}
type ValuesOf<S> = {
  readonly [K in keyof S]: S[K] extends { readonly type: keyof ValueTypes }
    ? ValueTypes[S[K]["type"]]
    : ValuesOf<S[K]>;
};

/** A complete configuration. */
export type Config = ValuesOf<typeof KEYS>;

/** The configuration of a user who chose nothing. */
export const DEFAULTS = defaultsOf(KEYS) as Config;

const MAX_BYTES = 65_536;

/** A configuration, and for each key that could not be used a line with its name and the reason. */
export interface LoadedConfig {
  readonly config: Config;
  readonly faults: readonly string[];
}

/** Reads the user's configuration; what is absent or wrong is the default. Never throws on a bad file. */
export function loadConfig(path: string = paths.config): LoadedConfig {
  try {
    const text = readOwn(path, MAX_BYTES);
    return text === undefined ? { config: DEFAULTS, faults: [] } : parseConfig(text);
  } catch (error) {
    return { config: DEFAULTS, faults: [`config.json: ${faultCode(error)}`] };
  }
}

/** Parses the text of a `config.json`. Keys that this version does not know are ignored. */
export function parseConfig(text: string): LoadedConfig {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { config: DEFAULTS, faults: ["config.json: not JSON"] };
  }
  const faults: string[] = [];
  const config = readSection(KEYS, DEFAULTS, given, "", faults) as Config;
  return { config: Object.freeze(config), faults };
}

function defaultsOf(section: Section): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const name in section) {
    const key = section[name] as Key | Section;
    defaults[name] = isKey(key) ? key.default : defaultsOf(key);
  }
  return defaults;
}

function readSection(
  section: Section,
  defaults: object,
  given: unknown,
  path: string,
  faults: string[],
): object {
  if (!isObject(given)) {
    faults.push(`${path || "config.json"}: not an object`);
    return defaults;
  }
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(section)) {
    const fallback = (defaults as Record<string, unknown>)[name];
    const value = Object.hasOwn(given, name) ? given[name] : fallback;
    const keyPath = path ? `${path}.${name}` : name;
    if (!isKey(key)) {
      values[name] = readSection(key, fallback as object, value, keyPath, faults);
    } else if (isValid(key, value)) {
      values[name] = value;
    } else {
      values[name] = fallback;
      faults.push(`${keyPath}: not ${describe(key)}; using ${JSON.stringify(fallback)}`);
    }
  }
  return values;
}

function isKey(key: Key | Section): key is Key {
  return typeof key["type"] === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isValid(key: Key, value: unknown): boolean {
  switch (key.type) {
    case "integer":
      return Number.isInteger(value) && Number(value) >= key.min && Number(value) <= key.max;
    case "boolean":
      return typeof value === "boolean";
    case "strings":
      return (
        Array.isArray(value) &&
        // Characters, not units of UTF-16.
        value.every((item) => typeof item === "string" && [...item].length >= key.minLength)
      );
    case "objects":
      return Array.isArray(value) && value.every(isObject);
    case "path":
      return (
        value === "" ||
        (typeof value === "string" && isAbsolute(value, process.platform === "win32"))
      );
  }
}

function describe(key: Key): string {
  switch (key.type) {
    case "integer":
      return `a whole number from ${key.min} to ${key.max}`;
    case "boolean":
      return "true or false";
    case "strings":
      return `a list of strings of ${key.minLength} or more characters`;
    case "objects":
      return "a list of objects";
    case "path":
      return "an absolute path";
  }
}
