import { describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import fc from "fast-check";
import { DEFAULT_CONFIG, parseConfig, type Config } from "../../lib/config";
import { loadConfig } from "../../lib/load-config";
import { pathsFrom } from "../../lib/os/paths";
import { Sandbox } from "../../scripts/harness/sandbox";
import { configFile } from "../support/config-schema";

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, 0, -1, 1.5, 1e21, "", "true", [], {}, [null], [""], ["abc"], [[]], {
    length: 5,
  }),
);
const bool = fc.oneof(
  { weight: 3, arbitrary: fc.boolean() as fc.Arbitrary<unknown> },
  { weight: 1, arbitrary: anything },
);
/** Inside the limits of a value, at them, and far outside. */
const number = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min, max }) as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.constantFrom(min - 1, min, max, max + 1, -min, min + 0.5) },
    { weight: 1, arbitrary: anything },
  );
const texts = (minLength: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.array(fc.string({ minLength })) as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.array(fc.string({ maxLength: 5 })) },
    { weight: 1, arbitrary: fc.array(fc.string({ unit: "binary", maxLength: 5 })) },
    { weight: 1, arbitrary: anything },
  );
const part = (keys: Record<string, fc.Arbitrary<unknown>>) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record(
        { ...keys, added_later: anything },
        { requiredKeys: [] },
      ) as fc.Arbitrary<unknown>,
    },
    { weight: 1, arbitrary: anything },
  );
const files = part({
  retention_days: number(1, 3650),
  capture: part({ prompts: bool, tool_input: bool, tool_response: bool }),
  redact: part({ keys: texts(1), literals: texts(4) }),
  limits: part({
    string_bytes: number(256, DEFAULT_CONFIG.limits.string_bytes),
    record_bytes: number(8192, DEFAULT_CONFIG.limits.record_bytes),
    input_bytes: number(1024, DEFAULT_CONFIG.limits.input_bytes),
  }),
  destinations: fc.oneof(fc.array(fc.dictionary(fc.string(), anything)), anything),
  prices: fc.oneof(fc.array(fc.dictionary(fc.string(), anything)), anything),
  forwarder: fc.oneof(fc.constantFrom("", "/a", "a", "./a", "C:\\a"), anything),
});

describe("config.json", () => {
  test("has faults if and only if the schema rejects it", () => {
    const seen = { right: 0, wrong: 0 };
    fc.assert(
      fc.property(files, (file) => {
        const { faults } = parseConfig(JSON.stringify(file));
        // Through JSON, which has neither -0 nor infinity.
        const { success } = configFile.safeParse(JSON.parse(JSON.stringify(file)));
        seen[success ? "right" : "wrong"]++;
        expect([faults.length === 0, faults]).toEqual([success, faults]);
      }),
      { numRuns: 3000 },
    );
    // Otherwise the test would prove nothing.
    expect(Math.min(seen.right, seen.wrong)).toBeGreaterThan(100);
  }, 30_000);

  test("always gives a complete configuration that the schema accepts", () => {
    fc.assert(
      fc.property(files, (file) => {
        const { config } = parseConfig(JSON.stringify(file));
        expect(configFile.safeParse(config).error).toBeUndefined();
        expect(keysOf(config)).toEqual(keysOf(DEFAULT_CONFIG));
      }),
      { numRuns: 500 },
    );
  });

  test("has a fault for each wrong key that names the default used, and keeps the other keys", () => {
    const file = {
      retention_days: "30",
      capture: { prompts: false, tool_input: 0 },
      redact: { keys: ["pin"], literals: ["abc", "Falcon"], allow: [] },
      limits: { string_bytes: 255, record_bytes: 9000 },
      destinations: [{ name: "team" }],
      prices: [{ model: "other" }, 3],
      forwarder: "claude-session",
    };
    expect(parseConfig(JSON.stringify(file))).toEqual({
      given: expect.any(Array),
      config: {
        retention_days: 30,
        capture: { prompts: false, tool_input: false, tool_response: true },
        redact: { keys: ["pin"], literals: ["Falcon"], allow: [] },
        limits: { ...DEFAULT_CONFIG.limits, record_bytes: 9000 },
        destinations: [{ name: "team" }],
        prices: [{ model: "other" }],
        forwarder: "",
      },
      faults: [
        "retention_days: not a whole number from 1 to 3650; using 30",
        "capture.tool_input: not true or false; using false",
        "redact.literals[0]: not a string of 4 or more characters; ignored",
        "limits.string_bytes: not a whole number from 256 to 16384; using 16384",
        "prices[1]: not an object; ignored",
        'forwarder: not an absolute path; using ""',
      ],
      unknownKeys: [],
    });
  });

  test.each([
    ["{}", [], "configures nothing"],
    ['{"dashboard":{"port":8080}}', ["dashboard"], "keys of a later version"],
    ['{"capture":{}}', [], "an empty section"],
    ["// yes\n{\n/* no */}", [], "comments"],
    ['{"limits":{},}', [], "a trailing comma"],
    [
      '{"__proto__":{"retention_days":1},"constructor":1}',
      ["__proto__", "constructor"],
      "hostile keys, which are ignored like unknown ones",
    ],
  ])("of %j gives the defaults, and the unknown keys %j (%s)", (text, unknownKeys) => {
    const given = expect.any(Array) as unknown as string[];
    expect(parseConfig(text)).toEqual({ config: DEFAULT_CONFIG, given, faults: [], unknownKeys });
  });

  const CLOSED = { prompts: false, tool_input: false, tool_response: false };
  const CLOSED_FAULT = "capture: no prompt, tool input or response is recorded until this is fixed";
  test.each([
    ["", ["config.json: not JSON"], "empty"],
    ["{", ["config.json: not JSON"], "torn"],
    ['{"limits":{}}, "capture":{"prompts":false}}', ["config.json: not JSON"], "a brace too many"],
    ["[]", ["config.json: not an object"], "a list"],
    ["null", ["config.json: not an object"], "null"],
    ['"text"', ["config.json: not an object"], "a text"],
    ['{"capture":[]}', ["capture: not an object"], "a section that is a list"],
    ['{"capture":null}', ["capture: not an object"], "no section"],
    ['{"capture":{"prompt":false}}', ["capture.prompt: unknown key"], "a misspelt key"],
    ['{"redact":7}', ["redact: not an object"], "a number"],
    [
      '{"redact":{"keys":{"pin":true}}}',
      ["redact.keys: not a list of strings of 1 or more characters; using []"],
      "an object for a list",
    ],
    [
      '{"capture":{"prompts":false},"capture":{"tool_input":false}}',
      ["capture: occurs twice"],
      "a section twice",
    ],
    [
      '{"capture":{"prompts":false,"prompts":true}}',
      ["capture.prompts: occurs twice"],
      "a key twice",
    ],
    [
      '{"capture":{"prompts":false,"pr\\u006fmpts":true}}',
      ["capture.prompts: occurs twice"],
      "a key twice, once with an escape",
    ],
    [
      `{"capture":{"prompts":false, // "}"\n'prompts':true,}}`,
      ["capture.prompts: occurs twice"],
      "a key twice, with comments and other quotes",
    ],
    [
      '{"capture":{"prompt":false,"prompt":true}}',
      ["capture.prompt: unknown key"],
      "a misspelt key twice",
    ],
    [
      '{"redact":{"allow":["Falcon"],"allow":["Eagle"]}}',
      ["redact.allow: occurs twice"],
      "a list of exceptions twice, of which none counts",
    ],
    ["[".repeat(60_000), ["config.json: not JSON"], "deeper than any parser handles"],
  ] as [string, string[], string][])(
    "of %j captures no content, and says %j (%s): privacy fails closed",
    (text, faults) => {
      const parsed = parseConfig(text);
      expect(parsed.config).toEqual({ ...DEFAULT_CONFIG, capture: CLOSED });
      expect(parsed.faults).toEqual([...faults, CLOSED_FAULT]);
    },
  );

  test("of a list that masks and occurs twice captures no content, and masks with the last one", () => {
    const once = '{"redact":{"literals":["Eagle"]},"redact":{"keys":["pin"],"literals":["Falcon"],';
    const { config, faults } = parseConfig(`${once}"literals":["Falcon"]}}`);
    expect(config.capture).toEqual(CLOSED);
    expect(config.redact).toEqual({ keys: ["pin"], literals: ["Falcon"], allow: [] });
    expect(faults).toEqual(["redact: occurs twice", "redact.literals: occurs twice", CLOSED_FAULT]);
  });

  test("of a key twice that does not govern privacy gives its default, and costs an item only itself", () => {
    const { config, faults } = parseConfig(
      '{"retention_days":3,"retention_days":7,"destinations":[{"url":"a","url":"b"},{"url":"c"}]}',
    );
    expect(config).toEqual({ ...DEFAULT_CONFIG, destinations: [{ url: "c" }] });
    expect(faults).toEqual([
      "retention_days: occurs twice; using 30",
      "destinations[0].url: occurs twice; destinations[0] is ignored",
    ]);
  });

  test("may have the same key in different objects, and texts that look like keys", () => {
    const text = `{"destinations":[{"name":"\\"name\\":"},{"name":",{"}], /* "prices": */ "prices":[{"name":1}] // "prices":
    }`;
    expect(parseConfig(text).faults).toEqual([]);
  });

  test.each([
    ['{"capture":{"prompts":"false"}}', { prompts: false }, "a string for a boolean"],
    ['{"capture":{"tool_input":0}}', { tool_input: false }, "a number for a boolean"],
  ])("of %j leaves out what the wrong key governs, and no more: %j (%s)", (text, capture) => {
    const { config, faults } = parseConfig(text);
    expect(config.capture).toEqual({ ...DEFAULT_CONFIG.capture, ...capture });
    expect(faults).toHaveLength(1);
  });

  test("a string instead of a list of strings is a list of one", () => {
    const { config, faults } = parseConfig('{"redact":{"keys":"pin","literals":["abc","Falcon"]}}');
    expect(config.redact).toEqual({ keys: ["pin"], literals: ["Falcon"], allow: [] });
    expect(faults).toEqual(["redact.literals[0]: not a string of 4 or more characters; ignored"]);
  });

  test("says which keys and sections a file has, right or wrong", () => {
    const text = '{"retention_days":"7","capture":{"prompts":false},"limits":{},"later":{}}';
    expect(parseConfig(text).given).toEqual([
      "retention_days",
      "capture",
      "capture.prompts",
      "limits",
    ]);
  });

  test("cannot be changed after it is parsed", () => {
    expect(Object.isFrozen(parseConfig("{}").config)).toBe(true);
  });
});

describe("the configuration file", () => {
  const valid = '{"retention_days":7}';
  const seven: Config = { ...DEFAULT_CONFIG, retention_days: 7 };
  test.each([
    ["is missing", () => {}, DEFAULT_CONFIG],
    ["is valid", (path: string) => writeFileSync(path, valid), seven],
    [
      "begins with a byte order mark",
      (path: string) => writeFileSync(path, `\uFEFF${valid}`),
      seven,
    ],
    [
      "is a link into a folder of dotfiles",
      (path: string) => {
        writeFileSync(`${path}.dotfile`, valid);
        symlinkSync(`${path}.dotfile`, path);
      },
      seven,
    ],
    [
      "has a second name",
      (path: string) => {
        writeFileSync(path, valid);
        linkSync(path, `${path}.backup`);
      },
      seven,
    ],
  ])("is read if it %s", (_, make, config) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/config.json`;
    make(path);
    expect(loadConfig(path)).toEqual({ config, faults: [], unknownKeys: [] });
  });

  test.each([
    ["is not JSON", (path: string) => writeFileSync(path, "x"), "not JSON"],
    ["is too large", (path: string) => writeFileSync(path, " ".repeat(65_537)), "too large"],
    ["is a folder", (path: string) => mkdirSync(path), "not a regular file"],
    [
      "is a link to a device",
      (path: string) => symlinkSync("/dev/null", path),
      "not a regular file",
    ],
    ["is a broken link", (path: string) => symlinkSync("no", path), "ENOENT"],
  ])("captures no content if it %s, and says why", (_, make, reason) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/config.json`;
    make(path);
    const { config, faults } = loadConfig(path);
    expect(Object.values(config.capture)).toEqual([false, false, false]);
    expect(faults[0]).toBe(`config.json: ${reason}`);
  });

  test("may be as large as the limit", () => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/config.json`;
    writeFileSync(path, '{"retention_days":7}'.padEnd(65_536));
    const chosen: Config = { ...DEFAULT_CONFIG, retention_days: 7 };
    expect(loadConfig(path)).toEqual({ config: chosen, faults: [], unknownKeys: [] });
  });
});

describe("our paths", () => {
  test.each([
    [{ HOME: "/h" }, "/h/.claude/session-hooks", "/tmp", "the usual case"],
    [
      { HOME: "/h", CLAUDE_CONFIG_DIR: "/c" },
      "/c/session-hooks",
      "/tmp",
      "in Claude Code's own folder",
    ],
    [
      { HOME: "/h", CLAUDE_CONFIG_DIR: "/c", CLAUDE_SESSION_HOME: "/s" },
      "/s",
      "/tmp",
      "state elsewhere",
    ],
    [{ CLAUDE_SESSION_HOME: "/s", CLAUDE_SESSION_DIR: "/p" }, "/s", "/p", "both elsewhere"],
    [
      { HOME: "/h", TMPDIR: "/t" },
      "/h/.claude/session-hooks",
      "/tmp",
      "other programs read pointers in /tmp",
    ],
    [
      { HOME: "/h", CLAUDE_SESSION_HOME: "s" },
      "/h/.claude/session-hooks",
      "/tmp",
      "relative is ignored",
    ],
    [
      { HOME: "/h", CLAUDE_CONFIG_DIR: "./c" },
      "/h/.claude/session-hooks",
      "/tmp",
      "relative is ignored",
    ],
    [
      { HOME: "/h", CLAUDE_CONFIG_DIR: "~/c" },
      "/h/.claude/session-hooks",
      "/tmp",
      "a tilde is ignored too",
    ],
    [
      { HOME: "/h", CLAUDE_SESSION_DIR: "p" },
      "/h/.claude/session-hooks",
      "/tmp",
      "relative is ignored",
    ],
    [
      { HOME: "/h", CLAUDE_SESSION_HOME: "", CLAUDE_SESSION_DIR: "" },
      "/h/.claude/session-hooks",
      "/tmp",
      "empty is ignored",
    ],
    [{}, `${homedir()}/.claude/session-hooks`, "/tmp", "without HOME, the account's home"],
    [{ HOME: "h" }, `${homedir()}/.claude/session-hooks`, "/tmp", "the same if HOME is relative"],
    [
      { HOME: "/h", USERPROFILE: "/u", TEMP: "/t" },
      "/h/.claude/session-hooks",
      "/tmp",
      "variables of Windows are ignored",
    ],
  ] as [Record<string, string>, string, string, string][])(
    "with %j are in %s and %s (%s)",
    (env, state, pointers) => {
      expect(pathsFrom(env, "linux")).toEqual({
        claude: expect.any(String),
        pointers,
        state,
        config: `${state}/config.json`,
        machineConfig: "/etc/claude-session-hooks/config.json",
        events: `${state}/events`,
        errorLog: `${state}/hook-errors.log`,
        boot: `${state}/boot`,
        forward: `${state}/forward`,
        heartbeat: `${state}/forward/heartbeat`,
      });
    },
  );

  const profile = "C:\\Users\\b";
  const home = `${profile}/.claude/session-hooks`;
  test.each([
    [{ USERPROFILE: profile, TEMP: "D:\\t", TMP: "E:\\t" }, home, "D:\\t", "the usual case"],
    [{ USERPROFILE: profile, TMP: "E:\\t" }, home, "E:\\t", "the other variable"],
    [{ USERPROFILE: profile }, home, "C:/Windows/Temp", "neither variable"],
    [
      { USERPROFILE: profile, HOME: "/h", TEMP: "t" },
      home,
      "C:/Windows/Temp",
      "a shell's HOME is ignored",
    ],
    [
      { USERPROFILE: profile, CLAUDE_SESSION_HOME: "\\s" },
      home,
      "C:/Windows/Temp",
      "a path without a drive is ignored",
    ],
    [
      { USERPROFILE: profile, CLAUDE_SESSION_HOME: "C:s" },
      home,
      "C:/Windows/Temp",
      "a relative path on a drive is ignored",
    ],
    [
      { CLAUDE_SESSION_HOME: "\\\\n\\s", CLAUDE_SESSION_DIR: "C:/p" },
      "\\\\n\\s",
      "C:/p",
      "a network share, and slashes",
    ],
  ] as [Record<string, string>, string, string, string][])(
    "on Windows with %j are in %s and %s (%s)",
    (env, state, pointers) => {
      expect(pathsFrom(env, "win32")).toMatchObject({
        state,
        pointers,
        config: `${state}/config.json`,
        machineConfig: "C:/Program Files/claude-session-hooks/config.json",
      });
    },
  );

  test("are not created by computing them", () => {
    using sandbox = new Sandbox();
    pathsFrom(sandbox.env());
    expect(Bun.spawnSync(["ls", sandbox.home]).stdout.toString()).toBe("");
  });
});

function keysOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`));
}
