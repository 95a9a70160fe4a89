// The forwarder as a process: who starts it, how it lives, and that its death costs nothing.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { appendRecord } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli } from "../../scripts/harness/programs";
import { recordsOf } from "../../scripts/harness/records";
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
import { until } from "../support/until";

setDefaultTimeout(60_000);
const onLinux = process.platform === "linux";
const records = await recordedSession();
const { payload } = await capturedPayload("PreToolUse");
const team = (collector: Collector, more: object = {}) => ({
  name: "team",
  type: "observability",
  url: collector.url,
  ...more,
});

/** A sandbox with programs of its own, and nothing of it left running afterwards. */
class Stage implements AsyncDisposable {
  readonly sandbox = new Sandbox();

  static async open(): Promise<Stage> {
    const stage = new Stage();
    await ownPrograms(stage.sandbox);
    return stage;
  }

  /** Hands an event to a hook, and answers with how it ended; its pipes are closed by then. */
  async hook(sessionId: string, env: Record<string, string> = {}): Promise<[number, string]> {
    const child = Bun.spawn([`${this.sandbox.root}/hooks/pre-tool-use`], {
      env: this.sandbox.env(env),
      cwd: this.sandbox.project,
      stdin: new Blob([JSON.stringify({ ...payload, session_id: sessionId })]),
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

  /** Starts a forwarder, as a hook does. */
  forwarder() {
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

describe.skipIf(!onLinux)("a hook", () => {
  test.concurrent(
    "starts a forwarder that holds nothing of its own, and knows nothing of its shell",
    async () => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, team(collector, { token_env: "TEAM_TOKEN" }));
      const shell = {
        TEAM_TOKEN: "the-token",
        ANTHROPIC_API_KEY: "a-secret-key",
        CLAUDE_CODE_SESSION_ID: "s",
        BUN_CONFIG_VERBOSE_FETCH: "curl",
        NODE_TLS_REJECT_UNAUTHORIZED: "0",
      };
      // That it ends while the other lives on shows that its pipes are its own.
      expect(await stage.hook("s", shell)).toEqual([0, ""]);
      await until(() => collector.arrivals.length === 1);
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
    ["there is nowhere to deliver to", []],
    ["there is no program for it", [{ name: "team", type: "http", url: "http://127.0.0.1:9" }]],
  ])("starts none where %s, and records as ever", async (_, destinations) => {
    await using stage = await Stage.open();
    configure(stage.sandbox, ...destinations);
    if (destinations.length > 0) rmSync(`${stage.sandbox.root}/hooks/claude-session`);
    expect(await stage.hook("s")).toEqual([0, ""]);
    expect(forwardersOf(stage.sandbox)).toEqual([]);
    expect(await recordsOf(stage.sandbox)).toHaveLength(1);
  });

  test.concurrent("finds it where install wrote down", async () => {
    await using stage = await Stage.open();
    await using other = await Stage.open();
    await using collector = new Collector();
    configure(stage.sandbox, team(collector));
    const path = `${stage.sandbox.state}/config.json`;
    const config = JSON.parse(readFileSync(path, "utf8")) as object;
    const forwarder = `${other.sandbox.root}/hooks/claude-session`;
    await Bun.write(path, JSON.stringify({ ...config, forwarder }));
    rmSync(`${stage.sandbox.root}/hooks/claude-session`);
    expect(await stage.hook("s")).toEqual([0, ""]);
    await until(() => collector.arrivals.length === 1);
    expect(forwardersOf(other.sandbox)).toHaveLength(1);
  });

  test.concurrent(
    "in company of 199 others is silent; one forwarder is left, and every event arrives",
    async () => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, team(collector));
      const ended = await Promise.all(
        Array.from({ length: 200 }, (_, i) => stage.hook(`session-${i}`)),
      );
      expect(ended.filter(([code, output]) => code !== 0 || output !== "")).toEqual([]);
      const ids = (await recordsOf(stage.sandbox)).map(({ id }) => id);
      expect(ids).toHaveLength(200);
      await until(() => collector.ids.length === 200);
      await until(() => forwardersOf(stage.sandbox).length === 1);
      const { undelivered } = await ledger(stage.sandbox, "team", ids, collector);
      expect([undelivered, collector.arrivals.length]).toEqual([[], 200]);
      expect(new Set(collector.arrivals.map(({ session_id }) => session_id)).size).toBe(200);
    },
  );
});

describe.skipIf(!onLinux)("a forwarder", () => {
  test.concurrent("beside another ends at once, and says so", async () => {
    await using stage = await Stage.open();
    await using collector = new Collector();
    configure(stage.sandbox, team(collector));
    const first = stage.forwarder();
    await until(async () =>
      (await runCli(stage.sandbox, "forward --status")).stdout.includes("at work"),
    );
    const second = stage.forwarder();
    expect(await second.exited).toBe(0);
    expect(await second.stderr.text()).toContain("Another forwarder is at work");
    expect(first.exitCode).toBeNull();
  });

  test.concurrent.each(["config.json", "forward/lock"])(
    "ends when %s is gone, and leaves no one behind",
    async (name) => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, team(collector));
      const child = stage.forwarder();
      await until(async () =>
        (await runCli(stage.sandbox, "forward --status")).stdout.includes("at work"),
      );
      rmSync(`${stage.sandbox.state}/${name}`);
      expect(await child.exited).toBe(0);
      await until(() => forwardersOf(stage.sandbox).length === 0);
    },
  );

  // It lingers for ten seconds: an event comes shortly before its end, at it, or shortly after.
  test.concurrent.each(Array.from({ length: 12 }, (_, i) => 9_900 + i * 150))(
    "delivers an event that comes %d ms after the last",
    async (ms) => {
      await using stage = await Stage.open();
      await using collector = new Collector();
      configure(stage.sandbox, team(collector));
      await stage.hook("s");
      await until(() => collector.arrivals.length === 1);
      await Bun.sleep(ms);
      await stage.hook("s");
      await until(() => collector.arrivals.length === 2);
    },
  );
});

let killed = 0;
afterAll(() => console.log(`forwarders killed: ${killed}`));

test.skipIf(!onLinux)(
  "a hundred forwarders, killed at random moments under load, lose nothing",
  async () => {
    await using stage = await Stage.open();
    await using toTeam = new Collector();
    await using toLake = new Collector();
    configure(stage.sandbox, team(toTeam), { name: "lake", type: "http", url: toLake.url });
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
      const child = stage.forwarder();
      // From before it has the lock to the middle of its work.
      await Bun.sleep(Math.random() * 120);
      child.kill("SIGKILL");
      await child.exited;
    }
    clearInterval(writing);
    expect(await runCli(stage.sandbox, "forward --once")).toMatchObject({ code: 0 });
    for (const [name, collector] of [
      ["team", toTeam],
      ["lake", toLake],
    ] as const) {
      const { undelivered, setAside, lost } = await ledger(stage.sandbox, name, emitted, collector);
      expect({ undelivered, setAside, lost }).toEqual({ undelivered: [], setAside: [], lost: 0 });
      expect(collector.ids).toHaveLength(emitted.length);
      const { stdout } = await runCli(stage.sandbox, "forward --status --json");
      // Begun once, at the first start: no kill has damaged a cursor.
      expect(stdout).toContain("there was no cursor");
      expect(stdout).not.toContain("damaged");
    }
    expect(emitted.length).toBeGreaterThan(1000);
  },
);
