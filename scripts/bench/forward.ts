// What forwarding costs a hook, and how fast a forwarder is.
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { capturedPayload } from "../harness/payloads";
import { progress } from "../harness/progress";
import { Sandbox } from "../harness/sandbox";
import { FreshCopies } from "./fresh-copies";
import { generateLog } from "./generate-log";
import type { Measurement } from "./report";
import { median, peakMegabytes, timeHook } from "./timing";

/** More than for whole programs: the budget is a twentieth of a hook. */
const PAIRS = 150;
/** Fewer, because each waits for what it started. */
const START_PAIRS = 60;
const WARM_UP_PAIRS = 5;
const ARRIVALS = 40;
/** Longer than a forwarder takes to find that another one runs. */
const START_MS = 200;
/** Half of what an idle forwarder lives for. */
const IDLE_MS = 5000;
/** sysconf(_SC_CLK_TCK) of <unistd.h>: 100 on every Linux in use. */
const TICKS_PER_SECOND = 100;
/** A forwarder touches its heartbeat every second; this keeps one as young. */
const HEARTBEAT_MS = 500;
/** The discard port: nothing listens there, so a forwarder tries once and waits. */
const NOWHERE = "http://127.0.0.1:9";
/** What a hook reads of a destination: one with many keys. */
const TO_NOWHERE = {
  type: "otlp",
  url: NOWHERE,
  signals: ["logs", "traces"],
  encoding: "protobuf",
  resource: { "deployment.environment.name": "bench" },
};

/** Measures a hook with a destination, an event on its way, and a backlog. */
export async function measureForwarding(copies: FreshCopies): Promise<Measurement[]> {
  return [
    ...(await measureHook(copies)),
    ...(await measureArrival(copies)),
    ...(await measureBacklogs(copies)),
  ];
}

/** A hook without a destination, with a forwarder alive, and with one to start. */
async function measureHook(copies: FreshCopies): Promise<Measurement[]> {
  using without = new Sandbox();
  using alive = new Sandbox();
  using asleep = new Sandbox();
  for (const sandbox of [alive, asleep]) configure(sandbox, TO_NOWHERE);
  const { text } = await capturedPayload("PreToolUse");
  const beating = setInterval(() => touchHeartbeat(alive, new Date()), HEARTBEAT_MS);
  const timeIt = (sandbox: Sandbox) => timeHook(copies.program("pre-tool-use"), text, sandbox);
  const ratios: number[] = [];
  for (let pair = -WARM_UP_PAIRS; pair < PAIRS; pair++) {
    progress(`a hook that forwards, ${pair + 1} of ${PAIRS}`);
    touchHeartbeat(alive, new Date());
    const [aliveMs, withoutMs] = await timePair(timeIt, [alive, without], pair % 2 === 0);
    if (pair >= 0) ratios.push(aliveMs / withoutMs);
  }
  const startAndWait = async (sandbox: Sandbox) => {
    touchHeartbeat(asleep, new Date(0));
    const ms = await timeIt(sandbox);
    // A forwarder runs already: what the hook started ends at once, but takes a processor until then.
    await Bun.sleep(START_MS);
    return ms;
  };
  const extraMs: number[] = [];
  for (let pair = -WARM_UP_PAIRS; pair < START_PAIRS; pair++) {
    progress(`a hook that starts the forwarder, ${pair + 1} of ${START_PAIRS}`);
    const [asleepMs, withoutMs] = await timePair(startAndWait, [asleep, without], pair % 2 === 0);
    if (pair >= 0) extraMs.push(asleepMs - withoutMs);
  }
  clearInterval(beating);
  await endForwarder(asleep);
  return [
    {
      name: "hook with a destination / without, forwarder alive",
      value: median(ratios),
      unit: "×",
      // One more `stat`.
      max: 1.05,
    },
    {
      name: "hook that starts the forwarder, more than without",
      value: median(extraMs),
      unit: "ms",
      // One `posix_spawn`, only while no forwarder is alive.
      max: 1.5,
    },
  ];
}

/** Times one thing in two sandboxes, in either order. */
async function timePair(
  timeIt: (sandbox: Sandbox) => Promise<number>,
  [one, other]: readonly [Sandbox, Sandbox],
  isOneFirst: boolean,
): Promise<readonly [oneMs: number, otherMs: number]> {
  if (isOneFirst) return [await timeIt(one), await timeIt(other)];
  const otherMs = await timeIt(other);
  return [await timeIt(one), otherMs];
}

/** From the start of a hook to the event at the server, and what an idle forwarder costs. */
async function measureArrival(copies: FreshCopies): Promise<Measurement[]> {
  using sandbox = new Sandbox();
  let arrived = Promise.withResolvers<void>();
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      await request.arrayBuffer();
      arrived.resolve();
      return Response.json({ id: 1 });
    },
  });
  configure(sandbox, { type: "observability", url: server.url.href });
  const { text } = await capturedPayload("PreToolUse");
  const times: number[] = [];
  // The first one starts the forwarder.
  for (let event = -1; event < ARRIVALS; event++) {
    progress(`event to server, ${event + 1} of ${ARRIVALS}`);
    arrived = Promise.withResolvers<void>();
    const started = performance.now();
    await timeHook(copies.program("pre-tool-use"), text, sandbox);
    await arrived.promise;
    if (event >= 0) times.push(performance.now() - started);
    // A forwarder looks at the log every 100 ms: events should come at every moment in between.
    await Bun.sleep(Math.random() * 150);
  }
  const measurements: Measurement[] = [
    { name: "event to server", value: median(times), unit: "ms", max: 300 },
  ];
  const pid = forwarderOf(sandbox);
  if (pid !== undefined) {
    progress("an idle forwarder");
    const before = cpuTicks(pid);
    await Bun.sleep(IDLE_MS);
    const share = (cpuTicks(pid) - before) / TICKS_PER_SECOND / (IDLE_MS / 1000);
    measurements.push({ name: "idle forwarder, of a core", value: share * 100, unit: "%", max: 1 });
  }
  await endForwarder(sandbox);
  return measurements;
}

/** What a forwarder delivers in the bench. */
interface Backlog {
  readonly name: string;
  readonly destination: object;
  readonly records: number;
  /** How many it should deliver per second. */
  readonly min: number;
  /** How much memory it may take, in megabytes. */
  readonly maxMegabytes: number;
  /** What is counted of its log; by default every event. */
  readonly counted?: RegExp;
}

const BACKLOGS: readonly Backlog[] = [
  {
    name: "observability",
    destination: { type: "observability" },
    // One event a request, so fewer of them.
    records: 20_000,
    min: 1500,
    maxMegabytes: 120,
  },
  {
    name: "http",
    destination: { type: "http" },
    records: 1_000_000,
    min: 20_000,
    maxMegabytes: 120,
  },
  {
    name: "otlp, log records",
    destination: { type: "otlp", signals: ["logs"] },
    records: 500_000,
    min: 20_000,
    maxMegabytes: 150,
  },
  {
    name: "otlp, spans",
    destination: { type: "otlp", signals: ["traces"] },
    records: 500_000,
    min: 10_000,
    maxMegabytes: 150,
    // What ends something.
    counted: /"event":"(?:PostToolUse|PostToolUseFailure|Stop)"/g,
  },
];

/** Backlogs, to a server that takes everything. */
async function measureBacklogs(copies: FreshCopies): Promise<Measurement[]> {
  const server = Bun.spawn([process.execPath, `${import.meta.dir}/discard-server.ts`], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const { value } = await server.stdout.getReader().read();
  const url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
  const measurements: Measurement[] = [];
  for (const backlog of BACKLOGS)
    measurements.push(...(await measureBacklog(copies.program("claude-session"), backlog, url)));
  server.kill();
  await server.exited;
  return measurements;
}

async function measureBacklog(
  program: string,
  { name, destination, records, min, maxMegabytes, counted }: Backlog,
  url: string,
): Promise<Measurement[]> {
  progress(`delivering ${records} events, ${name}`);
  using sandbox = new Sandbox();
  configure(sandbox, { ...destination, url });
  const days = generateLog(sandbox.events, { records, days: 30 });
  const bytes = days.reduce((sum, day) => sum + Bun.file(day).size, 0);
  const count = counted === undefined ? records : await countMatches(days, counted);
  const started = performance.now();
  const megabytes = await peakMegabytes([program, "forward", "--once"], sandbox.env());
  const seconds = (performance.now() - started) / 1000;
  const title = `delivery, ${name}, ${count}`;
  return [
    { name: title, value: count / seconds, unit: "/s", min },
    // It does not grow with the backlog, which is read in batches.
    { name: `${title}, peak memory`, value: megabytes, unit: "MB", max: maxMegabytes },
    {
      name: `${title}, of the log`,
      value: bytes / 1e6 / seconds,
      unit: "MB/s",
      // Requests of one event are another kind of work.
      ...(name === "http" && { min: 50 }),
    },
  ];
}

async function countMatches(paths: readonly string[], pattern: RegExp): Promise<number> {
  let count = 0;
  for (const path of paths) count += (await Bun.file(path).text()).match(pattern)?.length ?? 0;
  return count;
}

function configure(sandbox: Sandbox, destination: object): void {
  mkdirSync(`${sandbox.state}/forward`, { recursive: true, mode: 0o700 });
  const config = { destinations: [{ name: "bench", ...destination }] };
  writeFileSync(`${sandbox.state}/config.json`, JSON.stringify(config), { mode: 0o600 });
}

function touchHeartbeat({ state }: Sandbox, date: Date): void {
  const path = `${state}/forward/heartbeat`;
  if (!existsSync(path)) writeFileSync(path, "\n", { mode: 0o600 });
  utimesSync(path, date, date);
}

/** The process that holds the lock of a sandbox; known on Linux only. */
function forwarderOf({ state }: Sandbox): number | undefined {
  if (process.platform !== "linux") return undefined;
  const { stdout } = Bun.spawnSync(["stat", "-c", "%i", `${state}/forward/lock`]);
  const inode = stdout.toString().trim();
  const line = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .find((lock) => lock.includes("FLOCK") && lock.includes(`:${inode} `));
  return line === undefined ? undefined : Number(line.trim().split(/\s+/)[4]);
}

async function endForwarder(sandbox: Sandbox): Promise<void> {
  const pid = forwarderOf(sandbox);
  if (pid === undefined) return;
  process.kill(pid);
  while (existsSync(`/proc/${pid}`)) await Bun.sleep(10);
}

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  // utime and stime of proc_pid_stat(5), counted from the state.
  return Number(fields[11]) + Number(fields[12]);
}

if (import.meta.main) {
  using copies = await FreshCopies.make();
  for (const one of await measureForwarding(copies)) console.log(one.name, one.value, one.unit);
}
