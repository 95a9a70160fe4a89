// Disks that are full or read-only, limits of the system, and files that cannot change: a hook is silent
// and exits 0, and once the trouble is over, the next one records as usual.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, statSync } from "node:fs";
import { dayPath, utcDay } from "../../lib/log/log";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { runProgram, type Start } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { canMount, Disk } from "../support/disk";
import { Tally } from "../support/tally";
import { prepareScene, sceneOf, type Scene } from "./scene";
import { DURING, isUnaffected, laterViolations, violations, type FaultyEnd } from "./violations";

setDefaultTimeout(120_000);

const tally = new Tally("disks and limits");
afterAll(() => tally.print());

const isRoot = process.geteuid?.() === 0;
const START = { session_id: DURING, hook_event_name: "SessionStart" };
const PAGE_BYTES = 4096;
/** Less than any record here. */
const RECORD_BYTES = 300;

/** What a hook has to cope with. */
interface Trouble extends Pick<FaultyEnd, "isLasting" | "cannotRemove"> {
  /** Whether a hook may not notice it. */
  readonly mayDoNothing?: boolean;
  /** Ends the trouble. May be called twice. */
  end?(): void;
}

/** Runs a hook in trouble and another one after it, and returns what is wrong. */
async function violationsIn(
  sandbox: Sandbox,
  before: Scene,
  start: Start,
  { end = () => {}, mayDoNothing = false, ...expected }: Trouble,
): Promise<string[]> {
  try {
    const ended = await runProgram("session-start", sandbox, START, start);
    const found = await violations(sandbox, before, { ...ended, ...expected });
    if (isUnaffected(sandbox) && !mayDoNothing) found.push("the hook had no trouble");
    end();
    tally.add("cases");
    return [...found, ...(await laterViolations(sandbox, before))];
  } finally {
    end();
  }
}

if (!canMount) tally.skip("small disks: mounting is not allowed here");

describe.skipIf(!canMount)("a disk", () => {
  const places = {
    "of the log": ({ state }: Sandbox) => state,
    "of the pointers": ({ pointers }: Sandbox) => pointers,
  };
  const rows = Object.entries(places).flatMap(
    ([name, folder]) =>
      [
        [`${name} that is full`, folder, "size=1m", (disk: Disk) => disk.fill()],
        [`${name} without a free inode`, folder, "nr_inodes=64", (disk: Disk) => disk.fillInodes()],
        [`${name} that is read-only`, folder, "size=1m", (disk: Disk) => disk.remount("ro")],
      ] as const,
  );
  test.each(rows)("%s", async (_, folder, options, spoil) => {
    using sandbox = new Sandbox();
    using disk = new Disk(folder(sandbox), options);
    // An existing file has room to the end of its last page, so today's must not exist yet.
    const before = await prepareScene(sandbox, { isNewDay: true });
    spoil(disk);
    const isLasting = folder(sandbox) === sandbox.state;
    const end = () => {
      disk.remount("rw");
      disk.empty();
    };
    expect(await violationsIn(sandbox, before, {}, { isLasting, end })).toEqual([]);
  });

  test("with room for only a part of a line keeps its lines, and takes the next one later", async () => {
    const found: string[] = [];
    // A file on a tmpfs grows by pages, so on a full disk it has the rest of its last page.
    for (let room = 1; room < RECORD_BYTES; room += 17) {
      using sandbox = new Sandbox();
      using disk = new Disk(sandbox.state, "size=1m");
      await prepareScene(sandbox);
      const path = today(sandbox);
      const blanks = (2 * PAGE_BYTES - room - statSync(path).size) % PAGE_BYTES;
      appendFileSync(path, "\n".repeat(blanks));
      disk.fill();
      const trouble = { isLasting: true, end: () => disk.empty() };
      const inTrouble = await violationsIn(sandbox, sceneOf(sandbox), {}, trouble);
      found.push(...inTrouble.map((what) => `room for ${room} bytes: ${what}`));
    }
    expect(found).toEqual([]);
  });
});

const hasLimits = commandExists("prlimit");
if (!hasLimits) tally.skip("limits: prlimit is not installed");

describe.skipIf(!hasLimits)("a limit", () => {
  test("of any number of open files", async () => {
    const found: string[] = [];
    // The runtime does not start with fewer.
    for (let most = 5; most <= 24; most++) {
      using sandbox = new Sandbox();
      const start = { by: ["prlimit", `--nofile=${most}`] };
      const trouble = { isLasting: true, mayDoNothing: true };
      const inTrouble = await violationsIn(sandbox, await prepareScene(sandbox), start, trouble);
      found.push(...inTrouble.map((what) => `${most} open files: ${what}`));
    }
    expect(found).toEqual([]);
  });

  test("of any size of a file, of the day's as well as of a pointer", async () => {
    const found: string[] = [];
    const sizes = [...stepsTo(60, 4), ...stepsTo(900, 23).map((more) => `day + ${more}`)];
    for (const size of sizes) {
      using sandbox = new Sandbox();
      const before = await prepareScene(sandbox);
      const [, more] = String(size).split(" + ");
      const most = more === undefined ? size : statSync(today(sandbox)).size + Number(more);
      const start = { by: ["prlimit", `--fsize=${most}`] };
      const trouble = { isLasting: true, mayDoNothing: true };
      const inTrouble = await violationsIn(sandbox, before, start, trouble);
      found.push(...inTrouble.map((what) => `${size} bytes: ${what}`));
    }
    expect(found).toEqual([]);
  });
});

const canFreeze = isRoot && commandExists("chattr") && tryToFreeze();
if (!canFreeze) tally.skip("immutable files: chattr does not work here");

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

describe.skipIf(!canFreeze)("immutable:", () => {
  test.each([
    ["the day's file", "+i", today, false],
    ["the log's folder on a new day", "+i", ({ events }: Sandbox) => events, true],
    ["a pointer", "+i", ({ pointers }: Sandbox) => `${pointers}/claude_session_shop`, false],
    ["the pointer folder", "+i", ({ pointers }: Sandbox) => pointers, false],
    // A temp file can be created there, and then neither renamed nor removed.
    ["the pointer folder, except for new files", "+a", ({ pointers }: Sandbox) => pointers, false],
  ])("%s", async (_, attribute, pathOf, isNewDay) => {
    using sandbox = new Sandbox();
    const before = await prepareScene(sandbox, { isNewDay });
    const path = pathOf(sandbox);
    run("chattr", attribute, path);
    const end = () => void run("chattr", attribute.replace("+", "-"), path);
    const trouble = { cannotRemove: attribute === "+a", end };
    expect(await violationsIn(sandbox, before, {}, trouble)).toEqual([]);
  });

  test("a day that allows only appending is enough", async () => {
    using sandbox = new Sandbox();
    const before = await prepareScene(sandbox);
    run("chattr", "+a", today(sandbox));
    const end = () => void run("chattr", "-a", today(sandbox));
    expect(await violationsIn(sandbox, before, {}, { mayDoNothing: true, end })).toEqual([]);
  });
});

function today({ events }: Sandbox): string {
  return dayPath(events, utcDay(Date.now()));
}

function stepsTo(end: number, step: number): number[] {
  return Array.from({ length: Math.ceil(end / step) }, (_, i) => i * step);
}
