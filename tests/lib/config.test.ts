import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import fc from "fast-check";
import { DEFAULT_CONFIG, loadConfig, parseConfig, type Config } from "../../lib/config";
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
/** Around the border of what may be chosen, inside it, and far from it. */
const number = (least: number, most: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: least, max: most }) as fc.Arbitrary<unknown> },
    {
      weight: 1,
      arbitrary: fc.constantFrom(least - 1, least, most, most + 1, -least, least + 0.5),
    },
    { weight: 1, arbitrary: anything },
  );
const texts = (shortest: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.array(fc.string({ minLength: shortest })) as fc.Arbitrary<unknown> },
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
  forwarder: fc.oneof(fc.constantFrom("", "/a", "a", "./a", "C:\\a"), anything),
});

describe("config.json", () => {
  test("has no faults exactly where the schema has none", () => {
    const seen = { right: 0, wrong: 0 };
    fc.assert(
      fc.property(files, (file) => {
        const { faults } = parseConfig(JSON.stringify(file));
        // What a file can hold: JSON has neither -0 nor 1e999.
        const { success } = configFile.safeParse(JSON.parse(JSON.stringify(file)));
        seen[success ? "right" : "wrong"]++;
        expect([faults.length === 0, faults]).toEqual([success, faults]);
      }),
      { numRuns: 3000 },
    );
    // Or it would have proved nothing.
    expect(Math.min(seen.right, seen.wrong)).toBeGreaterThan(100);
  });

  test("whatever it holds, gives a configuration that the schema accepts, complete", () => {
    fc.assert(
      fc.property(files, (file) => {
        const { config } = parseConfig(JSON.stringify(file));
        expect(configFile.safeParse(config).error).toBeUndefined();
        expect(keysOf(config)).toEqual(keysOf(DEFAULT_CONFIG));
      }),
      { numRuns: 500 },
    );
  });

  test("has each wrong key named with the default used, and keeps the others", () => {
    const file = {
      retention_days: "30",
      capture: { prompts: false, tool_input: 0 },
      redact: { keys: ["pin"], literals: ["abc"] },
      limits: { string_bytes: 255, record_bytes: 9000 },
      destinations: [{ name: "team" }],
      forwarder: "claude-session",
    };
    expect(parseConfig(JSON.stringify(file))).toEqual({
      config: {
        retention_days: 30,
        capture: { prompts: false, tool_input: true, tool_response: true },
        redact: { keys: ["pin"], literals: [] },
        limits: { ...DEFAULT_CONFIG.limits, record_bytes: 9000 },
        destinations: [{ name: "team" }],
        forwarder: "",
      },
      faults: [
        "retention_days: not a whole number from 1 to 3650; using 30",
        "capture.tool_input: not true or false; using true",
        "redact.literals: not a list of strings of 4 or more characters; using []",
        "limits.string_bytes: not a whole number from 256 to 16384; using 16384",
        'forwarder: not an absolute path; using ""',
      ],
    });
  });

  test.each([
    ["{}", [], "chooses nothing"],
    ['{"dashboard":{"port":8080}}', [], "keys of a later version"],
    ['{"capture":{}}', [], "an empty part"],
    ["\uFEFF{}", ["config.json: not JSON"], "a byte order mark, which the file reader takes away"],
    ["", ["config.json: not JSON"], "empty"],
    ["{", ["config.json: not JSON"], "torn"],
    ["{'a':1}", ["config.json: not JSON"], "nearly JSON"],
    ["// no\n{}", ["config.json: not JSON"], "a comment"],
    ["[]", ["config.json: not an object"], "a list"],
    ["null", ["config.json: not an object"], "nothing, in JSON"],
    ['"text"', ["config.json: not an object"], "a text"],
    ['{"capture":[]}', ["capture: not an object"], "a part that is a list"],
    [
      '{"capture":null,"limits":7}',
      ["capture: not an object", "limits: not an object"],
      "two parts",
    ],
    [
      '{"__proto__":{"retention_days":1},"constructor":1}',
      [],
      "hostile keys are only unknown ones",
    ],
    ["[".repeat(60_000), ["config.json: not JSON"], "deeper than any parser goes"],
  ] as [string, string[], string][])("that gives the defaults: %j with %j (%s)", (text, faults) => {
    expect(parseConfig(text)).toEqual({ config: DEFAULT_CONFIG, faults });
  });

  test("cannot be changed by whoever reads it", () => {
    expect(Object.isFrozen(parseConfig("{}").config)).toBe(true);
  });
});

describe("the file of it", () => {
  test.each([
    ["is absent", () => {}, []],
    ["is right", (path: string) => writeFileSync(path, '{"retention_days":30}'), []],
    ["begins with a byte order mark", (path: string) => writeFileSync(path, "\uFEFF{}"), []],
    ["is not JSON", (path: string) => writeFileSync(path, "x"), ["config.json: not JSON"]],
    [
      "is too large",
      (path: string) => writeFileSync(path, " ".repeat(65_537)),
      ["config.json: too large"],
    ],
    ["is a folder", (path: string) => mkdirSync(path), ["config.json: not a regular file"]],
    ["is a link", (path: string) => symlinkSync("/etc/hostname", path), ["config.json: ELOOP"]],
    ["is a dangling link", (path: string) => symlinkSync("no", path), ["config.json: ELOOP"]],
  ])("gives the defaults where it %s, and says why", (_, make, faults) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/config.json`;
    make(path);
    expect(loadConfig(path)).toEqual({ config: DEFAULT_CONFIG, faults });
  });

  test("is what the user chose, up to its largest size", () => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/config.json`;
    writeFileSync(path, '{"retention_days":7}'.padEnd(65_536));
    const chosen: Config = { ...DEFAULT_CONFIG, retention_days: 7 };
    expect(loadConfig(path)).toEqual({ config: chosen, faults: [] });
  });
});

describe("where everything lives", () => {
  test.each([
    [{ HOME: "/h" }, "/h/.claude/session-hooks", "/tmp", "as most people have it"],
    [{ HOME: "/h", CLAUDE_CONFIG_DIR: "/c" }, "/c/session-hooks", "/tmp", "beside Claude's own"],
    [{ HOME: "/h", CLAUDE_CONFIG_DIR: "/c", CLAUDE_SESSION_HOME: "/s" }, "/s", "/tmp", "moved"],
    [{ CLAUDE_SESSION_HOME: "/s", CLAUDE_SESSION_DIR: "/p" }, "/s", "/p", "both moved"],
    [
      { HOME: "/h", TMPDIR: "/t" },
      "/h/.claude/session-hooks",
      "/tmp",
      "other programs read in /tmp",
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
    [{ HOME: "/h", CLAUDE_CONFIG_DIR: "~/c" }, "/h/.claude/session-hooks", "/tmp", "so is a tilde"],
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
      "empty is none",
    ],
    [{}, `${homedir()}/.claude/session-hooks`, "/tmp", "no HOME: the system knows it"],
    [{ HOME: "h" }, `${homedir()}/.claude/session-hooks`, "/tmp", "nor one that is relative"],
    [
      { HOME: "/h", USERPROFILE: "/u", TEMP: "/t" },
      "/h/.claude/session-hooks",
      "/tmp",
      "those are of Windows",
    ],
  ] as [Record<string, string>, string, string, string][])(
    "with %j it is %s and %s (%s)",
    (env, state, pointers) => {
      expect(pathsFrom(env, "linux")).toEqual({
        claude: expect.any(String),
        pointers,
        state,
        config: `${state}/config.json`,
        events: `${state}/events`,
        errorLog: `${state}/hook-errors.log`,
        forward: `${state}/forward`,
        heartbeat: `${state}/forward/heartbeat`,
      });
    },
  );

  const profile = "C:\\Users\\b";
  const home = `${profile}/.claude/session-hooks`;
  test.each([
    [
      { USERPROFILE: profile, TEMP: "D:\\t", TMP: "E:\\t" },
      home,
      "D:\\t",
      "as most people have it",
    ],
    [{ USERPROFILE: profile, TMP: "E:\\t" }, home, "E:\\t", "the other name"],
    [{ USERPROFILE: profile }, home, "C:/Windows/Temp", "neither"],
    [
      { USERPROFILE: profile, HOME: "/h", TEMP: "t" },
      home,
      "C:/Windows/Temp",
      "a HOME of a shell's",
    ],
    [
      { USERPROFILE: profile, CLAUDE_SESSION_HOME: "\\s" },
      home,
      "C:/Windows/Temp",
      "on whichever drive",
    ],
    [
      { USERPROFILE: profile, CLAUDE_SESSION_HOME: "C:s" },
      home,
      "C:/Windows/Temp",
      "relative on a drive",
    ],
    [
      { CLAUDE_SESSION_HOME: "\\\\n\\s", CLAUDE_SESSION_DIR: "C:/p" },
      "\\\\n\\s",
      "C:/p",
      "a share, and slashes",
    ],
  ] as [Record<string, string>, string, string, string][])(
    "on Windows with %j it is %s and %s (%s)",
    (env, state, pointers) => {
      expect(pathsFrom(env, "win32")).toMatchObject({
        state,
        pointers,
        config: `${state}/config.json`,
      });
    },
  );

  test("is not created by asking", () => {
    using sandbox = new Sandbox();
    pathsFrom(sandbox.env());
    expect(Bun.spawnSync(["ls", sandbox.home]).stdout.toString()).toBe("");
  });
});

function keysOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`));
}
