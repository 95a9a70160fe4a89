// Masks the secrets in a value before any of it is written to the disk.
//
// It works on parsed values, not on JSON text, in which an escape could hide a secret from a pattern. Each hook
// runs this once in a fresh process, so it uses loops where `some` and `map` would read better: the first call
// of each of those costs 0.04 to 0.16 ms (Bun 1.4.5).
import type { Config } from "../config";
import type { Environment } from "../os/paths";
import { ARGUMENT_HINTS, argumentSecrets, listedSecrets } from "./secrets/arguments";
import { assignedSecrets } from "./secrets/assignments";
import { encodingsOf, isSecretValue, isSecretVariable } from "./secrets/environment";
import type { SecretPattern } from "./secrets/general-patterns";
import { isOpenKey } from "./secrets/manifests";
import {
  allPatterns,
  patternsIn,
  startsToken,
  tokensIn,
  type SecretFinder,
  type SecretPatterns,
} from "./secrets/patterns";
import { NAME_HINTS, secretName, type SecretName } from "./secrets/names";
import type { Span } from "./secrets/hint-places";
import { isSecretText } from "./secrets/values";

/** What counts as a secret, in any text or in one. */
export interface RedactionRules {
  /** Keys that the user configured, in lower case. */
  readonly keys: readonly string[];
  /** Texts and names of rules that the user allowed: they are never masked. */
  readonly allow: readonly string[];
  /** The hints of names that can mark a value as a secret. */
  readonly names: readonly string[];
  /** The hints of programs that can have secrets among their arguments. */
  readonly arguments: readonly string[];
  /** Exact texts, the longest first. */
  readonly literals: readonly Mask[];
  /** The patterns of secrets; all of them if undefined. */
  readonly patterns?: SecretPatterns;
}

interface Mask {
  readonly text: string;
  readonly kind: string;
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

/** Collects the rules of this process: the user's, the secrets in the environment, and all the patterns. */
export function redactionRules(
  env: Environment,
  { keys, literals, allow }: Config["redact"],
): RedactionRules {
  const known: Mask[] = [];
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && isSecretVariable(name) && isSecretValue(name, value))
      for (const text of encodingsOf(value)) known.push({ text, kind: "environment" });
  for (const literal of literals)
    for (const text of encodingsOf(literal)) known.push({ text, kind: "literal" });
  // The longest first, because one secret may be part of another.
  known.sort((a, b) => b.text.length - a.text.length);
  const lowerKeys: string[] = [];
  for (const key of keys) lowerKeys.push(key.toLowerCase());
  return {
    keys: lowerKeys,
    allow,
    names: NAME_HINTS,
    arguments: ARGUMENT_HINTS,
    literals: known,
  };
}

// A permission mode, which the events of many people have. "pass" in it would cost each of them 0.4 ms.
const USUAL_MODE = "bypasspermissions";

/**
 * Narrows rules to those that can match in a JSON text, by searching the whole text once instead of each of its
 * strings. A text whose escapes may hide a letter keeps all rules.
 */
export function rulesFor(json: string, rules: RedactionRules): RedactionRules {
  // `JSON.stringify` escapes neither ASCII letters nor slashes, but other writers may.
  if (mayHideLetters(json)) return rules;
  const literals: Mask[] = [];
  for (const literal of rules.literals)
    if (json.includes(literal.text) || hasEscapes(literal.text)) literals.push(literal);
  const lower = json.toLowerCase().replaceAll(USUAL_MODE, " ");
  const hasHint = hintSearch(lower);
  const names: string[] = [];
  for (const hint of NAME_HINTS) if (hasHint(hint)) names.push(hint);
  const arguments_: string[] = [];
  for (const hint of ARGUMENT_HINTS) if (hasHint(hint)) arguments_.push(hint);
  const { keys, allow } = rules;
  return {
    keys,
    allow,
    names,
    arguments: arguments_,
    literals,
    patterns: patternsIn(json, hasHint),
  };
}

/** Says which hints a text in lower case has. Several rules ask for the same one: in a long text it is searched once. */
function hintSearch(lower: string): (hint: string) => boolean {
  if (lower.length < SHORT_TEXT) return (hint) => lower.includes(hint);
  const known = new Map<string, boolean>();
  return (hint) => {
    let isIn = known.get(hint);
    if (isIn === undefined) {
      isIn = lower.includes(hint);
      known.set(hint, isIn);
    }
    return isIn;
  };
}

// The first map costs a process more than to search this much again.
const SHORT_TEXT = 4096;

/**
 * Masks the secrets in a JSON value: values under names that look secret, the known texts, texts that have the
 * form of a token, and what programs get as a password. The value itself is not changed.
 */
export function redact(value: unknown, rules: RedactionRules): Redacted {
  const patterns: Walk["patterns"] = [];
  const { tokens, others, finders } = rules.patterns ?? allPatterns();
  for (const pattern of others) patterns.push({ pattern, expression: pattern.expression() });
  const walk: Walk = {
    rules,
    tokens,
    patterns,
    finders,
    redacted: 0,
    dropped: 0,
    left: MAX_VALUES,
    suffix: 1,
  };
  return {
    value: redactValue(value, undefined, 0, walk),
    redacted: walk.redacted,
    dropped: walk.dropped,
  };
}

interface Walk {
  readonly rules: RedactionRules;
  readonly tokens: SecretPatterns["tokens"];
  readonly patterns: { readonly pattern: SecretPattern; readonly expression: RegExp }[];
  readonly finders: readonly SecretFinder[];
  redacted: number;
  dropped: number;
  /** How many more values will be checked. */
  left: number;
  /** The last number that made a key unique. */
  suffix: number;
}

/** What the names above a value say about it: nothing, the verdict on a name, or that the user listed its key. */
type Secrecy = SecretName | "configured" | undefined;

function redactValue(value: unknown, secrecy: Secrecy, depth: number, walk: Walk): unknown {
  if (typeof value === "string") return redactText(value, secrecy, walk);
  if (typeof value === "number")
    // A number of tokens is a count.
    return secrecy === undefined || secrecy === "token" ? value : maskValue(String(value), walk);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) {
    walk.dropped++;
    return "[left out: too deep]";
  }
  return Array.isArray(value)
    ? redactItems(value, secrecy, depth, walk)
    : redactFields(value as Fields, secrecy, depth, walk);
}

function redactItems(items: readonly unknown[], secrecy: Secrecy, depth: number, walk: Walk) {
  const result: unknown[] = [];
  const listed = secrecy === undefined ? secretItems(items) : undefined;
  for (const [at, item] of items.entries()) {
    if (walk.left-- <= 0) walk.dropped++;
    else {
      const from = listed?.[at];
      result.push(
        from === undefined || typeof item !== "string"
          ? redactValue(item, secrecy, depth + 1, walk)
          : item.slice(0, from) + maskSpan(item.slice(from), "argument-secret", walk),
      );
    }
  }
  return result;
}

// ["mysql", "-pX"], ["X-Api-Key", "X"], ["--password", "X"]: from which character an item is a secret, by its place.
function secretItems(items: readonly unknown[]): Record<number, number> | undefined {
  if (items.length < 2 || items.length > MAX_ARGUMENTS || typeof items[0] !== "string")
    return undefined;
  const words: string[] = [];
  for (const item of items) {
    if (typeof item !== "string") return undefined;
    words.push(item);
  }
  const found: Record<number, number> = {};
  for (const [at, word] of words.entries()) {
    const value = words[at + 1];
    if (value === undefined || !(word.startsWith("-") || words.length === 2)) continue;
    const name = /\s/.test(word) ? undefined : secretName(word);
    if (name !== undefined && !value.startsWith("-") && isSecretText(value, name, "quoted"))
      found[at + 1] = 0;
  }
  for (const { word, from } of listedSecrets(words)) found[word] ??= from;
  return found;
}

const MAX_ARGUMENTS = 64;

type Fields = Record<string, unknown>;

function redactFields(fields: Fields, secrecy: Secrecy, depth: number, walk: Walk): Fields {
  // Without a prototype, `__proto__` is an ordinary key.
  const result = { __proto__: null } as unknown as Fields;
  const below = secrecy !== "configured" && isSchema(fields) ? undefined : secrecy;
  const named = below === undefined && walk.rules.names.length > 0 ? namedValue(fields) : undefined;
  const isManifest = fields["kind"] === "Secret";
  // A JSON Web Key.
  const isJwk = typeof fields["kty"] === "string";
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (walk.left-- <= 0) walk.dropped++;
    else if (isManifest && (key === "data" || key === "stringData"))
      result[key] = redactManifest(value, below, depth + 1, walk);
    else
      result[uniqueKey(redactText(key, undefined, walk), result, walk)] = redactValue(
        value,
        below ?? (key === named?.key ? named.secrecy : secrecyOf(key, value, isJwk, walk.rules)),
        depth + 1,
        walk,
      );
  }
  return result;
}

// The data of a Secret of Kubernetes.
function redactManifest(data: unknown, secrecy: Secrecy, depth: number, walk: Walk): unknown {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    return redactValue(data, secrecy, depth, walk);
  const named = { __proto__: null } as unknown as Fields;
  for (const [key, value] of Object.entries(data as Fields))
    named[key] =
      typeof value === "string" && !isOpenKey(key) && isSecretText(value, "password", "field")
        ? maskValue(value, walk)
        : value;
  return redactValue(named, secrecy, depth, walk);
}

// password: { type: "string", minLength: 8 } describes a password, and { secretKeyRef: … } says where one is.
function isSchema(fields: Fields): boolean {
  const { type } = fields;
  if ("value" in fields) return false;
  return (
    (typeof type === "string" &&
      /^(?:string|object|array|number|integer|boolean|null)$/.test(type)) ||
    "$ref" in fields ||
    "valueFrom" in fields ||
    "secretKeyRef" in fields
  );
}

const NAME_KEYS: readonly string[] = [
  "name",
  "key",
  "label",
  "field",
  "header",
  "element",
  "selector",
  "locator",
  "target",
  "placeholder",
  "id",
  "variable",
  "param",
  "parameterkey",
];
const VALUE_KEYS: readonly string[] = [
  "value",
  "val",
  "text",
  "content",
  "default",
  "parametervalue",
];

// { name: "DB_PASSWORD", value: "X" }, { element: "Password field", text: "X" }, { selector: "#password", value: "X" }.
function namedValue(fields: Fields): { key: string; secrecy: SecretName } | undefined {
  // What one only chooses.
  if (
    typeof fields["type"] === "string" &&
    /^(?:checkbox|radio|combobox|select|switch|slider|button|link)$/i.test(fields["type"])
  )
    return undefined;
  const keys = Object.keys(fields);
  const lower = keys.map((key) => key.toLowerCase());
  for (const nameKey of NAME_KEYS) {
    const at = lower.indexOf(nameKey);
    const name = at < 0 ? undefined : fields[keys[at] as string];
    if (typeof name !== "string" || name.length > 128) continue;
    const secrecy =
      secretName(name.slice(name.lastIndexOf("/") + 1)) ??
      (nameKey !== "id" && isSecretLabel(name) ? "password" : undefined);
    if (secrecy === undefined) continue;
    for (const valueKey of VALUE_KEYS) {
      const key = keys[lower.indexOf(valueKey)];
      if (key !== undefined && typeof fields[key] === "string") return { key, secrecy };
    }
  }
  return undefined;
}

// "Password field", "Ihr Passwort", "input[name='password']", but neither "Show password" nor "Token expires".
function isSecretLabel(label: string): boolean {
  return (
    /(?:^|[^\p{L}])(?:password|passphrase|passcode|passwort|kennwort|wachtwoord|mot de passe|contraseña|senha|secret|token|api key|pin|otp)(?![\p{L}_]|-(?!input|field|box)| (?:name|expir|valid|length|policy|strength|hint|type|count|label|description|url|reset))/iu.test(
      label,
    ) && !/^(?:show|hide|forgot|remember|generate|reveal|toggle)\b/i.test(label)
  );
}

function secrecyOf(key: string, value: unknown, isJwk: boolean, rules: RedactionRules): Secrecy {
  if (rules.keys.length > 0 && rules.keys.includes(key.toLowerCase())) return "configured";
  if (isJwk && /^(?:d|p|q|dp|dq|qi|k)$/.test(key)) return "password";
  if (rules.names.length === 0) return undefined;
  const name = secretName(key) ?? (isListOfTokens(key, value) ? "token" : undefined);
  if (name === undefined || typeof value !== "object" || value === null || Array.isArray(value))
    return name;
  // Below `auth` and `cookie` there are settings, too.
  return /(?:auth|cookies?|token|key|salt)$/i.test(key) ? undefined : "password";
}

// `tokens: ["…"]`, but neither `max_tokens: "4096"` nor `tokens: { input: 5 }`.
function isListOfTokens(key: string, value: unknown): boolean {
  return (
    /tokens$|secrets$|passwords$/i.test(key) && Array.isArray(value) && typeof value[0] === "string"
  );
}

function redactText(text: string, secrecy: Secrecy, walk: Walk): string {
  if (text === "") return text;
  if (secrecy === "configured") return maskValue(text, walk);
  if (secrecy !== undefined && isSecretText(text, secrecy, "field") && !isPlace(text))
    return maskValue(text, walk);
  const { rules } = walk;
  let safe = text;
  for (const { text: literal, kind } of rules.literals)
    if (safe.includes(literal)) safe = safe.replaceAll(literal, mask(literal, kind, walk));
  if (text.length >= MIN_LENGTH) safe = redactForms(safe, walk);
  if (rules.arguments.length > 0)
    safe = maskSpans(safe, argumentSecrets(safe, rules.arguments), "argument-secret", walk);
  if (rules.names.length > 0)
    safe = maskSpans(safe, assignedSecrets(safe, rules.names), "assigned-secret", walk);
  if (safe !== text) walk.redacted++;
  return safe;
}

// Nothing shorter has the form of a secret with what identifies it; most texts of an event are shorter.
const MIN_LENGTH = 8;

function redactForms(text: string, walk: Walk): string {
  let safe = text;
  for (const token of walk.tokens) safe = maskSpans(safe, tokensIn(safe, token), token[0], walk);
  for (const { pattern, expression } of walk.patterns)
    safe = safe.replace(expression, (match, kept) => {
      // Without a group, the second argument is the offset.
      if (pattern.isToken === true && !startsToken(safe, kept as number)) return match;
      const start = typeof kept === "string" ? kept : "";
      const secret = match.slice(start.length);
      if (pattern.accepts?.(secret) === false) return match;
      return start + mask(secret, pattern.kind, walk);
    });
  for (const { kind, find } of walk.finders) safe = maskSpans(safe, find(safe), kind, walk);
  return safe;
}

function maskSpans(text: string, spans: readonly Span[], kind: string, walk: Walk): string {
  if (spans.length === 0) return text;
  let safe = "";
  let end = 0;
  for (const span of spans) {
    safe += text.slice(end, span.start) + mask(text.slice(span.start, span.end), kind, walk);
    end = span.end;
  }
  return safe + text.slice(end);
}

function mask(secret: string, kind: string, { rules: { allow } }: Walk): string {
  return allow.length > 0 && (allow.includes(kind) || allow.includes(secret))
    ? secret
    : `[redacted:${kind}]`;
}

function maskSpan(secret: string, kind: string, walk: Walk): string {
  const masked = mask(secret, kind, walk);
  if (masked !== secret) walk.redacted++;
  return masked;
}

function maskValue(secret: string, walk: Walk): string {
  return maskSpan(secret, "named-secret", walk);
}

// PWD may be the working folder.
function isPlace(text: string): boolean {
  return /^(?:\/|[A-Za-z]:\\)/.test(text) && text.length < 256;
}

// Whether JSON escapes what need not be: `\/`, `\u0041`. Not behind another backslash, as in code that has such escapes;
// a control character and half a pair hide nothing.
function mayHideLetters(json: string): boolean {
  return (
    (json.includes("\\/") || json.includes("\\u")) &&
    /(?:^|[^\\])(?:\\\\)*\\(?:\/|u(?!00[01]|[dD][89a-fA-F]))/.test(json)
  );
}

// JSON may escape a quote, a backslash, or a character that is not printable ASCII.
function hasEscapes(text: string): boolean {
  return !/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text);
}

// Keys whose secrets were masked may be the same. The numbers continue from object to object: starting at 1 each
// time would make thousands of equal keys quadratic.
function uniqueKey(key: string, taken: Fields, walk: Walk): string {
  let unique = key;
  while (unique in taken) unique = `${key} (${++walk.suffix})`;
  return unique;
}
