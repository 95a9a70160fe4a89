// What doctor makes of the facts: pure judgement, one finding for each.
import type { Skipped } from "../log-reader";
import type { Facts, PathFacts, SettingsFacts } from "./examine";
import { CORE_EVENTS, FORBIDDEN_EVENTS } from "./programs";
import { many, size } from "./text";
import { ago } from "./time";

/** How bad it is. */
export type Level = "ok" | "warn" | "fail";

/** One thing that was looked at. */
export interface Finding {
  readonly level: Level;
  readonly topic: string;
  readonly what: string;
  /** What to do about it, in one line. */
  readonly fix?: string;
}

/** Judges the facts, topic by topic. */
export function diagnose(facts: Facts, nowMs: number): Finding[] {
  return [
    ...topic("Programs", judgePrograms(facts)),
    ...topic("Registration", judgeRegistration(facts)),
    ...topic("Environment", judgeEnvironment(facts)),
    ...topic("Files", judgeFiles(facts)),
    ...topic("Log", judgeLog(facts, nowMs)),
  ];
}

type Judged = Omit<Finding, "topic">;

function topic(name: string, findings: Iterable<Judged>): Finding[] {
  return Array.from(findings, (finding) => ({ ...finding, topic: name }));
}

const ok = (what: string): Judged => ({ level: "ok", what });
const warn = (what: string, fix: string): Judged => ({ level: "warn", what, fix });
const fail = (what: string, fix: string): Judged => ({ level: "fail", what, fix });

const REINSTALL =
  "Put all six programs of one release into one folder, and run claude-session install.";

function* judgePrograms({ programs, version }: Facts): Generator<Judged> {
  let good = 0;
  for (const { path, fault, version: its } of programs) {
    if (fault !== undefined) yield fail(`${path}: ${fault}`, REINSTALL);
    else if (its !== version)
      yield fail(`${path} is version ${its}, and this is ${version}`, REINSTALL);
    else good++;
  }
  if (good === programs.length) yield ok(`All ${good} hook programs work, version ${version}`);
}

const INSTALL = "Run claude-session install, then start Claude Code anew.";

function* judgeRegistration({ settings, commands }: Facts): Generator<Judged> {
  const all = settings.flatMap((file) => file.registrations);
  for (const { path, fault } of settings)
    if (fault !== undefined) yield fail(withPath(path, fault), "Mend the file, and look again.");
  for (const file of settings) yield* judgeSwitches(file);
  const events = new Set(all.map(({ event }) => event));
  if (events.size === 0) {
    yield fail("The hooks are not registered with Claude Code", INSTALL);
    return;
  }
  for (const { path, registrations } of settings)
    if (registrations.length > 0)
      yield ok(
        `${many(new Set(registrations.map(({ event }) => event)).size, "event")} registered in ${path}`,
      );
  const missing = CORE_EVENTS.filter((event) => !events.has(event));
  if (missing.length > 0) yield warn(`Not registered: ${missing.join(", ")}`, INSTALL);
  for (const [command, state] of commands) {
    if (state === "missing") yield fail(`${command} is registered, and not there`, INSTALL);
    if (state === "elsewhere")
      yield warn(`${command} is registered, which is not the program beside this one`, INSTALL);
  }
  for (const event of events) {
    const different = new Set(all.filter((one) => one.event === event).map((one) => one.command));
    // Claude Code itself starts one and the same command only once.
    if (different.size > 1)
      yield warn(
        `${event} is recorded twice, by ${Array.from(different).join(" and ")}`,
        "Take one of them out: claude-session uninstall --scope project, or local.",
      );
    const harm = Object.hasOwn(FORBIDDEN_EVENTS, event) ? FORBIDDEN_EVENTS[event] : undefined;
    if (harm !== undefined)
      yield fail(`${event} should not be registered: ${harm}`, "Take it out of the settings.");
  }
}

function* judgeSwitches({
  path,
  disableAllHooks,
  allowManagedHooksOnly,
}: SettingsFacts): Generator<Judged> {
  if (disableAllHooks)
    yield fail(`${path} switches all hooks off`, "Take disableAllHooks out of it.");
  if (allowManagedHooksOnly)
    yield fail(
      `${path} allows only the administrator's hooks`,
      "Ask the administrator to register these, or to take allowManagedHooksOnly out.",
    );
}

// A path is not told twice.
function withPath(path: string, fault: string): string {
  return fault.includes(path) ? fault : `${path}: ${fault}`;
}

/** Variables that keep hooks from running as they should, and how. */
const DANGEROUS: readonly (readonly [RegExp, Exclude<Level, "ok">, string])[] = [
  [/^BUN_BE_BUN$/, "fail", "turns every hook into Bun itself, which records nothing"],
  [
    /^BUN_OPTIONS$/,
    "fail",
    "makes the runtime refuse to start, or print where Claude Code listens",
  ],
  [
    /^BUN_INSPECT(_PRELOAD|_CONNECT_TO|_NOTIFY)?$/,
    "fail",
    "makes the runtime print, or wait for a debugger",
  ],
  [
    /^BUN_JSC_/,
    "fail",
    "changes the runtime, which ends with an error where it does not know the option",
  ],
  [/^(LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES)$/, "warn", "loads other code into every hook"],
  [
    /^BUN_CONFIG_VERBOSE_FETCH$/,
    "warn",
    "prints requests with their secrets when events are forwarded",
  ],
  [
    /^(BUN_CRASH_REPORT_URL|BUN_ENABLE_CRASH_REPORTING)$/,
    "warn",
    "sends a report of each crash away",
  ],
  [/^NODE_TLS_REJECT_UNAUTHORIZED$/, "warn", "may switch off the check of certificates"],
  [/^BUN_BYTECODE_ORDER_OUT$/, "warn", "makes every hook write a file"],
];

function* judgeEnvironment({ variables, settings }: Facts): Generator<Judged> {
  const places: [string, readonly string[]][] = [
    ["is set here", variables],
    ...settings.map(({ path, env }): [string, readonly string[]] => [`is set by ${path}`, env]),
  ];
  let found = 0;
  for (const [where, names] of places)
    for (const name of names)
      for (const [pattern, level, harm] of DANGEROUS)
        if (pattern.test(name)) {
          found++;
          yield {
            level,
            what: `${name} ${where}: it ${harm}`,
            fix: `Start Claude Code without ${name}.`,
          };
        }
  if (found === 0) yield ok("No variable is set that would change the hooks");
}

const MEGABYTE = 1_000_000;
const LITTLE_SPACE_BYTES = 500 * MEGABYTE;
const NO_SPACE_BYTES = 20 * MEGABYTE;

function* judgeFiles(facts: Facts): Generator<Judged> {
  const { state, events, openFiles, freeBytes, configProblems } = facts;
  yield* judgePrivate(state, facts);
  if (state.status !== undefined) yield* judgePrivate(events, facts);
  if (openFiles.length > 0)
    yield warn(
      `Others may read ${many(openFiles.length, "day")} of the log, such as ${openFiles[0]}`,
      `chmod 600 ${events.path}/*.jsonl`,
    );
  yield judgePointers(facts);
  for (const problem of configProblems)
    yield warn(
      `config.json: ${problem.replace(/^config\.json: /, "")}`,
      `Mend ${state.path}/config.json.`,
    );
  if (configProblems.length === 0) yield ok("config.json: nothing wrong with it");
  if (freeBytes === undefined) return;
  const free = `${size(freeBytes)} free on the log's disk`;
  if (freeBytes < NO_SPACE_BYTES) yield fail(free, "Make room: events are being lost.");
  else if (freeBytes < LITTLE_SPACE_BYTES)
    yield warn(free, "Make room, or claude-session prune --older-than 7d.");
  else yield ok(free);
}

function* judgePrivate(
  { path, status, fault }: PathFacts,
  { ownUserId }: Facts,
): Generator<Judged> {
  if (fault !== undefined) yield fail(`${path}: ${fault}`, "Make it a folder of your own.");
  else if (status === undefined) yield ok(`${path} is not there yet; the first event makes it`);
  else if (status.kind === "link" && isOwn(status.userId, ownUserId))
    yield ok(`${path} is a link of yours`);
  else if (status.kind !== "folder") yield fail(`${path} is no folder`, "Move it away.");
  else if (!isOwn(status.userId, ownUserId))
    yield fail(`${path} is another user's`, "Move it away, or set CLAUDE_SESSION_HOME.");
  else if ((status.mode & 0o077) !== 0 && ownUserId !== undefined)
    yield warn(`Others may look into ${path}`, `chmod 700 ${path}; the next event does it too.`);
  else yield ok(`${path} is yours alone`);
}

function judgePointers({ pointers: { path, status, fault }, ownUserId }: Facts): Judged {
  const fix = "Set CLAUDE_SESSION_DIR to a folder of your own.";
  if (fault !== undefined) return fail(`${path}: ${fault}`, fix);
  if (status === undefined)
    return fail(`${path}, the folder of the session pointers, is not there`, fix);
  if (status.kind !== "folder" && status.kind !== "link") return fail(`${path} is no folder`, fix);
  const isShared = (status.mode & 0o1002) === 0o1002;
  const isSafe = status.kind === "link" || isShared || isOwn(status.userId, ownUserId);
  return isSafe
    ? ok(`Session pointers are kept in ${path}`)
    : fail(`${path}, the folder of the session pointers, is another user's`, fix);
}

function isOwn(userId: number, ownUserId: number | undefined): boolean {
  return ownUserId === undefined || userId === ownUserId;
}

const DAY_MS = 86_400_000;
const RECENT_MS = 7 * DAY_MS;
/** A transcript is written a little later than the events that it tells of. */
const TRANSCRIPT_LAG_MS = 10 * 60_000;
const ENOUGH = 10;
// Where there are ten of the first and none of the second, something is wrong with the second.
const COMPANIONS = [
  ["PreToolUse", "PostToolUse"],
  ["UserPromptSubmit", "Stop"],
  ["Stop", "UserPromptSubmit"],
  ["PostToolUse", "PreToolUse"],
] as const;

const ANEW = "Start Claude Code anew; then look at /hooks there, and here again.";

function* judgeLog(facts: Facts, nowMs: number): Generator<Judged> {
  const { kinds, days, logBytes, retentionDays, skipped, session, transcriptMs } = facts;
  const lastMs = Math.max(0, ...Array.from(kinds.values(), (kind) => kind.lastMs));
  if (kinds.size > 0) {
    const newest = Array.from(kinds).toSorted(([, a], [, b]) => b.lastMs - a.lastMs);
    const list = newest.map(([event, kind]) => `${event} ${ago(kind.lastMs, nowMs)}`);
    yield ok(`Last events: ${list.join(", ")}`);
  } else if (transcriptMs === undefined) yield warn("Nothing is recorded yet", ANEW);
  // Without events, Claude Code's own files tell whether it was quiet or we were deaf.
  if (transcriptMs !== undefined && transcriptMs > lastMs + TRANSCRIPT_LAG_MS)
    yield warn(
      `Claude Code worked ${ago(transcriptMs, nowMs)}, and ${lastMs === 0 ? "nothing" : "nothing of that"} is recorded`,
      ANEW,
    );
  if (session !== undefined && !session.isRecorded)
    yield warn(`The session that this runs in, ${session.id}, is not recorded`, ANEW);
  for (const [event, companion] of COMPANIONS)
    if ((kinds.get(event)?.count ?? 0) >= ENOUGH && !kinds.has(companion))
      yield warn(`${event} is recorded, but never ${companion}`, INSTALL);
  if (days.length > 0)
    yield ok(
      `${many(days.length, "day")} since ${days[0]}, ${size(logBytes)}; each goes after ${many(retentionDays, "day")}, the next ${goesOn(days, retentionDays)}`,
    );
  yield* judgeSkipped(skipped);
  yield* judgeErrors(facts, nowMs);
}

function goesOn([oldest = ""]: readonly string[], retentionDays: number): string {
  const day = Date.parse(oldest) + (retentionDays + 1) * DAY_MS;
  return Number.isNaN(day) ? "never" : `on ${new Date(day).toISOString().slice(0, 10)}`;
}

function* judgeSkipped(skipped: ReadonlyMap<Skipped, number>): Generator<Judged> {
  const torn = skipped.get("torn") ?? 0;
  const foreign = skipped.get("foreign") ?? 0;
  const unreadable = skipped.get("unreadable") ?? 0;
  if (torn > 0)
    yield warn(
      `${many(torn, "line")} of the log cut short, by a program that was killed or a full disk`,
      "Nothing to do; all others are whole.",
    );
  if (foreign > 0)
    yield warn(
      `${many(foreign, "line")} of the log not written by us`,
      "Find out who writes there.",
    );
  if (unreadable > 0)
    yield fail(
      `${many(unreadable, "day")} of the log cannot be read`,
      "Look at owner and mode of the files.",
    );
}

function* judgeErrors({ errors, errorsFault }: Facts, nowMs: number): Generator<Judged> {
  if (errorsFault !== undefined) yield warn(`hook-errors.log: ${errorsFault}`, "Move it away.");
  const [newest] = errors.slice(-1);
  if (newest === undefined) {
    if (errorsFault === undefined) yield ok("No hook has reported a fault");
    return;
  }
  const [time = "", program = "", ...fault] = newest.split("\t");
  const atMs = Date.parse(time);
  const what = `${many(errors.length, "fault")} in hook-errors.log, the last ${Number.isNaN(atMs) ? "undated" : ago(atMs, nowMs)}: ${program}: ${fault.join(" ")}`;
  if (nowMs - atMs > RECENT_MS) yield ok(what);
  else yield warn(what, "Mend what it names, then remove hook-errors.log.");
}
