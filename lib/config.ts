// Reads `config.json`: what the user configured, with defaults for the rest.
//
// Checked by hand, because zod would double the run time of a hook. `KEYS` states each key once, and types
// and defaults follow from it; a test compares the checks with a zod schema.
import { paths } from "./environment";
import { faultCode } from "./os/fault";
import { readOwnFile } from "./os/file";
import { isAbsolute } from "./os/paths";

// Plain data, so that it costs nothing if there is no file. Limits can only be lowered: each default is the
// maximum.
const KEYS = {
  // As long as Claude Code keeps transcripts by default (`cleanupPeriodDays`); at most ten years.
  retention_days: { type: "integer", default: 30, min: 1, max: 3650 },
  capture: {
    prompts: { type: "boolean", default: true },
    tool_input: { type: "boolean", default: true },
    tool_response: { type: "boolean", default: true },
  },
  redact: {
    keys: { type: "strings", default: [], minLength: 1 },
    // A shorter text would mask parts of ordinary words.
    literals: { type: "strings", default: [], minLength: 4 },
  },
  limits: {
    // One string: enough for a long command or a page of output.
    string_bytes: { type: "integer", default: 16_384, min: 256, max: 16_384 },
    // One line: eight of the longest strings. The minimum holds every field but `payload` and `parameters`.
    record_bytes: { type: "integer", default: 131_072, min: 8192, max: 131_072 },
    // One event: what a hook reads and parses within its second, in 160 MB of memory.
    input_bytes: { type: "integer", default: 16_777_216, min: 1024, max: 16_777_216 },
  },
  // The forwarder checks their content; a hook only needs to know whether there are any.
  destinations: { type: "objects", default: [] },
  // The path of `claude-session`, if it is not next to the hooks; empty if install did not set it.
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

/** The configuration of a user who configured nothing. */
export const DEFAULT_CONFIG = defaultsOf(KEYS) as Config;

// Far more than any configuration needs; a larger file is a mistake.
const MAX_BYTES = 65_536;

/** A configuration, and a fault for each key that could not be used: its name and the reason. */
export interface LoadedConfig {
  readonly config: Config;
  readonly faults: readonly string[];
}

/** Reads the user's configuration. What is missing or wrong gets its default; a bad file is never thrown. */
export function loadConfig(path: string = paths.config): LoadedConfig {
  try {
    const text = readOwnFile(path, MAX_BYTES);
    return text === undefined ? { config: DEFAULT_CONFIG, faults: [] } : parseConfig(text);
  } catch (error) {
    return { config: DEFAULT_CONFIG, faults: [`config.json: ${faultCode(error)}`] };
  }
}

/** Parses the text of a `config.json`. Keys that this version does not know are ignored. */
export function parseConfig(text: string): LoadedConfig {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { config: DEFAULT_CONFIG, faults: ["config.json: not JSON"] };
  }
  const faults: string[] = [];
  const config = readSection(KEYS, DEFAULT_CONFIG, given, "", faults) as Config;
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
        // Characters, not UTF-16 units.
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
