// Our entries in settings of every style: added, updated and removed, with every other byte as it was.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { parse } from "jsonc-parser";
import * as entries from "../../../../lib/cli/settings/registrations";
import { SettingsError } from "../../../../lib/cli/settings/registrations";
import { commandTarget } from "../../../../lib/cli/settings/shell-command";
import { HOOK_PROGRAMS } from "../../../../lib/events";

// Hundreds of files each, on a machine that may be busy.
setDefaultTimeout(30_000);

// Every program with the name of one of ours is ours here, but for those of /other; what recognizes them on
// the disk has tests of its own.
const recognize: entries.Recognize = (hook) => {
  const { type, command, args } = hook as { type: string; command: string; args?: string[] };
  const target =
    type === "command"
      ? commandTarget(command, args, { HOME: "/home/you" }, (path) => {
          const name = path
            .replaceAll("\\", "/")
            .split("/")
            .at(-1)
            ?.replace(/\.exe$/, "");
          const program = HOOK_PROGRAMS.find((one) => one === name);
          return program === undefined || path.startsWith("/other/")
            ? undefined
            : { program, path };
        })
      : undefined;
  return target && { ...target.program, alone: target.alone };
};
const register = (text: string, wanted: ReadonlyMap<string, string>) =>
  entries.register(text, wanted, recognize);
const unregister = (text: string) => entries.unregister(text, recognize);
const registrations = (text: string) => entries.registrations(text, recognize);

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

// The third value: whether removing our entries restores every byte. It does not if an object or list was
// empty, or if there was a trailing comma; there the backup restores them.
const TEXTS: readonly (readonly [string, string, boolean])[] = [
  ["an empty file", "", false],
  ["only white space", " \n\n", false],
  ["only a byte order mark", "\uFEFF", false],
  ["only a comment", "// mine\n", false],
  ["only a comment without a line end", "// mine", false],
  ["an empty object", "{}", true],
  ["an empty object over two lines", "{\n}\n", false],
  ["an empty object with a comment in it", "{\n  // nothing yet\n}\n", false],
  ["an empty object before a comment", "{} // nothing yet", true],
  ["an object on one line", '{"a":1}', true],
  ["an object on one line, with spaces", '{ "a": 1 }', true],
  ["a minified object with lists", '{"a":[1,2],"hooks":{"Stop":[]},"b":{}}', false],
  ["the settings that most people have", '{\n  "model": "opus"\n}\n', true],
  ["no newline at the end", '{\n  "model": "opus"\n}', true],
  ["tabs", '{\n\t"model": "opus",\n\t"env": {\n\t\t"A": "1"\n\t}\n}\n', true],
  ["four spaces", '{\n    "model": "opus"\n}\n', true],
  ["CRLF line ends", '{\r\n  "a": 1,\r\n  "hooks": {\r\n  }\r\n}\r\n', false],
  ["a byte order mark", '\uFEFF{\n  "a": 1\n}\n', true],
  ["a comment after the last value", '{\n  "a": 1 // one\n}\n', true],
  ["a comment after a trailing comma", '{\n  "a": 1, // one, and a comma\n}\n', false],
  [
    "comments above, between and below",
    '// top\n{\n  /* a */ "a": 1,\n  // b\n  "b": 2\n  // end\n}\n// bottom\n',
    true,
  ],
  ["commas at the beginnings of lines", '{\n  "a": 1 // one\n, "b": 2\n}\n', true],
  ["blank lines between and at the end", '{\n  "a": 1,\n\n  "b": 2\n\n}\n\n', true],
  ["a comment with braces and commas", '{\n  "a": 1 /* }, { */\n}\n', true],
  [
    "trailing commas everywhere",
    '{\n  "hooks": {\n    "Stop": [\n      { "hooks": [], },\n    ],\n  },\n}\n',
    false,
  ],
  ["another program's hooks on the same events", OTHERS, true],
  ["another program's hooks and CRLF line ends", OTHERS.replaceAll("\n", "\r\n"), true],
  ["another program's hooks and tabs", OTHERS.replaceAll("  ", "\t"), true],
  ["an empty hooks object", '{\n  "hooks": {},\n  "a": 1\n}\n', false],
  ["our names as other keys", '{"env":{"hooks":{"Stop":[]}},"SessionStart":1}', true],
  ["escapes and characters outside of ASCII", '{\n  "a\\u0022b": "🛒 \\" } ,"\n}\n', true],
];

describe("registering", () => {
  test.each(TEXTS)(
    "%s: our entries are added and removed, and nothing else changes",
    (_, text, isExact) => {
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
    },
  );

  test.each([
    ["the hooks object", '{"hooks":{/* mine */}}'],
    ["an event's list", '{\n  "hooks": {\n    "Stop": [\n      // mine\n    ]\n  }\n}\n'],
  ])("and unregistering keep a comment that was all of %s", (_, text) => {
    const { text: back } = unregister(register(text, WANTED).text);
    expect(commentsOf(back)).toEqual(["mine"]);
  });

  test("is undone even if a matcher looks like a comment", () => {
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

  test("writes exec form: an absolute path, no arguments and a short timeout", () => {
    expect(value(register("", new Map([["Stop", "/a/session-event"]])).text)).toEqual({
      hooks: {
        Stop: [{ hooks: [{ type: "command", command: "/a/session-event", args: [], timeout: 5 }] }],
      },
    });
  });
});

describe("in any settings", () => {
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

  test("our entries are added last, in the style of the file, and removing them restores every byte", () => {
    fc.assert(
      fc.property(settings, manner, (given, { indent, eol, mark, end }) => {
        const json = JSON.stringify(given, undefined, indent).replaceAll("\n", eol);
        const text = mark + json + end;
        const { text: installed } = register(text, WANTED);
        // Compared as text: the order counts, and strict JSON has to stay strict.
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

  test("with white space and comments anywhere, every comment stays", () => {
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

  // Our entries of another version among other hooks, twice, and with the names of other programs.
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

  test("with old entries of ours, each event gets exactly one, and other hooks stay as they are", () => {
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

describe("an entry of ours", () => {
  const own = (command: string, more: object = {}) => ({
    hooks: [{ type: "command", command, args: [], timeout: 5, ...more }],
  });
  const written = (hooks: object) => JSON.stringify({ hooks }, undefined, 2);

  test("gets the new path, and is not added again", () => {
    const old = written({ Stop: [own("/old/place/session-event")] });
    const { text, changes } = register(old, new Map([["Stop", "/new/session-event"]]));
    expect(text).toBe(old.replace("/old/place/", "/new/"));
    expect(changes).toEqual([{ event: "Stop", kind: "moved" }]);
  });

  test.each([
    ["the right one first", "/new", "/old"],
    ["the right one last", "/old", "/new"],
    ["both wrong", "/old", "/older"],
    ["both the same", "/new", "/new"],
  ])("is kept once if it was there twice: %s", (_, first, second) => {
    const twice = written({
      Stop: [own(`${first}/session-event`), own(`${second}/session-event`)],
    });
    const { text, changes } = register(twice, new Map([["Stop", "/new/session-event"]]));
    expect(text).toBe(written({ Stop: [own("/new/session-event")] }));
    expect(changes).toEqual([{ event: "Stop", kind: "moved" }]);
  });

  test("is removed if its event is no longer wanted", () => {
    const more = register("{}", new Map([...WANTED, ["PostCompact", `${FOLDER}/session-event`]]));
    const { text, changes } = register(more.text, WANTED);
    expect(text).toBe(register("{}", WANTED).text);
    expect(changes.find(({ event }) => event === "PostCompact")?.kind).toBe("removed");
  });

  test("keeps its matcher, its timeout and its neighbors", () => {
    const neighbor = { type: "command", command: "check.sh" };
    const group = {
      matcher: "Bash",
      hooks: [neighbor, own("/a/pre-tool-use", { timeout: 9 }).hooks[0]],
    };
    const text = written({ PreToolUse: [group] });
    expect(register(text, new Map([["PreToolUse", "/a/pre-tool-use"]])).text).toBe(text);
    expect(value(unregister(text).text)).toEqual({
      hooks: { PreToolUse: [{ matcher: "Bash", hooks: [neighbor] }] },
    });
  });

  test.each([
    ["in shell form", { type: "command", command: "/a/session-start", timeout: 5 }],
    ["in shell form with a quoted path", { type: "command", command: '"/a b/session-start"' }],
    ["in the home folder", { type: "command", command: "~/.claude/hooks/session-start" }],
    ["by a variable", { type: "command", command: '"$HOME/.claude/hooks/session-start"' }],
    [
      "behind exec, made silent",
      { type: "command", command: "exec /a/session-start 2>/dev/null || true" },
    ],
    ...[
      "[ -x /a/session-start ] && /a/session-start || true",
      "if [ -x ~/hooks/session-start ]; then ~/hooks/session-start; fi",
      'test ! -x "$HOME/session-start" || "$HOME/session-start"',
      "command -v /a/session-start >/dev/null && /a/session-start",
      "cd / && /a/session-start",
      "cd ~/.claude/hooks && ./session-start",
      "sh -c 'exec /a/session-start'",
      'bash -lc "/a/session-start"',
      "nice -n 5 /a/session-start",
      "/usr/bin/env /a/session-start",
      "env -u TZ A=b /a/session-start",
      'TZ=UTC FOO="a b" /a/session-start',
      "timeout -k 1 5 nohup /a/session-start",
      "time -p /a/session-start",
      "( /a/session-start )",
      "{ /a/session-start; }",
      "cat | /a/session-start",
      "/a/session-start &",
      "/a/session-start 2>>/tmp/log",
      "/a/session-start &>/dev/null; exit 0",
      "/a/session-start # records",
      "/a/session-start \\\n  2>/dev/null",
      'set -e\nP=/a/session-start\n[ -x "$P" ] && "$P"',
      "${CLAUDE_CONFIG_DIR:-$HOME/.claude}/hooks/session-start",
      '"${CLAUDE_CONFIG_DIR:-${HOME}/.claude}"/hooks/session-start',
    ].map((command) => [`as ${command}`, { type: "command", command }] as [string, object]),
    ["behind env in exec form", { type: "command", command: "env", args: ["/a/session-start"] }],
    ["in a shell of its own", { type: "command", command: "sh", args: ["-c", "/a/session-start"] }],
    ["with arguments", { type: "command", command: "/a/session-start", args: ["x"], timeout: 5 }],
    ["without a timeout", { type: "command", command: "/a/session-start", args: [] }],
    ["that is async", { ...own("/a/session-start").hooks[0], async: true }],
    ["with a status message", { ...own("/a/session-start").hooks[0], statusMessage: "…" }],
    ["with a condition", { ...own("/a/session-start").hooks[0], if: "Bash" }],
  ])("is recognized %s, removed, and not added again", (_, hook) => {
    const text = written({ SessionStart: [{ hooks: [hook] }] });
    expect(registrations(text)).toMatchObject([{ event: "SessionStart", isShared: false }]);
    expect(value(unregister(text).text)).toEqual({});
    const [{ command }] = registrations(text) as [entries.Registration];
    expect(register(text, new Map([["SessionStart", command]])).text).toBe(text);
    const moved = register(text, new Map([["SessionStart", "/new/session-start"]])).text;
    expect(value(moved).hooks?.["SessionStart"]?.[0]?.hooks).toEqual([
      { ...hook, command: "/new/session-start", args: [] },
    ]);
  });

  test.each([
    ["that is not a command", { ...own("/a/session-start").hooks[0], type: "prompt" }],
    ["with another name", own("/a/session-starter").hooks[0]],
    ["of another program with its name", own("/other/session-start").hooks[0]],
    ["that only mentions it", { type: "command", command: "echo /a/session-start" }],
    ["that only tests for it", { type: "command", command: "[ -x /a/session-start ] || say gone" }],
    ["that lists it", { type: "command", command: "ls -l /a/session-start | mail you" }],
    ["that has its name as a word", { type: "command", command: "log session-start" }],
    ["in a form that we do not understand", { type: "command", command: "$(which session-start)" }],
  ])("is not a hook %s", (_, hook) => {
    const text = written({ SessionStart: [{ hooks: [hook] }] });
    expect(registrations(text)).toEqual([]);
    expect(unregister(text)).toEqual({ text, changes: [] });
  });

  test.each([
    "/a/session-start && notify-send started",
    "/a/session-start; cleanup",
    "/a/session-start | tee log",
    "/a/session-start\ncleanup",
    "( cleanup & /a/session-start )",
    "sh -c 'cleanup; /a/session-start'",
    "strace -o /tmp/trace /a/session-start",
    "sudo -u you sh -c 'exec /a/session-start'",
    'x=$(date); "/a/session-start"',
    "echo `date` > /tmp/at; /a/session-start",
    "while read -r line; do echo $line | /a/session-start; done",
  ])("stays as it is where its command also runs something else: %s", (command) => {
    const text = written({ SessionStart: [{ hooks: [{ type: "command", command }] }] });
    expect(registrations(text)).toMatchObject([{ isShared: true }]);
    expect(unregister(text)).toEqual({ text, changes: [] });
    expect(register(text, new Map([["SessionStart", "/a/session-start"]])).text).toBe(text);
  });

  test("may be a Windows program", () => {
    const text = written({ Stop: [own("C:\\Users\\you\\.claude\\hooks\\session-event.exe")] });
    expect(registrations(text)).toHaveLength(1);
  });
});

describe("settings that cannot be edited", () => {
  test.each([
    ["plain text", "no settings", 1, 1],
    ["a missing value", '{\n  "a": ,\n}', 2, 8],
    ["a missing end", '{\n  "a": 1,\n  "b": [1, 2', 3, 13],
    ["two values", "{}\n{}", 2, 1],
    ["a list", "[]", 1, 1],
    ["a number", " 7", 1, 2],
    ["single quotes", "{'a': 1}", 1, 2],
    ["a comment without an end", '{\n  "a": 1\n} /* so', 3, 3],
    ["a byte order mark before a missing value", '\uFEFF{"a": }', 1, 8],
    ["hooks as a list", '{\n  "hooks": []\n}', 2, 12],
    ["an event as an object", '{\n  "hooks": {\n    "Stop": {}\n  }\n}', 3, 13],
    ["the same key twice", '{\n  "hooks": {},\n  "hooks": {}\n}', 3, 3],
    ["the same event twice", '{"hooks":{"Stop":[],\r\n"Stop":[]}}', 2, 1],
  ])("are rejected with line and column: %s", (_, text, line, column) => {
    for (const edit of [() => register(text, WANTED), () => unregister(text)])
      expect(errorOf(edit)).toMatchObject({ line, column });
  });

  test.each([
    '{"\\u001b[31m\\u202e":1,"\\u001b[31m\\u202e":2}',
    '{"hooks":{"\\u001b[31m\\u202e":1}}',
  ])("are rejected with a reason that is safe to print: %s", (text) => {
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
    // It reads comments, but a key `__proto__` sets the prototype.
    return (parse(body, [], { allowTrailingComma: true }) ?? {}) as Settings;
  }
}

function compact(text: string): string {
  return JSON.stringify(JSON.parse(text.replace(/^\uFEFF/, "")));
}

/** Settings with our entries after all others. */
function withOurs(settings: Settings): Settings {
  const hooks: Record<string, unknown[]> = { ...settings.hooks };
  for (const [event, command] of WANTED)
    hooks[event] = [
      ...(hooks[event] ?? []),
      { hooks: [{ type: "command", command, args: [], timeout: 5 }] },
    ];
  return { ...settings, hooks: hooks as Record<string, Group[]> };
}

/** Settings without empty lists for our events, and without an empty hooks object. */
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

/** The events and commands of other programs' hooks, in their order. */
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

/** Whether a text is still there, with additions in between only. */
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
  throw new Error("nothing was thrown");
}
