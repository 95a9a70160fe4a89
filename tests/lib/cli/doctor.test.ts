// Doctor's judgement: the facts of a good installation, changed in one place a row.
import { describe, expect, test } from "bun:test";
import { createColors } from "picocolors";
import { diagnose, type Level } from "../../../lib/cli/diagnose";
import { renderFindings } from "../../../lib/cli/doctor";
import type { Facts, SettingsFacts } from "../../../lib/cli/examine";
import { CORE_EVENTS, PROGRAMS, programFor } from "../../../lib/cli/programs";

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const folder = {
  kind: "folder",
  mode: 0o700,
  userId: 1000,
  names: 2,
  size: 0,
  modifiedMs: 0,
} as const;
const command = (event: string) => `/p/${programFor(event)}`;
const registered = CORE_EVENTS.map((event) => ({ event, command: command(event) }));
const user: SettingsFacts = {
  scope: "user",
  path: "/h/settings.json",
  registrations: registered,
  disableAllHooks: false,
  allowManagedHooksOnly: false,
  env: ["EDITOR"],
};
const project: SettingsFacts = {
  ...user,
  scope: "project",
  path: "/s/settings.json",
  registrations: [],
};
const kind = (count: number, hoursAgo: number) => ({ count, lastMs: NOW - hoursAgo * HOUR_MS });

const GOOD: Facts = {
  version: "1.2.3",
  programs: PROGRAMS.map((program) => ({ program, path: `/p/${program}`, version: "1.2.3" })),
  commands: new Map(registered.map((one) => [one.command, "ours"])),
  settings: [user, project],
  variables: ["HOME", "PATH", "BUN_INSTALL"],
  ownUserId: 1000,
  state: { path: "/h/hooks", status: folder },
  events: { path: "/h/hooks/events", status: folder },
  pointers: { path: "/tmp", status: { ...folder, mode: 0o1777, userId: 0 } },
  freeBytes: 50e9,
  configProblems: [],
  retentionDays: 30,
  days: ["2026-11-20", "2026-11-22"],
  logBytes: 3_400_000,
  openFiles: [],
  kinds: new Map([
    ["UserPromptSubmit", kind(20, 3)],
    ["PreToolUse", kind(90, 2)],
    ["PostToolUse", kind(80, 2)],
    ["Stop", kind(19, 1)],
  ]),
  skipped: new Map(),
  errors: [],
  errorsFault: undefined,
  transcriptMs: NOW - HOUR_MS,
  session: { id: "abc", isRecorded: true },
};

test("of a good installation everything is fine, and says what is there", () => {
  const findings = diagnose(GOOD, NOW);
  expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
  expect(findings.every(({ fix }) => fix === undefined)).toBeTrue();
  const text = findings.map(({ what }) => what).join("\n");
  for (const piece of [
    "All 5 hook programs work, version 1.2.3",
    "12 events registered in /h/settings.json",
    "Last events: Stop 1h ago, PreToolUse 2h ago, PostToolUse 2h ago, UserPromptSubmit 3h ago",
    "2 days since 2026-11-20, 3.4 MB; each goes after 30 days, the next on 2026-12-21",
    "50.0 GB free",
    "No hook has reported a fault",
  ])
    expect(text).toContain(piece);
});

const broken = (fault: string) =>
  GOOD.programs.map((one, i) => (i === 1 ? { ...one, fault } : one));
const withUser = (more: Partial<SettingsFacts>) => [{ ...user, ...more }, project];
const without = (name: string) => registered.filter(({ event }) => event !== name);
const kinds = (...names: string[]) => new Map(names.map((name) => [name, kind(10, 1)]));

describe("a finding", () => {
  test.each([
    ["fail", "Programs", "/p/session-end: missing", { programs: broken("missing") }],
    [
      "fail",
      "Programs",
      "/p/session-start is version 1.0.0, and this is 1.2.3",
      { programs: GOOD.programs.map((one, i) => (i === 0 ? { ...one, version: "1.0.0" } : one)) },
    ],
    [
      "fail",
      "Registration",
      "not registered with Claude Code",
      { settings: withUser({ registrations: [] }) },
    ],
    [
      "fail",
      "Registration",
      "/h/settings.json: line 1, column 2: not JSON",
      { settings: withUser({ fault: "line 1, column 2: not JSON" }) },
    ],
    [
      "fail",
      "Registration",
      "/h/settings.json switches all hooks off",
      { settings: withUser({ disableAllHooks: true }) },
    ],
    [
      "fail",
      "Registration",
      "/s/settings.json allows only the administrator's hooks",
      { settings: [user, { ...project, allowManagedHooksOnly: true }] },
    ],
    [
      "warn",
      "Registration",
      "Not registered: Stop",
      { settings: withUser({ registrations: without("Stop") }) },
    ],
    [
      "fail",
      "Registration",
      "/p/pre-tool-use is registered, and not there",
      { commands: new Map([["/p/pre-tool-use", "missing"]]) },
    ],
    [
      "warn",
      "Registration",
      "/q/pre-tool-use is registered, which is not the program beside",
      { commands: new Map([["/q/pre-tool-use", "elsewhere"]]) },
    ],
    [
      "warn",
      "Registration",
      "Stop is recorded twice, by /p/session-event and /q/session-event",
      {
        settings: [
          user,
          { ...project, registrations: [{ event: "Stop", command: "/q/session-event" }] },
        ],
      },
    ],
    [
      "fail",
      "Registration",
      "WorktreeCreate should not be registered: it would replace git's own worktrees",
      {
        settings: withUser({
          registrations: [...registered, { event: "WorktreeCreate", command: "/p/session-event" }],
        }),
      },
    ],
    ["fail", "Environment", "BUN_BE_BUN is set here", { variables: ["BUN_BE_BUN"] }],
    [
      "fail",
      "Environment",
      "BUN_OPTIONS is set by /h/settings.json",
      { settings: withUser({ env: ["BUN_OPTIONS"] }) },
    ],
    [
      "fail",
      "Environment",
      "BUN_INSPECT_PRELOAD is set here",
      { variables: ["BUN_INSPECT_PRELOAD"] },
    ],
    ["fail", "Environment", "BUN_JSC_useJIT is set here", { variables: ["BUN_JSC_useJIT"] }],
    ["warn", "Environment", "LD_PRELOAD is set here", { variables: ["LD_PRELOAD"] }],
    [
      "warn",
      "Environment",
      "NODE_TLS_REJECT_UNAUTHORIZED is set here",
      { variables: ["NODE_TLS_REJECT_UNAUTHORIZED"] },
    ],
    [
      "warn",
      "Files",
      "Others may look into /h/hooks/events",
      { events: { path: "/h/hooks/events", status: { ...folder, mode: 0o755 } } },
    ],
    [
      "fail",
      "Files",
      "/h/hooks is another user's",
      { state: { path: "/h/hooks", status: { ...folder, userId: 0 } } },
    ],
    [
      "fail",
      "Files",
      "/h/hooks is no folder",
      { state: { path: "/h/hooks", status: { ...folder, kind: "file" } } },
    ],
    ["fail", "Files", "/h/hooks: EACCES", { state: { path: "/h/hooks", fault: "EACCES" } }],
    [
      "warn",
      "Files",
      "Others may read 1 day of the log, such as 2026-11-20",
      { openFiles: ["2026-11-20"] },
    ],
    [
      "fail",
      "Files",
      "/tmp, the folder of the session pointers, is not there",
      { pointers: { path: "/tmp" } },
    ],
    [
      "fail",
      "Files",
      "/x, the folder of the session pointers, is another user's",
      { pointers: { path: "/x", status: { ...folder, mode: 0o755, userId: 0 } } },
    ],
    [
      "warn",
      "Files",
      "config.json: retention_days: not a whole number",
      { configProblems: ["retention_days: not a whole number"] },
    ],
    ["warn", "Files", "100.0 MB free", { freeBytes: 100e6 }],
    ["fail", "Files", "5.0 MB free", { freeBytes: 5e6 }],
    [
      "warn",
      "Log",
      "Nothing is recorded yet",
      { kinds: new Map(), days: [], transcriptMs: undefined },
    ],
    [
      "warn",
      "Log",
      "Claude Code worked now, and nothing of that is recorded",
      { transcriptMs: NOW },
    ],
    ["warn", "Log", "Claude Code worked 1h ago, and nothing is recorded", { kinds: new Map() }],
    [
      "warn",
      "Log",
      "The session that this runs in, abc, is not recorded",
      { session: { id: "abc", isRecorded: false } },
    ],
    [
      "warn",
      "Log",
      "PreToolUse is recorded, but never PostToolUse",
      { kinds: kinds("PreToolUse", "UserPromptSubmit", "Stop") },
    ],
    [
      "warn",
      "Log",
      "UserPromptSubmit is recorded, but never Stop",
      { kinds: kinds("UserPromptSubmit") },
    ],
    ["warn", "Log", "2 lines of the log cut short", { skipped: new Map([["torn", 2]]) }],
    ["warn", "Log", "1 line of the log not written by us", { skipped: new Map([["foreign", 1]]) }],
    ["fail", "Log", "1 day of the log cannot be read", { skipped: new Map([["unreadable", 1]]) }],
    [
      "warn",
      "Log",
      "2 faults in hook-errors.log, the last 1h ago: session-start: ENOSPC",
      { errors: ["x", `${new Date(NOW - HOUR_MS).toISOString()}\tsession-start\tENOSPC`] },
    ],
    [
      "ok",
      "Log",
      "1 fault in hook-errors.log, the last 8d ago",
      { errors: [`${new Date(NOW - 200 * HOUR_MS).toISOString()}\ta\tb`] },
    ],
    ["warn", "Log", "hook-errors.log: not a regular file", { errorsFault: "not a regular file" }],
  ] as [Level, string, string, Partial<Facts>][])("%s, %s: %s", (level, topic, piece, change) => {
    const findings = diagnose({ ...GOOD, ...change }, NOW);
    const found = findings.filter(({ what }) => what.includes(piece));
    expect(found).toMatchObject([{ level, topic }]);
    if (level !== "ok") expect(found[0]?.fix).toBeString();
    // And nothing else is found wrong for it.
    expect(
      findings.filter((one) => one.level !== "ok" && !found.includes(one)).map(({ what }) => what),
    ).toBeArrayOfSize(0);
  });
});

test("a value of a variable is nobody's business", () => {
  expect(JSON.stringify(diagnose({ ...GOOD, variables: ["BUN_OPTIONS"] }, NOW))).not.toContain("=");
});

test.each([40, 80, 140])(
  "the screen is at most %p columns wide, and says the same in colour",
  (columns) => {
    const facts = {
      ...GOOD,
      variables: ["BUN_OPTIONS", "LD_PRELOAD"],
      configProblems: ["a\u001B[2Jb"],
    };
    const [plain, colored] = [false, true].map((isColored) =>
      renderFindings(diagnose(facts, NOW), { columns, colors: createColors(isColored) }),
    );
    expect(Bun.stripANSI(colored ?? "")).toBe(plain ?? "");
    expect(plain).toContain("config.json: ab");
    expect(plain).toEndWith("1 problem, 2 warnings, 9 checks fine");
    if (columns >= 80)
      for (const line of (plain ?? "").split("\n"))
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  },
);
