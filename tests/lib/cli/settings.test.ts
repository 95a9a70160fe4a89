import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "jsonc-parser";
import { register, registrations, SettingsError, unregister } from "../../../lib/cli/settings";

const FOLDER = "/home/you/.claude/hooks";
const WANTED = new Map([
  ["SessionStart", `${FOLDER}/session-start`],
  ["PreToolUse", `${FOLDER}/pre-tool-use`],
  ["Stop", `${FOLDER}/session-event`],
]);

const OTHERS = `{
  "model": "opus",
  "hooks": {
    "PreToolUse": [
      { "matcher": "Bash", "hooks": [{ "type": "command", "command": "check.sh" }] }
    ],
    "Notification": [{ "hooks": [{ "type": "command", "command": "say hello" }] }]
  },
  "permissions": { "allow": [] }
}
`;

// Whether taking our hooks out again leaves every byte as it was. Where it does not, an object or list
// was empty, or a comma was missing or left over, and the backup is what gives the bytes back.
const TEXTS: readonly (readonly [string, string, boolean])[] = [
  ["nothing at all", "", false],
  ["only blank space", " \n\n", false],
  ["only a comment", "// mine\n", false],
  ["an empty object", "{}", true],
  ["an empty object with a line in it", "{\n}\n", false],
  ["an object on one line", '{"a":1}', true],
  ["an object on one line, with room", '{ "a": 1 }', true],
  ["a minified object with lists", '{"a":[1,2],"hooks":{"Stop":[]},"b":{}}', false],
  ["what most people have", '{\n  "model": "opus"\n}\n', true],
  ["no newline at its end", '{\n  "model": "opus"\n}', true],
  ["tabs", '{\n\t"model": "opus",\n\t"env": {\n\t\t"A": "1"\n\t}\n}\n', true],
  ["four spaces", '{\n    "model": "opus"\n}\n', true],
  ["the line ends of Windows", '{\r\n  "a": 1,\r\n  "hooks": {\r\n  }\r\n}\r\n', false],
  ["a byte order mark", '\uFEFF{\n  "a": 1\n}\n', true],
  ["a comment behind its last value", '{\n  "a": 1 // one\n}\n', true],
  ["a comment behind its last comma", '{\n  "a": 1, // one, and a comma\n}\n', false],
  [
    "comments above, between and below",
    '// top\n{\n  /* a */ "a": 1,\n  // b\n  "b": 2\n  // end\n}\n// bottom\n',
    true,
  ],
  ["a comment with braces and commas", '{\n  "a": 1 /* }, { */\n}\n', true],
  [
    "commas at the end of everything",
    '{\n  "hooks": {\n    "Stop": [\n      { "hooks": [], },\n    ],\n  },\n}\n',
    false,
  ],
  ["others' hooks on the same events", OTHERS, true],
  ["others' hooks and the line ends of Windows", OTHERS.replaceAll("\n", "\r\n"), true],
  ["others' hooks and tabs", OTHERS.replaceAll("  ", "\t"), true],
  ["hooks that are empty", '{\n  "hooks": {},\n  "a": 1\n}\n', false],
  ["keys that are ours by name only", '{"env":{"hooks":{"Stop":[]}},"SessionStart":1}', true],
  ["escapes and other letters", '{\n  "a\\u0022b": "🛒 \\" } ,"\n}\n', true],
];

describe("registering", () => {
  test.each(TEXTS)("settings with %s adds ours, and nothing else changes", (_, text, isExact) => {
    const { text: installed, changes } = register(text, WANTED);
    expect(
      registrations(installed).map(({ event, command }) => [event, command]),
    ).toContainAllValues(Array.from(WANTED));
    expect(changes.every(({ kind }) => kind === "added")).toBeTrue();
    expect(withoutOurs(value(installed))).toEqual(withoutOurs(value(text)));
    expect(isSubsequence(text, installed)).toBeTrue();
    expect(register(installed, WANTED)).toEqual({
      text: installed,
      changes: Array.from(WANTED.keys(), (event) => ({ event, kind: "kept" })),
    });
    const { text: back } = unregister(installed);
    expect(withoutEmpty(value(back))).toEqual(withoutEmpty(value(text)));
    if (isExact) expect(back).toBe(text);
    for (const comment of text.match(/\/\/.*|\/\*.*?\*\//g) ?? []) expect(back).toContain(comment);
  });

  test("writes exec form, an absolute path, no arguments and a small timeout, and nothing more", () => {
    expect(value(register("", new Map([["Stop", "/a/session-event"]])).text)).toEqual({
      hooks: {
        Stop: [{ hooks: [{ type: "command", command: "/a/session-event", args: [], timeout: 5 }] }],
      },
    });
  });

  // Any settings, in any of the usual ways of writing them.
  const hook = fc.record({ type: fc.constant("command"), command: fc.string() });
  const group = fc.record({ matcher: fc.string(), hooks: fc.array(hook, { maxLength: 2 }) });
  const settings = fc.tuple(
    fc.dictionary(
      fc.string().filter((key) => key !== "hooks"),
      fc.jsonValue(),
      { maxKeys: 4 },
    ),
    fc.option(
      fc.dictionary(
        fc.constantFrom("Stop", "PreToolUse", "Other"),
        fc.array(group, { maxLength: 2 }),
      ),
      { nil: undefined },
    ),
  );
  const manner = fc.record({
    indent: fc.constantFrom("", "  ", "    ", "\t"),
    eol: fc.constantFrom("\n", "\r\n"),
    mark: fc.constantFrom("", "\uFEFF"),
    end: fc.constantFrom("", "\n"),
  });

  test("and taking out again holds for any settings in any manner", () => {
    fc.assert(
      fc.property(settings, manner, ([rest, hooks], { indent, eol, mark, end }) => {
        const given = hooks === undefined ? rest : { ...rest, hooks };
        const json = JSON.stringify(given, undefined, indent).replaceAll("\n", eol);
        const text = mark + json + end;
        const { text: installed } = register(text, WANTED);
        expect(withoutOurs(value(installed))).toEqual(withoutOurs(JSON.parse(json)));
        expect(registrations(installed)).toHaveLength(WANTED.size);
        expect(isSubsequence(text, installed)).toBeTrue();
        expect(register(installed, WANTED).text).toBe(installed);
        const { text: back } = unregister(installed);
        expect(withoutEmpty(value(back))).toEqual(withoutEmpty(JSON.parse(json)));
        // What was strict JSON stays it.
        JSON.parse(installed.slice(mark.length));
        JSON.parse(back.slice(mark.length));
      }),
      { numRuns: 500 },
    );
  });
});

describe("what is ours already", () => {
  const own = (command: string, more: object = {}) => ({
    hooks: [{ type: "command", command, args: [], timeout: 5, ...more }],
  });
  const written = (hooks: object) => JSON.stringify({ hooks }, undefined, 2);

  test("is moved and not doubled where it has another path", () => {
    const old = written({ Stop: [own("/old/place/session-event")] });
    const { text, changes } = register(old, new Map([["Stop", "/new/session-event"]]));
    expect(text).toBe(old.replace("/old/place/", "/new/"));
    expect(changes).toEqual([{ event: "Stop", kind: "moved" }]);
  });

  test("is left once where it was there twice", () => {
    const twice = written({ Stop: [own("/a/session-event"), own("/b/session-event")] });
    expect(value(register(twice, new Map([["Stop", "/a/session-event"]])).text)).toEqual({
      hooks: { Stop: [own("/a/session-event")] },
    });
  });

  test("is taken out where its event is not wanted any more", () => {
    const more = register("{}", new Map([...WANTED, ["PostCompact", `${FOLDER}/session-event`]]));
    const { text, changes } = register(more.text, WANTED);
    expect(text).toBe(register("{}", WANTED).text);
    expect(changes.find(({ event }) => event === "PostCompact")?.kind).toBe("removed");
  });

  test("keeps its matcher, its timeout and its company", () => {
    const company = { type: "command", command: "theirs.sh" };
    const group = {
      matcher: "Bash",
      hooks: [company, own("/a/pre-tool-use", { timeout: 9 }).hooks[0]],
    };
    const text = written({ PreToolUse: [group] });
    expect(register(text, new Map([["PreToolUse", "/a/pre-tool-use"]])).text).toBe(text);
    expect(value(unregister(text).text)).toEqual({
      hooks: { PreToolUse: [{ matcher: "Bash", hooks: [company] }] },
    });
  });

  test.each([
    ["in shell form", { type: "command", command: "/a/session-start", timeout: 5 }],
    ["with arguments", { type: "command", command: "/a/session-start", args: ["x"], timeout: 5 }],
    ["without a timeout", { type: "command", command: "/a/session-start", args: [] }],
    ["with a condition", { ...own("/a/session-start").hooks[0], if: "Bash" }],
    ["of another kind", { ...own("/a/session-start").hooks[0], type: "prompt" }],
    ["of another name", own("/a/session-starter").hooks[0]],
  ])("is not somebody else's %s", (_, hook) => {
    const text = written({ SessionStart: [{ hooks: [hook] }] });
    expect(registrations(text)).toEqual([]);
    expect(unregister(text)).toEqual({ text, changes: [] });
  });

  test("is a program of Windows too", () => {
    const text = written({ Stop: [own("C:\\Users\\you\\.claude\\hooks\\session-event.exe")] });
    expect(registrations(text)).toHaveLength(1);
  });
});

describe("settings that cannot be edited", () => {
  test.each([
    ["words", "no settings", 1, 1],
    ["a value that is missing", '{\n  "a": ,\n}', 2, 8],
    ["an end that is missing", '{\n  "a": 1,\n  "b": [1, 2', 3, 13],
    ["two values", "{}\n{}", 2, 1],
    ["a list", "[]", 1, 1],
    ["a number", " 7", 1, 2],
    ["hooks that are a list", '{\n  "hooks": []\n}', 2, 12],
    ["an event that is an object", '{\n  "hooks": {\n    "Stop": {}\n  }\n}', 3, 13],
    ["the same key twice", '{\n  "hooks": {},\n  "hooks": {}\n}', 3, 3],
    ["the same event twice", '{"hooks":{"Stop":[],\r\n"Stop":[]}}', 2, 1],
  ])("are refused with line and column: %s", (_, text, line, column) => {
    for (const edit of [() => register(text, WANTED), () => unregister(text)])
      expect(errorOf(edit)).toMatchObject({ line, column });
  });
});

function value(text: string): unknown {
  const body = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(body);
  } catch {
    // Which knows comments, but takes a key `__proto__` for the prototype.
    return parse(body, [], { allowTrailingComma: true }) ?? {};
  }
}

/** Settings without hooks of ours, and without what is empty for it. */
function withoutOurs(settings: unknown): unknown {
  const commands = new Set<unknown>(WANTED.values());
  return withoutEmpty(
    JSON.parse(
      JSON.stringify(settings, (_, inner: unknown) =>
        Array.isArray(inner)
          ? inner.filter((one: { command?: unknown } | null) => !commands.has(one?.command))
          : inner,
      ),
    ),
  );
}

function withoutEmpty(settings: unknown): unknown {
  const { hooks = {}, ...rest } = settings as { hooks?: Record<string, { hooks: unknown[] }[]> };
  const events = Object.entries(hooks).flatMap(([event, groups]) => {
    const kept = groups.filter((group) => Object.keys(group).length > 1 || group.hooks.length > 0);
    return kept.length === 0 ? [] : [[event, kept] as const];
  });
  return { ...rest, hooks: Object.fromEntries(events) };
}

/** Whether a text is still there, with nothing but additions in between. Blank space may go. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of part.replace(/\s/g, "")) {
    at = whole.indexOf(character, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function errorOf(act: () => unknown): SettingsError {
  try {
    act();
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
