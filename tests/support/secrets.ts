// Secrets of every kind that we mask, generated and always the same: this file contains no real secret.

/** Alphabets of tokens. */
export const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
export const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
export const HEX = "0123456789abcdef";
export const BASE64 = `${ALNUM}+/`;

let seed = 20_250_101;
/** A text of so many characters that looks random. */
export function made(length: number, alphabet = ALNUM): string {
  let text = "";
  for (let i = 0; i < length - 1; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[Math.floor((seed / 2 ** 32) * alphabet.length)];
  }
  // It ends in a digit, because some patterns require one to distinguish a secret from a word.
  return `${text}7`;
}

/** A key in PEM. */
export function pem(label: string, body: string): string {
  return `-----BEGIN ${label}-----\n${body.match(/.{1,64}/g)?.join("\n")}\n-----END ${label}-----`;
}

/** A secret, and the text around it that identifies it as one. */
export interface Example {
  readonly kind: string;
  readonly why: string;
  readonly front?: string;
  readonly secret: string;
  readonly back?: string;
}

export const EXAMPLE_SECRETS: readonly Example[] = [
  { kind: "private-key", why: "PKCS#8", secret: pem("PRIVATE KEY", `MII${made(700, BASE64)}`) },
  { kind: "private-key", why: "RSA", secret: pem("RSA PRIVATE KEY", `MII${made(700, BASE64)}`) },
  { kind: "private-key", why: "PGP", secret: pem("PGP PRIVATE KEY BLOCK", made(5000, BASE64)) },
  { kind: "private-key", why: "very long", secret: pem("PRIVATE KEY", made(60_000, BASE64)) },
  { kind: "anthropic-key", why: "API", secret: `sk-ant-api03-${made(95)}` },
  { kind: "openai-key", why: "project", secret: `sk-proj-${made(120)}` },
  { kind: "openai-key", why: "legacy", secret: `sk-${made(48)}` },
  { kind: "openai-key", why: "router", secret: `sk-or-v1-${made(64, HEX)}` },
  { kind: "github-token", why: "classic", secret: `ghp_${made(36)}` },
  { kind: "github-token", why: "fine-grained", secret: `github_pat_${made(82)}` },
  { kind: "gitlab-token", why: "personal", secret: `glpat-${made(20)}` },
  { kind: "gitlab-token", why: "routable", secret: `glpat-${made(27)}.01.${made(9)}` },
  { kind: "slack-token", why: "bot", secret: `xoxb-${made(12)}-${made(12)}-${made(24)}` },
  { kind: "slack-token", why: "app", secret: `xapp-1-A${made(10)}-${made(13)}-${made(64, HEX)}` },
  {
    kind: "slack-webhook",
    why: "the address is the secret",
    front: "https://hooks.slack.com/services/",
    secret: `T${made(8, UPPER)}/B${made(8, UPPER)}/${made(24)}`,
  },
  { kind: "aws-access-key", why: "long-lived", secret: `AKIA${made(16, UPPER)}` },
  { kind: "aws-access-key", why: "oldest", secret: `A3TX${made(16, UPPER)}` },
  {
    kind: "assigned-secret",
    why: "a line of ~/.aws/credentials",
    front: "aws_secret_access_key = ",
    secret: made(40, BASE64),
  },
  { kind: "google-key", why: "API", secret: `AIza${made(35)}` },
  { kind: "google-key", why: "access token", secret: `ya29.${made(60)}` },
  { kind: "google-key", why: "client", secret: `GOCSPX-${made(28)}` },
  { kind: "npm-token", why: "granular", secret: `npm_${made(36)}` },
  {
    kind: "assigned-secret",
    why: "npm, older",
    front: "//r.test/:_authToken=",
    secret: made(36, HEX),
  },
  { kind: "hugging-face-token", why: "user", secret: `hf_${made(34)}` },
  { kind: "stripe-key", why: "secret key", secret: `sk_live_${made(24)}` },
  { kind: "stripe-key", why: "webhook", secret: `whsec_${made(32)}` },
  { kind: "sendgrid-key", why: "API", secret: `SG.${made(22)}.${made(43)}` },
  { kind: "shopify-token", why: "not only hex", secret: `shpat_${made(38)}` },
  { kind: "linear-key", why: "API", secret: `lin_api_${made(40)}` },
  { kind: "1password-token", why: "service account", secret: `ops_eyJ${made(300, BASE64)}` },
  { kind: "azure-secret", why: "client", secret: `${made(3)}1Q~${made(34)}` },
  {
    kind: "assigned-secret",
    why: "Azure storage",
    front: "AccountKey=",
    secret: `${made(86, BASE64)}==`,
  },
  { kind: "vault-token", why: "service", secret: `hvs.${made(90)}` },
  { kind: "pypi-token", why: "API", secret: `pypi-${made(150)}` },
  { kind: "docker-token", why: "personal", secret: `dckr_pat_${made(27)}` },
  { kind: "jwt", why: "signed", secret: `eyJ${made(30)}.eyJ${made(60)}.${made(43)}` },
  {
    kind: "url-password",
    why: "a database",
    front: "postgres://bob@host:",
    secret: made(12),
    back: "@db.test/x",
  },
  {
    kind: "url-password",
    why: "a token as the user",
    front: "https://",
    secret: made(40, HEX),
    back: ":x-oauth-basic@github.com/a/b",
  },
  {
    kind: "authorization",
    why: "a header",
    front: "authorization: Basic ",
    secret: `${made(30, BASE64)}==`,
  },
  { kind: "authorization", why: "a token anywhere", front: "bearer ", secret: made(40) },
  {
    kind: "cookie",
    why: "all cookies",
    front: "-H 'Cookie: ",
    secret: `sid=${made(20)}; theme=dark`,
    back: "' -v",
  },
  { kind: "assigned-secret", why: "a variable", front: "PGPASSWORD=", secret: made(8) },
  {
    kind: "assigned-secret",
    why: "quoted",
    front: 'API_TOKEN_DEV="',
    secret: `${made(5)} ${made(9)}`,
    back: '"',
  },
  { kind: "assigned-secret", why: "code", front: `db_password = '`, secret: made(9), back: "'" },
  {
    kind: "assigned-secret",
    why: "words with spaces",
    front: `{"passphrase": "`,
    secret: `correct ${made(7)} battery`,
    back: `"}`,
  },
  {
    kind: "assigned-secret",
    why: "the other kind of quote",
    front: `apiKey: "`,
    secret: `it's ${made(7)}`,
    back: `"`,
  },
  { kind: "assigned-secret", why: "a flag", front: "x --db-password ", secret: made(8) },
  { kind: "url-signature", why: "a query", front: "/a?sig=", secret: made(20), back: "&b=1" },
  {
    kind: "assigned-secret",
    why: "a connection string",
    front: "Uid=bob;Pwd=",
    secret: made(10),
    back: ";Encrypt=yes",
  },
  { kind: "assigned-secret", why: "YAML", front: "password: ", secret: made(9) },
  {
    kind: "assigned-secret",
    why: "another key in YAML",
    front: "api_key: ",
    secret: `4${made(20)}`,
  },
  { kind: "assigned-secret", why: "a header", front: "x-api-key: ", secret: `${made(12)}7` },
  {
    kind: "assigned-secret",
    why: "single quotes",
    front: "DB_PASSWORD='",
    secret: `$${made(8)}#`,
    back: "'",
  },
];
