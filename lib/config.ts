// The keys of `config.json` and its parser, which fills in defaults for missing keys. load-config.ts finds the user's and the
// machine's file.
//
// Checked by hand, because zod would double the run time of a hook. `KEYS` states each key once, and types
// and defaults follow from it; a test compares the checks with a zod schema.
import { isAbsolute } from "./os/paths";
import { repeatedKeys } from "./repeated-keys";

// Plain data, so that it costs nothing if there is no file. Limits can only be lowered: each default is the
// maximum.
//
// `machine` is the rule for combining a key with the machine's file, so that a user can add privacy but never take it
// away:
//   smaller   the smaller of the two
//   fixed     the machine's value, or the default
//   both      true only if both are
//   joined    the machine's items, then the user's
//   reserved  the machine's items alone, if its file has this section
//   first     the machine's value, if it has one
/** All keys of `config.json`. */
export const KEYS = {
  // As long as Claude Code keeps transcripts by default (`cleanupPeriodDays`); at most ten years.
  retention_days: { type: "integer", default: 30, min: 1, max: 3650, machine: "smaller" },
  capture: {
    prompts: { type: "boolean", default: true, machine: "both" },
    tool_input: { type: "boolean", default: true, machine: "both" },
    tool_response: { type: "boolean", default: true, machine: "both" },
  },
  redact: {
    keys: { type: "strings", default: [], minLength: 1, machine: "joined" },
    // A shorter text would mask parts of ordinary words.
    literals: { type: "strings", default: [], minLength: 4, machine: "joined" },
    // Texts that are never masked, and names of rules that mask nothing: `literal` would undo the machine's own.
    allow: { type: "strings", default: [], minLength: 1, machine: "reserved" },
  },
  limits: {
    // One string: enough for a long command or a page of output.
    string_bytes: { type: "integer", default: 16_384, min: 256, max: 16_384, machine: "smaller" },
    // One line: eight of the longest strings. The minimum holds every field but `payload` and `parameters`.
    record_bytes: {
      type: "integer",
      default: 131_072,
      min: 8192,
      max: 131_072,
      machine: "smaller",
    },
    // A hook reads and parses this much within its second and in 160 MB of memory. In unparsed input, secrets are masked
    // only by format, so a user could undo `redact.keys` with a smaller limit.
    input_bytes: {
      type: "integer",
      default: 16_777_216,
      min: 1024,
      max: 16_777_216,
      machine: "fixed",
    },
  },
  // The forwarder checks their content, and that no two have one name; a hook only needs to know whether there are any.
  destinations: { type: "objects", default: [], machine: "joined" },
  // For models that have no price; only the command line and the dashboard look at their content.
  prices: { type: "objects", default: [], machine: "joined" },
  // The path of `claude-session`, if it is not next to the hooks; empty if install did not set it.
  forwarder: { type: "path", default: "", machine: "first" },
} as const satisfies Section;

/** One key: the values that it may have, and how a machine's value and a user's combine. */
export type Key =
  | {
      readonly type: "integer";
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly machine: "smaller" | "fixed";
    }
  | { readonly type: "boolean"; readonly default: boolean; readonly machine: "both" }
  | {
      readonly type: "strings";
      readonly default: readonly string[];
      readonly minLength: number;
      readonly machine: "joined" | "reserved";
    }
  | { readonly type: "objects"; readonly default: readonly object[]; readonly machine: "joined" }
  | { readonly type: "path"; readonly default: string; readonly machine: "first" };
type ListKey = Extract<Key, { readonly type: "strings" | "objects" }>;

/** Keys and sections by name. */
export interface Section {
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

/** What one file says. */
export interface ParsedConfig {
  readonly config: Config;
  /** Paths of the keys and sections that the file has, right or wrong, such as `redact` and `redact.keys`. */
  readonly given: readonly string[];
  /** A line for each key that could not be used, with its name, the reason, and what was done instead. */
  readonly faults: readonly string[];
  /** Keys that this version does not know, such as `capture.prompt`. */
  readonly unknownKeys: readonly string[];
}

/**
 * Parses the text of a `config.json`, which may have comments and trailing commas like Claude Code's settings. What is
 * missing or wrong gets its default, but privacy fails closed: where a key that governs privacy cannot be
 * understood, more is left out of the log, never less. A key that occurs twice cannot be understood.
 */
export function parseConfig(text: string): ParsedConfig {
  const value = parseText(text);
  if (value === undefined) return unusableConfig("not JSON");
  if (!isObject(value)) return unusableConfig("not an object");
  const reading: Reading = {
    given: [],
    faults: [],
    unknownKeys: [],
    repeated: repeatedKeys(text),
    isPrivacyUnclear: false,
  };
  const config = readSection(KEYS, DEFAULT_CONFIG, value, "", reading) as Config;
  const { given, faults, unknownKeys } = reading;
  if (!reading.isPrivacyUnclear)
    return { config: Object.freeze(config), given, faults, unknownKeys };
  faults.push(CLOSED_FAULT);
  return { config: closed(config), given, faults, unknownKeys };
}

const CLOSED_FAULT = "capture: no prompt, tool input or response is recorded until this is fixed";

/** What a file says that cannot be read or understood: no content is captured. */
export function unusableConfig(reason: string): ParsedConfig {
  const faults = [`config.json: ${reason}`, CLOSED_FAULT];
  return { config: closed(DEFAULT_CONFIG), given: [], faults, unknownKeys: [] };
}

function closed(config: Config): Config {
  const capture = { prompts: false, tool_input: false, tool_response: false };
  return Object.freeze({ ...config, capture });
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      // In brackets, because it ignores any text after a value (Bun 1.4.5).
      const list: unknown = Bun.JSONC.parse(`[${text}\n]`);
      return Array.isArray(list) && list.length === 1 ? (list[0] as unknown) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The names of all keys, such as `capture.prompts`. */
export function configKeys(section: Section = KEYS, path = ""): string[] {
  return Object.entries(section).flatMap(([name, key]) =>
    isKey(key) ? path + name : [path + name].concat(configKeys(key, `${path}${name}.`)),
  );
}

function defaultsOf(section: Section): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const name in section) {
    const key = section[name] as Key | Section;
    defaults[name] = isKey(key) ? key.default : defaultsOf(key);
  }
  return defaults;
}

interface Reading {
  readonly given: string[];
  readonly faults: string[];
  readonly unknownKeys: string[];
  /** Paths of the keys that occur twice. */
  readonly repeated: readonly string[];
  /** Whether something that governs privacy could not be understood. */
  isPrivacyUnclear: boolean;
}

function readSection(
  section: Section,
  defaults: object,
  given: unknown,
  path: string,
  reading: Reading,
): object {
  const isPrivacy = path === "capture" || path === "redact";
  if (path !== "" && reading.repeated.includes(path)) {
    // The last one counts, as for every parser; what the other one says is unknown.
    reading.faults.push(`${path}: occurs twice`);
    reading.isPrivacyUnclear ||= isPrivacy;
  }
  if (!isObject(given)) {
    reading.faults.push(`${path}: not an object`);
    reading.isPrivacyUnclear ||= isPrivacy;
    return defaults;
  }
  for (const name of Object.keys(given))
    if (!Object.hasOwn(section, name)) {
      const unknown = path ? `${path}.${name}` : name;
      reading.unknownKeys.push(unknown);
      // A newer version's choice to leave something out, or a misspelt one.
      if (path === "capture" && (given[name] !== true || reading.repeated.includes(unknown))) {
        reading.faults.push(`capture.${name}: unknown key`);
        reading.isPrivacyUnclear = true;
      }
    }
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(section)) {
    const fallback = (defaults as Record<string, unknown>)[name];
    if (!Object.hasOwn(given, name)) {
      values[name] = fallback;
      continue;
    }
    const keyPath = path ? `${path}.${name}` : name;
    reading.given.push(keyPath);
    values[name] = isKey(key)
      ? readKey(key, fallback, given[name], keyPath, reading)
      : readSection(key, fallback as object, given[name], keyPath, reading);
  }
  return values;
}

function readKey(
  key: Key,
  fallback: unknown,
  value: unknown,
  path: string,
  reading: Reading,
): unknown {
  const { faults, repeated } = reading;
  if (repeated.includes(path)) return readRepeated(key, fallback, value, path, reading);
  if (isValid(key, value) && !repeated.some((one) => one.startsWith(`${path}[`))) return value;
  if (key.type === "boolean") {
    faults.push(`${path}: not true or false; using false`);
    return false;
  }
  // A single string is a list of one that lacks its brackets.
  const items = key.type === "strings" && typeof value === "string" ? [value] : value;
  if (!Array.isArray(items) || !(key.type === "strings" || key.type === "objects")) {
    faults.push(`${path}: not ${describe(key)}; using ${JSON.stringify(fallback)}`);
    reading.isPrivacyUnclear ||= key.type === "strings";
    return fallback;
  }
  // A bad item costs only itself.
  return items.filter((item: unknown, at) => {
    const twice = repeated.find((one) => one.startsWith(`${path}[${at}].`));
    if (twice === undefined && isValidItem(key, item)) return true;
    faults.push(
      twice === undefined
        ? `${path}[${at}]: not ${describeItem(key)}; ignored`
        : `${twice}: occurs twice; ${path}[${at}] is ignored`,
    );
    return false;
  });
}

/** Reads a key that occurs twice, of which only the last value is known. */
function readRepeated(
  key: Key,
  fallback: unknown,
  value: unknown,
  path: string,
  reading: Reading,
): unknown {
  const isPrivacy = key.type === "boolean" || key.type === "strings";
  reading.isPrivacyUnclear ||= isPrivacy;
  // A list that masks is better than none.
  const isMasking = key.type === "strings" && key.machine === "joined" && isValid(key, value);
  reading.faults.push(
    `${path}: occurs twice${isPrivacy ? "" : `; using ${JSON.stringify(fallback)}`}`,
  );
  if (key.type === "boolean") return false;
  return isMasking ? value : fallback;
}

/** Whether this is a key, and not a section. */
export function isKey(key: Key | Section): key is Key {
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
    case "objects":
      return Array.isArray(value) && value.every((item) => isValidItem(key, item));
    case "path":
      return (
        value === "" ||
        (typeof value === "string" && isAbsolute(value, process.platform === "win32"))
      );
  }
}

function isValidItem(key: ListKey, item: unknown): boolean {
  if (key.type === "objects") return isObject(item);
  // Characters, not UTF-16 units.
  return typeof item === "string" && [...item].length >= key.minLength;
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

function describeItem(key: ListKey): string {
  return key.type === "objects" ? "an object" : `a string of ${key.minLength} or more characters`;
}
