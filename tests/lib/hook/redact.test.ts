// Which texts are masked, which are not, and that both take linear time.
import { describe, expect, test } from "bun:test";
import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import fc from "fast-check";
import { redact, redactionRules, rulesFor } from "../../../lib/hook/redact";
import { isSecretVariable } from "../../../lib/hook/secrets/environment";
import { secretName } from "../../../lib/hook/secrets/names";
import { capturedPayloads } from "../../../scripts/harness/payloads";
import {
  ALNUM,
  BASE64,
  EXAMPLE_SECRETS as EXAMPLES,
  HEX,
  made,
  pem,
  UPPER,
} from "../../support/secrets";

const NONE = { keys: [], literals: [], allow: [] };
const rules = redactionRules({}, NONE);

function masked(value: unknown): unknown {
  return redact(value, rulesFor(JSON.stringify(value), rules)).value;
}

const PLACES: readonly (readonly [string, (text: string) => string])[] = [
  ["alone", (text) => text],
  ["in a sentence", (text) => `Try ${text} and then go on.`],
  ["in a shell command", (text) => `cd /tmp && run ${text} | tee log`],
  [
    "in JSON in a string, after an escape",
    (text) => JSON.stringify({ n: 1, note: `a\n${text}\nb` }),
  ],
  ["in JSON with escaped characters", (text) => `{"q":"a\\u003d${text} "}`],
  ["in a colored line", (text) => `\u001B[01;31m\u001B[K${text} \u001B[m`],
  ["in an address", (text) => `a%3D${text} b`],
];

describe("a secret is masked and the text around it is not", () => {
  for (const { kind, why, front = "", secret, back = "" } of EXAMPLES)
    test.each(PLACES)(`${kind} (${why}) %s`, (_name, place) => {
      const text = place(front + secret + back);
      const expected = place(`${front}[redacted:${kind}]${back}`);
      expect(masked(text)).toBe(expected);
      expect(masked({ a: [text] })).toEqual({ a: [expected] });
      expect(masked({ [text]: true })).toEqual({ [expected]: true });
      expect(masked(expected)).toBe(expected);
    });
});

test("a private key's first line alone, as in code that looks for keys, is no secret", () => {
  const code = 'if (text.includes("-----BEGIN PRIVATE KEY-----")) return reject(text);';
  expect(masked(code)).toBe(code);
});

test.each([
  ["as `head` leaves it", (rows: string[]) => rows.join("\n")],
  [
    "as `cat -n` shows it",
    (rows: string[]) => rows.map((row, n) => `     ${n}\t${row}`).join("\n"),
  ],
  ["as JSON escapes it", (rows: string[]) => JSON.stringify(rows.join("\n"))],
])("a private key without its end is masked %s", (_name, shown) => {
  const rows = Array.from({ length: 9 }, () => made(64, BASE64));
  const clean = String(masked(shown(["-----BEGIN RSA PRIVATE KEY-----", ...rows])));
  expect(clean).toContain("[redacted:private-key]");
  for (const row of rows) expect(clean).not.toContain(row);
});

test.each([
  ["a type", "function f(token: string, password: string, secret?: string) {}"],
  ["a type in Rust", "struct A { password: Option<String>, token: String }"],
  ["a count in an address", "?max_tokens=4096&n=1"],
  ["a count in a variable", "MAX_TOKENS=4096 CLAUDE_CODE_MAX_OUTPUT_TOKENS=64000 run"],
  ["a call", "const token = getToken();"],
  ["a member", "const secret = config.secret;"],
  ["words with hyphens", "task-management-system-version-two-final"],
  [
    "words like a prefix",
    "disk-usage-report-of-the-last-twelve-months task-ant-colony-optimizer-x",
  ],
  ["the working folder", 'PWD="/home/u" OLDPWD=/home/u2/project3 PWD=C:\\work\\p2'],
  ["a commit", "3f786850e387550fdab836ed7e6dc881de23001b"],
  ["a digest", `sha256:${"9f86d081884c7d65".repeat(4)}`],
  ["a UUID", "04e66903-735f-4d0a-b28e-14c9f244c7db"],
  ["a tool use", "toolu_01A09q90qw90lq917835lq9"],
  ["a path", "/home/u/.config/tokens/secret-keys/password_reset_test2.go:12"],
  [
    "a reference in a shell",
    'curl -H "Authorization: Bearer $TOKEN" -u "x:${PASSWORD}" --token $T',
  ],
  ["a reference in a variable", 'export API_TOKEN=$OTHER SECRET="${SECRET}" TOKEN=$(cat f)'],
  ["a reference in a template", "password: ${{ secrets.PASSWORD }} token: '${TOKEN}'"],
  ["the path of a secret", "GOOGLE_CREDENTIALS_FILE=/run/c.json TOKEN_PATH=/run/secrets/t2"],
  ["help of an option", "  --password string   Password  --token <token>  --api-key-file FILE"],
  ["an address with a port", "http://localhost:8080/a?b=c@d"],
  ["an email address", "git clone git@github.com:a/b.git && mail bob@example.test"],
  ["JSON with a port and an address", '{"url":"http://localhost:8080","mail":"a@b.test"}'],
  ["a public key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"],
  ["prose", "The token, the secret and the password: all three are keys to a cookie jar."],
  ["a count in YAML", "max_tokens: 4096\ntoken: 7"],
  ["a description", "secret: something that no one knows\ntoken: required, see section 2.1"],
  ["a comparison", 'if (token === "unexpected end") throw bad(token == "eof of text");'],
])("is not masked: %s", (_why, text) => {
  expect(redact(text, rules)).toEqual({ value: text, redacted: 0, dropped: 0 });
});

test("nothing that a client really sent is masked", async () => {
  for (const { text, payload } of await capturedPayloads()) {
    const { value, redacted, dropped } = redact(payload, rulesFor(text, rules));
    expect({ text: JSON.stringify(value), redacted, dropped }).toEqual({
      text: JSON.stringify(payload),
      redacted: 0,
      dropped: 0,
    });
  }
});

describe("keys", () => {
  test.each([
    "password",
    "db_password",
    "userPasswd",
    "Passphrase",
    "client_secret",
    "secretKey",
    "token",
    "accessToken",
    "API-Key",
    "apiKey",
    "x-api-key",
    "private_key",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "cookies",
    "credentials",
    "aws_access_key",
    "pwd",
  ])("%s looks secret", (key) => expect(secretName(key)).toBeDefined());

  test.each([
    "max_tokens",
    "context_tokens",
    "token_count",
    "tokens",
    "key",
    "keyboard",
    "session_id",
    "tool_use_id",
    "file_path",
    "cwd",
    "author",
    "cookie_policy",
    "credential_type",
  ])("%s looks harmless", (key) => expect(secretName(key)).toBeUndefined());

  test.each([
    ["a text", { password: "x" }, { password: "[redacted:named-secret]" }, 1],
    ["a number", { pin_secret: 1234 }, { pin_secret: "[redacted:named-secret]" }, 1],
    ["true, false and null", { secret: [true, null] }, { secret: [true, null] }, 0],
    ["an empty text", { secret: "" }, { secret: "" }, 0],
    [
      "everything below it",
      { credentials: { user: "bob", list: ["rosebud", { deep: 7 }] } },
      {
        credentials: {
          user: "[redacted:named-secret]",
          list: ["[redacted:named-secret]", { deep: "[redacted:named-secret]" }],
        },
      },
      3,
    ],
    [
      "a count of tokens",
      { token: 120, context_tokens: 120 },
      { token: 120, context_tokens: 120 },
      0,
    ],
    [
      "the working folder",
      { PWD: "/home/u", OLDPWD: "C:\\x" },
      { PWD: "/home/u", OLDPWD: "C:\\x" },
      0,
    ],
    [
      "texts under keys whose numbers and objects are not secrets",
      { auth: "hunter2", tokens: ["a1"], smtp_pass: "x", session_key: "k1" },
      {
        auth: "[redacted:named-secret]",
        tokens: ["[redacted:named-secret]"],
        smtp_pass: "[redacted:named-secret]",
        session_key: "[redacted:named-secret]",
      },
      4,
    ],
    [
      "counts and objects under such keys",
      { auth: { type: "none" }, tokens: { input: 5 }, pass: 12, max_tokens: "4096" },
      { auth: { type: "none" }, tokens: { input: 5 }, pass: 12, max_tokens: "4096" },
      0,
    ],
    ["a password called pwd", { Pwd: "hunter2" }, { Pwd: "[redacted:named-secret]" }, 1],
  ])("under a key that looks secret: %s", (_why, value, expected, redacted) => {
    const found = redact(value, rules);
    expect(found).toEqual({ value: expected, redacted, dropped: 0 } as typeof found);
  });

  test("that the user configured match in upper and lower case, and only whole", () => {
    const own = redactionRules({}, { keys: ["Salary"], literals: [], allow: [] });
    const value = { SALARY: [1, "two"], salaryBand: "B" };
    expect(redact(value, rulesFor(JSON.stringify(value), own)).value).toEqual({
      SALARY: ["[redacted:named-secret]", "[redacted:named-secret]"],
      salaryBand: "B",
    });
  });

  test("that are masked alike are all kept", () => {
    const value = { [`ghp_${made(36)}`]: 1, [`ghp_${made(36)}`]: 2, [`ghp_${made(36)}`]: 3 };
    const { value: clean } = redact(value, rules);
    expect(Object.values(clean as object)).toEqual([1, 2, 3]);
    for (const key of Object.keys(clean as object))
      expect(key).toContain("[redacted:github-token]");
  });
});

describe("known texts", () => {
  test("that the user configured are masked everywhere", () => {
    const own = redactionRules({}, { keys: [], literals: ["Project X", 'a"b\\ü'], allow: [] });
    const value = ["on Project X, Project X", 'see a"b\\ü', "Project Y"];
    expect(redact(value, rulesFor(JSON.stringify(value), own)).value).toEqual([
      "on [redacted:literal], [redacted:literal]",
      "see [redacted:literal]",
      "Project Y",
    ]);
  });

  test.each([
    ["composed", "ls Project F\u00e4lcon"],
    ["decomposed, as macOS writes names", "ls Project Fa\u0308lcon"],
    ["in JSON of ASCII only", String.raw`{"n":"Project F\u00e4lcon"}`],
    ["decomposed in JSON of ASCII only", String.raw`{"n":"Project Fa\u0308lcon"}`],
  ])("with a letter that Unicode can write in two ways are masked %s", (_, text) => {
    for (const form of ["NFC", "NFD"]) {
      const literals = ["Project F\u00e4lcon".normalize(form)];
      const own = redactionRules({}, { keys: [], literals, allow: [] });
      expect(redact(text, own).value).toContain("[redacted:literal]");
    }
  });

  test("from secret variables are masked if they have eight or more characters", () => {
    const own = redactionRules(
      { A_TOKEN: "12345678", B_TOKEN: "1234567", HOME: "/home/user" },
      NONE,
    );
    expect(redact("12345678 1234567 /home/user", own).value).toBe(
      "[redacted:environment] 1234567 /home/user",
    );
  });

  test.each([
    ["ANTHROPIC_AUTH_TOKEN", "lmstudio", false, "what LM Studio says to set"],
    ["JIRA_PROJECT_KEY", "PLATFORM", false, "a word in capitals"],
    ["SENTRY_PROJECT_KEY", "my-web-shop", false, "words"],
    ["GIT_SIGNING_KEY", "me@example.com", false, "an address"],
    ["DEPLOY_KEY", "/home/u/.ssh/id_ed25519", false, "a path"],
    ["APP_KEY", "/Users/Jo/Library/MyApp2/key", false, "a path with capitals and a digit"],
    ["APP_SECRET", "/9j4AAQSkZJRgABAQEAYABg8fQ2", true, "base64 that begins with a slash"],
    ["APP_SECRET", "/kX9/pQ2v/Lm7Z/aB4c", true, "base64 with slashes"],
    ["NPM_TOKEN", "${NPM_TOKEN}", false, "a reference that nothing has replaced"],
    ["RELEASE_KEY", "2026-11-25", false, "a date"],
    ["API_TOKEN_URL", "https://example.com/token", false, "a URL without a secret"],
    ["HOOK_SECRET", "https://hooks.example.com/T0/abcdefghijklmnopqrstu", true, "a URL with one"],
    ["DB_SECRET", "postgres://u:pw@db/x", true, "a URL with a password"],
    ["API_TOKEN", "aB3dE6gH9", true, "letters and digits"],
    ["API_TOKEN", "QxRtYpLm", true, "mixed case"],
    ["PGPASSWORD", "swordfish", true, "a password may be a word"],
    ["API_TOKEN", "12345678", true, "a number"],
  ])("the value of %s, %p, is masked: %p (%s)", (name, value, isMasked) => {
    const own = redactionRules({ [name]: value }, NONE);
    const patterns = { tokens: [], others: [], finders: [] };
    expect(redact(`see ${value}!`, { ...own, names: [], arguments: [], patterns }).value).toBe(
      isMasked ? "see [redacted:environment]!" : `see ${value}!`,
    );
  });

  test.each([[["A_SECRET", "B_SECRET"]], [["B_SECRET", "A_SECRET"]]])(
    "that contain each other are masked whole: %p",
    ([first = "", second = ""]) => {
      const values: Record<string, string> = { A_SECRET: "inner-1ne", B_SECRET: "<inner-1ne>rest" };
      const own = redactionRules({ [first]: values[first], [second]: values[second] }, NONE);
      expect(redact("x <inner-1ne>rest inner-1ne y", own).value).toBe(
        "x [redacted:environment] [redacted:environment] y",
      );
    },
  );

  test.each([
    ["ANTHROPIC_API_KEY", true],
    ["GITHUB_TOKEN", true],
    ["AWS_SECRET_ACCESS_KEY", true],
    ["PGPASSWORD", true],
    ["MYSQL_PWD", true],
    ["SSHPASS", true],
    ["RAILS_MASTER_KEY", true],
    ["npm_config__auth", true],
    ["GH_PAT", true],
    ["CLAUDE_CODE_MESSAGING_TOKEN", true],
    ["HOME", false],
    ["PWD", false],
    ["OLDPWD", false],
    ["SSH_AUTH_SOCK", false],
    ["PATH", false],
    ["GOOGLE_CREDENTIALS_FILE", false],
    ["KEYBOARD", false],
    ["CLAUDE_CODE_SESSION_ID", false],
    ["GIT_ASKPASS", false],
    ["AUTHOR", false],
  ] as const)("from the variable %s are masked: %p", (name, expected) => {
    expect(isSecretVariable(name)).toBe(expected);
  });
});

// JSON texts of every shape; texts, because an object literal cannot express `__proto__`.
function jsonTexts(leaf: fc.Arbitrary<string>, key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      leaf.map((text) => JSON.stringify(text)),
      fc.jsonValue({ maxDepth: 0 }).map((value) => JSON.stringify(value)),
      fc.array(tie("tree"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
      fc
        .array(fc.tuple(key, tie("tree")), { maxLength: 5 })
        .map((fields) => `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(",")}}`),
    ),
  })).tree;
}

const anyText = fc.string({ unit: "binary", maxLength: 20 });
const anyKey = fc.oneof(
  anyText,
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "\uD800"),
);

const nested = (levels: number): unknown =>
  JSON.parse(`${"[".repeat(levels)}"end"${"]".repeat(levels)}`);

describe("any JSON value", () => {
  test("without a secret is returned equal, and is itself not changed", () => {
    fc.assert(
      fc.property(jsonTexts(anyText, anyKey), (text) => {
        const value: unknown = JSON.parse(text);
        const before = JSON.stringify(value);
        const { value: clean, redacted, dropped } = redact(value, rules);
        expect([JSON.stringify(clean), redacted, dropped]).toEqual([before, 0, 0]);
        expect(JSON.stringify(value)).toBe(before);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });

  test("differs only in its secrets, which are counted", () => {
    const secret = `ghp_${made(36)}`;
    const leaf = fc.tuple(anyText, fc.boolean()).map(([a, b]) => (b ? `${a} ${secret} ${a}` : a));
    fc.assert(
      fc.property(jsonTexts(leaf, anyKey), (text) => {
        const before = JSON.stringify(JSON.parse(text));
        const { value, redacted } = redact(JSON.parse(text), rules);
        expect(JSON.stringify(value)).toBe(before.replaceAll(secret, "[redacted:github-token]"));
        expect(redacted).toBe(before.split(secret).length - 1);
      }),
    );
  });

  test("keeps a field called __proto__, which changes no prototype", () => {
    const { value } = redact(JSON.parse('{"__proto__":{"polluted":"yes"},"constructor":1}'), rules);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":"yes"},"constructor":1}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("is checked a hundred levels deep, and deeper values are left out and counted", () => {
    expect(redact(nested(100), rules)).toEqual({ value: nested(100), redacted: 0, dropped: 0 });
    const { value, dropped } = redact({ a: nested(100), b: nested(5) }, rules);
    expect(dropped).toBe(1);
    expect(JSON.stringify(value)).toContain("[left out: too deep]");
    expect(JSON.stringify(value)).not.toContain(JSON.stringify(nested(100)));
  });

  test("is checked up to 50,000 values, and further ones are left out and counted", () => {
    const { value, dropped } = redact(
      Array.from({ length: 50_007 }, (_, n) => n),
      rules,
    );
    expect((value as unknown[]).length).toBe(50_000);
    expect(dropped).toBe(7);
    const fields = Object.fromEntries(Array.from({ length: 50_007 }, (_, n) => [`f${n}`, n]));
    const rest = redact(fields, rules);
    expect(Object.keys(rest.value as object).length).toBe(50_000);
    expect(rest.dropped).toBe(7);
  });
});

// Escapes a share of the ASCII characters in JSON's strings as `\u00XX`.
function escaped(json: string, seed: number, share: number): string {
  let state = seed;
  return json.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) =>
    quoted.replace(/\\u.{4}|\\.|[^"\\]/g, (character) => {
      if (character.length > 1) return character;
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      if (character.charCodeAt(0) > 0x7f || state / 2 ** 32 > share) return character;
      if (character === "/") return "\\/";
      return `\\u00${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
    }),
  );
}

describe("rules narrowed to one text", () => {
  const literals = [
    "Straße 7",
    'say "ok"',
    "back\\slash",
    "a/b/c/d",
    "tab\tbed",
    "\u007Fdel",
    "Plan B",
  ];
  const known = redactionRules(
    { A_TOKEN: "env/one+two", B_SECRET: "K\u00E9y-two!" },
    {
      keys: ["salary", "größe"],
      literals,
      allow: [],
    },
  );
  const planted = fc.constantFrom(
    ...literals,
    "env/one+two",
    "K\u00E9y-two!",
    ...EXAMPLES.filter(({ secret }) => secret.length < 1000).map(
      ({ front = "", secret, back = "" }) => front + secret + back,
    ),
  );
  const keys = ["password", "API_KEY", "Salary", "GRÖSSE", "größe", "secret/x", "plain", "token"];
  const leaf = fc.oneof(
    anyText,
    planted,
    fc.tuple(anyText, planted, anyText).map((all) => all.join(" ")),
  );
  const key = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...keys) }, anyKey, planted);

  test("mask the same as all rules do, however the JSON is escaped", () => {
    fc.assert(
      fc.property(
        jsonTexts(leaf, key),
        fc.integer(),
        fc.constantFrom(0.002, 0.05, 0.5, 1),
        (text, start, share) => {
          const expected = redact(JSON.parse(text), known);
          for (const written of [
            text,
            JSON.stringify(JSON.parse(text)),
            escaped(text, start, share),
          ]) {
            const found = redact(JSON.parse(written), rulesFor(written, known));
            expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("are few for an ordinary text, which makes redaction cheap", () => {
    const narrow = rulesFor(
      '{"session_id":"a","permission_mode":"bypassPermissions","prompt":"make the tests green"}',
      known,
    );
    expect(narrow).toMatchObject({
      names: [],
      arguments: [],
      patterns: { tokens: [], others: [], finders: [] },
    });
  });
});

// Other tests run on the same processors, so the time that passes says nothing.
function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}

function fastestMs(unit: string, length: number): number {
  const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  let fastest = Infinity;
  for (let n = 0; n < 3; n++) {
    fastest = Math.min(
      fastest,
      processorMs(() => redact(text, rules)),
    );
  }
  return fastest;
}

const tokenKeys = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`${made(9)} ghp_${made(36)} ${n % 2}`.slice(10), n]),
  );

describe("redaction takes linear time on", () => {
  const hostile = [
    "a",
    "A",
    "0",
    "_",
    "-",
    "=",
    "\\",
    "/",
    " ",
    "\n",
    '"',
    "a ",
    "Aa0",
    "{",
    "é",
    "eyJ",
    "eyJ-eyJ-",
    ".eyJaaaaaa",
    "eyJaaaaaaa.eyJ",
    "-eyJ",
    " eyJaaaaaaaa.eyJaaaaaaaaa",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----a-",
    "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\n",
    "-----BEGIN PRIVATE KEY-----\nA: b\n 12:",
    "://",
    "://a:",
    "://a:b",
    "://aaaaaaaaaaaaaaaaaaaaaaaa",
    "://a:b:",
    ":",
    "@",
    "://a@",
    "--",
    "--------",
    "--token",
    "--token ",
    "--token=",
    "-- token",
    "password",
    "password=",
    "password: ",
    'password="',
    "password='",
    'password\\\\\\"',
    "PASSWORD=",
    'PASSWORD="',
    "TOKEN",
    "TOKEN_",
    "TOKENS=1",
    "token=",
    "token=a",
    "sig=",
    "pwd=",
    "secret_key",
    "secret_key=",
    "secret_key    ",
    "authorization",
    "authorization: ",
    "authorization: bearer ",
    "bearer ",
    "bearer",
    "cookie: ",
    "cookie: a",
    "cookie: a=",
    "sk-",
    "-sk-ant-",
    "sk-proj-",
    "xoxb-",
    "-xapp-1-",
    "ghp_",
    "github_pat_",
    "glpat-",
    ".01.",
    "ops_ey",
    "_ops_ey",
    "AKIA",
    " AKIA",
    "AIza",
    "-AIza",
    "ya29.",
    "-ya29.",
    "npm_",
    "_npm_",
    "_auth",
    "_auth    ",
    "_authToken=",
    "hf_",
    "_hf_",
    "sk_live_",
    "whsec_",
    "SG.",
    "-SG.",
    "SG.aaaaaaaaaaaaaaaa.",
    "shpat_",
    "lin_api_",
    "0Q~",
    "aaa0Q~",
    "AccountKey=",
    "hvs.",
    "pypi-",
    "dckr_pat_",
    "hooks.slack.com/services/",
    "\\n",
    "\\u0041",
    "%41",
    "[",
    "[0;",
    "\u001B[0m",
  ];
  const halves = EXAMPLES.map(
    ({ front = "", secret }) => front + secret.slice(0, secret.length / 2),
  );
  const beginnings = EXAMPLES.map(({ front = "", secret }) => `${front}${secret.slice(0, 9)} `);
  const units = [...new Set([...hostile, ...halves, ...beginnings])].map((unit) =>
    unit.slice(0, 300),
  );

  // A quadratic pattern takes minutes for this; half a second only happens on a busy machine.
  test.each(units.map((unit) => [JSON.stringify(unit).slice(0, 60), unit] as const))(
    "%s repeated",
    (_name, unit) => {
      const longMs = fastestMs(unit, 400_000);
      expect(longMs).toBeLessThan(6000);
      if (longMs > 500) expect(longMs / fastestMs(unit, 100_000)).toBeLessThan(12);
    },
    30_000,
  );

  test("thousands of keys that are masked alike", () => {
    const keys = tokenKeys(40_000);
    let result: unknown;
    // It takes 1 to 4 s, by what else the machine does; looking at all former keys for each would take minutes.
    expect(processorMs(() => (result = redact(keys, rules).value))).toBeLessThan(15_000);
    expect(Object.keys(result as object).length).toBe(40_000);
  });
});

// The form requires `fQ` at the end, so the JSON's length must be one more than a multiple of three.
const opsJson = (k: string) => JSON.stringify({ email: "x@y.test", k, u: { m: 1 } });
const opsToken = () => {
  const key = made(200, `${BASE64}?>~`);
  return `ops_${btoa(opsJson(key + "7".repeat((7 - (opsJson(key).length % 3)) % 3))).replace(/=*$/, "")}`;
};

const url = (scheme: string) => (secret: string) =>
  `${scheme}://service7:${secret}@db7.internal.test/main`;
const pemOf = (label: string, start = "MII") => ({
  rule: "privatekey",
  make: () => `${start}${made(797, BASE64)}`,
  put: (body: string) => pem(label, body),
});

const id = (name: string) => `@secretlint/secretlint-rule-${name}`;

describe("secretlint, which knows the vendors' forms, finds nothing after redaction:", () => {
  interface Found {
    readonly rule: string;
    /** Makes a new secret. */
    readonly make: () => string;
    /** Puts it in a text in which the rule finds it. */
    readonly put?: (secret: string) => string;
    /** The file's name, for rules that check only some files. */
    readonly path?: string;
  }
  const T3 = "T3BlbkFJ";
  const KINDS: Readonly<Record<string, Found>> = {
    "AWS access key id": { rule: "aws", make: () => `AKIA${made(16, UPPER)}` },
    "AWS access key id of a session": { rule: "aws", make: () => `ASIA${made(16, UPPER)}` },
    "AWS access key id, oldest": { rule: "aws", make: () => `A3T${made(17, UPPER)}` },
    "AWS role id": { rule: "aws", make: () => `AROA${made(16, UPPER)}` },
    "AWS secret in an ini file": {
      rule: "aws",
      make: () => made(40, BASE64),
      put: (secret) => `[default]\naws_secret_access_key = ${secret}\n`,
    },
    "AWS secret in a variable": {
      rule: "aws",
      make: () => made(40, BASE64),
      put: (secret) => `export AWS_SECRET_ACCESS_KEY=${secret}`,
    },
    "AWS secret in Ruby": {
      rule: "aws",
      make: () => made(40, BASE64),
      put: (secret) => `SecretAccessKey => '${secret}'`,
    },
    "AWS secret in YAML": {
      rule: "aws",
      make: () => made(40, BASE64),
      put: (secret) => `secret_access_key: ${secret}`,
    },
    Anthropic: { rule: "anthropic", make: () => `sk-ant-api03-${made(93)}AA` },
    "OpenAI legacy": { rule: "openai", make: () => `sk-${made(20)}${T3}${made(20)}` },
    "OpenAI project": { rule: "openai", make: () => `sk-proj-${made(74)}${T3}${made(74)}` },
    "OpenAI service": { rule: "openai", make: () => `sk-svcacct-${made(58)}${T3}${made(58)}` },
    "OpenAI admin": { rule: "openai", make: () => `sk-admin-${made(58)}${T3}${made(58)}` },
    ...Object.fromEntries(
      ["ghp", "gho", "ghu", "ghs", "ghr"].map((prefix) => [
        `GitHub ${prefix}`,
        { rule: "github", make: () => `${prefix}_${made(36, `${ALNUM}_`)}` },
      ]),
    ),
    "GitHub fine-grained": { rule: "github", make: () => `github_pat_${made(22)}_${made(59)}` },
    "GitHub behind an underscore": { rule: "github", make: () => `_ghp_${made(36)}` },
    "GitHub as user of an address": {
      rule: "npm",
      make: () => made(40, HEX),
      put: (secret) => `"x": "git+https://${secret}:x-oauth-basic@github.com/a/b.git"`,
      path: "package.json",
    },
    ...Object.fromEntries(
      ["xoxb", "xoxp", "xapp", "xoxa", "xoxo", "xoxr"].map((prefix) => [
        `Slack ${prefix}`,
        { rule: "slack", make: () => `${prefix}-${made(11)}-${made(12)}-${made(24)}` },
      ]),
    ),
    "Slack xoxa-2": { rule: "slack", make: () => `xoxa-2-${made(11)}-${made(12)}` },
    "Slack webhook": {
      rule: "slack",
      make: () => `T${made(9, UPPER)}/B${made(9, UPPER)}/${made(24)}`,
      put: (secret) => `https://hooks.slack.com/services/${secret}`,
    },
    npm: { rule: "npm", make: () => `npm_${made(36)}` },
    "npm in .npmrc": {
      rule: "npm",
      make: () => `${made(8, HEX)}-${made(12, HEX)}`,
      put: (secret) => `//registry.test/:_authToken=${secret}\n`,
      path: ".npmrc",
    },
    "private key": pemOf("PRIVATE KEY"),
    "private key, RSA": pemOf("RSA PRIVATE KEY"),
    "private key, DSA": pemOf("DSA PRIVATE KEY"),
    "private key, EC": pemOf("EC PRIVATE KEY"),
    "private key, PGP": pemOf("PGP PRIVATE KEY BLOCK"),
    "private key, OpenSSH": pemOf("OPENSSH PRIVATE KEY", "b3BlbnNzaC1rZXktdjE"),
    "basic auth": { rule: "basicauth", make: () => made(14), put: url("https") },
    "basic auth, FTP": { rule: "basicauth", make: () => `${made(7)}-_${made(7)}`, put: url("ftp") },
    SendGrid: { rule: "sendgrid", make: () => `SG.${made(22)}.${made(21)}-${made(21)}` },
    ...Object.fromEntries(
      ["shppa", "shpca", "shpat", "shpss"].map((prefix) => [
        `Shopify ${prefix}`,
        { rule: "shopify", make: () => `${prefix}_${made(38)}` },
      ]),
    ),
    Linear: { rule: "linear", make: () => `lin_api_${made(40, `${ALNUM}_`)}` },
    "1Password": { rule: "1password", make: opsToken },
    "a service account of Google": {
      rule: "gcp",
      make: () =>
        `-----BEGIN PRIVATE KEY-----\\nMII${made(800, BASE64)}\\n-----END PRIVATE KEY-----\\n`,
      put: (secret) => `{"private_key_id":"${made(40, HEX)}","private_key":"${secret}"}`,
      path: "key.json",
    },
    ...Object.fromEntries(
      ["mongodb", "mongodb+srv", "mysql", "mysqlx", "jdbc:mysql", "postgres", "postgresql"].map(
        (scheme) => [
          scheme,
          {
            rule: "database-connection-string",
            make: () => `${made(6)}!$%*${made(6)}`.replace("$%", "%24"),
            put: url(scheme),
          },
        ],
      ),
    ),
    // Not covered: the gcp rule's PKCS#12 file, which is binary and read from the disk, the AWS account id, which
    // is not a secret, and filter-comments, which finds nothing by itself.
  };

  // A finding that contains a mask is allowed: a URL with a masked password still has the form of one.
  const allows = { options: { allows: ["/\\[redacted:[a-z0-9-]+\\]/"] } };
  async function lint(content: string, path: string): Promise<string[]> {
    const { messages } = await lintSource({
      source: { content, filePath: path, ext: /\.\w+$/.exec(path)?.[0] ?? "", contentType: "text" },
      options: {
        config: {
          rules: [
            {
              id: id("preset-recommend"),
              rule: creator,
              rules: [
                { id: id("aws"), options: { enableIDScanRule: true } },
                { id: id("npm"), ...allows },
                { id: id("database-connection-string"), ...allows },
              ],
            },
          ],
        },
      },
    });
    return messages.map(({ ruleId }) => ruleId);
  }

  test.each(Object.entries(KINDS))(
    "%s",
    async (_name, { rule, make, put = String, path = "x.txt" }) => {
      for (let n = 0; n < 5; n++) {
        const secret = make();
        const content = put(secret);
        const input = {
          hook_event_name: "PreToolUse",
          tool_name: "Write",
          tool_input: {
            content,
            note: `see ${content} there`,
            command: JSON.stringify({ a: `b\n${content}` }),
          },
        };
        // oxlint-disable-next-line no-await-in-loop -- one at a time shows which failed
        expect(await lint(content, path)).toContain(id(rule));
        const { value } = redact(input, rulesFor(JSON.stringify(input), rules));
        const { content: clean, note, command } = (value as typeof input).tool_input;
        for (const text of [clean, note, command, JSON.stringify(value)]) {
          expect(text).not.toContain(secret);
          for (const row of secret.match(/[\w+/]{30}/g) ?? []) expect(text).not.toContain(row);
          // oxlint-disable-next-line no-await-in-loop -- as above
          expect(await lint(text, path)).toEqual([]);
        }
      }
    },
  );
});
