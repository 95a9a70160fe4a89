// What secrets look like: the names of keys and variables, and the forms of common tokens.
//
// The forms are those that vendors document, and a test compares them with secretlint's recommended rules. Every
// repetition is bounded, and no pattern starts again inside a run on which it has just failed, so matching takes
// linear time on any text.

/** One form of secret in free text. */
export interface SecretForm {
  /** Names the mask: `[redacted:github-token]`. */
  readonly kind: string;
  /** In lower case; a text without any of these, in upper or lower case, has no such secret. */
  readonly hints: readonly string[];
  /**
   * Creates the pattern; its group 1, if it has one, is kept in front of the mask. Created only on demand,
   * because a process needs few patterns and each costs some 10 µs.
   */
  readonly pattern: () => RegExp;
}

/** In lower case; every name that looks secret contains one of these. */
export const NAME_HINTS: readonly string[] = [
  "passw",
  "passphrase",
  "secret",
  "token",
  "key",
  "credential",
  "authorization",
  "cookie",
  "pwd",
  // Short ones only at the end of a key, because they are part of many words.
  'auth"',
  'pass"',
];

// Names in code, JSON, YAML, options and variables.
const NAME =
  "passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?";
const UPPER_NAME =
  "PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN(?!S?=[\"']?\\d{1,9}(?![\\w.-]))|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?";
// GOOGLE_CREDENTIALS_FILE=… says where a secret is. (MAX_TOKENS=4096, excluded above, is a count.)
const NO_PLACE = "(?![A-Z0-9_]{0,32}_(?:FILE|PATH|DIR|SOCK)=)";

// Where a token can begin: not inside a word, but after an escape such as `\n` or `%3D`, which ends in a letter,
// and after a terminal's color code. It is the group that is kept in front of the mask.
const ESCAPE = String.raw`\\[bfnrt]|\\u[\dA-Fa-f]{4}|%[\dA-Fa-f]{2}|\[[\d;]{0,9}[mK]`;
const START = `(^|[^A-Za-z0-9]|${ESCAPE})`;

// A line break, escaped or not, and the line number that `cat -n` and `grep -n` add.
const ROW_START = String.raw`(?:[\s→:|]|\\+[nrt]|\d{1,6}(?=[\s→:|])){0,16}`;
// A backslash inside an unquoted value, as opposed to one that begins an escape after it.
const BACKSLASH = String.raw`\\(?![bfnrtu"'\\])`;

function token(form: string): RegExp {
  return new RegExp(START + form, "g");
}

/** In the order in which they are tried: specific forms before general ones. */
export const SECRET_FORMS: readonly SecretForm[] = [
  {
    kind: "private-key",
    hints: ["private key"],
    // Up to its end; if that is missing, as after `head`, the rows that can be part of a key.
    pattern: () =>
      new RegExp(
        `-----BEGIN ?[A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:[^-]{0,65536}(?:-(?!-)[^-]{0,65536}){0,64}-----END ?[A-Z0-9 ]{0,60}-----|(?:${ROW_START}[A-Z][A-Za-z-]{2,20}: [^\\r\\n\\\\"]{0,256}){0,4}(?:${ROW_START}[A-Za-z0-9+/=]{20,1024}){0,2048})`,
        "g",
      ),
  },
  {
    kind: "anthropic-key",
    hints: ["sk-ant-"],
    pattern: () => token("sk-ant-[A-Za-z0-9_-]{16,300}"),
  },
  {
    kind: "openai-key",
    hints: ["sk-"],
    pattern: () =>
      token("sk-(?:(?:proj|svcacct|admin|None|or-v\\d)-[A-Za-z0-9_-]{20,300}|[A-Za-z0-9]{32,300})"),
  },
  {
    kind: "github-token",
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    pattern: () => /gh[pousr]_[A-Za-z0-9_]{36,255}|github_pat_[A-Za-z0-9_]{22,255}/g,
  },
  {
    kind: "gitlab-token",
    hints: [
      "glpat-",
      "gldt-",
      "glrt-",
      "glcbt-",
      "glptt-",
      "glft-",
      "glimt-",
      "glagent-",
      "glsoat-",
    ],
    pattern: () =>
      token(
        "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_=-]{20,300}(?:\\.[A-Za-z0-9_-]{1,64}){0,2}",
      ),
  },
  {
    kind: "slack-token",
    hints: ["xox", "xapp-"],
    pattern: () =>
      token("(?:xox[a-z](?:\\.xox[a-z])?|xapp)-(?=[A-Za-z0-9-]{0,128}\\d)[A-Za-z0-9-]{10,300}"),
  },
  {
    kind: "slack-webhook",
    hints: ["hooks.slack.com"],
    pattern: () => /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{7,200}/gi,
  },
  {
    kind: "aws-access-key",
    hints: ["akia", "asia", "abia", "acca", "agpa", "aida", "aroa", "aipa", "anpa", "anva", "a3t"],
    pattern: () =>
      token(
        "(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|A3T[A-Z0-9])[A-Z0-9]{16}(?![A-Za-z0-9])",
      ),
  },
  {
    // ~/.aws/credentials: aws_secret_access_key = …
    kind: "aws-secret-key",
    hints: ["secret"],
    pattern: () =>
      /(secret_?(?:access)?_?key\\{0,3}["']?\s{0,16}(?:=>|[:=])\s{0,16}\\{0,3}["']?)[A-Za-z0-9/+=]{40,128}/gi,
  },
  {
    kind: "google-key",
    hints: ["aiza", "ya29.", "gocspx-"],
    pattern: () =>
      token("(?:AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,1024}|GOCSPX-[A-Za-z0-9_-]{20,60})"),
  },
  { kind: "npm-token", hints: ["npm_"], pattern: () => token("npm_[A-Za-z0-9_]{36}") },
  {
    kind: "npm-token",
    hints: ["_auth"],
    pattern: () => /(_auth(?:Token)?\s{0,4}=\s{0,4}"?)[^\s"$\\]{8,1024}/g,
  },
  {
    kind: "hugging-face-token",
    hints: ["hf_", "api_org_"],
    pattern: () => token("(?:hf|api_org)_[A-Za-z0-9]{30,100}"),
  },
  {
    kind: "stripe-key",
    hints: ["_live_", "_test_", "whsec_"],
    pattern: () =>
      token("(?:[rs]k_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/=]{20,250})"),
  },
  {
    kind: "sendgrid-key",
    hints: ["sg."],
    pattern: () => token("SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,128}"),
  },
  {
    kind: "shopify-token",
    hints: ["shpat_", "shpca_", "shppa_", "shpss_", "shptka_"],
    pattern: () => token("shp(?:at|ca|pa|ss|tka)_[A-Za-z0-9]{32,64}"),
  },
  {
    kind: "linear-key",
    hints: ["lin_api_", "lin_oauth_"],
    pattern: () => token("lin_(?:api|oauth)_[A-Za-z0-9_]{32,128}"),
  },
  {
    kind: "1password-token",
    hints: ["ops_ey"],
    pattern: () => token("ops_ey[A-Za-z0-9+/_=-]{100,8192}"),
  },
  {
    kind: "azure-secret",
    hints: ["q~"],
    pattern: () => /[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}/g,
  },
  {
    kind: "azure-secret",
    hints: ["accountkey="],
    pattern: () => /(AccountKey=)[A-Za-z0-9+/=]{40,128}/g,
  },
  {
    kind: "vault-token",
    hints: ["hvs.", "hvb."],
    pattern: () => token("hv[bs]\\.[A-Za-z0-9_-]{20,300}"),
  },
  { kind: "pypi-token", hints: ["pypi-"], pattern: () => token("pypi-[A-Za-z0-9_-]{50,1024}") },
  {
    kind: "docker-token",
    hints: ["dckr_pat_"],
    pattern: () => token("dckr_pat_[A-Za-z0-9_-]{20,100}"),
  },
  {
    kind: "jwt",
    hints: ["eyj"],
    // Never after a character that it can contain, or each "eyJ" of a long run would start a new match.
    pattern: () =>
      new RegExp(
        `(^|[^\\w-]|${ESCAPE})eyJ[\\w-]{6,8192}\\.eyJ[\\w-]{2,16384}\\.[\\w-]{2,2048}`,
        "g",
      ),
  },
  {
    kind: "url-password",
    hints: ["://"],
    pattern: () =>
      /(:\/\/(?!\[redacted)[^\s:/?#"'<>]{0,256}:)(?!\[redacted|x-oauth-basic@)[^\s/"'<>]{1,512}(?=@)/g,
  },
  {
    // https://TOKEN:x-oauth-basic@github.com and https://TOKEN@github.com, with tokens older than the prefixes.
    kind: "url-password",
    hints: ["://"],
    pattern: () =>
      /(:\/\/)(?:[A-Za-z0-9_-]{20,256}(?=@)|[^\s:/?#@"'<>[]{4,256}(?=:x-oauth-basic@))/g,
  },
  {
    kind: "authorization",
    hints: ["authorization"],
    pattern: () =>
      /(authorization\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?:(?:basic|bearer|token|digest|negotiate|apikey)\s{1,4})?)(?!\[redacted)[^\s"'\\,;$]{8,8192}/gi,
  },
  {
    kind: "authorization",
    hints: ["bearer"],
    pattern: () => /(bearer\s{1,4})[A-Za-z0-9._~+/=-]{16,8192}/gi,
  },
  {
    kind: "cookie",
    hints: ["cookie"],
    pattern: () => /(cookie\\?["']?\s{0,4}:\s{0,4}\\?["']?)[\w.-]{1,128}=[^"'\\\r\n]{4,8192}/gi,
  },
  {
    // PGPASSWORD=hunter2 psql, export API_TOKEN="…"; a reference such as $TOKEN is not a secret.
    kind: "assigned-secret",
    hints: NAME_HINTS,
    pattern: () =>
      new RegExp(
        `((?:${UPPER_NAME})${NO_PLACE}[A-Z0-9_]{0,32}=)(?!\\\\{0,3}["']?\\[|\\\\{0,3}"?\\$)(?:\\\\{0,3}"[^"\\r\\n]{4,1024}"?|'[^'\\r\\n]{4,1024}'?|(?:[^\\s"'$;&|<>(){}\\\\]|${BACKSLASH}){4,1024})`,
        "g",
      ),
  },
  {
    // "password": "…", apiKey = '…', up to the same quote, even if the quotes are escaped again.
    kind: "assigned-secret",
    hints: NAME_HINTS,
    pattern: () =>
      new RegExp(
        `((?:${NAME})\\\\{0,3}["'\`]?\\s{0,4}(?::=|=>|[:=])\\s{0,4}(\\\\{0,3}["'\`]))(?![$[])(?:(?!\\2)(?:\\\\[^\\r\\n]|[^\\r\\n\\\\])){6,1024}`,
        "gi",
      ),
  },
  {
    // --password hunter2, --api-key=…
    kind: "assigned-secret",
    hints: ["--"],
    pattern: () =>
      new RegExp(
        `((?:^|[^\\w-])--[\\w-]{0,32}(?:${NAME})[ =]\\\\{0,3}["']?)(?![$[<{-]|(?:string|text|value|token|file|path)\\b)(?:[^\\s"'\\\\]|${BACKSLASH}){4,1024}`,
        "gi",
      ),
  },
  {
    // ?token=…&, password=…; in a connection string. A digit distinguishes it from code: `token=get_token()`.
    kind: "assigned-secret",
    hints: [...NAME_HINTS, "sig="],
    pattern: () =>
      new RegExp(
        `((?:${NAME}|pwd(?!=(?:[/~]|[a-z]:\\\\))|sig)=)(?=[^\\s"'&;,()]{0,128}\\d)(?:[^\\s"'$&;,(){}<>[\\]\\\\]|${BACKSLASH}){6,1024}`,
        "gi",
      ),
  },
  {
    // api_key: 9f86d081 in YAML, x-api-key: 9f86d081 as a header. A digit distinguishes it from words.
    kind: "assigned-secret",
    hints: NAME_HINTS,
    pattern: () =>
      new RegExp(
        `((?:${NAME}):[ \\t]{1,4})(?=[^\\s"'&;,()]{0,128}\\d)(?:[^\\s"'#{}[\\](),;$<>\\\\]|${BACKSLASH}){8,1024}`,
        "gi",
      ),
  },
  {
    // password: hunter2 in YAML; `password: string` is a type.
    kind: "assigned-secret",
    hints: ["password:", "passwd:"],
    pattern: () =>
      new RegExp(
        `(passw(?:or)?d:\\s{1,4})(?!(?:str|string|secretstring|option|bool|boolean|int|number|none|null|nil|undefined|any|unknown|optional|required|true|false)\\b)(?:[^\\s"'#{}[\\](),;$<>\\\\]|${BACKSLASH}){6,256}`,
        "gi",
      ),
  },
];

/** Whether the value of this key is probably a secret: `db_password`, `Authorization`, `apiKey`. */
export function isSecretKey(key: string): boolean {
  return /passw(?:or)?d|passphrase|secret|api[-_. ]?key|private[-_. ]?key|authorization|(?:token|cookies?|credentials?|access[-_. ]?key|pwd)$/i.test(
    key,
  );
}

/** Whether a text under this key is probably a secret, though a number or an object is not. */
export function isSecretTextKey(key: string): boolean {
  return /(?:^|[-_.])(?:auth|pass)$|tokens$|session[-_. ]?key$/i.test(key);
}

const VARIABLE_WORDS: readonly string[] = [
  "PASSW",
  "PASSPHRASE",
  "SECRET",
  "TOKEN",
  "API_KEY",
  "APIKEY",
  "PRIVATE_KEY",
  "ACCESS_KEY",
  "AUTH_KEY",
  "MASTER_KEY",
  "ENCRYPTION_KEY",
  "SIGNING_KEY",
  "MYSQL_PWD",
  "SSHPASS",
  "COOKIE",
  "CREDENTIAL",
];
const VARIABLE_ENDS: readonly string[] = ["_KEY", "_AUTH", "_PAT", "_PASS", "_PWD"];
// The path of a secret is not a secret: GOOGLE_KEY_FILE, SSH_AUTH_SOCK.
const PLACE_ENDS: readonly string[] = ["_FILE", "_PATH", "_DIR", "_SOCK"];

/** Shorter values, such as `true` or a port, are parts of ordinary text. */
const MIN_SECRET_LENGTH = 8;

/** Whether an environment variable of this name probably holds a secret: `ANTHROPIC_API_KEY`. */
export function isSecretVariable(name: string): boolean {
  const upper = name.toUpperCase();
  for (const end of PLACE_ENDS) if (upper.endsWith(end)) return false;
  for (const word of VARIABLE_WORDS) if (upper.includes(word)) return true;
  for (const end of VARIABLE_ENDS) if (upper.endsWith(end)) return true;
  return false;
}

/**
 * Whether the value of such a variable is a secret, and not a word, an address or a place: those would mask
 * ordinary text wherever they occur. `ANTHROPIC_AUTH_TOKEN=lmstudio` is what LM Studio says to set.
 */
export function isSecretValue(name: string, value: string): boolean {
  if (value.length < MIN_SECRET_LENGTH) return false;
  if (/^[^\s@]+@[^\s@]+\.[A-Za-z]+$/.test(value) || /^(?:[~.]?\/|[A-Za-z]:\\)/.test(value))
    return false;
  // A URL is as secret as what is in it.
  if (/^https?:\/\//.test(value)) return /:\/\/[^/]*@|[A-Za-z0-9_-]{20}/.test(value);
  // A date, a version or an address.
  if (/^\d{1,4}(?:[.:/-]\d{1,4}){1,3}$/.test(value)) return false;
  // A password may be a word. A token or a key is none: those have digits, or mix capitals with small letters.
  return (
    /PASS/i.test(name) ||
    !/^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)(?:[-_. ](?:[a-z]+|[A-Z]+|[A-Z][a-z]+))*$/.test(value)
  );
}
