// The tokens that vendors mark with a fixed prefix, and those that need a pattern of their own.
//
// A row matches where no letter or digit is in front of its prefix. Its body is the whole run of characters of its
// alphabet after the prefix, and has `min` to `max` of them: part of a longer run is not a token. A body with
// neither a digit nor a capital is made of words, as in `xoxb-your-token-goes-here`.
//
// Publishable keys (`pk_live_`, `sb_publishable_`, `phc_`) are left out, because everyone may see them. So are
// tokens that only a name next to them identifies.

/** The characters that the body of a token may have. */
export type Alphabet =
  | "alnum" // A-Z a-z 0-9
  | "lower" // a-z 0-9
  | "upper" // A-Z 0-9
  | "hex" // 0-9 a-f
  | "word" // A-Z a-z 0-9 _
  | "base64" // A-Z a-z 0-9 + / =
  | "base64url" // A-Z a-z 0-9 _ -
  | "base64any" // A-Z a-z 0-9 _ - + / =
  | "dotted"; // A-Z a-z 0-9 _ - . =, and so the full stop after a token, for which `max` needs room

/** A token with a fixed prefix. */
export type VendorToken = readonly [
  kind: string,
  prefix: string,
  alphabet: Alphabet,
  min: number,
  max: number,
  page: string,
];

/** A token that needs a pattern; a text without its hint, in lower case, has none. */
export type VendorPattern = readonly [kind: string, hint: string, source: string, page: string];

/** All rows. A function, so that an event that has none of their prefixes and hints does not pay for them. */
export function vendorTables(): {
  readonly tokens: readonly VendorToken[];
  readonly patterns: readonly VendorPattern[];
} {
  // Public lists, for vendors that show no form in their documentation: two scanners that have the form, and what
  // the vendors have registered with GitHub, which names it.
  const GITLEAKS = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml";
  const BETTERLEAKS =
    "https://github.com/betterleaks/betterleaks/blob/001955c2a25c22e2145812f026a2dfbe8252b77d/config/betterleaks.toml";
  const REGISTERED =
    "https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns";

  // The vendors' own pages for more than one row.
  const ANTHROPIC = "https://docs.anthropic.com/en/api/overview";
  const ATLASSIAN =
    "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account";
  const AWS_ID = "https://docs.aws.amazon.com/en_cn/IAM/latest/UserGuide/reference_identifiers.md";
  const BIP32 = "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki";
  const CIRCLECI = "https://circleci.com/docs/api-developers-guide/";
  const CLOUDFLARE = "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats";
  const DIGITALOCEAN = "https://docs.digitalocean.com/reference/api/api-reference/";
  const DOCKER = "https://docs.docker.com/security/access-tokens/";
  const DOPPLER = "https://docs.doppler.com/reference/auth-token-formats";
  const DYNATRACE = "https://docs.dynatrace.com/docs/shortlink/api-authentication";
  const FIGMA = "https://www.figma.com/developers/api";
  const GITHUB = "https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/";
  const GITLAB = "https://docs.gitlab.com/security/tokens/";
  const HUGGING_FACE = "https://huggingface.co/docs/hub/security-tokens";
  const MAPBOX = "https://docs.mapbox.com/help/dive-deeper/access-tokens";
  const NEON = "https://neon.com/docs/manage/api-keys";
  const NETLIFY = "https://docs.netlify.com/api/get-started/";
  const NEW_RELIC = "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/";
  const NOTION = "https://developers.notion.com/changelog";
  const PASETO =
    "https://github.com/paseto-standard/paseto-spec/blob/master/docs/01-Protocol-Versions/Common.md";
  const PEM = "https://www.rfc-editor.org/rfc/rfc7468";
  const PLANETSCALE = "https://planetscale.com/docs/api";
  const POSTHOG = "https://posthog.com/docs/api";
  const SENTRY = "https://docs.sentry.io/account/auth-tokens/";
  const SHOPIFY = "https://shopify.dev/changelog/length-of-the-shopify-access-token-is-increasing";
  const SLACK = "https://api.slack.com/docs/token-types";
  const SNYK = "https://docs.snyk.io/snyk-api/authentication-for-api";
  const SONAR = "https://docs.sonarqube.org/latest/user-guide/user-token/";
  const SQUARE = "https://developer.squareup.com/";
  const STRIPE = "https://docs.stripe.com/keys";
  const SUPABASE = "https://supabase.com/docs/guides/api";
  const VAULT = "https://developer.hashicorp.com/vault/docs/concepts/tokens";
  const VERCEL = "https://vercel.com/changelog/new-token-formats-and-secret-scanning";
  const YANDEX_KEY = "https://cloud.yandex.com/en/docs/iam/concepts/authorization/access-key";

  /** Tokens with a fixed prefix of at least three characters, in upper and lower case as it is here. */
  const tokens: readonly VendorToken[] = [
    [
      "1password-token",
      "ops_ey",
      "base64any",
      100,
      8192,
      "https://developer.1password.com/docs/service-accounts/security/",
    ],
    ["adafruit-key", "aio_", "alnum", 28, 28, REGISTERED],
    ["adobe-secret", "p8e-", "base64url", 32, 32, GITLEAKS],
    ["age-key", "AGE-SECRET-KEY-1", "upper", 58, 58, GITLEAKS],
    ["aikido-token", "AIK_CI_", "alnum", 20, 44, BETTERLEAKS],
    ["aikido-token", "AIK_SECRET_", "alnum", 64, 64, BETTERLEAKS],
    ["aiven-password", "AVNS_", "base64url", 19, 24, REGISTERED],
    ["alibaba-access-key", "LTAI", "alnum", 12, 26, GITLEAKS],
    ["amazon-token", "amzn.mws.", "base64url", 36, 36, REGISTERED],
    ["amazon-token", "amzn1.oa2-cs.v1.", "hex", 64, 64, REGISTERED],
    ["anthropic-key", "sk-ant-", "base64url", 24, 300, ANTHROPIC],
    ["apify-token", "apify_api_", "alnum", 32, 48, REGISTERED],
    ["artifactory-token", "AKCp", "alnum", 68, 70, GITLEAKS],
    ["artifactory-token", "cmVmdGtu", "alnum", 56, 56, GITLEAKS],
    // Of variable length, says the page.
    ["atlassian-token", "ATATT3", "base64any", 100, 400, ATLASSIAN],
    ["aws-access-key", "A3T", "upper", 17, 17, GITLEAKS],
    ["aws-access-key", "ABIA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "ACCA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "AGPA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "AIDA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "AIPA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "AKIA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "ANPA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "ANVA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "AROA", "upper", 16, 16, AWS_ID],
    ["aws-access-key", "ASIA", "upper", 16, 16, AWS_ID],
    ["aws-bedrock-key", "ABSK", "base64", 109, 300, GITLEAKS],
    ["aws-bedrock-key", "bedrock-api-key-", "base64", 60, 8192, GITLEAKS],
    // The password of its registry: JSON that begins with {"payload":"
    [
      "aws-session-token",
      "eyJwYXlsb2FkIjoi",
      "base64",
      200,
      4096,
      "https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html",
    ],
    ["aws-session-token", "FwoGZXIvYXdz", "base64", 100, 4096, REGISTERED],
    ["aws-session-token", "IQoJb3JpZ2lu", "base64", 100, 4096, REGISTERED],
    ["axiom-token", "xaat-", "base64url", 36, 36, REGISTERED],
    ["axiom-token", "xapt-", "base64url", 36, 36, REGISTERED],
    ["bitbucket-token", "ATBB", "alnum", 24, 40, REGISTERED],
    ["bitbucket-token", "ATCTT3", "base64any", 100, 400, REGISTERED],
    // BIP 32's extended private keys, in Base58.
    ["bip32-key", "tprv", "alnum", 107, 107, BIP32],
    ["bip32-key", "uprv", "alnum", 107, 107, BIP32],
    ["bip32-key", "vprv", "alnum", 107, 107, BIP32],
    ["bip32-key", "xprv", "alnum", 107, 107, BIP32],
    ["bip32-key", "yprv", "alnum", 107, 107, BIP32],
    ["bip32-key", "zprv", "alnum", 107, 107, BIP32],
    ["brevo-key", "xkeysib-", "base64url", 81, 81, GITLEAKS],
    ["brevo-key", "xsmtpsib-", "base64url", 81, 81, REGISTERED],
    [
      "buildkite-token",
      "bkua_",
      "hex",
      40,
      40,
      "https://buildkite.com/docs/apis/rest-api/access-token",
    ],
    ["canva-secret", "cnvca", "base64url", 51, 51, BETTERLEAKS],
    ["cerebras-key", "csk-", "lower", 48, 48, BETTERLEAKS],
    ["circleci-token", "CCIPAT_", "word", 63, 63, CIRCLECI],
    ["circleci-token", "CCIPRJ_", "word", 63, 63, CIRCLECI],
    ["clickhouse-key", "4b1d", "alnum", 38, 38, GITLEAKS],
    ["clojars-token", "CLOJARS_", "alnum", 60, 60, GITLEAKS],
    ["cloudflare-token", "cfat_", "base64url", 41, 64, CLOUDFLARE],
    ["cloudflare-token", "cfk_", "base64url", 41, 64, CLOUDFLARE],
    ["cloudflare-token", "cfut_", "base64url", 41, 64, CLOUDFLARE],
    // A tunnel's: JSON that begins with {"a":"
    ["cloudflare-token", "eyJhIjoi", "base64", 120, 400, REGISTERED],
    [
      "cloudflare-token",
      "v1.0-",
      "base64url",
      171,
      320,
      "https://developers.cloudflare.com/fundamentals/api/get-started/keys/",
    ],
    ["cockroach-key", "CCDB1_", "word", 63, 63, BETTERLEAKS],
    ["contentful-token", "CFPAT-", "base64url", 43, 43, REGISTERED],
    [
      "crates-io-token",
      "cio",
      "alnum",
      32,
      32,
      "https://doc.rust-lang.org/cargo/reference/registry-web-api.html",
    ],
    ["cursor-key", "crsr_", "alnum", 40, 100, REGISTERED],
    ["cursor-key", "key_", "hex", 64, 64, BETTERLEAKS],
    [
      "databricks-token",
      "dapi",
      "hex",
      32,
      32,
      "https://docs.databricks.com/aws/en/dev-tools/auth/pat",
    ],
    ["defined-networking-token", "dnkey-", "base64any", 79, 79, GITLEAKS],
    ["deno-token", "ddo_", "alnum", 36, 36, REGISTERED],
    ["deno-token", "ddp_", "alnum", 36, 36, BETTERLEAKS],
    ["devin-key", "apk_", "base64", 80, 100, BETTERLEAKS],
    ["devin-key", "apk_user_", "base64", 120, 180, BETTERLEAKS],
    ["devin-key", "cog_", "lower", 52, 52, BETTERLEAKS],
    ["digitalocean-token", "doo_v1_", "hex", 64, 64, DIGITALOCEAN],
    ["digitalocean-token", "dop_v1_", "hex", 64, 64, DIGITALOCEAN],
    ["digitalocean-token", "dor_v1_", "hex", 64, 64, DIGITALOCEAN],
    ["digitalocean-token", "dos_v1_", "hex", 64, 64, REGISTERED],
    ["docker-token", "dckr_oat_", "base64url", 20, 100, DOCKER],
    ["docker-token", "dckr_pat_", "base64url", 20, 100, DOCKER],
    ["doppler-token", "dp.audit.", "alnum", 40, 44, DOPPLER],
    ["doppler-token", "dp.ct.", "alnum", 40, 44, DOPPLER],
    ["doppler-token", "dp.pt.", "alnum", 40, 44, DOPPLER],
    ["doppler-token", "dp.sa.", "alnum", 40, 44, DOPPLER],
    ["doppler-token", "dp.scim.", "alnum", 40, 44, DOPPLER],
    ["doppler-token", "dp.st.", "dotted", 40, 80, DOPPLER],
    ["dropbox-token", "sl.", "base64url", 130, 2048, GITLEAKS],
    ["dropbox-token", "sl.u.", "base64url", 130, 2048, REGISTERED],
    ["duffel-token", "duffel_live_", "base64any", 43, 43, GITLEAKS],
    ["duffel-token", "duffel_test_", "base64any", 43, 43, GITLEAKS],
    ["dynatrace-token", "dt0c01.", "dotted", 89, 92, DYNATRACE],
    ["dynatrace-token", "dt0s01.", "dotted", 89, 92, DYNATRACE],
    ["dynatrace-token", "dt0s02.", "dotted", 73, 92, DYNATRACE],
    ["dynatrace-token", "dt0s08.", "dotted", 73, 92, DYNATRACE],
    ["dynatrace-token", "dt0s16.", "dotted", 73, 92, DYNATRACE],
    ["e2b-key", "e2b_", "hex", 40, 40, REGISTERED],
    ["easypost-key", "EZAK", "alnum", 54, 54, GITLEAKS],
    ["easypost-key", "EZTK", "alnum", 54, 54, GITLEAKS],
    ["elastic-key", "essu_", "base64any", 60, 200, BETTERLEAKS],
    ["elevenlabs-key", "sk_", "hex", 48, 48, BETTERLEAKS],
    ["exoscale-access-key", "EXO", "hex", 24, 24, BETTERLEAKS],
    ["facebook-token", "EAA", "alnum", 100, 400, GITLEAKS],
    ["figma-token", "figd_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figdh_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figdr_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figo_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figoh_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figor_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figu_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figuh_", "base64url", 38, 200, FIGMA],
    ["figma-token", "figur_", "base64url", 38, 200, FIGMA],
    ["firecrawl-key", "fc-", "hex", 32, 32, REGISTERED],
    ["fireworks-key", "fw_", "alnum", 22, 34, REGISTERED],
    ["flutterwave-key", "FLWSECK-", "base64url", 34, 48, REGISTERED],
    ["flutterwave-key", "FLWSECK_TEST", "alnum", 12, 12, GITLEAKS],
    ["flutterwave-key", "FLWSECK_TEST-", "base64url", 12, 48, GITLEAKS],
    ["fly-token", "fm1a_", "base64", 100, 8192, GITLEAKS],
    ["fly-token", "fm1r_", "base64", 100, 8192, GITLEAKS],
    ["fly-token", "fm2_", "base64", 100, 8192, GITLEAKS],
    ["fly-token", "fo1_", "base64url", 43, 43, GITLEAKS],
    ["frame-io-token", "fio-u-", "base64any", 64, 64, GITLEAKS],
    ["github-token", "github_pat_", "word", 22, 255, GITHUB],
    ["github-token", "gho_", "word", 36, 255, GITHUB],
    ["github-token", "ghp_", "word", 36, 255, GITHUB],
    ["github-token", "ghr_", "word", 36, 255, GITHUB],
    ["github-token", "ghs_", "word", 36, 255, GITHUB],
    ["github-token", "ghu_", "word", 36, 255, GITHUB],
    // The new ones have two more parts, after dots.
    ["gitlab-token", "GR1348941", "base64url", 20, 50, GITLAB],
    ["gitlab-token", "glagent-", "dotted", 50, 400, GITLAB],
    ["gitlab-token", "glcbt-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "gldt-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glffct-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glft-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glimt-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "gloas-", "dotted", 40, 400, GITLAB],
    ["gitlab-token", "glpat-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glptt-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glrt-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glrtr-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glsoat-", "dotted", 20, 400, GITLAB],
    ["gitlab-token", "glwt-", "dotted", 20, 400, GITLAB],
    ["google-key", "AIza", "base64url", 35, 35, GITLEAKS],
    ["google-key", "AQ.Ab", "base64url", 40, 100, REGISTERED],
    ["google-key", "GOCSPX-", "base64url", 20, 60, REGISTERED],
    ["google-key", "GOOG", "upper", 20, 57, REGISTERED],
    // Padded with dots, those of service accounts.
    ["google-key", "ya29.", "dotted", 20, 4096, REGISTERED],
    ["grafana-token", "eyJrIjoi", "base64", 40, 400, GITLEAKS],
    [
      "grafana-token",
      "glc_",
      "base64",
      32,
      600,
      "https://grafana.com/docs/grafana-cloud/account-management/authentication-and-permissions/api-keys/",
    ],
    [
      "grafana-token",
      "glsa_",
      "word",
      41,
      41,
      "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
    ],
    ["groq-key", "gsk_", "alnum", 52, 52, BETTERLEAKS],
    [
      "heroku-key",
      "HRKU-",
      "base64url",
      36,
      80,
      "https://devcenter.Heroku.com/articles/platform-api-quickstart",
    ],
    ["honeycomb-key", "hcaik_", "lower", 58, 58, REGISTERED],
    ["hugging-face-token", "api_org_", "alnum", 30, 100, HUGGING_FACE],
    ["hugging-face-token", "hf_", "alnum", 30, 100, HUGGING_FACE],
    ["infracost-key", "ico-", "alnum", 32, 32, GITLEAKS],
    ["intercom-token", "dG9rO", "base64", 55, 55, REGISTERED],
    ["intra42-secret", "s-s4t2af-", "hex", 64, 64, GITLEAKS],
    ["intra42-secret", "s-s4t2ud-", "hex", 64, 64, GITLEAKS],
    ["ionic-token", "ion_", "alnum", 42, 42, REGISTERED],
    ["jina-key", "jina_", "base64url", 60, 60, REGISTERED],
    ["klaviyo-key", "pk_", "hex", 34, 34, BETTERLEAKS],
    ["langchain-key", "ls__", "hex", 32, 32, REGISTERED],
    ["langchain-key", "lsv2_pt_", "word", 43, 43, REGISTERED],
    ["langchain-key", "lsv2_sk_", "word", 43, 43, REGISTERED],
    ["langfuse-key", "sk-lf-", "base64url", 36, 36, REGISTERED],
    ["linear-key", "lin_api_", "word", 32, 128, GITLEAKS],
    ["linear-key", "lin_oauth_", "word", 32, 128, REGISTERED],
    ["llama-cloud-key", "llx-", "alnum", 48, 48, REGISTERED],
    ["lob-key", "live_", "hex", 35, 35, GITLEAKS],
    ["lob-key", "test_", "hex", 35, 35, GITLEAKS],
    ["mailgun-key", "key-", "hex", 32, 32, GITLEAKS],
    ["mapbox-token", "sk.eyJ", "dotted", 60, 400, MAPBOX],
    ["mapbox-token", "tk.eyJ", "dotted", 60, 800, MAPBOX],
    ["mem0-key", "m0-", "alnum", 40, 40, REGISTERED],
    ["midtrans-key", "Mid-server-", "base64url", 24, 32, REGISTERED],
    ["mongodb-atlas-secret", "mdb_sa_sk_", "base64url", 40, 40, REGISTERED],
    ["neon-key", "napi_", "lower", 48, 80, NEON],
    ["neon-key", "npg_", "alnum", 12, 12, NEON],
    ["netlify-token", "nfb_", "alnum", 36, 48, NETLIFY],
    ["netlify-token", "nfc_", "alnum", 36, 48, NETLIFY],
    ["netlify-token", "nfo_", "alnum", 36, 48, NETLIFY],
    ["netlify-token", "nfp_", "alnum", 36, 48, NETLIFY],
    ["netlify-token", "nfu_", "alnum", 36, 48, NETLIFY],
    ["new-relic-key", "NRAK-", "alnum", 27, 42, NEW_RELIC],
    ["new-relic-key", "NRII-", "base64url", 32, 32, NEW_RELIC],
    ["new-relic-key", "NRIQ-", "base64url", 32, 32, NEW_RELIC],
    ["new-relic-key", "NRJS-", "hex", 19, 19, NEW_RELIC],
    ["new-relic-key", "NRRA-", "hex", 42, 42, NEW_RELIC],
    [
      "nostr-key",
      "nsec1",
      "lower",
      58,
      58,
      "https://github.com/nostr-protocol/nips/blob/master/19.md",
    ],
    ["notion-token", "ntn_", "alnum", 40, 60, NOTION],
    ["notion-token", "secret_", "alnum", 43, 43, NOTION],
    [
      "npm-token",
      "npm_",
      "alnum",
      36,
      36,
      "https://github.blog/2021-09-23-announcing-npms-new-access-token-format/",
    ],
    ["ntfy-token", "tk_", "lower", 29, 29, REGISTERED],
    ["nuget-key", "oy2", "lower", 43, 43, REGISTERED],
    ["nvidia-key", "nvapi-", "base64url", 60, 100, REGISTERED],
    ["octopus-key", "API-", "upper", 25, 32, GITLEAKS],
    ["onesignal-key", "os_v2_app_", "lower", 90, 130, REGISTERED],
    ["onesignal-key", "os_v2_org_", "lower", 90, 130, REGISTERED],
    // DeepSeek and others follow this form.
    ["openai-key", "sk-", "alnum", 32, 300, GITLEAKS],
    ["openai-key", "sk-None-", "base64url", 40, 300, GITLEAKS],
    ["openai-key", "sk-admin-", "base64url", 40, 300, GITLEAKS],
    [
      "openai-key",
      "sk-or-v1-",
      "hex",
      64,
      64,
      "https://openrouter.ai/docs/api/reference/authentication",
    ],
    ["openai-key", "sk-proj-", "base64url", 40, 300, GITLEAKS],
    ["openai-key", "sk-svcacct-", "base64url", 40, 300, GITLEAKS],
    ["openshift-token", "sha256~", "base64url", 43, 43, GITLEAKS],
    ["paddle-key", "pdl_live_apikey_", "word", 50, 80, REGISTERED],
    ["paddle-key", "pdl_sdbx_apikey_", "word", 50, 80, REGISTERED],
    ["paseto-token", "v1.local.", "dotted", 40, 8192, PASETO],
    ["paseto-token", "v1.public.", "dotted", 80, 8192, PASETO],
    ["paseto-token", "v2.local.", "dotted", 40, 8192, PASETO],
    ["paseto-token", "v2.public.", "dotted", 80, 8192, PASETO],
    ["paseto-token", "v3.local.", "dotted", 40, 8192, PASETO],
    ["paseto-token", "v3.public.", "dotted", 80, 8192, PASETO],
    ["paseto-token", "v4.local.", "dotted", 40, 8192, PASETO],
    ["paseto-token", "v4.public.", "dotted", 80, 8192, PASETO],
    ["perplexity-key", "pplx-", "alnum", 40, 60, GITLEAKS],
    [
      "pinecone-key",
      "pcsk_",
      "word",
      60,
      80,
      "https://docs.pinecone.io/guides/projects/manage-api-keys",
    ],
    ["planetscale-token", "pscale_oauth_", "dotted", 32, 64, PLANETSCALE],
    ["planetscale-token", "pscale_pw_", "dotted", 32, 64, PLANETSCALE],
    ["planetscale-token", "pscale_tkn_", "dotted", 32, 64, PLANETSCALE],
    ["polar-token", "polar_oat_", "alnum", 40, 60, REGISTERED],
    ["polar-token", "polar_pat_", "alnum", 40, 60, REGISTERED],
    ["posthog-key", "pha_", "alnum", 40, 48, POSTHOG],
    ["posthog-key", "phr_", "alnum", 40, 48, POSTHOG],
    ["posthog-key", "phs_", "alnum", 40, 60, POSTHOG],
    ["posthog-key", "phx_", "alnum", 40, 60, POSTHOG],
    ["postman-key", "PMAK-", "base64url", 59, 59, GITLEAKS],
    ["postman-key", "PMAT-", "upper", 26, 26, REGISTERED],
    // In base64, as in a kubeconfig: -----BEGIN PRIVATE KEY, RSA, EC, OPENSSH, ENCRYPTED.
    ["private-key", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS", "base64", 60, 65536, PEM],
    ["private-key", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURS", "base64", 60, 65536, PEM],
    ["private-key", "LS0tLS1CRUdJTiBFQyBQUklWQVRFIE", "base64", 60, 65536, PEM],
    ["private-key", "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSV", "base64", 60, 65536, PEM],
    ["private-key", "LS0tLS1CRUdJTiBFTkNSWVBURUQgUF", "base64", 60, 65536, PEM],
    ["prefect-key", "pnb_", "alnum", 36, 36, REGISTERED],
    ["prefect-key", "pnu_", "alnum", 36, 36, GITLEAKS],
    ["pulumi-token", "pul-", "hex", 40, 40, GITLEAKS],
    ["pypi-token", "pypi-", "base64url", 50, 1024, GITLEAKS],
    ["readme-key", "rdme_", "lower", 70, 70, GITLEAKS],
    ["render-key", "rnd_", "alnum", 28, 40, REGISTERED],
    ["replicate-token", "r8_", "alnum", 37, 37, REGISTERED],
    ["rootly-key", "rootly_", "hex", 64, 64, REGISTERED],
    ["rubygems-key", "rubygems_", "hex", 48, 48, GITLEAKS],
    ["runpod-key", "rpa_", "alnum", 40, 60, REGISTERED],
    ["samsara-token", "samsara_api_", "alnum", 30, 30, REGISTERED],
    ["scaleway-access-key", "SCW", "upper", 17, 17, REGISTERED],
    ["scalingo-token", "tk-us-", "base64url", 48, 48, GITLEAKS],
    ["sendgrid-key", "SG.", "dotted", 60, 100, GITLEAKS],
    ["sentry-token", "sntrya_", "hex", 64, 64, SENTRY],
    ["sentry-token", "sntryi_", "hex", 64, 64, SENTRY],
    ["sentry-token", "sntrys_", "base64any", 60, 600, SENTRY],
    ["sentry-token", "sntryu_", "hex", 64, 64, SENTRY],
    ["settlemint-token", "sm_aat_", "alnum", 16, 16, GITLEAKS],
    ["settlemint-token", "sm_pat_", "alnum", 16, 16, GITLEAKS],
    ["settlemint-token", "sm_sat_", "alnum", 16, 16, GITLEAKS],
    ["shippo-token", "shippo_live_", "alnum", 40, 40, GITLEAKS],
    ["shippo-token", "shippo_test_", "alnum", 40, 40, GITLEAKS],
    ["shopify-token", "shpat_", "alnum", 32, 64, SHOPIFY],
    ["shopify-token", "shpca_", "alnum", 32, 64, SHOPIFY],
    ["shopify-token", "shppa_", "alnum", 32, 64, SHOPIFY],
    ["shopify-token", "shpss_", "alnum", 32, 64, SHOPIFY],
    ["shopify-token", "shptka_", "alnum", 32, 64, SHOPIFY],
    ["slack-token", "xapp-", "base64url", 20, 300, SLACK],
    ["slack-token", "xoxa-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxb-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxc-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxe-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxe.xoxb-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxe.xoxp-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxo-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxp-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxr-", "base64url", 11, 300, SLACK],
    ["slack-token", "xoxs-", "base64url", 11, 300, SLACK],
    ["slack-token", "xwfp-", "base64url", 20, 300, SLACK],
    ["snyk-token", "snyk_sat.", "dotted", 60, 800, SNYK],
    ["snyk-token", "snyk_uat.", "dotted", 60, 800, SNYK],
    ["socket-key", "sktsec_", "word", 40, 100, REGISTERED],
    ["sonar-token", "sqa_", "hex", 40, 40, SONAR],
    ["sonar-token", "sqp_", "hex", 40, 40, SONAR],
    ["sonar-token", "squ_", "hex", 40, 40, SONAR],
    ["sourcegraph-token", "sgd_", "hex", 64, 64, REGISTERED],
    ["sourcegraph-token", "sgp_", "word", 40, 60, GITLEAKS],
    ["sourcegraph-token", "slk_", "hex", 64, 64, REGISTERED],
    ["square-token", "EAAA", "base64url", 60, 60, SQUARE],
    ["square-token", "sq0atp-", "base64url", 22, 60, SQUARE],
    ["square-token", "sq0csp-", "base64url", 43, 43, SQUARE],
    ["stripe-key", "rk_live_", "alnum", 10, 250, STRIPE],
    ["stripe-key", "rk_prod_", "alnum", 10, 250, STRIPE],
    ["stripe-key", "rk_test_", "alnum", 10, 250, STRIPE],
    ["stripe-key", "sk_live_", "alnum", 10, 250, STRIPE],
    ["stripe-key", "sk_prod_", "alnum", 10, 250, STRIPE],
    ["stripe-key", "sk_test_", "alnum", 10, 250, STRIPE],
    ["stripe-key", "whsec_", "base64", 20, 250, "https://docs.stripe.com/webhooks/signature"],
    ["supabase-key", "sb_secret_", "base64url", 20, 60, SUPABASE],
    ["supabase-key", "sbp_", "hex", 40, 40, SUPABASE],
    ["supabase-key", "sbp_oauth_", "hex", 40, 40, SUPABASE],
    ["supabase-key", "sbp_v0_", "hex", 40, 40, SUPABASE],
    [
      "tailscale-key",
      "tskey-",
      "base64url",
      20,
      120,
      "https://tailscale.com/docs/reference/key-prefixes.md",
    ],
    ["tavily-key", "tvly-", "base64url", 28, 70, REGISTERED],
    ["telnyx-key", "KEY0", "word", 54, 54, REGISTERED],
    ["tencent-access-key", "AKID", "alnum", 32, 36, REGISTERED],
    ["together-key", "tgp_v1_", "base64url", 43, 43, REGISTERED],
    ["trello-token", "ATTA", "hex", 72, 72, REGISTERED],
    ["typeform-token", "tfp_", "dotted", 40, 64, GITLEAKS],
    ["val-town-token", "vtwn_", "alnum", 20, 40, REGISTERED],
    ["vault-token", "hvb.", "base64url", 24, 400, VAULT],
    ["vault-token", "hvr.", "base64url", 24, 400, VAULT],
    ["vault-token", "hvs.", "base64url", 24, 400, VAULT],
    ["vercel-token", "vca_", "base64url", 24, 80, VERCEL],
    ["vercel-token", "vci_", "base64url", 24, 80, VERCEL],
    ["vercel-token", "vck_", "base64url", 24, 80, VERCEL],
    ["vercel-token", "vcp_", "base64url", 24, 80, VERCEL],
    ["vercel-token", "vcr_", "base64url", 40, 80, VERCEL],
    ["vercel-token", "vercel_blob_rw_", "word", 40, 60, VERCEL],
    ["voyage-key", "pa-", "base64url", 43, 43, REGISTERED],
    ["wakatime-key", "waka_", "base64url", 36, 36, REGISTERED],
    ["weights-and-biases-key", "wandb_v1_", "word", 60, 100, REGISTERED],
    ["xai-key", "xai-", "alnum", 80, 80, REGISTERED],
    ["yandex-key", "AQVN", "base64url", 35, 38, GITLEAKS],
    ["yandex-key", "YCM", "base64url", 37, 37, YANDEX_KEY],
    ["yandex-key", "YCN", "base64url", 37, 37, YANDEX_KEY],
    ["yandex-key", "YCO", "base64url", 37, 37, YANDEX_KEY],
    ["yandex-key", "YCP", "base64url", 37, 37, YANDEX_KEY],
    ["yandex-key", "y0_Ag", "base64url", 45, 70, REGISTERED],
    ["zuplo-key", "zpka_", "word", 41, 41, REGISTERED],
  ];

  const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  /**
   * Tokens that need a pattern, whose whole match is the secret. The hint, in lower case, is a part of the token; where
   * that would be in nearly every text, it is the vendor's name, which has to be somewhere near it. Every repetition is bounded, so that any text takes linear time.
   */
  const patterns: readonly VendorPattern[] = [
    [
      "1password-key",
      "a3-",
      "A3-[A-Z0-9]{6}-[A-Z0-9]{6}-?[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3}(?![A-Z0-9])",
      GITLEAKS,
    ],
    [
      "airtable-token",
      "airtable",
      String.raw`pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?![0-9a-f])`,
      "https://airtable.com/developers/web/api/authentication",
    ],
    [
      "asana-token",
      "asana",
      "[0-2]/[0-9]{10,20}(?:/[0-9]{10,20})?:[0-9a-f]{32}(?![0-9a-f])",
      "https://developers.asana.com/docs/personal-access-token",
    ],
    [
      "authress-key",
      ".acc",
      String.raw`(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}`,
      GITLEAKS,
    ],
    // Microsoft's keys have their kind in the middle.
    ["azure-secret", "q~", "[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}", GITLEAKS],
    ["azure-secret", "azdo", "[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])", REGISTERED],
    ["azure-secret", "jqqj99", "[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}(?![A-Za-z0-9])", REGISTERED],
    ["azure-secret", "azfu", "[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==", REGISTERED],
    ["azure-secret", "azse", "[A-Za-z0-9]{42}AzSe[A-Za-z0-9]{6}(?![A-Za-z0-9])", REGISTERED],
    ["azure-secret", "acdb", "[A-Za-z0-9+/]{76}ACDb[A-Za-z0-9+/]{5}[AQgw]==", REGISTERED],
    [
      "azure-secret",
      "+ast",
      String.raw`[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5}[AQgw]==`,
      REGISTERED,
    ],
    ["clickup-token", "pk_", "pk_[0-9]{5,12}_[A-Z0-9]{32}(?![A-Za-z0-9])", BETTERLEAKS],
    ["deepl-key", ":fx", `${UUID}:fx(?![A-Za-z0-9])`, REGISTERED],
    // Its first part is a number in base64.
    [
      "discord-token",
      "discord",
      String.raw`[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.(?=[A-Za-z_-]{0,44}[0-9])(?=[a-z0-9_-]{0,44}[A-Z])[A-Za-z0-9_-]{27,45}(?![A-Za-z0-9_-])`,
      REGISTERED,
    ],
    [
      "discord-webhook",
      "/api/webhooks/",
      String.raw`(?<=discord(?:app)?\.com/api/webhooks/[0-9]{15,22}/)[A-Za-z0-9_-]{30,100}`,
      REGISTERED,
    ],
    [
      "github-token",
      "ghs_",
      String.raw`ghs_[0-9]{1,20}_[A-Za-z0-9_-]{10,1024}\.[A-Za-z0-9_-]{10,8192}\.[A-Za-z0-9_-]{10,1024}`,
      "https://github.blog/changelog/2026-04-24-notice-about-upcoming-new-format-for-github-app-installation-tokens/",
    ],
    [
      "gocardless-token",
      "live_",
      "live_(?=[A-Za-z_-]{0,39}[0-9])(?=[a-z0-9_-]{0,39}[A-Z])[A-Za-z0-9_-]{40}(?![A-Za-z0-9_-])",
      GITLEAKS,
    ],
    ["google-key", "1//0", "1//0[A-Za-z0-9_-]{40,200}", REGISTERED],
    ["google-key", ":apa91b", "[A-Za-z0-9_-]{11}:APA91b[A-Za-z0-9_-]{100,200}", REGISTERED],
    [
      "harness-token",
      "harness",
      String.raw`[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}(?![A-Za-z0-9])`,
      GITLEAKS,
    ],
    [
      "hubspot-token",
      "pat-",
      `pat-[a-z]{2}[0-9]-${UUID}`,
      "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/intro-to-auth",
    ],
    [
      "infisical-token",
      "infisical",
      String.raw`st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}(?![0-9a-f])`,
      REGISTERED,
    ],
    [
      "jetbrains-token",
      "perm:",
      String.raw`perm:[A-Za-z0-9+/=]{4,64}\.[A-Za-z0-9+/=]{2,64}\.[A-Za-z0-9]{30,64}(?![A-Za-z0-9])`,
      REGISTERED,
    ],
    [
      "jetbrains-token",
      "perm-",
      String.raw`perm-[A-Za-z0-9+/=]{4,64}\.[A-Za-z0-9+/=]{2,64}\.[A-Za-z0-9]{30,64}(?![A-Za-z0-9])`,
      REGISTERED,
    ],
    // Not inside a word, where each start in a long run would be tried; but after an escape, which ends in a letter.
    [
      "jwt",
      "eyj",
      String.raw`(?<=^|[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,9}[mK])eyJ[A-Za-z0-9_-]{6,8192}\.eyJ[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{2,2048}`,
      GITLEAKS,
    ],
    // Encrypted: five parts, of which the second may be empty.
    [
      "jwt",
      "eyj",
      String.raw`(?<=^|[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,9}[mK])eyJ[A-Za-z0-9_-]{6,8192}\.[A-Za-z0-9_-]{0,8192}\.[A-Za-z0-9_-]{8,128}\.[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{16,128}`,
      "https://www.rfc-editor.org/rfc/rfc7516",
    ],
    [
      "k3s-token",
      "::server:",
      "K10[0-9a-f]{64}::server:[A-Za-z0-9.]{16,128}",
      "https://docs.k3s.io/cli/token",
    ],
    ["launchdarkly-key", "launchdarkly", `api-${UUID}(?![A-Za-z0-9-])`, REGISTERED],
    ["launchdarkly-key", "launchdarkly", `sdk-${UUID}(?![A-Za-z0-9-])`, REGISTERED],
    ["mailchimp-key", "mailchimp", "[0-9a-f]{32}-us[0-9]{1,2}(?![A-Za-z0-9])", GITLEAKS],
    ["maxmind-key", "_mmk", "[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?![A-Za-z0-9])", GITLEAKS],
    ["mercury-token", "mercury_", "secret-token:mercury_[A-Za-z0-9_]{30,120}", REGISTERED],
    ["new-relic-key", "nral", "[A-Za-z0-9]{36}NRAL(?![A-Za-z0-9])", NEW_RELIC],
    [
      "paypal-token",
      "access_token$",
      String.raw`access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}`,
      REGISTERED,
    ],
    ["plaid-token", "plaid", `access-(?:sandbox|development|production)-${UUID}`, GITLEAKS],
    ["resend-key", "resend", "re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}(?![A-Za-z0-9_])", REGISTERED],
    ["salesforce-token", "00d", "00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{60,200}", REGISTERED],
    // A cookie, which is escaped as in a URL.
    ["slack-token", "xoxd-", "xoxd-(?=[A-Za-z%+/=_-]{0,60}[0-9])[A-Za-z0-9%+/=_-]{20,400}", SLACK],
    [
      "slack-webhook",
      "hooks.slack.com/",
      String.raw`(?<=hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]{7,200}`,
      "https://api.slack.com/messaging/webhooks",
    ],
    [
      "teams-webhook",
      "/webhookb2/",
      String.raw`(?<=\.webhook\.office\.com/webhookb2/)[A-Za-z0-9@/-]{60,300}`,
      GITLEAKS,
    ],
    // In addresses, "bot" stands in front of it.
    [
      "telegram-token",
      ":aa",
      "(?:bot)?[0-9]{8,10}:AA(?:[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])|(?<=/bot[0-9]{8,10}:AA)[A-Za-z0-9_-]{28,60})",
      "https://core.telegram.org/bots#6-botfather",
    ],
    [
      "terraform-token",
      ".atlasv1.",
      String.raw`[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}`,
      GITLEAKS,
    ],
    ["twilio-key", "twilio", "SK[0-9a-f]{32}(?![0-9A-Za-z])", GITLEAKS],
    [
      "twitch-token",
      "oauth:",
      "oauth:[a-z0-9]{30}(?![A-Za-z0-9])",
      "https://dev.twitch.tv/docs/chat/irc/",
    ],
    // An app's bearer token, escaped as in a URL.
    [
      "twitter-token",
      "aaaaaaaaaaaaaaaaaaaaa",
      "A{20,22}(?=[A-Za-z0-9]{5,100}%[23][BDFbdf])[B-Za-z0-9%][A-Za-z0-9%]{40,120}",
      GITLEAKS,
    ],
    // Before Vault 1.10.
    [
      "vault-token",
      "vault",
      String.raw`s\.(?=[A-Za-z]{0,23}[0-9])(?=[a-z0-9]{0,23}[A-Z])[A-Za-z0-9]{24}(?![A-Za-z0-9_.(-])`,
      VAULT,
    ],
    [
      "yandex-key",
      "t1.",
      String.raw`t1\.[A-Za-z0-9_-]{10,512}={0,2}\.[A-Za-z0-9_-]{86}={0,2}`,
      "https://cloud.yandex.com/en/docs/iam/concepts/authorization/iam-token",
    ],
    [
      "zapier-webhook",
      "hooks.zapier.com/",
      String.raw`(?<=hooks\.zapier\.com/hooks/catch/)[0-9]{4,12}/[A-Za-z0-9]{5,20}`,
      REGISTERED,
    ],
  ];
  return { tokens, patterns };
}
