// What forwarding costs a hook, and how fast a forwarder is.
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { capturedPayload } from "../harness/payloads";
import { programPath } from "../harness/programs";
import { Sandbox } from "../harness/sandbox";
import { generateLog } from "./generate-log";
import { progress, type Figure } from "./report";
import { median, peakMegabytes } from "./timing";

const PAIRS = 150;
const EVENTS = 40;
const IDLE_MS = 5000;
// <unistd.h>: sysconf(_SC_CLK_TCK) on every Linux of today.
const TICKS_PER_SECOND = 100;

/** Measures, and adds the figures. */
export async function measureForwarding(figures: Figure[]): Promise<void> {
  await measureHook(figures);
  await measureArrival(figures);
  await measureDelivery(figures);
}

/** A hook without a destination, with a forwarder alive, and with one to start. */
async function measureHook(figures: Figure[]): Promise<void> {
  using without = new Sandbox();
  using alive = new Sandbox();
  using asleep = new Sandbox();
  // Nobody listens there: what is started tries once, and waits.
  for (const sandbox of [alive, asleep]) configure(sandbox, "observability", "http://127.0.0.1:9");
  const { text } = await capturedPayload("PreToolUse");
  const beating = setInterval(() => touch(alive, new Date()), 500);
  const sandboxes = [without, alive, asleep];
  const ratios: number[] = [];
  const surplusMs: number[] = [];
  for (let pair = -5; pair < PAIRS; pair++) {
    progress(`a hook that forwards, ${pair + 1} of ${PAIRS}`);
    touch(alive, new Date());
    touch(asleep, new Date(0));
    const ms = new Map<Sandbox, number>();
    for (const sandbox of pair % 2 === 0 ? sandboxes : sandboxes.toReversed())
      ms.set(sandbox, await timeHook(sandbox, text));
    if (pair < 0) continue;
    const base = ms.get(without) ?? NaN;
    ratios.push((ms.get(alive) ?? NaN) / base);
    surplusMs.push((ms.get(asleep) ?? NaN) - base);
  }
  clearInterval(beating);
  await endForwarder(asleep);
  figures.push(
    {
      name: "hook with a destination / without, forwarder alive",
      value: median(ratios),
      unit: "×",
      most: 1.05,
    },
    {
      name: "hook that starts the forwarder, more than without",
      value: median(surplusMs),
      unit: "ms",
      most: 1.5,
    },
  );
}

async function timeHook(sandbox: Sandbox, payload: string): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([programPath("pre-tool-use")], {
    env: sandbox.env(),
    cwd: sandbox.project,
    stdin: new Blob([payload]),
    stdout: "ignore",
    stderr: "ignore",
  });
  await child.exited;
  return performance.now() - started;
}

/** From the start of a hook to the event at the server, and what an idle forwarder costs. */
async function measureArrival(figures: Figure[]): Promise<void> {
  using sandbox = new Sandbox();
  let arrived = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      await request.arrayBuffer();
      arrived.resolve();
      return Response.json({ id: 1 });
    },
  });
  configure(sandbox, "observability", server.url.href);
  const { text } = await capturedPayload("PreToolUse");
  const times: number[] = [];
  for (let event = -1; event < EVENTS; event++) {
    progress(`event to server, ${event + 1} of ${EVENTS}`);
    arrived = Promise.withResolvers<void>();
    const started = performance.now();
    await timeHook(sandbox, text);
    await arrived.promise;
    if (event >= 0) times.push(performance.now() - started);
    await Bun.sleep(Math.random() * 150);
  }
  figures.push({ name: "event to server", value: median(times), unit: "ms", most: 300 });
  const pid = forwarderOf(sandbox);
  if (pid !== undefined) {
    progress("an idle forwarder");
    const before = cpuTicks(pid);
    await Bun.sleep(IDLE_MS);
    const share = (cpuTicks(pid) - before) / TICKS_PER_SECOND / (IDLE_MS / 1000);
    figures.push({ name: "idle forwarder, of a core", value: share * 100, unit: "%", most: 1 });
  }
  await endForwarder(sandbox);
  await server.stop(true);
}

/** A backlog, to a server that answers at once. */
async function measureDelivery(figures: Figure[]): Promise<void> {
  const sink = Bun.spawn([process.execPath, `${import.meta.dir}/discard-server.ts`], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const { value } = await sink.stdout.getReader().read();
  const url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
  for (const { type, records, least } of [
    { type: "observability", records: 20_000, least: 1500 },
    { type: "http", records: 1_000_000, least: 20_000 },
  ]) {
    progress(`delivering ${records} events, ${type}`);
    using sandbox = new Sandbox();
    configure(sandbox, type, url);
    const days = generateLog(sandbox.events, { records, days: 30 });
    const bytes = days.reduce((sum, day) => sum + Bun.file(day).size, 0);
    const started = performance.now();
    const command = [programPath("claude-session"), "forward", "--once"];
    const megabytes = await peakMegabytes(command, sandbox.env());
    const seconds = (performance.now() - started) / 1000;
    const name = `${type}, ${records} events`;
    figures.push(
      { name: `delivery, ${name}`, value: records / seconds, unit: "/s", least },
      { name: `delivery, ${name}, peak memory`, value: megabytes, unit: "MB", most: 120 },
    );
    if (type === "http")
      figures.push({
        name: `delivery, ${name}, of the log`,
        value: bytes / 1e6 / seconds,
        unit: "MB/s",
        least: 50,
      });
  }
  sink.kill();
  await sink.exited;
}

function configure(sandbox: Sandbox, type: string, url: string): void {
  mkdirSync(`${sandbox.state}/forward`, { recursive: true, mode: 0o700 });
  const config = { destinations: [{ name: "bench", type, url }] };
  writeFileSync(`${sandbox.state}/config.json`, JSON.stringify(config), { mode: 0o600 });
}

function touch({ state }: Sandbox, date: Date): void {
  const path = `${state}/forward/heartbeat`;
  if (!existsSync(path)) writeFileSync(path, "\n", { mode: 0o600 });
  utimesSync(path, date, date);
}

/** The process that holds a sandbox's lock, as far as this system tells. */
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
  // utime and stime: proc_pid_stat(5), counted from the state.
  return Number(fields[11]) + Number(fields[12]);
}
