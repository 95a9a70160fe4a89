// The neighbor plants something at every path that we use, in folders that let them: the user's programs
// write nothing into it or through it, believe nothing in it, and do not wait for it.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dayPath, utcDay } from "../../lib/log/log";
import { formatLocalTime } from "../../lib/os/local-time";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { Tally } from "../support/tally";
import { USER, whyNotAnother } from "../support/users";
import { PLANTS } from "./plants";
import {
  canTrace,
  EVIL_SESSION,
  placeForUser,
  PRECIOUS,
  TwoUsers,
  type Command,
} from "./two-users";

setDefaultTimeout(120_000);

const tally = new Tally("planted");
afterAll(() => tally.print());
const whyNot = whyNotAnother();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);
// Hard links are made by root here, so fs.protected_hardlinks makes no difference.
for (const kind of ["symlinks", "regular", "fifos"]) {
  const path = `/proc/sys/fs/protected_${kind}`;
  if (existsSync(path) && readFileSync(path, "utf8").trim() !== "0")
    tally.note(`fs.protected_${kind} is on, so the kernel helps`);
}

const shared = new Sandbox();
afterAll(() => shared[Symbol.dispose]());
const programs =
  whyNot === undefined ? await placeForUser(shared) : { all: "", hooks: "", cli: "" };

const PROMPT = "a prompt that only the user may read";

const EVENTS: readonly Command[] = [
  { hook: "pre-tool-use", event: {} },
  { hook: "session-start", event: { session_id: "mine", hook_event_name: "SessionStart" } },
  {
    hook: "session-event",
    event: { session_id: "mine", hook_event_name: "UserPromptSubmit", prompt: PROMPT },
  },
  { hook: "pre-tool-use", event: { hook_event_name: "PreToolUse", tool_name: "Bash" } },
  { hook: "session-end", event: { session_id: "mine", hook_event_name: "SessionEnd" } },
];
const COMMANDS: readonly Command[] = [
  ["forward", "--once"],
  ["id"],
  ["list"],
  ["doctor"],
  ["install"],
  ["uninstall"],
].map((args) => ({ args }));

/**
 * Every path that we use, and what the neighbor would put into a file there. Only `~/.claude` itself
 * is missing: a neighbor who can replace that can register their own hooks and does not need ours.
 */
const TARGETS: Readonly<
  Record<
    string,
    readonly [pathIn: (sandbox: Sandbox) => string, contentFor: (url: string) => string]
  >
> = {
  "the pointer": [({ pointers }) => `${pointers}/claude_session_shop`, evilPointer],
  "the pointer with the hash": [
    ({ pointers, project }) =>
      `${pointers}/claude_session_shop-${Bun.SHA256.hash(project, "hex").slice(0, 16)}`,
    evilPointer,
  ],
  "settings.json": [({ home }) => `${home}/.claude/settings.json`, () => "{}"],
  "the state folder": [({ state }) => state, () => ""],
  "config.json": [({ state }) => `${state}/config.json`, configFor],
  "installed.json": [({ state }) => `${state}/installed.json`, () => "[]"],
  "the log's folder": [({ events }) => events, () => ""],
  "the day's file": [({ events }) => dayPath(events, utcDay(Date.now())), () => "{}\n"],
  "hook-errors.log": [({ state }) => `${state}/hook-errors.log`, () => ""],
  "hook-errors.log.old": [({ state }) => `${state}/hook-errors.log.old`, () => ""],
  "the backup folder": [({ state }) => `${state}/backups`, () => ""],
  "the forwarder's folder": [({ state }) => `${state}/forward`, () => ""],
  "the forwarder's heartbeat": [({ state }) => `${state}/forward/heartbeat`, () => ""],
  "the forwarder's lock": [({ state }) => `${state}/forward/lock`, () => ""],
  "a destination's folder": [({ state }) => `${state}/forward/server`, () => ""],
  "a cursor": [
    ({ state }) => `${state}/forward/server/cursor.json`,
    () => JSON.stringify({ v: 1, days: {}, lost: 7 }),
  ],
  "a status": [({ state }) => `${state}/forward/server/status.json`, () => "{}"],
  "rejected.jsonl": [({ state }) => `${state}/forward/server/rejected.jsonl`, () => ""],
};

const rows = Object.entries(TARGETS).flatMap(([target, [pathIn, contentFor]]) =>
  Object.entries(PLANTS).map(([name, plant]) => [name, target, plant, pathIn, contentFor] as const),
);

describe.skipIf(whyNot !== undefined)("planted by another user:", () => {
  test.concurrent.each(rows)("%s as %s", async (_, target, plant, pathIn, contentFor) => {
    await using collector = new Collector();
    using machine = new TwoUsers(programs);
    const { sandbox, precious } = machine;
    const path = pathIn(sandbox);
    if (target !== "config.json") machine.configure(configFor(collector.url));
    rmSync(path, { recursive: true, force: true });
    const expectAsPlanted = plant(path, machine, contentFor(collector.url));
    const { mode, uid, mtimeMs } = lstatSync(precious);

    const commands = [...EVENTS, ...(await commandsThatUse(target))];
    for (const command of commands) await machine.run(command);

    expectAsPlanted();
    expect(readFileSync(precious, "utf8")).toBe(PRECIOUS);
    expect(lstatSync(precious)).toMatchObject({ mode, uid, mtimeMs });
    for (const file of filesBelow(sandbox.root)) {
      const text = readFileSync(file, "utf8");
      if (text.includes(PROMPT)) expect(lstatSync(file)).toMatchObject({ uid: USER, nlink: 1 });
      if (text.includes(PROMPT)) expect(lstatSync(file).mode & 0o077).toBe(0);
      if (file.endsWith(".jsonl")) expect(text).not.toContain(EVIL_SESSION);
    }
    if (target === "config.json") expect(collector.arrivals).toEqual([]);
    tally.add("plants");
    tally.add("programs run", commands.length);
    tally.add("events delivered", collector.arrivals.length);
  });
});

/**
 * The commands that use a target or something in it. A command that never names a path cannot be harmed
 * by what is there, so it is not run: a start takes 50 ms of a processor.
 */
async function commandsThatUse(target: string): Promise<readonly Command[]> {
  if (!canTrace) return COMMANDS;
  const used = await (usedTargets ??= traceCommands());
  return COMMANDS.filter((command) => used.get(command)?.has(target));
}

let usedTargets: Promise<ReadonlyMap<Command, ReadonlySet<string>>> | undefined;

/** The targets of each command, where nothing is planted. */
async function traceCommands(): Promise<ReadonlyMap<Command, ReadonlySet<string>>> {
  await using collector = new Collector();
  using machine = new TwoUsers(programs);
  machine.configure(configFor(collector.url));
  for (const event of EVENTS) await machine.run(event);
  const found = new Map<Command, ReadonlySet<string>>();
  for (const command of COMMANDS) {
    const paths = await machine.pathsUsedBy(command);
    const used = Object.entries(TARGETS).filter(([, [pathIn]]) => {
      const target = pathIn(machine.sandbox);
      return paths.some((path) => path === target || path.startsWith(`${target}/`));
    });
    found.set(command, new Set(used.map(([target]) => target)));
  }
  return found;
}

function evilPointer(): string {
  return `${EVIL_SESSION}\n${formatLocalTime(Date.now())}\n`;
}

/**
 * A config.json that delivers everything to a server, as the user or the neighbor wants it. Its mistake
 * makes every hook write to hook-errors.log.
 */
function configFor(url: string): string {
  return JSON.stringify({
    retention_days: 1,
    limits: "a mistake",
    destinations: [{ name: "server", type: "observability", url }],
  });
}

/** The regular files below a folder. */
function filesBelow(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => `${folder}/${name}`)
    .filter((path) => lstatSync(path).isFile());
}
