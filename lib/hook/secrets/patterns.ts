// Secrets that are known by their form, wherever they stand: private keys, tokens of vendors, passwords in addresses.
//
// Every repetition is bounded, and no pattern starts again inside a run on which it has just failed, so matching
// takes linear time on any text.
import { isAlphanumeric, type Span } from "./hint-places";
import { isSecretText, isWords } from "./values";
import { patternHints, tokenPrefixes } from "./vendor-hints" with { type: "macro" };
import { vendorTables, type Alphabet, type VendorPattern, type VendorToken } from "./vendor-tokens";

/** One kind of secret in free text. */
export interface SecretPattern {
  /** Names the mask: `[redacted:github-token]`. */
  readonly kind: string;
  /**
   * Creates the expression; its group 1, if it has one, is kept in front of the mask. Created only on demand,
   * because a process needs few of them and each costs some 10 µs.
   */
  readonly expression: () => RegExp;
  /** Whether it begins only where a token can begin. Its expression has no group. */
  readonly isToken?: boolean;
  /** Whether a match without its group 1 is a secret; without this, all are. */
  readonly accepts?: (secret: string) => boolean;
}

/** The patterns that can match in a text. */
export interface SecretPatterns {
  readonly tokens: readonly VendorToken[];
  readonly others: SecretPattern[];
}

/** A pattern that is neither a vendor's nor given away by a name, and how to tell that a text has none of it. */
export interface GeneralPattern extends SecretPattern {
  /** In lower case; a text without any of these, in upper or lower case, has no such secret. */
  readonly hints: readonly string[];
}

// A line break, escaped or not, and the line number that `cat -n` and `grep -n` add.
const ROW_START = String.raw`(?:[\s→:|"'+]|\\+[nrt]|\d{1,6}(?=[\s→:|])){0,16}`;
const KEY_ROWS = `(?:${ROW_START}[A-Z][A-Za-z-]{2,20}: [^\\r\\n\\\\"]{0,256}){0,4}(?:${ROW_START}[A-Za-z0-9+/=]{20,1024}){1,2048}(?:${ROW_START}[A-Za-z0-9+/=]{1,1024}){0,2}`;

/** In the order in which they are tried: specific patterns before general ones. */
export const GENERAL_PATTERNS: readonly GeneralPattern[] = [
  {
    kind: "private-key",
    hints: ["-----begin"],
    // Up to the key's end or, if that is missing, as after `head`, the rows that can be part of a key. A first line without
    // a key, as in code that looks for keys, is not a secret.
    expression: () =>
      new RegExp(
        `-----BEGIN ?[A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?=[^]{0,512}?[A-Za-z0-9+/]{32})(?:${KEY_ROWS}(?:${ROW_START}-----END ?[A-Z0-9 ]{0,60}-----)?|[^-;]{0,65536}(?:-(?!-)[^-;]{0,65536}){0,64}-----END ?[A-Z0-9 ]{0,60}-----)`,
        "g",
      ),
  },
  {
    // PuTTY: the rows behind `Private-Lines: 14`.
    kind: "private-key",
    hints: ["private-lines: "],
    expression: () =>
      new RegExp(`(Private-Lines: \\d{1,4})(?:${ROW_START}[A-Za-z0-9+/=]{16,1024}){1,512}`, "g"),
  },
  {
    // A JSON Web Key: its private part.
    kind: "private-key",
    hints: ['"kty'],
    expression: () =>
      /("(?:d|p|q|dp|dq|qi|k)\\{0,7}"\s{0,4}:\s{0,4}\\{0,7}")[A-Za-z0-9_-]{40,2048}(?=\\{0,7}")/g,
  },
  {
    kind: "url-password",
    hints: ["://"],
    expression: () =>
      /(:\/\/(?!\[redacted)[^\s:/?#"'<>]{0,256}:)(?!\[redacted|x-oauth-basic@)[^\s/"'<>]{1,512}(?=@)/g,
    accepts: (secret) =>
      !/^(?:\$\{?\w+\}?|\{\{?[\w. ]+\}?\}|%\w+%|\*+|x+|\.\.\.|…|pass(?:word)?|secret|token|PASS(?:WORD)?|TOKEN|your[-_]\w+)$/.test(
        secret,
      ),
  },
  {
    // https://TOKEN:x-oauth-basic@github.com and https://TOKEN@github.com, with tokens older than the prefixes.
    kind: "url-password",
    hints: ["://"],
    expression: () =>
      /(:\/\/)(?:[A-Za-z0-9_-]{20,256}(?=@)|[^\s:/?#@"'<>[]{4,256}(?=:x-oauth-basic@))/g,
    accepts: (secret) => !isWords(secret.replaceAll(/\d{1,4}(?![\da-zA-Z])/g, "")),
  },
  {
    // https://b.s3.amazonaws.com/k?X-Amz-Signature=…
    kind: "url-signature",
    hints: ["signature=", "sig=", "token"],
    expression: () =>
      /([?&;](?:amp;)?(?:X-(?:Amz|Goog|Oss)-(?:Signature|Security-Token)|Signature|sig)=)[A-Za-z0-9%+/=_-]{20,4096}/gi,
  },
  {
    kind: "authorization",
    hints: ["auth"],
    expression: () =>
      /(authorization\\{0,7}["']?\s{0,4}[:=]\s{0,4}\\{0,7}["']?(?:(?:basic|bearer|token|digest|negotiate|apikey|key|bot|aws4-hmac-sha256)[\s=]{1,4})?)(?!\[redacted)[^\s"'\\,;$`{(<>]{8,8192}/gi,
    accepts: isCredential,
  },
  {
    kind: "authorization",
    hints: ["bearer"],
    expression: () => /(bearer\s{1,4})[A-Za-z0-9._~+/=-]{16,8192}/gi,
    accepts: isCredential,
  },
  {
    kind: "authorization",
    hints: ["basic "],
    expression: () => /(basic\s{1,4})[A-Za-z0-9+/]{10,1024}={0,2}/gi,
    accepts: isBasicCredential,
  },
  {
    kind: "cookie",
    hints: ["cookie"],
    expression: () =>
      /(cookie\\{0,7}["']?\s{0,4}:\s{0,4}\\{0,7}["']?)[\w.-]{1,128}=[^"'\\\r\n]{4,8192}/gi,
  },
  {
    // ~/.netrc on one line or two.
    kind: "assigned-secret",
    hints: ["login"],
    expression: () =>
      /(\blogin[ \t]{1,4}[^\s"'\\]{1,128}(?:\s|\\[nrt]){1,8}passw(?:or)?d[ \t]{1,4})[^\s\\"']{1,256}/g,
  },
  {
    // ~/.pgpass: host:port:database:user:password
    kind: "assigned-secret",
    hints: [":5432:"],
    expression: () =>
      /((?:^|[\n\r"']|\\[nr]|\t)(?:[\w.-]{1,128}|\*):(?:5432|\*):[\w*.-]{1,64}:[\w*.@-]{1,64}:)[^\s"'\\]{1,256}(?=$|[\s"'\\])/g,
  },
  {
    kind: "assigned-secret",
    hints: ["identified "],
    expression: () =>
      /(\bidentified\s{1,4}(?:with\s{1,4}['"]?\w{1,40}['"]?\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4})?\\{0,3}['"])[^'"\r\n\\]{1,256}/gi,
  },
  {
    // printf 'AUTH x\r\n' to Redis.
    kind: "assigned-secret",
    hints: ["auth"],
    expression: () =>
      /((?:^|["'\n]|\\n)AUTH (?:[\w-]{1,64} )?)(?!\$)[^\s"'\\]{4,256}(?=["'\s\\]|$)/g,
    accepts: (secret) => !isWords(secret) || /^[a-z]{8,}$/.test(secret),
  },
  {
    // echo 'x' | sudo -S, docker login --password-stdin: what programs ask for on their input.
    kind: "argument-secret",
    hints: ["sudo ", "-stdin", "token", "cryptsetup"],
    expression: () =>
      /(\b(?:echo|printf)\s{1,4}(?:-\w\s{1,4}){0,2}(?:'%s(?:\\n)?'\s{1,4})?(?:\\{0,3}["'])?)(?!\$)[^\s"'$`|\\]{4,256}(?=(?:\\n)?(?:\\{0,3}["'])?\s{0,4}\|\s{0,4}(?:sudo\s+(?:-\w+\s+){0,3}-\w{0,4}S\b|cryptsetup\b|(?:docker|podman|helm|oras|crane|az|gh|glab|npm|wrangler|vault|supabase)\s[^|\n]{0,128}(?:-stdin|--with-token|login -|secret put)|kinit\b|gpg\s[^|\n]{0,64}--passphrase-fd))/g,
  },
  {
    // sudo -S apt-get update <<< 'x', wrangler secret put NAME <<< x
    kind: "argument-secret",
    hints: ["<<<"],
    expression: () =>
      /(\b(?:sudo\s[^|;\n]{0,64}-S|secrets? (?:put|set|create|add)|env add|login|cryptsetup|kinit)\b[^|;\n]{0,160}<<<\s{0,4}\\{0,3}["']?)(?!\$)[^\s"'$`|\\]{4,256}/g,
  },
];

function isCredential(secret: string): boolean {
  return isSecretText(secret, "token", "line") && !isWords(secret);
}

function isBasicCredential(secret: string): boolean {
  if (secret.length % 4 === 1) return false;
  try {
    return /^[\x21-\x7e]{1,256}:[\x20-\x7e]{1,1024}$/.test(atob(secret));
  } catch {
    return false;
  }
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

/**
 * The vendors' tokens and patterns that can occur in a JSON text. They are searched only in the words that are long
 * enough: few, where searching the whole text for each would cost more than all other rules.
 */
export function vendorPatterns(json: string, lower: string): SecretPatterns {
  const tokens: VendorToken[] = [];
  const others: SecretPattern[] = [];
  // With a character in front, because a run that is too short must not be tried again from each of its characters.
  const words =
    json.length < 4096 ? json : (json.match(/(?:^|[^\w.~+/:-])[\w.~+/:-]{16,}/g)?.join(" ") ?? "");
  for (const [row, prefix] of TOKEN_PREFIXES.split("\n").entries())
    if (words.includes(prefix) && occurs(prefix, words))
      tokens.push(tables().tokens[row] as VendorToken);
  for (const [row, hint] of PATTERN_HINTS.split("\n").entries())
    if (lower.includes(hint)) others.push(toPattern(tables().patterns[row] as VendorPattern));
  return { tokens, others };
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

/** Everything, for a text that may hide letters behind escapes. */
export function allPatterns(): SecretPatterns {
  const { tokens, patterns } = tables();
  return { tokens, others: [...patterns.map(toPattern), ...GENERAL_PATTERNS] };
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
