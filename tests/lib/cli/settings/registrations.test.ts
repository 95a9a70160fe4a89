import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "jsonc-parser";
import {
  register,
  registrations,
  SettingsError,
  unregister,
} from "../../../../lib/cli/settings/registrations";

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
  ["only a byte order mark", "\uFEFF", false],
  ["only a comment", "// mine\n", false],
  ["only a comment whose line has no end", "// mine", false],
  ["an empty object", "{}", true],
  ["an empty object with a line in it", "{\n}\n", false],
  ["an empty object with a comment in it", "{\n  // nothing yet\n}\n", false],
  ["an empty object and a comment after it", "{} // nothing yet", true],
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
  ["commas that begin lines", '{\n  "a": 1 // one\n, "b": 2\n}\n', true],
  ["blank lines between and at the end", '{\n  "a": 1,\n\n  "b": 2\n\n}\n\n', true],
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
    expect(changes.every(({ kind }) => kind === "added")).toBeTrue();
    expect(value(installed)).toEqual(withOurs(value(text)));
    expect(isSubsequence(text, installed)).toBeTrue();
    expect(register(installed, WANTED)).toEqual({
      text: installed,
      changes: Array.from(WANTED.keys(), (event) => ({ event, kind: "kept" })),
    });
    const { text: back } = unregister(installed);
    expect(value(back)).toEqual(withoutEmpty(value(text)));
    if (isExact) expect(back).toBe(text);
    expect(commentsOf(installed)).toEqual(commentsOf(text));
    expect(commentsOf(back)).toEqual(commentsOf(text));
  });

  test.each([
    ["all hooks", '{"hooks":{/* mine */}}'],
    ["an event", '{\n  "hooks": {\n    "Stop": [\n      // mine\n    ]\n  }\n}\n'],
  ])("and taking out again leaves a comment where there was nothing else in %s", (_, text) => {
    const { text: back } = unregister(register(text, WANTED).text);
    expect(commentsOf(back)).toEqual(["mine"]);
  });

  test("and taking out again leaves no group of ours for what only looks like a comment", () => {
    const text = JSON.stringify({
      hooks: {
        PreToolUse: [
          {
            matcher: "src/*|//",
            hooks: [{ type: "command", command: "/a/pre-tool-use", args: [], timeout: 5 }],
          },
        ],
      },
      a: 1,
    });
    expect(unregister(text).text).toBe('{"a":1}');
  });

  test("writes exec form, an absolute path, no arguments and a small timeout, and nothing more", () => {
    expect(value(register("", new Map([["Stop", "/a/session-event"]])).text)).toEqual({
      hooks: {
        Stop: [{ hooks: [{ type: "command", command: "/a/session-event", args: [], timeout: 5 }] }],
      },
    });
  });
});

describe("for any settings", () => {
  const event = fc.constantFrom("Stop", "PreToolUse", "Other");
  const hook = fc.record({ type: fc.constant("command"), command: fc.string() });
  const group = fc.record({ matcher: fc.string(), hooks: fc.array(hook, { maxLength: 2 }) });
  const rest = fc.dictionary(
    fc.string().filter((key) => key !== "hooks"),
    fc.jsonValue(),
    { maxKeys: 4 },
  );
  const hooks = fc.dictionary(event, fc.array(group, { maxLength: 2 }));
  const withHooks = fc
    .tuple(rest, hooks, rest)
    .map(([before, own, after]) =>
      Object.fromEntries([
        ...Object.entries(before),
        ["hooks", own] as const,
        ...Object.entries(after),
      ]),
    );
  const settings: fc.Arbitrary<Settings> = fc.oneof(rest, withHooks);
  const manner = fc.record({
    indent: fc.constantFrom("", "  ", "    ", "\t"),
    eol: fc.constantFrom("\n", "\r\n"),
    mark: fc.constantFrom("", "\uFEFF"),
    end: fc.constantFrom("", "\n"),
  });
  const runs = { numRuns: 500 };

  test("in any manner, ours are added at the end, and taken out to the byte", () => {
    fc.assert(
      fc.property(settings, manner, (given, { indent, eol, mark, end }) => {
        const json = JSON.stringify(given, undefined, indent).replaceAll("\n", eol);
        const text = mark + json + end;
        const { text: installed } = register(text, WANTED);
        // As texts, for the order counts, and so that what was strict JSON stays it.
        expect(compact(installed)).toBe(JSON.stringify(withOurs(JSON.parse(json))));
        expect(isSubsequence(text, installed)).toBeTrue();
        expect(register(installed, WANTED).text).toBe(installed);
        const { text: back } = unregister(installed);
        expect(compact(back)).toBe(JSON.stringify(withoutEmpty(JSON.parse(json))));
        if (hasNothingEmpty(given)) expect(back).toBe(text);
      }),
      runs,
    );
  });

  const space = fc.constantFrom(
    "",
    " ",
    "\n",
    "\r\n",
    "\n  ",
    "\t",
    "/* , */",
    " // }\n",
    "\n// {\n ",
  );

  test("with blanks and comments anywhere, no comment goes and nothing but blanks changes", () => {
    const given = settings.filter(hasNothingEmpty);
    const spaces = fc.array(space, { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(given, spaces, (settingsGiven, between) => {
        let i = 0;
        const text = JSON.stringify(settingsGiven).replace(
          /"(?:\\.|[^"\\])*"|[^\s"{}[\],:]+|[{}[\],:]/g,
          (token) => between[i++ % between.length] + token,
        );
        const { text: installed } = register(text, WANTED);
        expect(registrations(installed)).toHaveLength(WANTED.size);
        expect(commentsOf(installed)).toEqual(commentsOf(text));
        expect(register(installed, WANTED).text).toBe(installed);
        const { text: back } = unregister(installed);
        expect(commentsOf(back)).toEqual(commentsOf(text));
        expect(back.replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
      }),
      runs,
    );
  });

  // Ours of another version among the hooks of others, doubled, and with other programs' names.
  const ours = fc.constantFrom("session-start", "session-event", "pre-tool-use").map((name) => ({
    type: "command",
    command: `/old/${name}`,
    args: [],
    timeout: 7,
  }));
  const mixed = fc.record({
    matcher: fc.string(),
    hooks: fc.array(fc.oneof(hook, ours), { maxLength: 3 }),
  });

  test("with whatever of ours, each event has one that is right, and others' stay as they are", () => {
    fc.assert(
      fc.property(fc.dictionary(event, fc.array(mixed, { maxLength: 3 })), (old) => {
        const text = JSON.stringify({ hooks: old }, undefined, 2);
        const { text: installed } = register(text, WANTED);
        expect(new Map(registrations(installed).map((own) => [own.event, own.command]))).toEqual(
          new Map(WANTED),
        );
        expect(registrations(installed)).toHaveLength(WANTED.size);
        expect(register(installed, WANTED).text).toBe(installed);
        const { text: back } = unregister(installed);
        expect(registrations(back)).toEqual([]);
        for (const after of [installed, back]) expect(othersIn(after)).toEqual(othersIn(text));
      }),
      runs,
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

  test.each([
    ["the right one first", "/new", "/old"],
    ["the right one last", "/old", "/new"],
    ["both of them wrong", "/old", "/older"],
    ["the same twice", "/new", "/new"],
  ])("is left once where it was there twice: %s", (_, first, second) => {
    const twice = written({
      Stop: [own(`${first}/session-event`), own(`${second}/session-event`)],
    });
    const { text, changes } = register(twice, new Map([["Stop", "/new/session-event"]]));
    expect(text).toBe(written({ Stop: [own("/new/session-event")] }));
    expect(changes).toEqual([{ event: "Stop", kind: "moved" }]);
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
    ["that does not wait", { ...own("/a/session-start").hooks[0], async: true }],
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
    ["single quotes", "{'a': 1}", 1, 2],
    ["a comment without an end", '{\n  "a": 1\n} /* so', 3, 3],
    ["a byte order mark before it", '\uFEFF{"a": }', 1, 8],
    ["hooks that are a list", '{\n  "hooks": []\n}', 2, 12],
    ["an event that is an object", '{\n  "hooks": {\n    "Stop": {}\n  }\n}', 3, 13],
    ["the same key twice", '{\n  "hooks": {},\n  "hooks": {}\n}', 3, 3],
    ["the same event twice", '{"hooks":{"Stop":[],\r\n"Stop":[]}}', 2, 1],
  ])("are refused with line and column: %s", (_, text, line, column) => {
    for (const edit of [() => register(text, WANTED), () => unregister(text)])
      expect(errorOf(edit)).toMatchObject({ line, column });
  });

  test.each([
    '{"\\u001b[31m\\u202e":1,"\\u001b[31m\\u202e":2}',
    '{"hooks":{"\\u001b[31m\\u202e":1}}',
  ])("are refused in words that are harmless on a terminal: %s", (text) => {
    const { reason } = errorOf(() => registrations(text));
    expect(reason).toContain("\\u001b[31m\\u202e");
  });
});

type Settings = Record<string, unknown> & { hooks?: Record<string, Group[]> };
interface Group {
  readonly matcher?: unknown;
  readonly hooks: readonly Record<string, unknown>[];
}

function value(text: string): Settings {
  const body = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(body) as Settings;
  } catch {
    // Which knows comments, but takes a key `__proto__` for the prototype.
    return (parse(body, [], { allowTrailingComma: true }) ?? {}) as Settings;
  }
}

function compact(text: string): string {
  return JSON.stringify(JSON.parse(text.replace(/^\uFEFF/, "")));
}

/** Settings with ours behind everybody else's. */
function withOurs(settings: Settings): Settings {
  const hooks: Record<string, unknown[]> = { ...settings.hooks };
  for (const [event, command] of WANTED)
    hooks[event] = [
      ...(hooks[event] ?? []),
      { hooks: [{ type: "command", command, args: [], timeout: 5 }] },
    ];
  return { ...settings, hooks: hooks as Record<string, Group[]> };
}

/** Settings without what is as good as absent: events of ours with nothing in them, no hooks at all. */
function withoutEmpty({ ...settings }: Settings): Settings {
  const events = Object.entries(settings.hooks ?? {});
  const kept = events.filter(([event, groups]) => groups.length > 0 || !WANTED.has(event));
  if (kept.length === 0) delete settings.hooks;
  else settings.hooks = Object.fromEntries(kept);
  return settings;
}

function hasNothingEmpty({ hooks, ...rest }: Settings): boolean {
  if (hooks === undefined) return Object.keys(rest).length > 0;
  const lists = Object.values(hooks);
  return lists.length > 0 && lists.every((list) => list.length > 0);
}

/** By event, the commands of everybody else, in their order. */
function othersIn(text: string): unknown {
  return Object.entries(value(text).hooks ?? {}).flatMap(([event, groups]) =>
    groups
      .flatMap(({ hooks }) => hooks)
      .filter((hook) => !("args" in hook))
      .map(({ command }) => [event, command]),
  );
}

function commentsOf(text: string): string[] {
  const found = text.matchAll(/"(?:\\.|[^"\\])*"|\/\*(.*?)\*\/|\/\/(.*)/g);
  return Array.from(found, ([, block, line]) => (block ?? line ?? "").trim()).filter(
    (comment) => comment !== "",
  );
}

/** Whether every byte of a text is still there, with nothing but additions in between. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of part) {
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
