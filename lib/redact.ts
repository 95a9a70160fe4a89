// Secrets out of a value, before any of it touches the disk.
//
// It works on parsed values, not on JSON text, where an escape could hide a secret from a pattern.
import { isSecretKey, isSecretVariable, SECRET_PATTERNS } from "./secrets";
import type { Environment } from "./paths";
import type { Config } from "./schema";

/** What counts as a secret in one process. */
export interface RedactionRules {
  /** The user's own key names, in lower case. */
  readonly keys: ReadonlySet<string>;
  /** Exact texts and their masks, the longest first. */
  readonly literals: readonly { readonly text: string; readonly mask: string }[];
}

/** A value without its secrets, and how many of its parts were masked or left out. */
export interface Redacted {
  readonly value: unknown;
  readonly redacted: number;
  /** Parts that were too deep or too many to look at, and so are not there. */
  readonly dropped: number;
}

const SHORTEST_VARIABLE = 8;
const SHORTEST_PATTERN = 8;
// A value of a session is a few levels and a few hundred parts; these bounds are against hostile ones.
const MAX_DEPTH = 100;
const MAX_PARTS = 50_000;

/** Gathers the secrets of this process: the user's own, and those in its environment. */
export function redactionRules(env: Environment, { keys, literals }: Config["redact"]): RedactionRules {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && value.length >= SHORTEST_VARIABLE && isSecretVariable(name))
      texts.set(value, mask("environment"));
  for (const text of literals) texts.set(text, mask("literal"));
  return {
    keys: new Set(keys.map((key) => key.toLowerCase())),
    literals: [...texts]
      .map(([text, mask]) => ({ text, mask }))
      .toSorted((a, b) => b.text.length - a.text.length),
  };
}

/**
 * Masks the secrets in a JSON value: whatever stands under a secret-looking key, the known texts,
 * and the forms of the common kinds of token. The value itself is left as it was.
 */
export function redact(value: unknown, rules: RedactionRules): Redacted {
  const walk: Walk = { rules, redacted: 0, dropped: 0, parts: 0 };
  return { value: clean(value, false, 0, walk), redacted: walk.redacted, dropped: walk.dropped };
}

/** Masks the secrets in a text that is not part of a JSON value. */
export function redactText(text: string, rules: RedactionRules): string {
  let clean = text;
  for (const { text, mask } of rules.literals)
    if (clean.includes(text)) clean = clean.replaceAll(text, mask);
  if (clean.length < SHORTEST_PATTERN) return clean;
  for (const { kind, literals, pattern } of SECRET_PATTERNS)
    if (literals.some((literal) => clean.includes(literal)))
      clean = clean.replace(pattern, (_match, kept) =>
        typeof kept === "string" ? kept + mask(kind) : mask(kind),
      );
  return clean;
}

interface Walk {
  readonly rules: RedactionRules;
  redacted: number;
  dropped: number;
  parts: number;
}

function clean(value: unknown, secret: boolean, depth: number, walk: Walk): unknown {
  if (typeof value === "string") return cleanString(value, secret, walk);
  if (typeof value === "number" && secret) return masked(walk);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH || walk.parts >= MAX_PARTS) {
    walk.dropped++;
    return "[left out: too deep or too many parts]";
  }
  return Array.isArray(value)
    ? cleanArray(value, secret, depth, walk)
    : cleanObject(value as Record<string, unknown>, secret, depth, walk);
}

function cleanString(text: string, secret: boolean, walk: Walk): string {
  if (text === "") return text;
  if (secret) return masked(walk);
  const clean = redactText(text, walk.rules);
  if (clean !== text) walk.redacted++;
  return clean;
}

function cleanArray(items: readonly unknown[], secret: boolean, depth: number, walk: Walk): unknown[] {
  const kept = items.slice(0, Math.max(0, MAX_PARTS - walk.parts));
  walk.parts += kept.length;
  walk.dropped += items.length - kept.length;
  return kept.map((item) => clean(item, secret, depth + 1, walk));
}

function cleanObject(
  object: Record<string, unknown>,
  secret: boolean,
  depth: number,
  walk: Walk,
): Record<string, unknown> {
  // Without a prototype, `__proto__` is a key like any other.
  const cleaned: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(object)) {
    if (walk.parts >= MAX_PARTS) {
      walk.dropped++;
      continue;
    }
    walk.parts++;
    const isSecret = secret || (isSecretKey(key) && !isHarmless(key, value)) || walk.rules.keys.has(key.toLowerCase());
    cleaned[freeKey(cleanString(key, false, walk), cleaned)] = clean(value, isSecret, depth + 1, walk);
  }
  return cleaned;
}

// Counts of tokens are numbers, and PWD is also the working folder.
function isHarmless(key: string, value: unknown): boolean {
  if (typeof value === "number") return /token$/i.test(key);
  return typeof value === "string" && /pwd$/i.test(key) && /^(?:\/|[A-Za-z]:\\)/.test(value);
}

// Two keys whose secrets were masked may have become the same.
function freeKey(key: string, taken: Record<string, unknown>): string {
  let free = key;
  for (let n = 2; free in taken; n++) free = `${key} (${n})`;
  return free;
}

function masked(walk: Walk): string {
  walk.redacted++;
  return mask("named-secret");
}

function mask(kind: string): string {
  return `[redacted:${kind}]`;
}
