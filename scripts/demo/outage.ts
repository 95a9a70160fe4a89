// What becomes of the events when the server that they are forwarded to is killed half-way.
import type { Subprocess } from "bun";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { median } from "../bench/timing";
import { PLAY, type Played, type Stage } from "./sandbox";

const PATIENCE_MS = 30_000;

/** What such a server keeps of an event. */
interface Arrived {
  readonly session_id: string;
  readonly hook_event_type: string;
  readonly payload: { readonly event_id: string };
}

/** Plays the story; answers whether every event arrived, under its own session. */
export async function demoServer(on: Stage): Promise<boolean> {
  const file = `${on.root}/arrived.jsonl`;
  const arrived = () => (existsSync(file) ? readArrived(file) : []);
  const ids = () => new Set(arrived().map(({ payload }) => payload.event_id));
  let server = await startServer("0", file);
  try {
    on.step("Install", "and forward everything to a server that listens on loopback");
    on.run(`install --server http://127.0.0.1:${server.port}`);

    const half = PLAY.length >> 1;
    on.step("Work", `the first ${half} events of two sessions; the server is up`);
    const before = await playAll(on, PLAY.slice(0, half));
    await until(() => ids().size === half);
    console.log(`The server has ${ids().size} of ${half}.`);

    on.step(
      "Outage",
      `the server is killed, and Claude Code goes on: ${PLAY.length - half} events`,
    );
    server.child.kill("SIGKILL");
    await server.child.exited;
    const during = await playAll(on, PLAY.slice(half));
    // A forwarder that was not under way has tried by then.
    await until(() => on.output("forward --status").includes("refused"));
    on.run("forward --status");
    on.run("doctor");

    on.step("Recovery", "the server is started again");
    server = await startServer(String(server.port), file);
    await until(() => ids().size >= PLAY.length);
    on.run("forward --status");

    on.step("Ledger", "what was sent by Claude Code, and what the server has");
    tellTimes(before, during);
    return isComplete([...before, ...during], arrived(), on);
  } finally {
    server.child.kill("SIGKILL");
    await endForwarder(on);
  }
}

async function playAll(on: Stage, lines: readonly string[]): Promise<Played[]> {
  const played: Played[] = [];
  for (const line of lines) played.push(await on.play(line));
  return played;
}

function isComplete(played: readonly Played[], arrived: readonly Arrived[], on: Stage): boolean {
  const sessionOf = new Map(arrived.map((event) => [event.payload.event_id, event.session_id]));
  const sessions = new Map<string, { sent: number; right: number }>();
  for (const [i, { sessionId }] of played.entries()) {
    const { sent, right } = sessions.get(sessionId) ?? { sent: 0, right: 0 };
    const isRight = sessionOf.get(on.records[i]?.id ?? "") === sessionId;
    sessions.set(sessionId, { sent: sent + 1, right: right + (isRight ? 1 : 0) });
  }
  for (const [id, { sent, right }] of sessions)
    console.log(`${id}  ${right} of ${sent} events are on the server under this session`);
  const repeated = arrived.length - sessionOf.size;
  console.log(`${sessionOf.size} different events arrived, ${repeated} of them twice.`);
  return [...sessions.values()].every(({ sent, right }) => sent === right);
}

function tellTimes(before: readonly Played[], during: readonly Played[]): void {
  const [up = "", down = ""] = [before, during].map((played) =>
    median(played.map(({ ms }) => ms)).toFixed(1),
  );
  console.log(`A hook took ${up} ms while the server was up, and ${down} ms while it was down.`);
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

// Without anywhere to deliver to, it ends by itself, and takes its heartbeat with it.
async function endForwarder({ state }: Stage): Promise<void> {
  rmSync(`${state}/config.json`, { force: true });
  await until(() => !existsSync(`${state}/forward/heartbeat`));
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error("it took too long");
    await Bun.sleep(50);
  }
}
