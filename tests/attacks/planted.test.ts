// Another user of the machine plants something at every path that we use, where folders let them: nothing
// of ours is written into it or through it, nothing in it is believed, and nothing waits for it.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dayPath, utcDay } from "../../lib/log/log";
import { faultCode } from "../../lib/os/fault";
import { formatLocalTime } from "../../lib/os/local-time";
import { run } from "../../scripts/harness/commands";
import { runProgram } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { Tally } from "../support/tally";
import { as, NEIGHBOUR, USER, whyNotAnother } from "../support/users";

setDefaultTimeout(60_000);

const tally = new Tally("planted");
afterAll(() => tally.print());
const whyNot = whyNotAnother();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);
// Second names are made by root here, which that protection does not concern.
for (const kind of ["symlinks", "regular", "fifos"]) {
  const path = `/proc/sys/fs/protected_${kind}`;
  if (existsSync(path) && readFileSync(path, "utf8").trim() !== "0")
    tally.note(`fs.protected_${kind} is on, so the kernel helps`);
}

// A hook gives up after a second, but here many run at once; what waits for a FIFO waits for ever.
const HANGS_MS = 10_000;
const EVIL = "evil-session";
const MINE = "the user's own, and nobody else's";
const PROMPT = "a prompt that is nobody's business";

/** A machine of two users: a home of the one's, and folders that both may write to. */
class Machine implements Disposable {
  readonly sandbox = new Sandbox();
  /** A file that the user has, and that we have no business with. */
  readonly precious = `${this.sandbox.home}/precious`;
  readonly #collector: Collector;

  constructor(collector: Collector) {
    this.#collector = collector;
    const { root, home, pointers, state, events } = this.sandbox;
    chmodSync(root, 0o755);
    writeFileSync(this.precious, MINE, { mode: 0o600 });
    // A careless user, or one with a careless umask: everybody may write where we are to.
    for (const folder of [
      `${home}/.claude`,
      state,
      events,
      `${state}/forward`,
      `${state}/forward/server`,
      `${state}/backups`,
    ])
      mkdirSync(folder, { recursive: true });
    run("chown", "-R", `${USER}:${USER}`, home, this.sandbox.project);
    run("chmod", "-R", "a+rwX", `${home}/.claude`);
    chmodSync(home, 0o755);
    // As /tmp is: whoever made a file is the only one who may remove it.
    chmodSync(pointers, 0o1777);
  }

  /** Starts a program as the user, and holds it to its promise: silent for a hook, no bug for the other. */
  async start(program: string, input: object | undefined, ...words: string[]): Promise<void> {
    const start = { by: as(USER), args: words };
    const { code, stdout, stderr, ms } = await runProgram(
      program,
      this.sandbox,
      input ?? "",
      start,
    );
    const output = stdout + stderr;
    tally.add("programs run");
    if (program === "claude-session") {
      expect(output).not.toContain("a bug of ours");
      expect(output).not.toContain(EVIL);
      expect([0, 1]).toContain(code ?? -1);
      return;
    }
    expect({ program, code, output }).toEqual({ program, code: 0, output: "" });
    expect(ms).toBeLessThan(HANGS_MS);
  }

  /** What the neighbour would have a config.json say. */
  get config(): string {
    const { url } = this.#collector;
    return JSON.stringify({
      retention_days: 1,
      destinations: [{ name: "server", type: "observability", url }],
    });
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }
}

/** Plants something, and answers with a check that it is as it was planted. */
type Plant = (path: string, machine: Machine, content: string) => () => void;

const PLANTS: Record<string, Plant> = {
  "a link to a file of the user's": (path, { precious }) => {
    symlinkSync(precious, path);
    lchownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => {};
  },
  "a link to a folder of the user's": (path, { sandbox }) => {
    const folder = `${sandbox.home}/papers`;
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, USER, USER);
    symlinkSync(folder, path);
    lchownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => expect(readdirSync(folder)).toEqual([]);
  },
  "a link to nothing": (path, { sandbox }) => {
    symlinkSync(`${sandbox.home}/made-by-us`, path);
    lchownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => expect(existsSync(`${sandbox.home}/made-by-us`)).toBe(false);
  },
  "a second name of a file of the user's": (path, { precious }) => {
    linkSync(precious, path);
    return () => {};
  },
  "a FIFO that somebody reads": (path) => {
    run("mkfifo", "-m", "666", path);
    chownSync(path, NEIGHBOUR, NEIGHBOUR);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return () => {
      expect(bytesIn(reader)).toBe(0);
      closeSync(reader);
    };
  },
  "a FIFO that nobody reads": (path) => {
    run("mkfifo", "-m", "666", path);
    chownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => {};
  },
  "a folder of theirs": (path) => {
    mkdirSync(path);
    chmodSync(path, 0o700);
    chownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => {
      if (!isTheirs(path)) return;
      expect(readdirSync(path)).toEqual([]);
      expect(lstatSync(path).mode & 0o777).toBe(0o700);
    };
  },
  "a folder of theirs for everybody": (path) => {
    mkdirSync(path);
    chmodSync(path, 0o777);
    chownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => {
      if (isTheirs(path)) expect(readdirSync(path)).toEqual([]);
    };
  },
  "a file of theirs for everybody": (path, _machine, content) => {
    writeFileSync(path, content);
    chmodSync(path, 0o666);
    chownSync(path, NEIGHBOUR, NEIGHBOUR);
    return () => {
      if (isTheirs(path)) expect(readFileSync(path, "utf8")).toBe(content);
    };
  },
};

const pointerName = (machine: Machine) =>
  `claude_session_shop-${Bun.SHA256.hash(machine.sandbox.project, "hex").slice(0, 16)}`;

/**
 * Every path that we use but `~/.claude` itself: whoever can plant that registers hooks of his own and
 * needs none of ours. And what the neighbour would have it say. */
const TARGETS: Record<
  string,
  [pathOf: (machine: Machine) => string, content: (machine: Machine) => string]
> = {
  "the pointer": [({ sandbox }) => `${sandbox.pointers}/claude_session_shop`, evilPointer],
  "the pointer with the hash": [
    (machine) => `${machine.sandbox.pointers}/${pointerName(machine)}`,
    evilPointer,
  ],
  "settings.json": [({ sandbox }) => `${sandbox.home}/.claude/settings.json`, () => "{}"],
  "the state folder": [({ sandbox }) => sandbox.state, () => ""],
  "config.json": [({ sandbox }) => `${sandbox.state}/config.json`, ({ config }) => config],
  "the log's folder": [({ sandbox }) => sandbox.events, () => ""],
  "the day's file": [({ sandbox }) => dayPath(sandbox.events, utcDay(Date.now())), () => "{}\n"],
  "hook-errors.log": [({ sandbox }) => `${sandbox.state}/hook-errors.log`, () => ""],
  "hook-errors.log.old": [({ sandbox }) => `${sandbox.state}/hook-errors.log.old`, () => ""],
  "the folder of backups": [({ sandbox }) => `${sandbox.state}/backups`, () => ""],
  "the forwarder's folder": [({ sandbox }) => `${sandbox.state}/forward`, () => ""],
  "the forwarder's heartbeat": [({ sandbox }) => `${sandbox.state}/forward/heartbeat`, () => ""],
  "the forwarder's lock": [({ sandbox }) => `${sandbox.state}/forward/lock`, () => ""],
  "a destination's folder": [({ sandbox }) => `${sandbox.state}/forward/server`, () => ""],
  "a cursor": [
    ({ sandbox }) => `${sandbox.state}/forward/server/cursor.json`,
    () => JSON.stringify({ v: 1, days: {}, lost: 7 }),
  ],
  "a status": [({ sandbox }) => `${sandbox.state}/forward/server/status.json`, () => "{}"],
  "rejected.jsonl": [({ sandbox }) => `${sandbox.state}/forward/server/rejected.jsonl`, () => ""],
};

const EVENTS = [
  ["session-start", { session_id: "mine", hook_event_name: "SessionStart" }],
  ["session-event", { session_id: "mine", hook_event_name: "UserPromptSubmit", prompt: PROMPT }],
  ["pre-tool-use", { hook_event_name: "PreToolUse", tool_name: "Bash" }],
  ["session-end", { session_id: "mine", hook_event_name: "SessionEnd" }],
] as const;

const rows = Object.entries(TARGETS).flatMap(([target, how]) =>
  Object.entries(PLANTS).map(([plant, put]) => [plant, target, how, put] as const),
);

describe.skipIf(whyNot !== undefined)("planted by another user:", () => {
  test.concurrent.each(rows)("%s as %s", async (_plant, target, [pathOf, contentOf], put) => {
    await using collector = new Collector();
    using machine = new Machine(collector);
    const { sandbox, precious } = machine;
    const path = pathOf(machine);
    // A destination of the user's own, unless it is the neighbour who writes the file.
    if (target !== "config.json") {
      writeFileSync(`${sandbox.state}/config.json`, machine.config, { mode: 0o600 });
      chownSync(`${sandbox.state}/config.json`, USER, USER);
    }
    rmSync(path, { recursive: true, force: true });
    const isUnharmed = put(path, machine, contentOf(machine));
    const was = lstatSync(precious);

    await machine.start("pre-tool-use", {});
    for (const [program, event] of EVENTS) await machine.start(program, event);
    await machine.start("claude-session", undefined, "forward", "--once");
    for (const words of ["id", "list", "doctor", "install", "uninstall"])
      await machine.start("claude-session", undefined, words);

    isUnharmed();
    expect(readFileSync(precious, "utf8")).toBe(MINE);
    const { mode, uid, mtimeMs } = lstatSync(precious);
    expect({ mode, uid, mtimeMs }).toEqual({ mode: was.mode, uid: was.uid, mtimeMs: was.mtimeMs });
    for (const file of filesOf(sandbox.root)) {
      const text = readFileSync(file, "utf8");
      if (text.includes(PROMPT)) expect(lstatSync(file)).toMatchObject({ uid: USER, nlink: 1 });
      if (text.includes(PROMPT)) expect(lstatSync(file).mode & 0o077).toBe(0);
      if (file.endsWith(".jsonl")) expect(text).not.toContain(EVIL);
    }
    if (target === "config.json") expect(collector.arrivals).toEqual([]);
    tally.add("plants");
  });
});

function evilPointer(): string {
  return `${EVIL}\n${formatLocalTime(Date.now())}\n`;
}

function isTheirs(path: string): boolean {
  return existsSync(path) && lstatSync(path).uid === NEIGHBOUR;
}

function bytesIn(reader: number): number {
  try {
    return readSync(reader, new Uint8Array(1));
  } catch (error) {
    if (faultCode(error) !== "EAGAIN") throw error;
    return 0;
  }
}

/** The regular files below a folder. */
function filesOf(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => `${folder}/${name}`)
    .filter((path) => lstatSync(path).isFile());
}
