// The forwarder as a process: who starts it, when it ends, and that its death loses nothing.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { appendRecord } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli } from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import {
  configure,
  endForwarders,
  forwardersOf,
  linkTarget,
  ownPrograms,
} from "../support/forwarder";
import { ledger } from "../support/ledger";
import { recordedSession } from "../support/recorded-session";
import { statusOf, toLake, toTeam } from "../support/two-destinations";
import { until } from "../support/until";

setDefaultTimeout(120_000);
const onLinux = process.platform === "linux";
const records = await recordedSession();
const { payload } = await capturedPayload("PreToolUse");

/** A sandbox with its own programs, which leaves no forwarder behind. */
class Stage implements AsyncDisposable {
  readonly sandbox = new Sandbox();

  static async open(): Promise<Stage> {
    const stage = new Stage();
    await ownPrograms(stage.sandbox);
    return stage;
  }

  /** Runs a hook on an event; returns its exit code and output, once its pipes are closed. */
  async hook(sessionId: string, env: Record<string, string> = {}): Promise<[number, string]> {
    // From a file: a test process that is busy may feed a pipe too late for the hook's deadline.
    const input = `${this.sandbox.root}/${sessionId}.json`;
    writeFileSync(input, JSON.stringify({ ...payload, session_id: sessionId }));
    const child = Bun.spawn([`${this.sandbox.root}/hooks/pre-tool-use`], {
      env: this.sandbox.env(env),
      cwd: this.sandbox.project,
      stdin: Bun.file(input),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return [code, stdout + stderr];
  }

  /** Starts a forwarder as a hook does. */
  startForwarder() {
    return Bun.spawn([`${this.sandbox.root}/hooks/claude-session`, "forward"], {
      env: this.sandbox.env(),
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endForwarders(this.sandbox);
    this.sandbox[Symbol.dispose]();
  }
}

// Most tests of this file wait, so they run together: for the ten seconds that a forwarder lingers, or for
// programs that are started one after the other.
describe.skipIf(!onLinux)("a forwarder", () => {
  // An event that comes shortly before a forwarder ends, at its end, or shortly after.
  test.concurrent.each(Array.from({ length: 12 }, (_, i) => 9_900 + i * 150))(
    "delivers an event that comes %d ms after the last",
    async (ms) => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, toTeam(collector));
      await stage.hook("s");
      await until(() => collector.ids.length === 1);
      await Bun.sleep(ms);
      await stage.hook("s");
      await until(() => collector.ids.length === 2);
    },
  );

  test.concurrent("does not run next to another, and says so", async () => {
    await using stage = await Stage.open();
    await using collector = new Collector();
    configure(stage.sandbox, toTeam(collector));
    const first = stage.startForwarder();
    await until(async () => (await statusOf(stage.sandbox)).alive);
    const second = stage.startForwarder();
    expect(await second.exited).toBe(0);
    expect(await second.stderr.text()).toContain("Another forwarder");
    expect(first.exitCode).toBeNull();
  });

  test.concurrent.each(["config.json", "forward/lock"])(
    "ends when %s is removed, and starts no other",
    async (name) => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, toTeam(collector));
      const child = stage.startForwarder();
      await until(async () => (await statusOf(stage.sandbox)).alive);
      rmSync(`${stage.sandbox.state}/${name}`);
      expect(await child.exited).toBe(0);
      await until(() => forwardersOf(stage.sandbox).length === 0);
    },
  );

  let killed = 0;
  afterAll(() => console.log(`forwarders killed: ${killed}`));

  test.concurrent("loses nothing when it is killed at any moment, a hundred times", async () => {
    await using stage = await Stage.open();
    await using team = new Collector();
    await using lake = new Collector();
    configure(stage.sandbox, toTeam(team), toLake(lake));
    const emitted: string[] = [];
    const writing = setInterval(() => {
      const atMs = Date.now();
      for (const record of records.slice(0, 8)) {
        const id = Bun.randomUUIDv7("hex", atMs);
        const timestamp = new Date(atMs).toISOString();
        const line: EventRecord = {
          ...record,
          id,
          timestamp,
          session_id: `s-${emitted.length % 5}`,
        };
        appendRecord(stage.sandbox.events, timestamp, JSON.stringify(line));
        emitted.push(id);
      }
    }, 5);
    for (killed = 0; killed < 100; killed++) {
      const child = stage.startForwarder();
      // From before it has the lock to the middle of its work.
      await Bun.sleep(Math.random() * 120);
      child.kill("SIGKILL");
      await child.exited;
    }
    clearInterval(writing);
    expect(await runCli(stage.sandbox, "forward --once")).toMatchObject({ code: 0 });
    const status = await statusOf(stage.sandbox);
    for (const [name, collector] of Object.entries({ team, lake })) {
      const { arrived, ...rest } = await ledger(stage.sandbox, name, emitted, collector);
      expect(rest).toEqual({ undelivered: [], rejected: [], lost: 0 });
      expect(arrived).toHaveLength(emitted.length);
      // It started at the first start, and no kill has damaged a cursor since.
      expect(status.of(name).restarted?.reason).toContain("there was no cursor");
    }
    expect(emitted.length).toBeGreaterThan(1000);
  });
});

describe.skipIf(!onLinux)("a hook", () => {
  test.concurrent(
    "starts a forwarder that has none of its pipes and nothing of its shell",
    async () => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, toTeam(collector, { token_env: "TEAM_TOKEN" }));
      const shell = {
        TEAM_TOKEN: "the-token",
        ANTHROPIC_API_KEY: "a-secret-key",
        CLAUDE_CODE_SESSION_ID: "s",
        BUN_CONFIG_VERBOSE_FETCH: "curl",
        NODE_TLS_REJECT_UNAUTHORIZED: "0",
      };
      // Its pipes are closed while the forwarder lives on.
      expect(await stage.hook("s", shell)).toEqual([0, ""]);
      await until(() => collector.ids.length === 1);
      const [pid, ...others] = forwardersOf(stage.sandbox);
      expect(others).toEqual([]);
      expect(linkTarget(`/proc/${pid}/cwd`)).toBe("/");
      for (const fd of [0, 1, 2]) expect(linkTarget(`/proc/${pid}/fd/${fd}`)).toBe("/dev/null");
      // proc_pid_stat(5): state, parent, group, session.
      const [, after = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
      expect(after.split(" ")[3]).toBe(String(pid));
      const names = readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .map((line) => line.split("=")[0]);
      expect(names.filter(Boolean).toSorted()).toEqual([
        "BUN_ENABLE_CRASH_REPORTING",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_SESSION_HOME",
        "DO_NOT_TRACK",
        "HOME",
        "TEAM_TOKEN",
      ]);
      expect(collector.arrivals[0]?.headers["authorization"]).toBe("Bearer the-token");
    },
  );

  test.concurrent.each([
    ["there is no destination", []],
    ["there is no program for it", [{ name: "team", type: "http", url: "http://127.0.0.1:9" }]],
  ])("starts no forwarder where %s, and records the event", async (_, destinations) => {
    await using stage = await Stage.open();
    configure(stage.sandbox, ...destinations);
    if (destinations.length > 0) rmSync(`${stage.sandbox.root}/hooks/claude-session`);
    expect(await stage.hook("s")).toEqual([0, ""]);
    expect(forwardersOf(stage.sandbox)).toEqual([]);
    expect(await recordsOf(stage.sandbox)).toHaveLength(1);
  });

  test.concurrent("finds the forwarder at the path in config.json", async () => {
    await using stage = await Stage.open();
    await using other = await Stage.open();
    await using collector = new Collector();
    configure(stage.sandbox, toTeam(collector));
    const path = `${stage.sandbox.state}/config.json`;
    const config = JSON.parse(readFileSync(path, "utf8")) as object;
    const forwarder = `${other.sandbox.root}/hooks/claude-session`;
    await Bun.write(path, JSON.stringify({ ...config, forwarder }));
    rmSync(`${stage.sandbox.root}/hooks/claude-session`);
    expect(await stage.hook("s")).toEqual([0, ""]);
    await until(() => collector.ids.length === 1);
    expect(forwardersOf(other.sandbox)).toHaveLength(1);
  });
});

// Alone, because 200 programs at a time are load enough for two processors.
test.skipIf(!onLinux)(
  "200 hooks at a time start one forwarder, and every event arrives",
  async () => {
    await using stage = await Stage.open();
    await using collector = new Collector();
    configure(stage.sandbox, toTeam(collector));
    const ended = await Promise.all(
      Array.from({ length: 200 }, (_, i) => stage.hook(`session-${i}`)),
    );
    expect(ended.filter(([code, output]) => code !== 0 || output !== "")).toEqual([]);
    const ids = (await recordsOf(stage.sandbox)).map(({ id }) => id);
    expect(ids).toHaveLength(200);
    await until(() => collector.ids.length === 200);
    await until(() => forwardersOf(stage.sandbox).length === 1);
    await until(async () => (await statusOf(stage.sandbox)).of("team").undelivered.events === 0);
    // Distinct ids: on a busy machine an answer may be late, and its event is sent again.
    const { arrived, undelivered } = await ledger(stage.sandbox, "team", ids, collector);
    expect([undelivered, arrived.length]).toEqual([[], 200]);
    expect(new Set(collector.arrivals.map(({ session_id }) => session_id)).size).toBe(200);
  },
);
