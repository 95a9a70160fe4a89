// The table of vendors' tokens: that each row finds its own, that none finds anything else, and that all are well formed.
import { describe, expect, test } from "bun:test";
import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import { Glob } from "bun";
import {
  type Alphabet,
  type VendorToken,
  vendorTables,
} from "../../../../lib/hook/secrets/vendor-tokens";
import { capturedPayloads } from "../../../../scripts/harness/payloads";
import { ALNUM, BASE64, HEX, made, UPPER } from "../../../support/secrets";

const { tokens, patterns } = vendorTables();
const LOWER = "abcdefghijklmnopqrstuvwxyz0123456789";
const CHARACTERS: Readonly<Record<Alphabet, string>> = {
  alnum: ALNUM,
  lower: LOWER,
  upper: UPPER,
  hex: HEX,
  word: `${ALNUM}_`,
  base64: `${BASE64}=`,
  base64url: `${ALNUM}_-`,
  base64any: `${BASE64}_-=`,
  dotted: `${ALNUM}_-.=`,
};

// Where a token can begin: see `token` in secrets.ts.
const START = String.raw`(?<![A-Za-z0-9])|(?<=\\[bfnrt]|\\u[\dA-Fa-f]{4}|%[\dA-Fa-f]{2}|\[[\d;]{0,9}[mK])`;

// A hint is in the token, or the vendor's name.
function hasHint(text: string, hint: string, kind: string): boolean {
  return text.toLowerCase().includes(hint) || kind.startsWith(hint);
}

interface Found {
  readonly kind: string;
  readonly token: string;
}

/** Finds tokens as the table says, without regard to speed. */
function find(text: string): Found[] {
  const found: Found[] = [];
  for (const row of tokens) found.push(...findRow(text, row));
  for (const [kind, , source] of patterns) {
    for (const [token] of text.matchAll(new RegExp(`(?:${START})(?:${source})`, "g")))
      found.push({ kind, token });
  }
  return found;
}

function findRow(text: string, [kind, prefix, alphabet, min, max]: VendorToken) {
  const found: Found[] = [];
  const characters = CHARACTERS[alphabet];
  for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
    if (!new RegExp(`(?:${START})$`).test(text.slice(Math.max(0, at - 10), at))) continue;
    let end = at + prefix.length;
    while (end < text.length && characters.includes(text[end] ?? "")) end++;
    const body = text.slice(at + prefix.length, end);
    if (body.length >= min && body.length <= max && /[A-Z0-9]/.test(body))
      found.push({ kind, token: prefix + body });
  }
  return found;
}

describe("the table of prefixes is well formed:", () => {
  test("no two rows have the same prefix", () => {
    const prefixes = tokens.map(([, prefix]) => prefix);
    expect(prefixes.filter((prefix, at) => prefixes.indexOf(prefix) !== at)).toEqual([]);
  });

  test("rows of a vendor stand together", () => {
    const kinds = tokens.map(([kind]) => kind).filter((kind, at, all) => kind !== all[at - 1]);
    expect(kinds.filter((kind, at) => kinds.indexOf(kind) !== at)).toEqual([]);
  });

  test.each(tokens.map((row) => [row[1], row] as const))(
    "%s",
    (_prefix, [kind, prefix, alphabet, min, max, page]) => {
      expect(kind).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)+$/);
      expect(prefix).toMatch(/^[A-Za-z0-9_.~-]{3,32}$/);
      expect(Object.keys(CHARACTERS)).toContain(alphabet);
      expect(min).toBeLessThanOrEqual(max);
      expect(prefix.length + min).toBeGreaterThanOrEqual(16);
      expect(page).toMatch(/^https:\/\/[a-zA-Z0-9.-]+\//);
      expect(URL.canParse(page)).toBe(true);
    },
  );

  test("prefixes in lower case come with more than a word's worth of body", () => {
    const short = tokens.filter(
      ([, prefix, alphabet, min]) =>
        /^[a-z]+[_-]$/.test(prefix) &&
        ["word", "base64url", "dotted"].includes(alphabet) &&
        min < 20,
    );
    expect(short.filter(([kind]) => kind !== "slack-token")).toEqual([]);
  });
});

describe("a token of its row's form is found, and the text around it is not:", () => {
  test.each(tokens.map((row) => [row[1], row] as const))("%s", (_prefix, row) => {
    const [kind, prefix, alphabet, min, max] = row;
    for (const length of new Set([min, Math.floor((min + max) / 2), max])) {
      const token = prefix + made(length, CHARACTERS[alphabet]);
      for (const text of [
        token,
        `Try ${token}, then`,
        `a="${token}"`,
        `x\\n${token}\\n`,
        `%3D${token}&`,
      ])
        expect(findRow(text, row)).toEqual([{ kind, token }]);
      expect(find(token)).toContainEqual({ kind, token });
    }
    const least = prefix + made(min, CHARACTERS[alphabet]);
    expect(findRow(`It is ${least}.`, row)[0]?.token).toStartWith(least);
    for (const wrong of [
      prefix + made(min - 1, CHARACTERS[alphabet]),
      prefix + made(max + 1, CHARACTERS[alphabet]),
      `x${prefix}${made(min, CHARACTERS[alphabet])}`,
      `${prefix}${"your-key_".repeat(40)}`.slice(0, prefix.length + min),
    ])
      expect(findRow(wrong, row)).toEqual([]);
  });
});

const uuid = () => [8, 4, 4, 4, 12].map((length) => made(length, HEX)).join("-");

// Made here, as everywhere: no token is written out.
const PATTERN_SAMPLES: readonly (readonly [kind: string, sample: () => string, front?: string])[] =
  [
    [
      "1password-key",
      () =>
        `A3-${made(6, UPPER)}-${made(11, UPPER)}-${made(5, UPPER)}-${made(5, UPPER)}-${made(5, UPPER)}`,
    ],
    [
      "1password-key",
      () =>
        `A3-${made(6, UPPER)}-${made(6, UPPER)}-${[5, 5, 5, 5].map((n) => made(n, UPPER)).join("-")}`,
    ],
    ["asana-token", () => `1/${made(16, "123456789")}:${made(32, HEX)}`],
    ["asana-token", () => `2/${made(14, "123456789")}/${made(16, "123456789")}:${made(32, HEX)}`],
    ["jwt", () => `eyJ${made(40)}..${made(16)}.${made(120)}.${made(22)}`],
    ["k3s-token", () => `K10${made(64, HEX)}::server:${made(32, HEX)}`],
    ["twitch-token", () => `oauth:${made(30, LOWER)}`],
    ["twitter-token", () => `${"A".repeat(21)}b${made(30)}%3D${made(50)}`],
    ["airtable-token", () => `pat${made(14)}.${made(64, HEX)}`],
    [
      "authress-key",
      () => `sc_${made(12, LOWER)}.${made(5, LOWER)}.acc-${made(12, LOWER)}.${made(60, BASE64)}`,
    ],
    ["azure-secret", () => `${made(3)}8Q~${made(34)}`],
    ["azure-secret", () => `${made(76)}AZDO${made(4)}`],
    ["azure-secret", () => `${made(52)}JQQJ99${made(26)}`],
    ["azure-secret", () => `${made(44)}AzFu${made(5)}A==`],
    ["azure-secret", () => `${made(42)}AzSe${made(6)}`],
    ["azure-secret", () => `${made(76)}ACDb${made(5)}A==`],
    ["azure-secret", () => `${made(76)}+ASt${made(5)}A==`],
    ["clickup-token", () => `pk_${made(8, "123456789")}_${made(32, UPPER)}`],
    ["deepl-key", () => `${uuid()}:fx`],
    ["discord-token", () => `${btoa(made(18, "0123456789"))}.G${made(5)}.${made(30)}aB7${made(5)}`],
    ["discord-webhook", () => made(68), `https://discord.com/api/webhooks/${"9".repeat(18)}/`],
    [
      "github-token",
      () => `ghs_${made(7, "0123456789")}_eyJ${made(30)}.eyJ${made(200)}.${made(90)}`,
    ],
    ["gocardless-token", () => `live_aB${made(38, `${ALNUM}_-`)}`],
    ["google-key", () => `1//0${made(100, `${ALNUM}_-`)}`],
    ["google-key", () => `AAAA${made(7)}:APA91b${made(134)}`],
    ["harness-token", () => `pat.${made(22)}.${made(24, HEX)}.${made(20)}`],
    ["harness-token", () => `sat.${made(22)}.${made(24, HEX)}.${made(20)}`],
    ["hubspot-token", () => `pat-na1-${uuid()}`],
    ["infisical-token", () => `st.${made(24, HEX)}.${made(32, HEX)}.${made(32, HEX)}`],
    ["jetbrains-token", () => `perm:${btoa(made(9))}.${btoa(made(7))}.${made(30)}`],
    ["jetbrains-token", () => `perm-${btoa(made(9))}.${btoa(made(7))}.${made(30)}`],
    ["jwt", () => `eyJ${made(30)}.eyJ${made(60)}.${made(43)}`],
    ["launchdarkly-key", () => `sdk-${uuid()}`],
    ["launchdarkly-key", () => `api-${uuid()}`],
    ["mailchimp-key", () => `${made(32, HEX)}-us21`],
    ["maxmind-key", () => `${made(6)}_${made(29)}_mmk`],
    ["mercury-token", () => `secret-token:mercury_production_${made(40)}`],
    ["new-relic-key", () => `${made(36, HEX)}NRAL`],
    ["paypal-token", () => `access_token$production$${made(16, LOWER)}$${made(32, HEX)}`],
    ["plaid-token", () => `access-sandbox-${uuid()}`],
    ["resend-key", () => `re_${made(8)}_${made(24)}`],
    ["salesforce-token", () => `00D${made(12)}!${made(96)}`],
    ["slack-token", () => `xoxd-${made(30)}%2B${made(30)}%3D`],
    [
      "slack-webhook",
      () => `T${made(8, UPPER)}/B${made(8, UPPER)}/${made(24)}`,
      "https://hooks.slack.com/services/",
    ],
    [
      "teams-webhook",
      () => `${uuid()}@${uuid()}/IncomingWebhook/${made(32, HEX)}/${uuid()}`,
      "https://a.webhook.office.com/webhookb2/",
    ],
    ["telegram-token", () => `${made(10, "123456789")}:AA${made(33)}`],
    [
      "telegram-token",
      () => `bot${made(9, "123456789")}:AA${made(33)}`,
      "https://api.telegram.org/",
    ],
    ["terraform-token", () => `${made(14)}.atlasv1.${made(67)}`],
    ["twilio-key", () => `SK${made(32, HEX)}`],
    ["vault-token", () => `s.aB${made(22)}`],
    ["yandex-key", () => `t1.9euel${made(100)}.${made(86)}`],
    [
      "zapier-webhook",
      () => `${made(7, "0123456789")}/${made(13, LOWER)}/`.slice(0, -1),
      "https://hooks.zapier.com/hooks/catch/",
    ],
  ];

describe("patterns", () => {
  test.each(
    PATTERN_SAMPLES.map(
      ([kind, sample, front = ""], n) => [`${kind} ${n}`, kind, sample, front] as const,
    ),
  )("find %s and nothing around it", (_name, kind, sample, front) => {
    for (let n = 0; n < 20; n++) {
      const token = sample();
      for (const [before, after] of [
        ["", ""],
        ["see ", " there"],
        ['k="', '"'],
        ["\\n", "\\n"],
      ])
        expect(find(before + front + token + after)).toContainEqual({ kind, token });
    }
  });

  test("all have a sample", () => {
    const unused = patterns.filter(
      ([kind, hint, source]) =>
        !PATTERN_SAMPLES.some(([sampleKind, sample, front = ""]) => {
          const text = front + sample();
          return sampleKind === kind && hasHint(text, hint, kind) && new RegExp(source).test(text);
        }),
    );
    expect(unused).toEqual([]);
  });

  test.each(patterns.map((row) => [row[2].slice(0, 40), row] as const))(
    "are well formed: %s",
    (_source, [kind, hint, source, page]) => {
      expect(kind).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      expect(hint).toBe(hint.toLowerCase());
      expect(hint.length).toBeGreaterThan(0);
      expect(source).not.toMatch(/[^\\][*+](?![^[]*\])|\{\d+,\}/);
      // No groups that capture: those are the engine's.
      expect(new RegExp(`${source}|`).exec("")).toHaveLength(1);
      expect(URL.canParse(page)).toBe(true);
    },
  );
});

describe("what secretlint finds is found:", () => {
  const base64url = `${ALNUM}_-`;
  const SAMPLES: readonly (readonly [rule: string, sample: () => string])[] = [
    ["anthropic", () => `sk-ant-api03-${made(93, base64url)}AA`],
    ["cloudflare", () => `cfat_${made(40)}${made(8, HEX)}`],
    ["cloudflare", () => `cfk_${made(40)}${made(8, HEX)}`],
    ["cloudflare", () => `cfut_${made(40)}${made(8, HEX)}`],
    ["databricks", () => `dapi${made(32, HEX)}`],
    ["databricks", () => `dapi${made(32, HEX)}-2`],
    ["docker", () => `dckr_pat_${made(27, base64url)}`],
    ["figma", () => `figd_${made(40, base64url)}`],
    ["github", () => `ghs_${made(6, "123456789")}_${made(30)}.${made(200)}.${made(86)}`],
    ["gitlab", () => `glpat-${made(20, base64url)}`],
    ["grafana", () => `glc_${made(100, BASE64)}==`],
    ["grafana", () => `glsa_${made(32)}_${made(8, HEX)}`],
    ["groq", () => `gsk_${made(52)}`],
    ["hashicorp-vault", () => `hvb.${made(140, base64url)}`],
    ["hashicorp-vault", () => `hvr.${made(95, base64url)}`],
    ["hashicorp-vault", () => `hvs.${made(95, base64url)}`],
    ["huggingface", () => `hf_${made(35, ALNUM.replace(/\d/g, "")).slice(0, 34)}`],
    ["linear", () => `lin_api_${made(40, `${ALNUM}_`)}`],
    ["notion", () => `ntn_${made(11, "0123456789")}${made(35)}`],
    ["npm", () => `npm_${made(36)}`],
    ["sendgrid", () => `SG.${made(22)}.${made(43)}`],
    ["shopify", () => `shpat_${made(38)}`],
    ["slack", () => `xoxb-${made(12)}-${made(12)}-${made(24)}`],
    ["stripe", () => `rk_live_${made(99)}`],
    ["stripe", () => `sk_test_${made(24)}`],
    ["tailscale", () => `tskey-auth-${made(12)}CNTRL-${made(32)}`],
    ["tailscale", () => `tskey-webhook-${made(12)}CNTRL-${made(32)}`],
    ["vercel", () => `vca_${made(24)}`],
    ["vercel", () => `vci_${made(24)}`],
    ["vercel", () => `vck_${made(60)}`],
    ["vercel", () => `vcp_${made(56)}`],
    ["vercel", () => `vcr_${made(56)}`],
  ];

  const rule = { id: "@secretlint/secretlint-rule-preset-recommend", rule: creator };
  async function lint(content: string): Promise<string[]> {
    const source = { content, filePath: "a.txt", ext: ".txt", contentType: "text" as const };
    const { messages } = await lintSource({ source, options: { config: { rules: [rule] } } });
    return messages.map(({ ruleId }) => ruleId);
  }

  test.each(SAMPLES.map(([name, sample], n) => [`${name} ${n}`, name, sample] as const))(
    "%s",
    async (_name, name, sample) => {
      for (let n = 0; n < 10; n++) {
        const text = `see ${sample()} there`;
        // oxlint-disable-next-line no-await-in-loop -- one at a time shows which failed
        expect(await lint(text)).toContain(`@secretlint/secretlint-rule-${name}`);
        let rest = text;
        for (const { token } of find(text)) rest = rest.replace(token, "");
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(await lint(rest)).toEqual([]);
      }
    },
  );
});

describe("nothing is found in", () => {
  test.each([
    [
      "identifiers",
      "hf_transformers_version_two npm_package_devDependencies_eslint_plugin_react_hooks sk_buff_head_init_class",
    ],
    [
      "names of files",
      "sk-something-long-words-in-a-file-name.test.ts pplx-evaluation-of-the-language-model.ipynb glrt-detector-performance-curve.m",
    ],
    [
      "npm's variables",
      "npm_package_dependencies_react_router_dom=^6 npm_config_globalignorefile=/x npm_lifecycle_script_with_a_long_name",
    ],
    [
      "functions",
      "gho_stream_read_the_next_chunk_of_the_input re_compile_fastmap_and_translate_table napi_get_value_string_utf16_length",
    ],
    [
      "a variable for a token",
      "dp.pt. dp.st.production.config hvs.vault_token_of_the_service glpat-personal-access-token-here",
    ],
    [
      "placeholders",
      "sk-... sk-proj-... sk-ant-... xoxb-... ghp_xxxxxxxxxxxx gsk_your_key_here pplx-... hf_... AKIA...",
    ],
    [
      "placeholders in words",
      "xoxb-your-slack-bot-token-goes-here sk-ant-your-api-key-goes-right-here nvapi-your-nvidia-api-key-goes-right-here-please-and-thank-you",
    ],
    [
      "a UUID",
      "04e66903-735f-4d0a-b28e-14c9f244c7db urn:uuid:04e66903-735f-4d0a-b28e-14c9f244c7db",
    ],
    [
      "ids of a model's API",
      "toolu_01A09q90qw90lq917835lq9 msg_01XFDUDYJgAACzvnptvVoYEL req_011CSHoEeqs5C35K2UUqR7Fy chatcmpl-123abc call_abc123",
    ],
    [
      "Stripe's ids",
      "cus_NffrFeUfNV2Hib pi_3MtwBwLkdIwHu7ix28a3tqPa price_1MoBy5LkdIwHu7ixZhnattbh acct_1032D82eZvKYlo2C",
    ],
    [
      "ids of hosts and images",
      "sg-903004f8 ami-0abcdef1234567890 i-1234567890abcdef0 vpc-0a1b2c3d4e5f67890 eni-0a1b2c3d4e5f67890",
    ],
    [
      "minified code",
      "!function(e){var t=e.token,n=s.getOwnPropertyDescriptors,r=sl.prototype.constructor;t&&n||(e.secret=!0)}(window);",
    ],
    [
      "method chains",
      "s.updateComponentProperties(a); pat.matcher.compile.toString.length; sat.solver.addClause.withLiterals.andSolve",
    ],
    [
      "Java",
      "com.example.NotificationManagerServiceImpl.create.handleNotificationOfTheUserInBackground",
    ],
    [
      "CSS",
      ".fw-bold .as-stretch .pa-md .tk-us-page .re_section_header_with_long_name .key-value-list-of-the-page-header",
    ],
    [
      "Kubernetes",
      "api-7d9f8b6c5d-x2x9z sdk-deployment-7b5b8c9d6f-abcde test_database_connection_pool_is_closed_after_use",
    ],
    [
      "tests",
      "test_user_can_log_in_with_email live_reload_server_started_on_port key_derivation_function_parameters",
    ],
    [
      "constants",
      "API-REFERENCE-FOR-THE-NEXT-VERSION GOOGLE_APPLICATION_CREDENTIALS SCWARNING AKIA_IS_A_PREFIX YCBCR_CONVERSION",
    ],
    [
      "markdown",
      "[sk-](#sk) `rk_live_` `whsec_` | `xapp-1-` | `xoxe.xoxp-` | `dckr_pat_` | `github_pat_` |",
    ],
    [
      "an address",
      "https://github.com/openai/sk-learn/blob/main/docs/api-org/readme.md?plain=1#L12-L40",
    ],
    ["an ssh key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/pk alice@laptop"],
  ])("%s", (_why, text) => {
    expect(find(text)).toEqual([]);
  });

  // From digests, not from `made`, so that they are the same in any order of tests.
  const digest = (n: number, encoding: "hex" | "base64") =>
    new Bun.CryptoHasher("sha512").update(String(n)).digest(encoding);

  test("digests, integrity strings and ids of any value", () => {
    for (let n = 0; n < 2000; n++) {
      const hex = digest(n, "hex");
      const id = digest(n, "base64").replace(/[^A-Za-z0-9]/g, "");
      expect(
        find(
          `${hex.slice(0, 40)} sha256:${hex.slice(64)} "integrity": "sha512-${digest(n, "base64")}" ` +
            `${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5")} ` +
            `toolu_01${id.slice(0, 22)} msg_01${id.slice(22, 44)} req_011${id.slice(40, 62)}`,
        ),
      ).toEqual([]);
    }
  });

  test("base64 of any value", () => {
    const lines = Array.from({ length: 6000 }, (_, n) => digest(n, "base64").slice(0, 76));
    expect(find(lines.join("\n"))).toEqual([]);
    expect(find(lines.join("").replaceAll("=", ""))).toEqual([]);
  });

  test("keys that everyone may see", () => {
    for (const prefix of [
      "pk_live_",
      "pk_test_",
      "sb_publishable_",
      "phc_",
      "FLWPUBK_TEST-",
      "pk-lf-",
      "sq0idp-",
      "live_pub_",
      "mdb_sa_id_",
      "AIK_CLIENT_",
    ])
      expect(find(`key: "${prefix}${made(32)}"`)).toEqual([]);
    expect(find(`pk.eyJ${made(60)}.${made(22)}`)).toEqual([]);
  });

  test("this project's files", async () => {
    const root = `${import.meta.dir}/../../..`;
    for await (const path of new Glob(
      "{*.{md,json},{docs,hooks,lib,scripts,tests}/**/*.{md,ts,json,sh,ps1,sql}}",
    ).scan(root))
      expect({ path, found: find(await Bun.file(`${root}/${path}`).text()) }).toEqual({
        path,
        found: [],
      });
  });

  test("what a client really sent", async () => {
    for (const { text } of await capturedPayloads()) expect(find(text)).toEqual([]);
  });
});

// Other tests run on the same processors, so the time that passes says nothing.
function processorMs(source: string, text: string): number {
  const before = process.cpuUsage();
  // As the engine tries them, and without what the engine wants in front.
  text.replace(new RegExp(`(^|[^A-Za-z0-9]|\\\\[bfnrt])(?:${source})`, "g"), "");
  text.replace(new RegExp(source, "g"), "");
  return process.cpuUsage(before).user / 1000;
}

function fastestMs(source: string, text: string): number {
  return Math.min(...[1, 2, 3].map(() => processorMs(source, text)));
}

describe("patterns take linear time on", () => {
  const MB = 1_000_000;
  const samples = (kind: string, hint: string) =>
    PATTERN_SAMPLES.filter(([sampleKind]) => sampleKind === kind)
      .map(([, sample, front = ""]) => front + sample())
      .filter((text) => hasHint(text, hint, kind));

  test.each(patterns.map((row) => [`${row[0]} ${row[1]}`, row] as const))(
    "texts like %s, repeated",
    (_name, [kind, hint, source]) => {
      const [sample = ""] = samples(kind, hint);
      const units = [
        ..."aA0-_./+=",
        "a-",
        "a.",
        hint,
        hint.toUpperCase(),
        ...[1, 2, 3, 4, 5, 8, 13].map((length) => sample.slice(0, length)),
        ...[0.25, 0.5, 0.75].map((part) => sample.slice(0, sample.length * part)),
        sample.slice(0, -1),
        `${sample.slice(0, -1)} `,
        sample.slice(1),
      ];
      for (const unit of new Set(units)) {
        const text = unit.repeat(Math.ceil(MB / unit.length)).slice(0, MB);
        // A quadratic pattern takes minutes for this. What takes longer than most is compared with a quarter of it.
        const longMs = processorMs(source, text);
        const ratio =
          longMs > 300 ? fastestMs(source, text) / fastestMs(source, text.slice(0, MB / 4)) : 4;
        expect({ unit, isSlow: longMs > 2000, isLinear: ratio < 10 }).toEqual({
          unit,
          isSlow: false,
          isLinear: true,
        });
      }
    },
    60_000,
  );
});
