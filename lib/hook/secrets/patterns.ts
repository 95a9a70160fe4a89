// Which patterns and finders can match in a text, and the search for vendors' tokens in it.
import { CALL_HINTS, callSecrets } from "./calls";
import { generalPatterns, type GeneralPattern, type SecretPattern } from "./general-patterns";
import { isAlphanumeric, type Span } from "./hint-places";
import { MANIFEST_HINTS, manifestSecrets } from "./manifests";
import { PIPE_HINTS, pipedSecrets } from "./piped";
import { PROSE_HINTS, proseSecrets } from "./prose";
import { generalHints, patternHints, tokenPrefixes } from "./hints" with { type: "macro" };
import { vendorTables, type Alphabet, type VendorPattern, type VendorToken } from "./vendor-tokens";

/** A kind of secret that is known by what is around it, which takes more than a pattern. */
export interface SecretFinder {
  readonly kind: string;
  /** In lower case; a text without any of these, in upper or lower case, has no such secret. */
  readonly hints: readonly string[];
  /** Finds them, in the order in which they stand in the text. */
  readonly find: (text: string) => readonly Span[];
}

const SECRET_FINDERS: readonly SecretFinder[] = [
  { kind: "named-secret", hints: MANIFEST_HINTS, find: manifestSecrets },
  { kind: "argument-secret", hints: CALL_HINTS, find: callSecrets },
  { kind: "argument-secret", hints: PIPE_HINTS, find: pipedSecrets },
  { kind: "assigned-secret", hints: PROSE_HINTS, find: proseSecrets },
];

/** The patterns that can match in a text. */
export interface SecretPatterns {
  readonly tokens: readonly VendorToken[];
  readonly others: readonly SecretPattern[];
  readonly finders: readonly SecretFinder[];
}

const CLASSES: Readonly<Record<Alphabet, string>> = {
  alnum: "A-Za-z0-9",
  lower: "a-z0-9",
  upper: "A-Z0-9",
  hex: "a-f0-9",
  word: "\\w",
  base64: "A-Za-z0-9+/=",
  base64url: "\\w-",
  base64any: "\\w+/=-",
  dotted: "\\w.=-",
};
const TOKEN_PREFIXES = tokenPrefixes();
const PATTERN_HINTS = patternHints();
const GENERAL_HINTS = generalHints();

/**
 * Everything that can match in a JSON text.
 *
 * @param hasHint whether the text has a hint, in upper or lower case
 */
export function patternsIn(json: string, hasHint: (hint: string) => boolean): SecretPatterns {
  const others: SecretPattern[] = [];
  addVendorPatterns(others, hasHint);
  addGeneralPatterns(others, hasHint);
  const finders: SecretFinder[] = [];
  for (const finder of SECRET_FINDERS)
    for (const hint of finder.hints)
      if (hasHint(hint)) {
        finders.push(finder);
        break;
      }
  return { tokens: vendorTokensIn(json), others, finders };
}

// Only the words that are long enough are searched: few, where searching the whole text for each token would cost more
// than all other rules.
function vendorTokensIn(json: string): VendorToken[] {
  const tokens: VendorToken[] = [];
  // With a character in front, because a run that is too short must not be tried again from each of its characters.
  const words =
    json.length < 4096 ? json : (json.match(/(?:^|[^\w.~+/:-])[\w.~+/:-]{16,}/g)?.join(" ") ?? "");
  // Rows are counted by hand, because each of `entries()` is an array.
  let row = 0;
  for (const prefix of TOKEN_PREFIXES.split("\n")) {
    if (words.includes(prefix) && occurs(prefix, words))
      tokens.push(tables().tokens[row] as VendorToken);
    row++;
  }
  return tokens;
}

// Not as the end of a word, as `ion_` is in `permission_mode`. Escapes and colors, which end in a letter, are left to
// `startsToken`.
function occurs(prefix: string, words: string): boolean {
  for (let at = words.indexOf(prefix); at >= 0; at = words.indexOf(prefix, at + 1)) {
    if (at === 0 || !isAlphanumeric(words, at - 1)) return true;
    if (/[\\%[]/.test(words.slice(Math.max(0, at - 12), at))) return true;
  }
  return false;
}

function addVendorPatterns(patterns: SecretPattern[], hasHint: (hint: string) => boolean): void {
  let row = 0;
  for (const hint of PATTERN_HINTS.split("\n")) {
    if (hasHint(hint)) patterns.push(toPattern(tables().patterns[row] as VendorPattern));
    row++;
  }
}

function addGeneralPatterns(patterns: SecretPattern[], hasHint: (hint: string) => boolean): void {
  let all: readonly GeneralPattern[] | undefined;
  let row = -1;
  let mayMatch = false;
  for (const line of GENERAL_HINTS.split("\n"))
    if (line.startsWith("\t")) {
      row++;
      mayMatch = line === "\t" || hasHint(line.slice(1));
    } else if (mayMatch && hasHint(line)) {
      all ??= generalPatterns();
      patterns.push(all[row] as GeneralPattern);
      mayMatch = false;
    }
}

/** Everything, for a text that may hide letters behind escapes. */
export function allPatterns(): SecretPatterns {
  const { tokens, patterns } = tables();
  return {
    tokens,
    others: [...patterns.map(toPattern), ...generalPatterns()],
    finders: SECRET_FINDERS,
  };
}

let made: ReturnType<typeof vendorTables> | undefined;

function tables(): ReturnType<typeof vendorTables> {
  return (made ??= vendorTables());
}

function toPattern([kind, , source]: VendorPattern): SecretPattern {
  return { kind, isToken: true, expression: () => new RegExp(source, "g") };
}

const RUNS: Partial<Record<Alphabet, RegExp>> = {};

/**
 * Finds the tokens of one row. The body is all that follows of its alphabet: a part of a longer run is no token.
 * Without a digit and a capital it is made of words, as in `xoxb-your-token-goes-here`.
 */
export function tokensIn(text: string, [, prefix, alphabet, min, max]: VendorToken): Span[] {
  const found: Span[] = [];
  const run = (RUNS[alphabet] ??= new RegExp(`[${CLASSES[alphabet]}]*`, "y"));
  for (let start = text.indexOf(prefix); start >= 0;) {
    run.lastIndex = start + prefix.length;
    const body = run.exec(text)?.[0] ?? "";
    const end = start + prefix.length + body.length;
    if (
      body.length >= min &&
      body.length <= max &&
      /[A-Z0-9]/.test(body) &&
      // As Amazon writes them: AKIAIOSFODNN7EXAMPLE
      !body.endsWith("EXAMPLE") &&
      startsToken(text, start)
    )
      found.push({ start, end });
    // A run that failed is not tried again from the prefixes in it.
    start = text.indexOf(prefix, Math.max(end, start + 1));
  }
  return found;
}

/** Whether a token can begin here: not inside a word, but after an escape or a terminal's color code. */
export function startsToken(text: string, start: number): boolean {
  return (
    start === 0 ||
    /(?:[^A-Za-z0-9]|\\[bfnrt]|\\u[\dA-Fa-f]{4}|%[\dA-Fa-f]{2}|\[[\d;]{0,9}[mK])$/.test(
      text.slice(Math.max(0, start - 14), start),
    )
  );
}
