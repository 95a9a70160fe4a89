// Disks that are full or read-only, limits of the system, files that cannot be changed, homes that
// cannot be read: a hook stays silent and ends well, and once the trouble is over, all goes on.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dayPath, utcDay } from "../../lib/log/log";
import { commandExists, run } from "../../scripts/harness/commands";
import { runProgram, type Ended, type Start } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { canMount, Disk } from "../support/disk";
import { Tally } from "../support/tally";
import { as, USER, whyNotAnother } from "../support/users";
import {
  DURING,
  isUnhurt,
  laterViolations,
  look,
  setScene,
  violations,
  type Scene,
  type Survival,
} from "./aftermath";

setDefaultTimeout(120_000);

const tally = new Tally("disks and limits");
afterAll(() => tally.print());

const isRoot = process.geteuid?.() === 0;
const START = { session_id: DURING, hook_event_name: "SessionStart" };
const SILENT = { code: 0, stdout: "", stderr: "" };
const PAGE_BYTES = 4096;
/** A record of this suite is longer than that. */
const RECORD_BYTES = 300;

function startHook(sandbox: Sandbox, start: Start = {}): Promise<Ended> {
  return runProgram("session-start", sandbox, START, start);
}

/** What is known of a trouble. */
interface Trouble extends Pick<Survival, "isLasting" | "cannotRemove"> {
  /** It may be none at all. */
  readonly mayDoNothing?: boolean;
  /** Ends it. */
  heal?(): void;
}

/** Runs a hook in trouble, ends the trouble, and says what is amiss. */
async function amissAfter(
  sandbox: Sandbox,
  before: Scene,
  start: Start,
  { heal = () => {}, mayDoNothing = false, ...survival }: Trouble,
): Promise<string[]> {
  try {
    const ended = await startHook(sandbox, start);
    const found = await violations(sandbox, before, { ...ended, ...survival });
    if (isUnhurt(sandbox) && !mayDoNothing) found.push("there was no trouble at all");
    heal();
    tally.add("cases");
    return [...found, ...(await laterViolations(sandbox, before))];
  } finally {
    heal();
  }
}

if (!canMount) tally.skip("disks of their own: mounting one is not allowed here");

describe.skipIf(!canMount)("a disk", () => {
  const places = {
    "of the log": ({ state }: Sandbox) => state,
    "of the pointers": ({ pointers }: Sandbox) => pointers,
  };
  const rows = Object.entries(places).flatMap(
    ([name, folder]) =>
      [
        [`${name} that is full`, folder, "size=1m", (disk: Disk) => disk.fill()],
        [`${name} without a name left`, folder, "nr_inodes=64", (disk: Disk) => disk.fillNames()],
        [`${name} that is read-only`, folder, "size=1m", (disk: Disk) => disk.remount("ro")],
      ] as const,
  );
  test.each(rows)("%s", async (_, folder, options, spoil) => {
    using sandbox = new Sandbox();
    using disk = new Disk(folder(sandbox), options);
    // A file that is there has room to the end of its last page.
    const before = await setScene(sandbox, { isNewDay: true });
    spoil(disk);
    const isLasting = folder(sandbox) === sandbox.state;
    const heal = () => {
      disk.remount("rw");
      disk.empty();
    };
    expect(await amissAfter(sandbox, before, {}, { isLasting, heal })).toEqual([]);
  });

  test("that has room for a part of a line keeps what it had, and takes the next", async () => {
    const amiss: string[] = [];
    // A file of a tmpfs grows by pages: what is left of the last one is the room there is.
    for (let room = 1; room < RECORD_BYTES; room += 17) {
      using sandbox = new Sandbox();
      using disk = new Disk(sandbox.state, "size=1m");
      await setScene(sandbox);
      const path = today(sandbox);
      const blanks = (2 * PAGE_BYTES - room - statSync(path).size) % PAGE_BYTES;
      appendFileSync(path, "\n".repeat(blanks));
      disk.fill();
      const trouble = { isLasting: true, heal: () => disk.empty() };
      const found = await amissAfter(sandbox, look(sandbox), {}, trouble);
      amiss.push(...found.map((what) => `room for ${room} bytes: ${what}`));
    }
    expect(amiss).toEqual([]);
  });
});

const hasLimits = commandExists("prlimit");
if (!hasLimits) tally.skip("limits: there is no prlimit here");

describe.skipIf(!hasLimits)("a limit", () => {
  test("of so many open files, whatever the number", async () => {
    const amiss: string[] = [];
    // With fewer the runtime does not start.
    for (let most = 5; most <= 24; most++) {
      using sandbox = new Sandbox();
      const start = { by: ["prlimit", `--nofile=${most}`] };
      const trouble = { isLasting: true, mayDoNothing: true };
      const found = await amissAfter(sandbox, await setScene(sandbox), start, trouble);
      amiss.push(...found.map((what) => `${most} open files: ${what}`));
    }
    expect(amiss).toEqual([]);
  });

  test("of a file's size, whatever the size: of the day's file, and of a pointer's", async () => {
    const amiss: string[] = [];
    const sizes = [...stepsTo(60, 4), ...stepsTo(900, 23).map((more) => `day + ${more}`)];
    for (const size of sizes) {
      using sandbox = new Sandbox();
      const before = await setScene(sandbox);
      const [, more] = String(size).split(" + ");
      const most = more === undefined ? size : statSync(today(sandbox)).size + Number(more);
      const start = { by: ["prlimit", `--fsize=${most}`] };
      const trouble = { isLasting: true, mayDoNothing: true };
      const found = await amissAfter(sandbox, before, start, trouble);
      amiss.push(...found.map((what) => `${size} bytes: ${what}`));
    }
    expect(amiss).toEqual([]);
  });
});

const canFreeze = isRoot && commandExists("chattr") && tryToFreeze();
if (!canFreeze) tally.skip("immutable files: they cannot be made here");

function tryToFreeze(): boolean {
  using sandbox = new Sandbox();
  try {
    run("chattr", "+i", sandbox.pointers);
    run("chattr", "-i", sandbox.pointers);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canFreeze)("what may not be changed:", () => {
  test.each([
    ["the day's file", "+i", today, false],
    ["the log's folder, on a new day", "+i", ({ events }: Sandbox) => events, true],
    ["a pointer", "+i", ({ pointers }: Sandbox) => `${pointers}/claude_session_shop`, false],
    ["the pointers' folder", "+i", ({ pointers }: Sandbox) => pointers, false],
    // There a temp file can be made, and then neither renamed nor removed.
    ["the pointers' folder, but for adding", "+a", ({ pointers }: Sandbox) => pointers, false],
  ])("%s", async (_, attribute, pathOf, isNewDay) => {
    using sandbox = new Sandbox();
    const before = await setScene(sandbox, { isNewDay });
    const path = pathOf(sandbox);
    run("chattr", attribute, path);
    const heal = () => void run("chattr", attribute.replace("+", "-"), path);
    const trouble = { cannotRemove: attribute === "+a", heal };
    expect(await amissAfter(sandbox, before, {}, trouble)).toEqual([]);
  });

  test("a day that takes nothing but more lines is no trouble", async () => {
    using sandbox = new Sandbox();
    const before = await setScene(sandbox);
    run("chattr", "+a", today(sandbox));
    const heal = () => void run("chattr", "-a", today(sandbox));
    expect(await amissAfter(sandbox, before, {}, { mayDoNothing: true, heal })).toEqual([]);
  });
});

const whyNot = whyNotAnother();
if (whyNot !== undefined) tally.skip(`other users' homes: ${whyNot}`);

describe("a home", () => {
  test.skipIf(whyNot !== undefined)("that its user may not even enter", async () => {
    using sandbox = new Sandbox();
    const before = await setScene(sandbox);
    giveAway(sandbox.pointers);
    chmodSync(sandbox.root, 0o755);
    chmodSync(sandbox.home, 0o000);
    const ended = await startHook(sandbox, { by: as(USER) });
    expect(ended).toMatchObject(SILENT);
    expect(ended.ms).toBeLessThan(2000);
    chmodSync(sandbox.home, 0o700);
    expect(look(sandbox).days).toEqual(before.days);
    const [pointer] = look(sandbox).pointers.values();
    expect(pointer).toStartWith(`${DURING}\n`);
    tally.add("cases");
  });

  test.skipIf(whyNot !== undefined)(
    "that nobody has named, of a user whom the system does not know",
    async () => {
      using sandbox = new Sandbox();
      giveAway(sandbox.pointers);
      chmodSync(sandbox.root, 0o755);
      const env = { HOME: undefined, CLAUDE_CONFIG_DIR: undefined, CLAUDE_SESSION_HOME: undefined };
      expect(await startHook(sandbox, { by: as(USER), env })).toMatchObject(SILENT);
      expect(look(sandbox).pointers.size).toBe(2);
      tally.add("cases");
    },
  );

  test("that is a file", async () => {
    using sandbox = new Sandbox();
    writeFileSync(`${sandbox.home}/.claude`, "mine");
    expect(await startHook(sandbox)).toMatchObject(SILENT);
    expect(await Bun.file(`${sandbox.home}/.claude`).text()).toBe("mine");
    tally.add("cases");
  });
});

test("a working folder that is gone", async () => {
  using sandbox = new Sandbox();
  const before = await setScene(sandbox);
  const gone = `${sandbox.root}/gone`;
  mkdirSync(gone);
  const by = ["sh", "-c", 'rmdir ../gone && exec "$0" "$@"'];
  const start = { by, cwd: gone };
  expect(await amissAfter(sandbox, before, start, { mayDoNothing: true })).toEqual([]);
});

/** Gives a folder to somebody, with what is in it. */
function giveAway(folder: string): void {
  run("chown", "-R", `${USER}:${USER}`, folder);
}

function today({ events }: Sandbox): string {
  return dayPath(events, utcDay(Date.now()));
}

function stepsTo(end: number, step: number): number[] {
  return Array.from({ length: Math.ceil(end / step) }, (_, i) => i * step);
}
