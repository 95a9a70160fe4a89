// Delivery under conditions that are not those of a workshop: slow lines and servers, a log that is changed while it
// is followed, sessions with and without a token, disks without locks, addresses that are secret.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import type { Socket } from "bun";
import { dayPath, utcDay } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { commandExists } from "../../scripts/harness/system-commands";
import { Collector } from "../support/collector";
import { configure, endForwarders } from "../support/forwarder";
import { recordedSession } from "../support/recorded-session";
import { forwardOnce, startForward, statusOf, toLake } from "../support/two-destinations";
import { until } from "../support/until";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(120_000);

const [first] = (await recordedSession()) as [EventRecord];
const TODAY = utcDay(Date.now());

/** Records of today, whose ids are in the order of the log. */
function recordsOfToday(count: number, from = 0, text = ""): EventRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    ...first,
    id: Bun.randomUUIDv7("hex", Date.now() + from + n),
    timestamp: `${TODAY}T00:00:00.${String((from + n) % 1000).padStart(3, "0")}Z`,
    payload: { n: from + n, text },
  }));
}

describe("a request without an answer in time", () => {
  test("is repeated with less and more time: a line of 150 kB/s delivers a megabyte", async () => {
    using sandbox = new Sandbox();
    using server = new SlowServer(150_000);
    configure(sandbox, { name: "lake", type: "http", url: server.url });
    writeRecords(sandbox, recordsOfToday(250, 0, "x".repeat(4000)));
    const { code, stdout } = await forwardOnce(sandbox);
    expect([code, stdout]).toEqual([0, "lake: 250 events delivered\n"]);
    expect((await statusOf(sandbox)).of("lake").undelivered.events).toBe(0);
  });

  test("is not repeated for ever where the server takes 6 seconds", async () => {
    using sandbox = new Sandbox();
    using server = new SlowServer(Infinity, 6000);
    configure(sandbox, { name: "lake", type: "http", url: server.url });
    writeRecords(sandbox, recordsOfToday(10));
    const { code, stdout } = await forwardOnce(sandbox);
    expect([code, stdout]).toEqual([0, "lake: 10 events delivered\n"]);
    // All of them in time the second time, in batches of half the size.
    expect(server.requests).toBeLessThanOrEqual(3);
  });
});

describe("a day that is changed while it is followed", () => {
  const changes: Record<string, (path: string) => void> = {
    "is emptied": (path) => writeFileSync(path, ""),
    "is replaced by an edited copy, as sed -i does": (path) => {
      writeFileSync(`${path}.new`, readFileSync(path, "utf8").replaceAll('"n":', '"number":'));
      renameSync(`${path}.new`, path);
    },
    "loses its first line": (path) => {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.slice(text.indexOf("\n") + 1));
    },
    "is removed": (path) => rmSync(path),
    "is renamed": (path) => renameSync(path, `${path}.old`),
  };

  test.concurrent.each(Object.entries(changes))("%s: nothing new is skipped", async (_, change) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, toLake(collector));
    const [before, after] = [recordsOfToday(9), recordsOfToday(20, 9)];
    writeRecords(sandbox, before);
    const forwarder = startForward(sandbox);
    try {
      await until(() => collector.arrivals.length === before.length);
      change(dayPath(sandbox.events, TODAY));
      writeRecords(sandbox, after);
      const arrived = () => new Set(collector.arrivals.map(({ id }) => id));
      await until(() => after.every(({ id }) => arrived().has(id)));
      const { undelivered, repeated } = (await statusOf(sandbox)).of("lake");
      const sentTwice = collector.arrivals.length - arrived().size;
      expect([undelivered.events, repeated]).toEqual([0, sentTwice]);
    } finally {
      forwarder.kill();
      await forwarder.exited;
    }
  });
});

test("a forwarder without a token hands over to one that has it", async () => {
  using sandbox = new Sandbox();
  await using team = new Collector();
  await using local = new Collector();
  configure(
    sandbox,
    { name: "team", type: "http", url: `${team.url}/`, token_env: "TEAM_TOKEN" },
    { name: "local", type: "http", url: `${local.url}/` },
  );
  const event = { ...(first.payload as object), session_id: "session-1", hook_event_name: "Stop" };
  try {
    const endMs = performance.now() + 30_000;
    while (team.arrivals.length === 0 && performance.now() < endMs)
      for (const env of [{}, { TEAM_TOKEN: `t${Date.now()}oken` }]) {
        // oxlint-disable-next-line no-await-in-loop -- the sessions take turns
        await runProgram("session-event", sandbox, event, { env });
        // oxlint-disable-next-line no-await-in-loop -- as above
        await Bun.sleep(250);
      }
    expect(team.arrivals.length).toBeGreaterThan(0);
  } finally {
    await endForwarders(sandbox);
  }
});

test.if(commandExists("strace"))("a disk without locks delivers all the same", async () => {
  using sandbox = new Sandbox();
  await using collector = new Collector();
  configure(sandbox, toLake(collector));
  writeRecords(sandbox, recordsOfToday(3));
  const by = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=flock:error=ENOSYS"];
  const { code } = await runProgram("claude-session", sandbox, "", {
    by,
    args: ["forward", "--once"],
  });
  expect([code, collector.arrivals.length]).toEqual([0, 3]);
});

test("a token in the path of an address is nowhere to be seen", async () => {
  const token = `${Bun.randomUUIDv7()}`;
  using sandbox = new Sandbox();
  await using collector = new Collector();
  collector.behavior = { status: 500, text: `no such input: ${token}` };
  configure(sandbox, { name: "lake", type: "http", url: `${collector.url}/inputs/${token}/tag/x` });
  writeRecords(sandbox, recordsOfToday(1));
  const outputs = [
    await forwardOnce(sandbox),
    await runCli(sandbox, "forward --status"),
    await runCli(sandbox, "doctor"),
    await runCli(sandbox, "install --dry-run --server http://127.0.0.1:4000"),
  ];
  for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(token);
  expect(readFileSync(`${sandbox.state}/forward/lake/status.json`, "utf8")).not.toContain(token);
});

test("an event's name that is nearly right is told", async () => {
  using sandbox = new Sandbox();
  await using collector = new Collector();
  configure(sandbox, toLake(collector, { events: ["PreTooluse"] }));
  const { stdout } = await runCli(sandbox, "forward --status");
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(
    "unknown event PreTooluse; did you mean PreToolUse?",
  );
});

test.each(["session-start", "prune"])(
  "rejected events of a destination that is configured no longer expire: %s",
  async (by) => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.state}/forward/old`;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = `${folder}/rejected.jsonl`;
    const record = { ...first, timestamp: "2020-01-01T00:00:00.000Z" };
    writeFileSync(
      path,
      `${JSON.stringify({ at: record.timestamp, status: 400, answer: "", record })}\n`,
      {
        mode: 0o600,
      },
    );
    utimesSync(path, 1_577_836_800, 1_577_836_800);
    writeRecords(sandbox, recordsOfToday(1));
    if (by === "prune") await runCli(sandbox, "prune");
    else await runProgram(by, sandbox, { session_id: "s-1", hook_event_name: "SessionStart" });
    expect((await Bun.file(path).exists()) && readFileSync(path, "utf8") !== "").toBe(false);
  },
);

/** A server that reads so many bytes a second, and answers 200 after a while. */
class SlowServer {
  requests = 0;
  readonly #listener;

  constructor(bytesPerSecond: number, answerMs = 0) {
    this.#listener = Bun.listen<{ left: number; paused: boolean }>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => void (socket.data = { left: -1, paused: false }),
        data: (socket, chunk) => {
          const text = chunk.toString("latin1");
          if (socket.data.left < 0) {
            this.requests++;
            const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
            socket.data.left = length + text.indexOf("\r\n\r\n") + 4;
          }
          socket.data.left -= chunk.length;
          if (bytesPerSecond !== Infinity)
            void slowDown(socket, (chunk.length / bytesPerSecond) * 1000);
          if (socket.data.left <= 0) {
            socket.data.left = -1;
            setTimeout(() => answer(socket), answerMs);
          }
        },
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}/`;
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }
}

async function slowDown(socket: Socket<{ paused: boolean }>, ms: number): Promise<void> {
  socket.pause();
  await Bun.sleep(ms);
  socket.resume();
}

function answer(socket: Socket<unknown>): void {
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
}
