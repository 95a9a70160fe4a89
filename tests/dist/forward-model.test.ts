// Random actions on the built programs lose no event. The model knows only which ids were written, and which
// of them retention took.
//
// FORWARD_SEED=n repeats a run, FORWARD_ROUNDS=n makes it longer.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { appendRecord, listDays, utcDay } from "../../lib/log/log";
import { readDayRecords } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import { faultCode } from "../../lib/os/fault";
import { runCli } from "../../scripts/harness/run-program";
import { seededRandom } from "../../scripts/harness/random";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector, type Arrival, type Behavior } from "../support/collector";
import { configure, endForwarders, ownPrograms } from "../support/forwarder";
import { rejectedOf, undeliveredOf } from "../support/ledger";
import { recordedSession } from "../support/recorded-session";
import { until } from "../support/until";

setDefaultTimeout(300_000);
const SEED = Number(process.env["FORWARD_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env["FORWARD_ROUNDS"] ?? 6);
const ACTIONS_A_ROUND = 40;
const DAY_MS = 86_400_000;
/** As their folders are called: each signal of OpenTelemetry is a destination of its own. */
const NAMES = ["team", "lake", "otel-logs", "otel-traces"] as const;
/** Full after some hundred events, if something else fills most of it. */
const SMALL_DISK = "size=3m";

const records = await recordedSession();
const counts = new Map<string, number>();
let emitted = 0;
let spansDue = 0;
afterAll(() => {
  const actions = Array.from(counts, ([name, count]) => `${name} ${count}`);
  console.log(`FORWARD_SEED=${SEED}: ${emitted} events, ${spansDue} spans; ${actions.join(", ")}`);
});

/** The programs, the servers, and what is known about the events. */
class World implements AsyncDisposable {
  readonly sandbox = new Sandbox();
  readonly #otel = new Collector();
  /** The two signals go to one server. */
  readonly collectors = {
    team: new Collector(),
    lake: new Collector(),
    "otel-logs": this.#otel,
    "otel-traces": this.#otel,
  };
  readonly emitted = new Map<string, string>();
  /** Ids of events of which a span is made: they end what the log saw begin. */
  readonly spans = new Set<string>();
  /** Ids in days that left the log, perhaps before they were delivered. */
  readonly taken = new Set<string>();
  isCursorDamaged = false;
  /** Whether the state folder is on a disk of its own that can be filled. */
  readonly isSmall: boolean;
  /** What has begun, by session: prompts and subagents. */
  readonly #begun = new Set<string>();
  #programs = `${this.sandbox.root}/hooks`;
  #sequence = 0;

  constructor(readonly random: () => number) {
    mkdirSync(this.sandbox.state, { recursive: true, mode: 0o700 });
    const mount = ["mount", "-t", "tmpfs", "-o", `${SMALL_DISK},mode=700`, "tmpfs"];
    this.isSmall =
      process.platform === "linux" &&
      process.geteuid?.() === 0 &&
      Bun.spawnSync([...mount, this.sandbox.state]).exitCode === 0;
  }

  async begin(): Promise<void> {
    await ownPrograms(this.sandbox);
    configure(
      this.sandbox,
      { name: "team", type: "observability", url: this.collectors.team.url },
      { name: "lake", type: "http", url: this.collectors.lake.url },
      { name: "otel", type: "otlp", url: this.#otel.url, encoding: "json" },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endForwarders(this.sandbox);
    if (this.isSmall) Bun.spawnSync(["umount", this.sandbox.state]);
    this.sandbox[Symbol.dispose]();
    for (const name of NAMES) await this.collectors[name][Symbol.asyncDispose]();
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** Writes events to a day; those that do not fit on the disk were not emitted. */
  append(daysAgo: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const atMs = Date.now() - daysAgo * DAY_MS;
      const id = Bun.randomUUIDv7("hex", atMs);
      const timestamp = new Date(atMs).toISOString();
      const template = records[this.#sequence++ % records.length] as EventRecord;
      const record = { ...template, id, timestamp, session_id: `s-${this.below(4)}-${daysAgo}` };
      try {
        appendRecord(this.sandbox.events, timestamp, JSON.stringify(record));
        this.emitted.set(id, record.session_id);
        this.#noteSpan(record);
      } catch (error) {
        faultCode(error);
      }
    }
  }

  #noteSpan({
    id,
    event,
    session_id,
    prompt_id,
    agent_id,
    agent_type,
    duration_ms,
  }: EventRecord): void {
    const [prompt, agent] = [`${session_id} ${prompt_id}`, `${session_id} ${agent_id}`];
    if (event === "UserPromptSubmit") this.#begun.add(prompt);
    if (event === "SubagentStart") this.#begun.add(agent);
    const isSpan =
      (event.startsWith("PostToolUse") && duration_ms !== undefined) ||
      (event === "SubagentStop" && agent_type !== undefined && this.#begun.has(agent)) ||
      (event === "Stop" && this.#begun.has(prompt));
    if (isSpan) this.spans.add(id);
  }

  /** Remembers what retention is about to take. */
  noteTaken(beforeDay: string): void {
    for (const day of listDays(this.sandbox.events))
      if (day < beforeDay)
        for (const entry of readDayRecords(this.sandbox.events, day))
          if (entry.kind === "record") this.taken.add(entry.record.id);
  }

  get filler(): string {
    return `${this.sandbox.state}/filler`;
  }

  /** One of the servers. */
  get server(): Collector {
    return this.collectors[NAMES[this.below(NAMES.length)] ?? "team"];
  }

  /** Starts `claude-session` and does not wait for it. */
  start(...args: string[]): void {
    const silent = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
    const command = [`${this.#programs}/claude-session`, ...args];
    Bun.spawn(command, { env: this.sandbox.env(), cwd: "/", ...silent }).unref();
  }

  /** Runs a hook on an event. */
  hook(): Promise<void> {
    return this.#record("session-event", { hook_event_name: "Stop", session_id: "hooked" });
  }

  /** Starts a session, with which retention takes all but the last two days. */
  async startSession(): Promise<void> {
    this.noteTaken(utcDay(Date.now() - DAY_MS));
    await this.#record("session-start", { hook_event_name: "SessionStart", session_id: "started" });
  }

  /** Prunes all but today, which may fail on a full disk. */
  async prune(): Promise<void> {
    this.noteTaken(utcDay(Date.now() - DAY_MS));
    await this.#run("claude-session", "", "prune", "--older-than", "24h");
  }

  damageCursor(): void {
    this.isCursorDamaged = true;
    const path = `${this.sandbox.state}/forward/${NAMES[this.below(NAMES.length)]}/cursor.json`;
    if (!existsSync(path)) return;
    const damage = [
      () => rmSync(path),
      () => truncateSync(path, this.below(60)),
      () => writeFileSync(path, '{"v":1,"days":{}', { mode: 0o600 }),
      () => writeFileSync(path, "\0".repeat(100), { mode: 0o600 }),
    ];
    try {
      damage[this.below(damage.length)]?.();
    } catch (error) {
      faultCode(error); // The forwarder has just replaced the file, or the disk is full.
    }
  }

  fillDisk(): void {
    if (!this.isSmall) return;
    const file = openSync(this.filler, "a", 0o600);
    try {
      for (const piece = Buffer.alloc(65_536); ;) writeSync(file, piece);
    } catch (error) {
      faultCode(error);
    } finally {
      closeSync(file);
    }
  }

  /** Makes everything work again, and delivers what can be delivered. */
  async heal(): Promise<void> {
    rmSync(this.filler, { force: true });
    for (const name of NAMES) {
      this.collectors[name].behavior = "healthy";
      await startAgain(this.collectors[name]);
    }
    await endForwarders(this.sandbox);
    await until(async () => (await runCli(this.sandbox, "forward --once")).code === 0);
  }

  /** How many events `forward --status` reports as lost. */
  async lost(destination: string): Promise<number> {
    const { stdout } = await runCli(this.sandbox, "forward --status --json");
    const { destinations } = JSON.parse(stdout) as {
      destinations: { name: string; lost: number }[];
    };
    return destinations.find(({ name }) => name === destination)?.lost ?? 0;
  }

  /** Sessions by id of event in today's log, or also yesterday's if midnight has just passed. */
  #today(): Map<string, string> {
    const today = new Map<string, string>();
    for (const day of listDays(this.sandbox.events).slice(-2))
      for (const entry of readDayRecords(this.sandbox.events, day))
        if (entry.kind === "record") today.set(entry.record.id, entry.record.session_id);
    return today;
  }

  /** Runs a hook, and finds its event in the log. On a full disk there may be none. */
  async #record(program: string, payload: object): Promise<void> {
    const before = this.#today();
    expect(await this.#run(program, JSON.stringify(payload))).toBe(0);
    for (const [id, session] of this.#today()) if (!before.has(id)) this.emitted.set(id, session);
  }

  async #run(program: string, input: string, ...args: string[]): Promise<number> {
    const child = Bun.spawn([`${this.#programs}/${program}`, ...args], {
      env: this.sandbox.env(),
      cwd: this.sandbox.project,
      stdin: new Blob([input]),
      stdout: "ignore",
      stderr: "ignore",
    });
    return child.exited;
  }
}

const BEHAVIORS: readonly Behavior[] = [
  "healthy",
  "healthy",
  "healthy",
  500,
  503,
  429,
  "close",
  "reset",
  "reset after storing",
  "garbage",
  "text to everything",
  "redirect",
  ({ arrivals }) => (arrivals.some(({ id }) => /[0-3]$/.test(id)) ? 400 : "healthy"),
];

const ACTIONS: Readonly<Record<string, (world: World) => unknown>> = {
  append: (world) => world.append(0, 1 + world.below(20)),
  "append many": (world) => world.append(0, 200),
  "append to an earlier day": (world) => world.append(1 + world.below(3), 1 + world.below(9)),
  "a hook": (world) => world.hook(),
  // Twice each, to be twice as likely.
  "start a forwarder": (world) => world.start("forward"),
  "start another": (world) => world.start("forward"),
  "forward --once": (world) => world.start("forward", "--once"),
  kill: (world) => endForwarders(world.sandbox),
  "kill again": (world) => endForwarders(world.sandbox),
  "let time pass": (world) => Bun.sleep(world.below(200)),
  "change a server": (world) => {
    world.server.behavior = BEHAVIORS[world.below(BEHAVIORS.length)] ?? "healthy";
  },
  "stop a server": (world) => world.server.stop(),
  "start a server": (world) => startAgain(world.server),
  "damage a cursor": (world) => world.damageCursor(),
  "fill the disk": (world) => world.fillDisk(),
  "empty the disk": (world) => rmSync(world.filler, { force: true }),
  "prune by hand": (world) => world.prune(),
  "prune by a session's start": (world) => world.startSession(),
};

// Together, because a round mostly waits: for servers that fail, and for programs.
test.concurrent.each(Array.from({ length: ROUNDS }, (_, i) => SEED + i))(
  "no action loses an event (seed %d)",
  async (seed) => {
    await using world = new World(seededRandom(seed));
    await world.begin();
    // A damaged cursor no longer knows how many events were lost, so every other round damages none.
    const names = Object.keys(ACTIONS).filter(
      (name) => seed % 2 === 0 || name !== "damage a cursor",
    );
    for (let i = 0; i < ACTIONS_A_ROUND; i++) {
      const name = names[world.below(names.length)] ?? "append";
      counts.set(name, (counts.get(name) ?? 0) + 1);
      await ACTIONS[name]?.(world);
    }
    await endForwarders(world.sandbox);
    for (const name of NAMES) await checkLedger(world, name);
    await world.heal();
    for (const name of NAMES) await check(world, name);
    emitted += world.emitted.size;
    spansDue += world.spans.size;
  },
);

/** Its port may be in use for a moment, by connections that are not closed yet. */
function startAgain(server: Collector): Promise<void> {
  return until(() => {
    try {
      server.start();
      return true;
    } catch (error) {
      return faultCode(error) !== "EADDRINUSE";
    }
  });
}

/** The ids of the events that a destination is to get. */
function awaitedBy({ spans, emitted: all }: World, name: string): ReadonlySet<string> {
  return name === "otel-traces" ? spans : new Set(all.keys());
}

/** What has arrived at a destination; the two signals have one server. */
function arrivalsAt({ collectors }: World, name: (typeof NAMES)[number]): Arrival[] {
  const { arrivals } = collectors[name];
  if (name !== "otel-traces" && name !== "otel-logs") return arrivals;
  const isSpan = ({ body }: Arrival) => "startTimeUnixNano" in body;
  return arrivals.filter((arrival) => isSpan(arrival) === (name === "otel-traces"));
}

/** Expects that an event is delivered, behind the cursor, rejected, or gone with its day. */
async function checkLedger(world: World, name: (typeof NAMES)[number]): Promise<void> {
  const accounted = new Set([
    ...arrivalsAt(world, name).map(({ id }) => id),
    ...(await undeliveredOf(world.sandbox, name)),
    ...(await rejectedOf(world.sandbox, name)).map(({ record }) => record.id),
    ...world.taken,
  ]);
  expect([...awaitedBy(world, name)].filter((id) => !accounted.has(id))).toEqual([]);
}

/** Expects that every event is accounted for when nothing is left to deliver, and that each session's events arrived in order. */
async function check(world: World, name: (typeof NAMES)[number]): Promise<void> {
  const { sandbox, emitted: all, taken } = world;
  const arrivals = arrivalsAt(world, name);
  const ids = Array.from(new Set(arrivals.map(({ id }) => id)));
  const rejected = (await rejectedOf(sandbox, name)).map(({ record }) => record.id);
  const accounted = new Set([...ids, ...rejected]);
  const awaited = awaitedBy(world, name);
  const missing = [...awaited].filter((id) => !accounted.has(id));
  expect(missing.filter((id) => !taken.has(id))).toEqual([]);
  const lost = await world.lost(name);
  // Unless a damaged cursor forgot its count, no loss goes uncounted.
  if (!world.isCursorDamaged) expect(missing.length).toBeLessThanOrEqual(lost);
  expect(lost).toBeLessThanOrEqual(taken.size);
  expect([...accounted].filter((id) => !awaited.has(id))).toEqual([]);
  for (const { id, session_id } of arrivals) expect(session_id).toBe(String(all.get(id)));
  const places = new Map(Array.from(all.keys(), (id, place) => [id, place]));
  const lastOf = new Map<string, number>();
  for (const id of ids) {
    // A forwarder that is killed before it has moved its cursor past a rejected event leaves it to be sent again, and a
    // server that accepts it now has had later ones.
    if (rejected.includes(id)) continue;
    const session = all.get(id) ?? "";
    const place = places.get(id) ?? -1;
    expect(place).toBeGreaterThan(lastOf.get(session) ?? -1);
    lastOf.set(session, place);
  }
}
