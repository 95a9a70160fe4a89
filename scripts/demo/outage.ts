// The demo of an outage: events are forwarded to a server that is killed half-way and started again.
import type { Subprocess } from "bun";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { median } from "../bench/timing";
import { SCENARIO, type DemoSandbox, type Played } from "./sandbox";

/** The outage lasts a few seconds, so the forwarder waits no longer than that for its next attempt. */
const MAX_WAIT_MS = 30_000;

/** An event as the server keeps it. */
interface Arrived {
  readonly session_id: string;
  readonly hook_event_type: string;
  readonly payload: { readonly event_id: string };
}

/** Returns whether every event arrived under its own session. */
export async function demoOutage(sandbox: DemoSandbox): Promise<boolean> {
  const file = `${sandbox.root}/arrived.jsonl`;
  const arrived = () => (existsSync(file) ? readArrived(file) : []);
  const ids = () => new Set(arrived().map(({ payload }) => payload.event_id));
  let server = await startServer("0", file);
  try {
    sandbox.showStep("Install", "and forward all events to a server on this machine");
    sandbox.show(`install --server http://127.0.0.1:${server.port}`);

    const half = SCENARIO.length >> 1;
    sandbox.showStep("Work", `the first ${half} events of two sessions; the server is running`);
    const before = await playAll(sandbox, SCENARIO.slice(0, half));
    await until(() => ids().size === half);
    console.log(`The server has ${ids().size} of ${half}.`);

    sandbox.showStep(
      "Outage",
      `the server is killed, and Claude Code sends ${SCENARIO.length - half} more events`,
    );
    server.child.kill("SIGKILL");
    await server.child.exited;
    const during = await playAll(sandbox, SCENARIO.slice(half));
    // By then the forwarder has tried once more.
    await until(() => sandbox.output("forward --status").includes("connection refused"));
    sandbox.show("forward --status");
    sandbox.show("doctor");

    sandbox.showStep("Recovery", "the server is started again");
    server = await startServer(String(server.port), file);
    await until(() => ids().size >= SCENARIO.length);
    sandbox.show("forward --status");

    sandbox.showStep("Count", "what Claude Code sent, and what the server has");
    showTimes(before, during);
    return isComplete([...before, ...during], arrived(), sandbox);
  } finally {
    server.child.kill("SIGKILL");
    await endForwarder(sandbox);
  }
}

async function playAll(sandbox: DemoSandbox, lines: readonly string[]): Promise<Played[]> {
  const played: Played[] = [];
  for (const line of lines) played.push(await sandbox.play(line));
  return played;
}

function isComplete(
  played: readonly Played[],
  arrived: readonly Arrived[],
  sandbox: DemoSandbox,
): boolean {
  const sessionOf = new Map(arrived.map((event) => [event.payload.event_id, event.session_id]));
  const sessions = new Map<string, { sent: number; right: number }>();
  for (const [i, { sessionId }] of played.entries()) {
    const { sent, right } = sessions.get(sessionId) ?? { sent: 0, right: 0 };
    const isRight = sessionOf.get(sandbox.records[i]?.id ?? "") === sessionId;
    sessions.set(sessionId, { sent: sent + 1, right: right + (isRight ? 1 : 0) });
  }
  for (const [id, { sent, right }] of sessions)
    console.log(`${id}  the server has ${right} of ${sent} events of this session`);
  const repeated = arrived.length - sessionOf.size;
  console.log(`${sessionOf.size} different events arrived, ${repeated} of them twice.`);
  return [...sessions.values()].every(({ sent, right }) => sent === right);
}

function showTimes(before: readonly Played[], during: readonly Played[]): void {
  const [up = "", down = ""] = [before, during].map((played) =>
    median(played.map(({ ms }) => ms)).toFixed(1),
  );
  console.log(
    `A hook took ${up} ms while the server was running, and ${down} ms while it was down.`,
  );
}

function readArrived(file: string): Arrived[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Arrived);
}

async function startServer(
  port: string,
  file: string,
): Promise<{ child: Subprocess; port: number }> {
  const command = [process.execPath, `${import.meta.dir}/observability-server.ts`, port, file];
  const child = Bun.spawn(command, { env: {}, stdin: "ignore", stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  return { child, port: Number(new TextDecoder().decode(value)) };
}

// Without a destination it exits by itself and removes its heartbeat.
async function endForwarder({ state }: DemoSandbox): Promise<void> {
  rmSync(`${state}/config.json`, { force: true });
  await until(() => !existsSync(`${state}/forward/heartbeat`));
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + MAX_WAIT_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${MAX_WAIT_MS} ms for nothing`);
    await Bun.sleep(50);
  }
}
