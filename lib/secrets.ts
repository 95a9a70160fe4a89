// What secrets look like: names of keys and variables, and the forms of the common kinds of token.
//
// Every pattern begins with a literal that a plain search can look for first, and every repetition
// is bounded, so that no text makes one of them take more than linear time. Sources of the forms:
// the vendors' own documentation, checked by a test against secretlint's recommended rules.

/** One kind of secret in free text. */
export interface SecretPattern {
  /** Names the mask: `[redacted:github-token]`. */
  readonly kind: string;
  /** A text that holds none of these holds no such secret. */
  readonly literals: readonly string[];
  /** Matches the secret; group 1, where there is one, is what stays in front of the mask. */
  readonly pattern: RegExp;
}

// Names as they stand in code, JSON, YAML, flags and variables.
const NAME = "passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?";
const NAME_LITERALS = ["pass", "secret", "token", "key", "Key", "Pass", "Secret", "Token", "credential"];
const UPPER_NAME = "PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?";
const UPPER_LITERALS = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL"];

/** In the order in which they are tried: the special before the general. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    kind: "private-key",
    literals: ["PRIVATE KEY"],
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:[^-]|-(?!-)){0,16384}(?:-----END [A-Z0-9 ]{0,60}-----)?/g,
  },
  { kind: "anthropic-key", literals: ["sk-ant-"], pattern: /\bsk-ant-[A-Za-z0-9_-]{16,300}/g },
  {
    kind: "openai-key",
    literals: ["sk-"],
    pattern: /\bsk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,300}|[A-Za-z0-9]{32,300})/g,
  },
  {
    kind: "github-token",
    literals: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    pattern: /gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}/g,
  },
  {
    kind: "gitlab-token",
    literals: ["gl"],
    pattern: /\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct|wt)-[A-Za-z0-9_.=-]{20,300}/g,
  },
  {
    kind: "slack-token",
    literals: ["xox", "xapp-"],
    pattern: /\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,300}|\bxapp-\d-[A-Za-z0-9-]{10,300}/g,
  },
  {
    kind: "slack-webhook",
    literals: ["hooks.slack.com"],
    pattern: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{10,200}/g,
  },
  {
    kind: "aws-access-key",
    literals: ["AKIA", "ASIA", "ABIA", "ACCA", "AGPA", "AIDA", "AROA", "AIPA", "ANPA", "ANVA"],
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}\b/g,
  },
  {
    kind: "google-key",
    literals: ["AIza", "ya29.", "GOCSPX-"],
    pattern: /\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,1024}|\bGOCSPX-[A-Za-z0-9_-]{20,60}/g,
  },
  { kind: "npm-token", literals: ["npm_"], pattern: /\bnpm_[A-Za-z0-9]{36}/g },
  {
    kind: "npm-token",
    literals: ["_auth"],
    pattern: /(_auth(?:Token)?\s{0,4}=\s{0,4}"?)[^\s"$]{8,1024}/g,
  },
  {
    kind: "hugging-face-token",
    literals: ["hf_", "api_org_"],
    pattern: /\b(?:hf|api_org)_[A-Za-z0-9]{30,100}/g,
  },
  {
    kind: "stripe-key",
    literals: ["_live_", "_test_", "whsec_"],
    pattern: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,250}|\bwhsec_[A-Za-z0-9+/=]{20,250}/g,
  },
  {
    kind: "sendgrid-key",
    literals: ["SG."],
    pattern: /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g,
  },
  { kind: "shopify-token", literals: ["shp"], pattern: /\bshp(?:at|ca|pa|ss|tka)_[A-Fa-f0-9]{32}/g },
  { kind: "linear-key", literals: ["lin_api_", "lin_oauth_"], pattern: /\blin_(?:api|oauth)_[A-Za-z0-9]{32,128}/g },
  { kind: "1password-token", literals: ["ops_ey"], pattern: /\bops_eyJ[A-Za-z0-9_=-]{100,8192}/g },
  {
    kind: "azure-secret",
    literals: ["Q~"],
    pattern: /[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}/g,
  },
  { kind: "azure-secret", literals: ["AccountKey="], pattern: /(AccountKey=)[A-Za-z0-9+/=]{40,128}/g },
  { kind: "vault-token", literals: ["hvs.", "hvb."], pattern: /\bhv[bs]\.[A-Za-z0-9_-]{20,300}/g },
  { kind: "pypi-token", literals: ["pypi-"], pattern: /\bpypi-[A-Za-z0-9_-]{50,1024}/g },
  { kind: "docker-token", literals: ["dckr_pat_"], pattern: /\bdckr_pat_[A-Za-z0-9_-]{20,100}/g },
  {
    kind: "jwt",
    literals: ["eyJ"],
    pattern: /\beyJ[A-Za-z0-9_-]{6,8192}\.eyJ[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{2,2048}/g,
  },
  {
    kind: "url-password",
    literals: ["://"],
    pattern: /(:\/\/[^\s:/?#@"'<>]{0,256}:)(?!\[redacted)[^\s/"'<>]{1,512}(?=@)/g,
  },
  {
    kind: "authorization",
    literals: ["uthorization", "UTHORIZATION"],
    pattern:
      /(authorization\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?:(?:basic|bearer|token|digest|negotiate|apikey)\s{1,4})?)(?!\[redacted)[^\s"'\\,;$]{8,8192}/gi,
  },
  {
    kind: "authorization",
    literals: ["earer ", "EARER "],
    pattern: /(\bbearer\s{1,4})[A-Za-z0-9._~+/=-]{16,8192}/gi,
  },
  {
    kind: "cookie",
    literals: ["ookie:", "OOKIE:", "ookie\":"],
    pattern: /(cookie\\?["']?\s{0,4}:\s{0,4}\\?["']?)[\w.-]{1,128}=[^"'\\\r\n]{4,8192}/gi,
  },
  {
    // PGPASSWORD=hunter2 psql, export API_TOKEN="…"; a reference such as $TOKEN is no secret.
    kind: "assigned-secret",
    literals: UPPER_LITERALS,
    pattern: new RegExp(
      `((?:${UPPER_NAME})[A-Z0-9_]{0,32}=)(?!["']?[$[])(?:"[^"\\r\\n]{4,1024}"?|'[^'\\r\\n]{4,1024}'?|[^\\s"'$;&|<>(){}]{4,1024})`,
      "g",
    ),
  },
  {
    // "password": "…", apiKey = '…', also with the quotes escaped once more.
    kind: "assigned-secret",
    literals: [...NAME_LITERALS, ...UPPER_LITERALS],
    pattern: new RegExp(
      `((?:${NAME})\\\\{0,3}["'\`]?\\s{0,4}(?::=|=>|[:=])\\s{0,4}\\\\{0,3}["'\`])(?![$[])[^"'\`\\s\\\\]{6,1024}`,
      "gi",
    ),
  },
  {
    // --password hunter2, --api-key=…
    kind: "assigned-secret",
    literals: ["--"],
    pattern: new RegExp(`(--[\\w-]{0,32}(?:${NAME})[ =]["']?)(?![$[-])[^\\s"']{4,1024}`, "gi"),
  },
  {
    // ?token=…&, password=…; in a connection string. A digit tells it from code: `token=get_token()`.
    kind: "assigned-secret",
    literals: NAME_LITERALS,
    pattern: new RegExp(
      `((?:${NAME}|pwd|sig)=)(?=[^\\s"'&;,()]{0,128}\\d)[^\\s"'$&;,(){}<>[\\]]{6,1024}`,
      "gi",
    ),
  },
  {
    // password: hunter2 in YAML; `password: string` is a type.
    kind: "assigned-secret",
    literals: ["assword: ", "asswd: "],
    pattern:
      /(passw(?:or)?d:\s{1,4})(?!(?:str|string|bool|boolean|int|number|none|null|nil|undefined|any|unknown|optional|required|true|false)\b)[^\s"'#{}[\](),;$<>]{6,256}/gi,
  },
];

const SECRET_KEY =
  /passw(?:or)?d|passphrase|secret|api[-_. ]?key|private[-_. ]?key|authorization|(?:token|cookies?|credentials?|access[-_. ]?key|pwd)$/i;
// Paths to secrets (GOOGLE_KEY_FILE, SSH_AUTH_SOCK) are none themselves.
const SECRET_VARIABLE =
  /^(?!.*_(?:FILE|PATH|DIR|SOCK)$).*(?:PASSW(?:OR)?D|PASSPHRASE|SECRET|(?:API|PRIVATE|ACCESS|AUTH)_?KEY|(?:^|_)(?:TOKEN|AUTH|COOKIE|CREDENTIALS?|PAT)(?:_|$))/i;

/** Whether what stands under this key is likely a secret: `db_password`, `Authorization`, `apiKey`. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Whether an environment variable of this name likely holds a secret: `ANTHROPIC_API_KEY`. */
export function isSecretVariable(name: string): boolean {
  return SECRET_VARIABLE.test(name);
}
