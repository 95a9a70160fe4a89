// The checks of doctor: the facts of a good installation, with one thing changed per row.
import { describe, expect, test } from "bun:test";
import { createColors } from "picocolors";
import { renderFindings } from "../../../../lib/cli/render/findings";
import type { Facts } from "../../../../lib/cli/doctor/collect";
import { diagnose } from "../../../../lib/cli/doctor/diagnose";
import type { LogFacts } from "../../../../lib/cli/doctor/facts/log";
import type { RegisteredProgram, SettingsFacts } from "../../../../lib/cli/doctor/facts/settings";
import { dangerousIn } from "../../../../lib/cli/doctor/facts/variables";
import type { Level } from "../../../../lib/cli/doctor/finding";
import { coreEvents, HOOK_PROGRAMS, programFor } from "../../../../lib/events";
import type { DestinationReport, ForwardingReport } from "../../../../lib/forward/status";

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const own = {
  kind: "folder",
  mode: 0o700,
  userId: 1000,
  names: 2,
  size: 0,
  modifiedMs: 0,
  inode: 1,
  device: 1,
} as const;
const registration = (event: string, more: Partial<RegisteredProgram> = {}): RegisteredProgram => ({
  event,
  command: `/p/${programFor(event)}`,
  identity: more.command ?? `/p/${programFor(event)}`,
  isShared: false,
  matcher: undefined,
  program: "ours",
  ...more,
});
const user: SettingsFacts = {
  scope: "user",
  path: "/h/settings.json",
  registered: coreEvents().map((event) => registration(event)),
  disableAllHooks: undefined,
  allowManagedHooksOnly: false,
  dangerous: [],
  moved: [],
};
const project: SettingsFacts = {
  ...user,
  scope: "project",
  path: "/s/settings.json",
  registered: [],
};
const managed: SettingsFacts = { ...project, scope: "managed", path: "/m/settings.json" };
const kind = (count: number, hoursAgo: number) => ({ count, lastMs: NOW - hoursAgo * HOUR_MS });
const log: LogFacts = {
  days: ["2026-11-20", "2026-11-22"],
  foreignDays: [],
  bytes: 3_400_000,
  kinds: new Map([
    ["UserPromptSubmit", kind(20, 3)],
    ["PreToolUse", kind(90, 2)],
    ["PostToolUse", kind(80, 2)],
    ["Stop", kind(19, 1)],
  ]),
  newest: ["UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"],
  skipped: new Map(),
  doubles: { count: 0, lastMs: 0 },
  session: { id: "abc", isRecorded: true },
};

const GOOD: Facts = {
  version: "1.2.3",
  programs: HOOK_PROGRAMS.map((program) => ({
    kind: "working" as const,
    program,
    path: `/p/${program}`,
    version: "1.2.3",
  })),
  settings: [managed, project, user],
  dangerous: [],
  masked: [],
  ignored: [],
  ownUserId: 1000,
  takenFolder: undefined,
  state: { path: "/h/hooks", status: own },
  events: { path: "/h/hooks/events", status: own },
  pointers: { path: "/tmp", status: { ...own, mode: 0o1777, userId: 0 } },
  openFiles: [],
  free: { bytes: 50e9, files: 1e6 },
  disk: { form: "linked", bytes: 222e6 },
  config: {
    path: "/h/hooks/config.json",
    exists: true,
    faults: [],
    unknownKeys: [],
    retentionDays: 30,
  },
  log,
  errors: { lines: [] },
  forwarding: undefined,
  transcriptMs: NOW - HOUR_MS,
};

test("a good installation passes every check, and the findings say what is there", () => {
  const findings = diagnose(GOOD, NOW);
  expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
  expect(findings.every(({ fix }) => fix === undefined)).toBeTrue();
  const text = findings.map(({ what }) => what).join("\n");
  for (const piece of [
    "All 5 hook programs pass their self-test, version 1.2.3",
    "12 events registered in /h/settings.json",
    "Last events: Stop 1h ago, PreToolUse 2h ago, PostToolUse 2h ago, UserPromptSubmit 3h ago",
    "2 days since 2026-11-20, 3.4 MB; the first is removed on 2026-12-21 (retention_days 30)",
    "50.0 GB free",
    "No hook reported a fault in 7 days",
  ])
    expect(text).toContain(piece);
});

test("a read-only disk is not helped by another mode", () => {
  for (const status of [own, undefined]) {
    const state = { path: "/h/hooks", fault: "EROFS", ...(status && { status }) };
    const failures = diagnose({ ...GOOD, state }, NOW).filter(({ level }) => level === "fail");
    expect(failures).toMatchObject([{ what: expect.stringContaining("EROFS") }]);
    expect(failures[0]?.fix).toStartWith("Its disk is read-only");
  }
});

test("whether hooks are registered is not known where settings cannot be read", () => {
  const facts = { ...GOOD, ...withUser({ registered: [], fault: "EACCES" }) };
  const failures = diagnose(facts, NOW).filter(({ topic }) => topic === "Registration");
  expect(failures.filter(({ level }) => level === "fail").map(({ what }) => what)).toEqual([
    "/h/settings.json: EACCES",
  ]);
});

const withSecond = (more: object): Facts["programs"] =>
  GOOD.programs.map((one, i) => (i === 1 ? ({ ...one, ...more } as typeof one) : one));
const withUser = (more: Partial<SettingsFacts>) => ({
  settings: [managed, project, { ...user, ...more }],
});
const withProject = (more: Partial<SettingsFacts>) => ({
  settings: [managed, { ...project, ...more }, user],
});
const withLog = (more: Partial<LogFacts>) => ({ log: { ...log, ...more } });
const folderAt = (path: string, more: object) => ({ path, status: { ...own, ...more } });
const config = (fault: string) => ({ config: { ...GOOD.config, faults: [fault] } });
const fault = (hoursAgo: number, said: string) =>
  `${new Date(NOW - hoursAgo * HOUR_MS).toISOString()}\tsession-start\t${said}`;

const destination: DestinationReport = {
  configured_in: "/home/b/config.json",
  name: "team",
  type: "observability",
  url: "http://127.0.0.1:4000/events",
  undelivered: { events: 0, bytes: 0 },
  last_success_at: new Date(NOW - HOUR_MS).toISOString(),
  last_error: null,
  restarted: null,
  rejected: 0,
  lost: 0,
  skipped: 0,
  repeated: 0,
  refused: 0,
};
const waiting = { undelivered: { events: 12, bytes: 9000 } };
const failing = {
  last_error: { at: new Date(NOW - 1000).toISOString(), message: "connection refused" },
};
const forwarding = (
  more: Partial<DestinationReport>,
  others: Partial<ForwardingReport> = {},
): Partial<Facts> => ({
  forwarding: {
    alive: true,
    forwarder: "/p/claude-session",
    destinations: [{ ...destination, ...more }],
    faults: [],
    ...others,
  },
});

describe("doctor reports", () => {
  test.each([
    ["ok", "Forwarding", "team has everything", forwarding({})],
    ["ok", "Forwarding", "team: 12 events (9 kB) being delivered", forwarding(waiting)],
    [
      "warn",
      "Forwarding",
      "team: 12 events (9 kB) waiting: connection refused (http://127.0.0.1:4000/events; last attempt 1s ago, last delivery 1h ago)",
      forwarding({ ...waiting, ...failing }),
    ],
    [
      "warn",
      "Forwarding",
      "last delivery never",
      forwarding({ ...waiting, ...failing, last_success_at: null }),
    ],
    ["ok", "Forwarding", "team has everything", forwarding(failing)],
    [
      "warn",
      "Forwarding",
      "team: 12 events (9 kB) waiting for a forwarder, which the next event starts",
      forwarding(waiting, { alive: false }),
    ],
    ["warn", "Forwarding", "team rejected 2 events", forwarding({ rejected: 2 })],
    ["warn", "Forwarding", "team will never get 3 events", forwarding({ lost: 3 })],
    [
      "warn",
      "Forwarding",
      "Delivery to team started over 1h ago, with the oldest day kept: the cursor was damaged",
      forwarding({
        restarted: {
          at: new Date(NOW - HOUR_MS).toISOString(),
          reason: "with the oldest day kept: the cursor was damaged",
        },
      }),
    ],
    [
      "fail",
      "Forwarding",
      "claude-session is neither next to the hooks nor at the path in config.json",
      forwarding({}, { forwarder: null }),
    ],
    [
      "fail",
      "Forwarding",
      "config.json: destinations[0] x: url: Invalid URL",
      forwarding({}, { faults: ["destinations[0] x: url: Invalid URL"] }),
    ],
    [
      "fail",
      "Programs",
      "/p/session-end: missing",
      { programs: withSecond({ kind: "broken", reason: "missing" }) },
    ],
    [
      "fail",
      "Programs",
      "/p/session-end is version 1.0.0, but this is 1.2.3",
      { programs: withSecond({ version: "1.0.0" }) },
    ],
    ["fail", "Registration", "not registered with Claude Code", withUser({ registered: [] })],
    ["fail", "Registration", "/s/settings.json: EACCES", withProject({ fault: "EACCES" })],
    [
      "fail",
      "Registration",
      "/h/settings.json turns off all hooks",
      withUser({ disableAllHooks: true }),
    ],
    [
      "warn",
      "Registration",
      "/h/settings.json turns off all hooks, but /s/settings.json overrides it",
      {
        settings: [
          managed,
          { ...project, disableAllHooks: false },
          { ...user, disableAllHooks: true },
        ],
      },
    ],
    [
      "warn",
      "Registration",
      "/h/settings.json turns off all hooks except the administrator's, which still record",
      {
        settings: [
          { ...managed, registered: user.registered },
          { ...user, registered: [], disableAllHooks: true },
        ],
      },
    ],
    [
      "fail",
      "Registration",
      "/m/settings.json turns off all hooks",
      { settings: [{ ...managed, registered: user.registered, disableAllHooks: true }] },
    ],
    [
      "fail",
      "Registration",
      "/m/settings.json allows only the hooks of the administrator",
      { settings: [{ ...managed, allowManagedHooksOnly: true }, project, user] },
    ],
    [
      "warn",
      "Registration",
      "/s/settings.json sets allowManagedHooksOnly, which has no effect outside managed settings",
      withProject({ allowManagedHooksOnly: true }),
    ],
    [
      "warn",
      "Registration",
      "Not registered: Stop",
      withUser({ registered: user.registered.filter(({ event }) => event !== "Stop") }),
    ],
    [
      "fail",
      "Registration",
      "/s/settings.json names /p/session-event: missing",
      withProject({ registered: [registration("Stop", { program: "missing" })] }),
    ],
    [
      "fail",
      "Registration",
      "/s/settings.json names session-event: not an absolute path",
      withProject({
        registered: [
          registration("Added", { command: "session-event", program: "not an absolute path" }),
        ],
      }),
    ],
    [
      "warn",
      "Registration",
      "/s/settings.json names /q/session-event: not in the folder of this program, so not tested",
      withProject({
        registered: [registration("Added", { command: "/q/session-event", program: "elsewhere" })],
      }),
    ],
    [
      "warn",
      "Registration",
      "Recorded twice, because /s/settings.json and /h/settings.json register the same program by different commands: Stop",
      withProject({ registered: [registration("Stop", { identity: '"$HOME"/p/session-event' })] }),
    ],
    [
      "warn",
      "Registration",
      "Recorded twice, because /s/settings.json registers the same program by different commands: Added",
      withProject({
        registered: [registration("Added"), registration("Added", { identity: "~/session-event" })],
      }),
    ],
    [
      "warn",
      "Registration",
      "Recorded twice, because /s/settings.json and /h/settings.json register different programs: Stop",
      withProject({ registered: [registration("Stop", { command: "/p/pre-tool-use" })] }),
    ],
    [
      "fail",
      "Registration",
      "/s/settings.json registers WorktreeCreate: it would replace git's own worktrees",
      withProject({ registered: [registration("WorktreeCreate")] }),
    ],
    ["fail", "Environment", "BUN_BE_BUN is set here", { dangerous: ["BUN_BE_BUN"] }],
    [
      "fail",
      "Environment",
      "BUN_INSPECT_PRELOAD is set here",
      { dangerous: ["BUN_INSPECT_PRELOAD"] },
    ],
    [
      "warn",
      "Environment",
      "BUN_OPTIONS is set in /h/settings.json",
      withUser({ dangerous: ["BUN_OPTIONS"] }),
    ],
    ["warn", "Environment", "LD_PRELOAD is set here", { dangerous: ["LD_PRELOAD"] }],
    [
      "warn",
      "Environment",
      "CLAUDE_SESSION_HOME is set here and ignored, because it is not an absolute path",
      { ignored: ["CLAUDE_SESSION_HOME"] },
    ],
    [
      "warn",
      "Environment",
      "CLAUDE_SESSION_DIR is set in /s/settings.json but differs here",
      withProject({ moved: ["CLAUDE_SESSION_DIR"] }),
    ],
    [
      "warn",
      "Files",
      "Other users can see which files are in /h/hooks/events",
      { events: folderAt("/h/hooks/events", { mode: 0o755 }) },
    ],
    [
      "fail",
      "Files",
      "/h/hooks belongs to another user",
      { state: folderAt("/h/hooks", { userId: 0 }) },
    ],
    [
      "fail",
      "Files",
      "/h/hooks is not a folder",
      { state: folderAt("/h/hooks", { kind: "file" }) },
    ],
    [
      "fail",
      "Files",
      "/h/hooks is shared with others",
      { state: folderAt("/h/hooks", { mode: 0o1777 }) },
    ],
    [
      "fail",
      "Files",
      "/h/hooks cannot be created: EROFS",
      { state: { path: "/h/hooks", fault: "EROFS" } },
    ],
    ["ok", "Files", "/h/hooks does not exist yet", { state: { path: "/h/hooks" } }],
    ["warn", "Files", "Other users can read 1 file, such as /h/x", { openFiles: ["/h/x"] }],
    [
      "fail",
      "Files",
      "2026-11-22.jsonl is not a regular file of yours: today's events are lost",
      withLog({ foreignDays: ["2026-11-22"] }),
    ],
    [
      "warn",
      "Files",
      "2026-11-21.jsonl is not a regular file of yours: it is not read",
      withLog({ foreignDays: ["2026-11-21"] }),
    ],
    [
      "fail",
      "Files",
      "Session pointers cannot be kept in /tmp: it does not exist",
      { pointers: { path: "/tmp" } },
    ],
    [
      "fail",
      "Files",
      "Session pointers cannot be kept in /x: it belongs to another user",
      { pointers: folderAt("/x", { mode: 0o755, userId: 0 }) },
    ],
    [
      "warn",
      "Files",
      "Other users can replace the session pointers in /x",
      { pointers: folderAt("/x", { mode: 0o777 }) },
    ],
    [
      "warn",
      "Files",
      "config.json: retention_days: not a whole number",
      config("retention_days: not a whole number"),
    ],
    ["warn", "Files", "config.json: not JSON", config("config.json: not JSON")],
    ["ok", "Programs", "They take 222.0 MB; the hooks are one file", {}],
    ["ok", "Programs", "clones of one file", { disk: { form: "cloned", bytes: 660e6 } }],
    ["ok", "Programs", "--link saves most of it", { disk: { form: "separate", bytes: 660e6 } }],
    ["warn", "Files", "100.0 MB free", { free: { bytes: 100e6, files: 1e6 } }],
    ["fail", "Files", "5.0 MB free", { free: { bytes: 5e6, files: undefined } }],
    ["fail", "Files", "has room for only 7 more files", { free: { bytes: 50e9, files: 7 } }],
    [
      "warn",
      "Recording",
      "Nothing has been recorded yet",
      { ...withLog({ kinds: new Map(), days: [], newest: [] }), transcriptMs: undefined },
    ],
    [
      "warn",
      "Recording",
      "Nothing has been recorded yet, although Claude Code was active 1h ago",
      withLog({ kinds: new Map(), days: [], newest: [] }),
    ],
    [
      "warn",
      "Recording",
      "Claude Code was active just now, but that was not recorded",
      { transcriptMs: NOW },
    ],
    [
      "warn",
      "Recording",
      "Nothing was recorded for abc, the session that runs doctor",
      withLog({ session: { id: "abc", isRecorded: false } }),
    ],
    [
      "warn",
      "Recording",
      "UserPromptSubmit was last recorded 3h ago, and Stop 10 times since",
      withLog({ newest: ["UserPromptSubmit", ...Array<string>(10).fill("Stop")] }),
    ],
    [
      "warn",
      "Recording",
      "PreToolUse was never recorded, but PostToolUse 3 times",
      withLog({
        kinds: new Map([["PostToolUse", kind(3, 1)]]),
        newest: Array<string>(3).fill("PostToolUse"),
      }),
    ],
    [
      "ok",
      "Recording",
      "2 days since 2026-10-01, 3.4 MB; the first is removed when the next session starts",
      withLog({ days: ["2026-10-01", "2026-11-22"] }),
    ],
    [
      "ok",
      "Recording",
      "2 days since 2026-13-01, 3.4 MB (retention_days 30)",
      withLog({ days: ["2026-13-01", "2026-11-22"] }),
    ],
    [
      "warn",
      "Recording",
      "2 lines of the log cut short",
      withLog({ skipped: new Map([["torn", 2]]) }),
    ],
    [
      "warn",
      "Recording",
      "1 line of the log not written by these hooks",
      withLog({ skipped: new Map([["foreign", 1]]) }),
    ],
    [
      "warn",
      "Recording",
      "3 events recorded twice, the last 1h ago; views show them once",
      withLog({ doubles: { count: 3, lastMs: NOW - 3_600_000 } }),
    ],
    [
      "ok",
      "Recording",
      "3 events recorded twice, the last ",
      withLog({ doubles: { count: 3, lastMs: NOW - 8 * 86_400_000 } }),
    ],
    [
      "fail",
      "Recording",
      "1 day of the log cannot be read",
      withLog({ skipped: new Map([["unreadable", 1]]) }),
    ],
    [
      "warn",
      "Recording",
      "session-start: ENOSPC (2 times, the last 1h ago)",
      { errors: { lines: [fault(5, "ENOSPC"), fault(1, "ENOSPC")] } },
    ],
    [
      "ok",
      "Recording",
      "No hook reported a fault in 7 days; the last of 1 was 8d ago",
      { errors: { lines: [fault(200, "ENOSPC")] } },
    ],
    [
      "warn",
      "Recording",
      "hook-errors.log cannot be read: not a regular file",
      { errors: { lines: [], fault: "not a regular file" } },
    ],
  ] as [Level, string, string, Partial<Facts>][])("%s, %s: %s", (level, topic, piece, change) => {
    const findings = diagnose({ ...GOOD, ...change }, NOW);
    const found = findings.filter(({ what }) => what.includes(piece));
    expect(found).toMatchObject([{ level, topic }]);
    if (level !== "ok") expect(found[0]?.fix).toBeString();
    // Nothing else fails because of it.
    const others = findings.filter((one) => one.level !== "ok" && !found.includes(one));
    expect(others.map(({ what }) => what)).toEqual([]);
  });
});

test.each([
  ["BUN_BE_BUN", "1", true],
  ["BUN_BE_BUN", "0", false],
  ["BUN_BE_BUN", "", false],
  ["BUN_OPTIONS", "--cpu-prof", true],
  ["BUN_JSC_useJIT", "0", true],
  ["BUN_INSPECT_CONNECT_TO", "ws://x", true],
  ["BUN_INSTALL", "/home/you/.bun", false],
  ["NODE_TLS_REJECT_UNAUTHORIZED", "0", true],
  ["NODE_TLS_REJECT_UNAUTHORIZED", "1", false],
  ["LD_PRELOAD", "/x.so", true],
  ["CLAUDE_CODE_SIMPLE", "1", true],
  ["PATH", "/usr/bin", false],
])("the variable %s set to %j is dangerous: %p", (name, value, isDangerous) => {
  expect(dangerousIn({ [name]: value })).toEqual(isDangerous ? [name] : []);
});

test.each([40, 80, 140])("at %p columns no line is wider, and color changes no text", (columns) => {
  const facts = { ...GOOD, dangerous: ["BUN_BE_BUN", "LD_PRELOAD"], ...config("a\u001B[2Jb") };
  const [plain, colored] = [false, true].map((isColored) =>
    renderFindings(diagnose(facts, NOW), { columns, colors: createColors(isColored) }),
  );
  expect(Bun.stripANSI(colored ?? "")).toBe(plain ?? "");
  expect(plain).toContain("config.json: ab");
  expect(plain).toEndWith("1 problem, 2 warnings, 10 checks passed");
  for (const line of (plain ?? "").split("\n"))
    expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
});
