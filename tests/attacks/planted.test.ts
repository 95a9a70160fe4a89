// The neighbour plants something at every path that we use, in folders that let them: the user's programs
// write nothing into it or through it, believe nothing in it, and do not wait for it.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dayPath, utcDay } from "../../lib/log/log";
import { formatLocalTime } from "../../lib/os/local-time";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { Tally } from "../support/tally";
import { USER, whyNotAnother } from "../support/users";
import { PLANTS } from "./plants";
import { EVIL_SESSION, placeForUser, PRECIOUS, TwoUsers } from "./two-users";

setDefaultTimeout(60_000);

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
const programs = whyNot === undefined ? await placeForUser(shared) : { hooks: "", cli: "" };

const PROMPT = "a prompt that only the user may read";

const EVENTS = [
  ["pre-tool-use", {}],
  ["session-start", { session_id: "mine", hook_event_name: "SessionStart" }],
  ["session-event", { session_id: "mine", hook_event_name: "UserPromptSubmit", prompt: PROMPT }],
  ["pre-tool-use", { hook_event_name: "PreToolUse", tool_name: "Bash" }],
  ["session-end", { session_id: "mine", hook_event_name: "SessionEnd" }],
] as const;

/**
 * Every path that we use, and what the neighbour would put into a file there. Only `~/.claude` itself
 * is missing: a neighbour who can replace that registers hooks of their own and needs none of ours.
 */
const TARGETS: Readonly<
  Record<string, readonly [pathIn: (sandbox: Sandbox) => string, contentFor: (url: string) => string]>
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
    if (target !== "config.json") {
      const config = `${sandbox.state}/config.json`;
      writeFileSync(config, configFor(collector.url), { mode: 0o600 });
      chownSync(config, USER, USER);
    }
    rmSync(path, { recursive: true, force: true });
    const expectAsPlanted = plant(path, machine, contentFor(collector.url));
    const before = lstatSync(precious);

    for (const [program, event] of EVENTS) await machine.runHook(program, event);
    await machine.runCli("forward", "--once");
    for (const command of ["id", "list", "doctor", "install", "uninstall"])
      await machine.runCli(command);

    expectAsPlanted();
    expect(readFileSync(precious, "utf8")).toBe(PRECIOUS);
    const { mode, uid, mtimeMs } = before;
    expect(lstatSync(precious)).toMatchObject({ mode, uid, mtimeMs });
    for (const file of filesBelow(sandbox.root)) {
      const text = readFileSync(file, "utf8");
      if (text.includes(PROMPT)) expect(lstatSync(file)).toMatchObject({ uid: USER, nlink: 1 });
      if (text.includes(PROMPT)) expect(lstatSync(file).mode & 0o077).toBe(0);
      if (file.endsWith(".jsonl")) expect(text).not.toContain(EVIL_SESSION);
    }
    if (target === "config.json") expect(collector.arrivals).toEqual([]);
    tally.add("plants");
    tally.add("programs run", machine.programsRun);
  });
});

function evilPointer(): string {
  return `${EVIL_SESSION}\n${formatLocalTime(Date.now())}\n`;
}

/** A config.json that delivers everything to a server: the user's choice, or what the neighbour wants. */
function configFor(url: string): string {
  return JSON.stringify({
    retention_days: 1,
    destinations: [{ name: "server", type: "observability", url }],
  });
}

/** The regular files below a folder. */
function filesBelow(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => `${folder}/${name}`)
    .filter((path) => lstatSync(path).isFile());
}
