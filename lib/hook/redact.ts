// Masks the secrets in a value before any of it is written to the disk.
//
// It works on parsed values, not on JSON text, in which an escape could hide a secret from a pattern. Each hook
// runs this once in a fresh process, so it uses loops where `some` and `map` would read better: the first call
// of each of those costs 0.04 to 0.16 ms (Bun 1.4.5).
import type { Config } from "../config";
import type { Environment } from "../os/paths";
import {
  isSecretKey,
  isSecretTextKey,
  isSecretValue,
  isSecretVariable,
  NAME_HINTS,
  SECRET_FORMS,
  type SecretForm,
} from "./secrets";

/** What counts as a secret, in any text or in one. */
export interface RedactionRules {
  /** Keys that the user configured, in lower case. */
  readonly keys: readonly string[];
  /** Whether a key's name can mark its value as a secret. */
  readonly checksKeyNames: boolean;
  /** Exact texts, the longest first. */
  readonly literals: readonly Mask[];
  readonly forms: readonly SecretForm[];
}

interface Mask {
  readonly text: string;
  readonly mask: string;
}

/** A value without its secrets, and how many of its values were masked or left out. */
export interface Redacted {
  readonly value: unknown;
  readonly redacted: number;
  /** Values left out because they were too deep, or one too many. */
  readonly dropped: number;
}

// Real payloads have a few levels and a few hundred values; these limits are for hostile ones.
const MAX_DEPTH = 100;
const MAX_VALUES = 50_000;

/** Collects the rules of this process: the user's, the secrets in the environment, and all the forms. */
export function redactionRules(
  env: Environment,
  { keys, literals }: Config["redact"],
): RedactionRules {
  const known: Mask[] = [];
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && isSecretVariable(name) && isSecretValue(name, value))
      known.push({ text: value, mask: maskOf("environment") });
  for (const text of literals) known.push({ text, mask: maskOf("literal") });
  // The longest first, because one secret may be part of another.
  known.sort((a, b) => b.text.length - a.text.length);
  const lowerKeys: string[] = [];
  for (const key of keys) lowerKeys.push(key.toLowerCase());
  return { keys: lowerKeys, checksKeyNames: true, literals: known, forms: SECRET_FORMS };
}

/**
 * Narrows rules to those that can match in a JSON text, by searching the whole text once instead of each of its
 * strings. A text whose escapes may hide a letter keeps all rules.
 */
export function rulesFor(json: string, rules: RedactionRules): RedactionRules {
  // `JSON.stringify` escapes neither ASCII letters nor slashes, but other writers may.
  if (json.includes("\\/") || (json.includes("\\u00") && /\\u00[2-7]/.test(json))) return rules;
  const lower = json.toLowerCase();
  const checksKeyNames = containsAny(lower, NAME_HINTS);
  const literals: Mask[] = [];
  for (const literal of rules.literals)
    if (json.includes(literal.text) || hasEscapes(literal.text)) literals.push(literal);
  const forms: SecretForm[] = [];
  for (const form of rules.forms)
    if (form.hints === NAME_HINTS ? checksKeyNames : containsAny(lower, form.hints))
      forms.push(form);
  return { keys: rules.keys, checksKeyNames, literals, forms };
}

/**
 * Masks the secrets in a JSON value: values under keys that look secret, the known texts, and texts that have
 * the form of a token. The value itself is not changed.
 */
export function redact(value: unknown, rules: RedactionRules): Redacted {
  const patterns: Walk["patterns"] = [];
  for (const { kind, pattern } of rules.forms)
    patterns.push({ pattern: pattern(), mask: maskOf(kind) });
  const walk: Walk = { rules, patterns, redacted: 0, dropped: 0, left: MAX_VALUES, suffix: 1 };
  return {
    value: redactValue(value, false, 0, walk),
    redacted: walk.redacted,
    dropped: walk.dropped,
  };
}

interface Walk {
  readonly rules: RedactionRules;
  readonly patterns: { readonly pattern: RegExp; readonly mask: string }[];
  redacted: number;
  dropped: number;
  /** How many more values will be checked. */
  left: number;
  /** The last number that made a key unique. */
  suffix: number;
}

function redactValue(value: unknown, isSecret: boolean, depth: number, walk: Walk): unknown {
  if (typeof value === "string") return redactText(value, isSecret, walk);
  if (typeof value === "number") return isSecret ? maskNamed(walk) : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) {
    walk.dropped++;
    return "[left out: too deep]";
  }
  return Array.isArray(value)
    ? redactItems(value, isSecret, depth, walk)
    : redactFields(value as Fields, isSecret, depth, walk);
}

function redactItems(items: readonly unknown[], isSecret: boolean, depth: number, walk: Walk) {
  const result: unknown[] = [];
  for (const item of items) {
    if (walk.left-- <= 0) walk.dropped++;
    else result.push(redactValue(item, isSecret, depth + 1, walk));
  }
  return result;
}

type Fields = Record<string, unknown>;

function redactFields(fields: Fields, isSecret: boolean, depth: number, walk: Walk): Fields {
  // Without a prototype, `__proto__` is an ordinary key.
  const result = { __proto__: null } as unknown as Fields;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (walk.left-- <= 0) walk.dropped++;
    else
      result[uniqueKey(redactText(key, false, walk), result, walk)] = redactValue(
        value,
        isSecret || isSecretField(key, value, walk.rules),
        depth + 1,
        walk,
      );
  }
  return result;
}

function redactText(text: string, isSecret: boolean, walk: Walk): string {
  if (text === "") return text;
  if (isSecret) return maskNamed(walk);
  let safe = text;
  for (const { text: literal, mask } of walk.rules.literals) safe = safe.replaceAll(literal, mask);
  for (const { pattern, mask } of walk.patterns)
    safe = safe.replace(pattern, (_match, kept) => (typeof kept === "string" ? kept + mask : mask));
  if (safe !== text) walk.redacted++;
  return safe;
}

function isSecretField(key: string, value: unknown, rules: RedactionRules): boolean {
  if (rules.keys.length > 0 && rules.keys.includes(key.toLowerCase())) return true;
  if (!rules.checksKeyNames) return false;
  return isSecretKey(key) ? !isHarmless(key, value) : isText(value) && isSecretTextKey(key);
}

// `tokens: ["…"]` and `auth: "…"`, but neither `max_tokens: "4096"` nor `pass: 12`.
function isText(value: unknown): boolean {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && !/^\d*$/.test(first);
}

function maskNamed(walk: Walk): string {
  walk.redacted++;
  return maskOf("named-secret");
}

function containsAny(text: string, hints: readonly string[]): boolean {
  for (const hint of hints) if (text.includes(hint)) return true;
  return false;
}

// JSON may escape a quote, a backslash, or a character that is not printable ASCII.
function hasEscapes(text: string): boolean {
  return !/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text);
}

// A number of tokens is a count, and PWD may be the working folder.
function isHarmless(key: string, value: unknown): boolean {
  if (typeof value === "number") return /token$/i.test(key);
  return typeof value === "string" && /pwd$/i.test(key) && /^(?:\/|[A-Za-z]:\\)/.test(value);
}

// Keys whose secrets were masked may be the same. The numbers continue from object to object: starting at 1 each
// time would make thousands of equal keys quadratic.
function uniqueKey(key: string, taken: Fields, walk: Walk): string {
  let unique = key;
  while (unique in taken) unique = `${key} (${++walk.suffix})`;
  return unique;
}

function maskOf(kind: string): string {
  return `[redacted:${kind}]`;
}
