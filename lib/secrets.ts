// What secrets look like: names of keys and variables, and the forms of the common kinds of token.
//
// The forms are the vendors' own, and a test holds them against secretlint's recommended rules. Every
// repetition is bounded and no pattern can start anew inside a run that it has just failed on, so
// that no text makes one of them take more than linear time.

/** One kind of secret in free text. */
export interface SecretForm {
  /** Names the mask: `[redacted:github-token]`. */
  readonly kind: string;
  /** In lower case; a text that holds none of these, in any case, holds no such secret. */
  readonly hints: readonly string[];
  /**
   * Makes the pattern; its group 1, where there is one, is what stays in front of the mask. Made only
   * on demand, because a process sees few of them and each costs some ten microseconds.
   */
  readonly pattern: () => RegExp;
}

/** Words of which every secret-looking name holds one, in lower case. */
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
];

// Names as they stand in code, JSON, YAML, flags and variables.
const NAME =
  "passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?";
const UPPER_NAME =
  "PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?";

/** In the order in which they are tried: the special before the general. */
export const SECRET_FORMS: readonly SecretForm[] = [
  {
    kind: "private-key",
    hints: ["private key"],
    pattern: () =>
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:[^-]|-(?!-)){0,16384}(?:-----END [A-Z0-9 ]{0,60}-----)?/g,
  },
  {
    kind: "anthropic-key",
    hints: ["sk-ant-"],
    pattern: () => /\bsk-ant-[A-Za-z0-9_-]{16,300}/g,
  },
  {
    kind: "openai-key",
    hints: ["sk-"],
    pattern: () =>
      /\bsk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,300}|[A-Za-z0-9]{32,300})/g,
  },
  {
    kind: "github-token",
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    pattern: () => /gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}/g,
  },
  {
    kind: "gitlab-token",
    hints: ["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-"],
    pattern: () => /\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_.=-]{20,300}/g,
  },
  {
    kind: "slack-token",
    hints: ["xox", "xapp-"],
    pattern: () =>
      /\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,300}|\bxapp-\d-[A-Za-z0-9-]{10,300}/g,
  },
  {
    kind: "slack-webhook",
    hints: ["hooks.slack.com"],
    pattern: () =>
      /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{10,200}/g,
  },
  {
    kind: "aws-access-key",
    hints: ["akia", "asia", "abia", "acca", "agpa", "aida", "aroa", "aipa", "anpa", "anva"],
    pattern: () => /\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}\b/g,
  },
  {
    kind: "google-key",
    hints: ["aiza", "ya29.", "gocspx-"],
    pattern: () =>
      /\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,1024}|\bGOCSPX-[A-Za-z0-9_-]{20,60}/g,
  },
  { kind: "npm-token", hints: ["npm_"], pattern: () => /\bnpm_[A-Za-z0-9]{36}/g },
  {
    kind: "npm-token",
    hints: ["_auth"],
    pattern: () => /(_auth(?:Token)?\s{0,4}=\s{0,4}"?)[^\s"$]{8,1024}/g,
  },
  {
    kind: "hugging-face-token",
    hints: ["hf_", "api_org_"],
    pattern: () => /\b(?:hf|api_org)_[A-Za-z0-9]{30,100}/g,
  },
  {
    kind: "stripe-key",
    hints: ["_live_", "_test_", "whsec_"],
    pattern: () => /\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,250}|\bwhsec_[A-Za-z0-9+/=]{20,250}/g,
  },
  {
    kind: "sendgrid-key",
    hints: ["sg."],
    pattern: () => /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g,
  },
  {
    kind: "shopify-token",
    hints: ["shpat_", "shpca_", "shppa_", "shpss_", "shptka_"],
    pattern: () => /\bshp(?:at|ca|pa|ss|tka)_[A-Fa-f0-9]{32}/g,
  },
  {
    kind: "linear-key",
    hints: ["lin_api_", "lin_oauth_"],
    pattern: () => /\blin_(?:api|oauth)_[A-Za-z0-9]{32,128}/g,
  },
  {
    kind: "1password-token",
    hints: ["ops_ey"],
    pattern: () => /\bops_eyJ[A-Za-z0-9_=-]{100,8192}/g,
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
    pattern: () => /\bhv[bs]\.[A-Za-z0-9_-]{20,300}/g,
  },
  { kind: "pypi-token", hints: ["pypi-"], pattern: () => /\bpypi-[A-Za-z0-9_-]{50,1024}/g },
  {
    kind: "docker-token",
    hints: ["dckr_pat_"],
    pattern: () => /\bdckr_pat_[A-Za-z0-9_-]{20,100}/g,
  },
  {
    kind: "jwt",
    hints: ["eyj"],
    pattern: () =>
      /(^|[^\w-])eyJ[\w-]{6,8192}\.eyJ[\w-]{2,16384}\.[\w-]{2,2048}/g,
  },
  {
    kind: "url-password",
    hints: ["://"],
    pattern: () => /(:\/\/[^\s:/?#@"'<>]{0,256}:)(?!\[redacted)[^\s/"'<>]{1,512}(?=@)/g,
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
    pattern: () => /(\bbearer\s{1,4})[A-Za-z0-9._~+/=-]{16,8192}/gi,
  },
  {
    kind: "cookie",
    hints: ["cookie"],
    pattern: () => /(cookie\\?["']?\s{0,4}:\s{0,4}\\?["']?)[\w.-]{1,128}=[^"'\\\r\n]{4,8192}/gi,
  },
  {
    // PGPASSWORD=hunter2 psql, export API_TOKEN="…"; a reference such as $TOKEN is no secret.
    kind: "assigned-secret",
    hints: NAME_HINTS,
    pattern: () =>
      new RegExp(
        `((?:${UPPER_NAME})[A-Z0-9_]{0,32}=)(?!["']?[$[])(?:"[^"\\r\\n]{4,1024}"?|'[^'\\r\\n]{4,1024}'?|[^\\s"'$;&|<>(){}]{4,1024})`,
        "g",
      ),
  },
  {
    // "password": "…", apiKey = '…', also where the quotes are escaped once more.
    kind: "assigned-secret",
    hints: NAME_HINTS,
    pattern: () =>
      new RegExp(
        `((?:${NAME})\\\\{0,3}["'\`]?\\s{0,4}(?::=|=>|[:=])\\s{0,4}\\\\{0,3}["'\`])(?![$[])[^"'\`\\s\\\\]{6,1024}`,
        "gi",
      ),
  },
  {
    // --password hunter2, --api-key=…
    kind: "assigned-secret",
    hints: ["--"],
    pattern: () =>
      new RegExp(
        `((?:^|[^\\w-])--[\\w-]{0,32}(?:${NAME})[ =]["']?)(?![$[-])[^\\s"']{4,1024}`,
        "gi",
      ),
  },
  {
    // ?token=…&, password=…; in a connection string. A digit tells it from code: `token=get_token()`.
    kind: "assigned-secret",
    hints: [...NAME_HINTS, "sig="],
    pattern: () =>
      new RegExp(
        `((?:${NAME}|pwd|sig)=)(?=[^\\s"'&;,()]{0,128}\\d)[^\\s"'$&;,(){}<>[\\]]{6,1024}`,
        "gi",
      ),
  },
  {
    // password: hunter2 in YAML; `password: string` is a type.
    kind: "assigned-secret",
    hints: ["password:", "passwd:"],
    pattern: () =>
      /(passw(?:or)?d:\s{1,4})(?!(?:str|string|bool|boolean|int|number|none|null|nil|undefined|any|unknown|optional|required|true|false)\b)[^\s"'#{}[\](),;$<>]{6,256}/gi,
  },
];

/** Whether what stands under this key is likely a secret: `db_password`, `Authorization`, `apiKey`. */
export function isSecretKey(key: string): boolean {
  return /passw(?:or)?d|passphrase|secret|api[-_. ]?key|private[-_. ]?key|authorization|(?:token|cookies?|credentials?|access[-_. ]?key|pwd)$/i.test(
    key,
  );
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
  "COOKIE",
  "CREDENTIAL",
];
const VARIABLE_ENDS: readonly string[] = ["_AUTH", "_PAT"];
// Where a secret is, which is no secret: GOOGLE_KEY_FILE, SSH_AUTH_SOCK.
const PLACE_ENDS: readonly string[] = ["_FILE", "_PATH", "_DIR", "_SOCK"];

/** Whether an environment variable of this name likely holds a secret: `ANTHROPIC_API_KEY`. */
export function isSecretVariable(name: string): boolean {
  const upper = name.toUpperCase();
  for (const end of PLACE_ENDS) if (upper.endsWith(end)) return false;
  for (const word of VARIABLE_WORDS) if (upper.includes(word)) return true;
  for (const end of VARIABLE_ENDS) if (upper.endsWith(end)) return true;
  return false;
}
