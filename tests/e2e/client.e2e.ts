// The real Claude Code with our hooks, offline: everything that it sends is recorded, once and under
// its own session, and neither it nor the model notices. `bun run test:e2e` starts this.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { median } from "../../scripts/bench/timing";
import { commandExists } from "../../scripts/harness/commands";
import { faultsOf } from "../../scripts/harness/records";
import { Collector } from "../support/collector";
import { Tally } from "../support/tally";
import { until } from "../support/until";
import { CLIENT_VERSION, findClient, type Client } from "./client";
import { API_KEY, Stage, type Cast, type Payload } from "./client-home";
import { ENDLESS, SCRIPTS } from "./scripts";

setDefaultTimeout(120_000);

const tally = new Tally("e2e");
afterAll(() => tally.print());
const found = findClient();
const client = "path" in found ? found.path : "";
if ("reason" in found)
  tally.skip(`everything: Claude Code ${CLIENT_VERSION} cannot be had: ${found.reason}`);

const openStage = (cast?: Cast) => Stage.open(client, SCRIPTS, cast);

/** The events of a prompt that uses no tool. */
const TURN = ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"];
const AGENT = [...callsOf("PostToolUse"), "SubagentStart", "SubagentStop"];

describe.skipIf(client === "")("every event is recorded of a session", () => {
  test.each([
    ["with a tool", "single", callsOf("PostToolUse")],
    ["with three tools at once", "parallel", callsOf("PostToolUse", 3)],
    ["with tools that fail", "failing", [1, 2].flatMap(() => callsOf("PostToolUseFailure"))],
    ["with an agent in the foreground", "foreground", [...AGENT, ...callsOf("PostToolUse")]],
    [
      "with an agent in the background",
      "background",
      [...AGENT, ...callsOf("PostToolUse"), "UserPromptSubmit", "Stop"],
    ],
  ])("%s", async (_, script, events) => {
    await using stage = await openStage();
    const session = await stage.run(`play ${script}`);
    await expectFaithful(stage, [session], [...TURN, ...events]);
  });

  test("with a tool that is denied", async () => {
    await using stage = await openStage();
    const session = await stage.run("play write", "--permission-mode", "manual");
    expect(existsSync(`${stage.sandbox.project}/written.txt`)).toBe(false);
    const events = [...TURN, "PreToolUse", "PermissionRequest", "PostToolBatch"];
    await expectFaithful(stage, [session], events);
  });

  test("with a tool that is interrupted, and a prompt after it", async () => {
    await using stage = await openStage();
    const session = stage.start(["--input-format", "stream-json"]);
    const results = () => session.messages.filter(({ type }) => type === "result").length;
    session.say(promptOf("play endless"));
    await endlessCall(stage);
    session.say({ type: "control_request", request_id: "1", request: { subtype: "interrupt" } });
    await until(() => results() === 1);
    session.say(promptOf("play single"));
    await until(() => results() === 2);
    await session.hangUp();
    expect(await session.ended()).toEqual({ code: 0, stderr: "" });
    const events = [...TURN, "PreToolUse", "UserPromptSubmit", ...callsOf("PostToolUse")];
    await expectFaithful(stage, [session], events);
    expect(stage.claudeSession("show").output).toContain("interrupted");
  });

  test("that is compacted, resumed, continued and forked", async () => {
    await using stage = await openStage();
    const first = await stage.run("play single");
    const { sessionId } = first;
    const compacted = await stage.run("/compact", "--resume", sessionId);
    const resumed = await stage.run("play single", "--resume", sessionId);
    const continued = await stage.run("play parallel", "--continue");
    const forked = await stage.run("play single", "--resume", sessionId, "--fork-session");
    for (const { sessionId: id } of [compacted, resumed, continued]) expect(id).toBe(sessionId);
    expect(forked.sessionId).not.toBe(sessionId);
    await expectFaithful(stage, [first, compacted, resumed, continued, forked]);
    const sources = stage.witnessed.filter(isEvent("SessionStart")).map(({ source }) => source);
    expect(sources.toSorted()).toEqual([
      "compact",
      "fork",
      "resume",
      "resume",
      "resume",
      "startup",
    ]);
    for (const event of ["PreCompact", "PostCompact"])
      expect(stage.witnessed.filter(isEvent(event))).toHaveLength(1);
  });

  test("while another one works in the same project", async () => {
    await using stage = await openStage();
    const sessions = await Promise.all([stage.run("play many"), stage.run("play parallel")]);
    const calls = Array.from({ length: 20 }, () => callsOf("PostToolUse")).flat();
    const events = [...TURN, ...calls, ...TURN, ...callsOf("PostToolUse", 3)];
    await expectFaithful(stage, sessions, events);
  });

  test.each([
    ["SIGINT", 0, ["SessionEnd"]],
    ["SIGTERM", 143, ["SessionEnd"]],
    ["SIGKILL", 137, []],
  ] as const)("whose client is ended by %s", async (signal, code, last) => {
    await using stage = await openStage();
    const session = stage.start(["play endless"]);
    const call = await endlessCall(stage);
    session.kill(signal);
    expect((await session.ended()).code).toBe(code);
    endProcess(call);
    await expectFaithful(
      stage,
      [session],
      ["SessionStart", "UserPromptSubmit", "PreToolUse", ...last],
    );
  });
});

test.skipIf(client === "")("every event reaches the server that install was told of", async () => {
  await using collector = new Collector();
  await using stage = await openStage();
  stage.claudeSession("install", "--server", collector.url);
  const session = await stage.run("play parallel");
  await expectFaithful(stage, [session], [...TURN, ...callsOf("PostToolUse", 3)]);
  const { records } = await stage.recorded();
  const recorded = records.map(({ id, session_id }) => ({ id, session_id }));
  await until(() => collector.ids.length === recorded.length);
  expect(collector.arrivals.map(({ id, session_id }) => ({ id, session_id }))).toEqual(recorded);
  tally.add("events delivered", recorded.length);
});

describe.skipIf(client === "")("a Bash call asks `claude-session id`, and is told", () => {
  test("what Claude Code itself calls the session", async () => {
    await using stage = await openStage();
    const session = await stage.run("play identity");
    const ids = resultOf(session).split("\n");
    expect(ids).toEqual([session.sessionId, session.sessionId]);
    await expectFaithful(stage, [session]);
  });

  test("the same where only the pointer file is left to tell", async () => {
    await using stage = await openStage();
    const session = await stage.run("play pointer");
    expect(resultOf(session)).toBe(session.sessionId);
    await expectFaithful(stage, [session]);
  });
});

test.skipIf(client === "")("the client has nothing of this machine's around it", async () => {
  await using stage = await openStage();
  const session = await stage.run("play surroundings");
  const given = new Set(Object.keys(stage.env));
  const names = resultOf(session).split("\n");
  // What it sets itself, and what a shell sets.
  const its = /^(?:CLAUDE|AI_AGENT$|COREPACK_|GIT_EDITOR$|NoDefault|SHELL$|SHLVL$|PWD$|OLDPWD$|_$)/;
  expect(names.filter((name) => !given.has(name) && !its.test(name))).toEqual([]);
  expect(names).toContain("CLAUDE_CODE_SESSION_ID");
  expect(Array.from(stage.api.keys)).toEqual([API_KEY]);
  for (const { transcript_path } of stage.witnessed)
    expect(transcript_path).toStartWith(`${stage.sandbox.home}/.claude/projects/`);
  await expectFaithful(stage, [session]);
});

describe.skipIf(client === "")("with our hooks", () => {
  test.each(["single", "failing", "foreground"] as const)(
    "the model sees what it sees without them: %s",
    async (script) => {
      const [hooked, plain] = await Promise.all(
        [true, false].map(async (ours) => {
          await using stage = await openStage({ ours, others: "none" });
          await stage.run(`play ${script}`);
          return stage.api.requests.map((body) => withoutChance(body, stage));
        }),
      );
      expect(hooked).toEqual(plain as string[]);
      expect(hooked?.length).toBeGreaterThan(1);
      tally.add("requests compared", hooked?.length);
    },
  );

  const strace = commandExists("strace");
  if (!strace) tally.skip("the network: there is no strace here");
  test.skipIf(!strace)(
    "the client and everything it starts talk to nothing but loopback",
    async () => {
      await using stage = await openStage();
      const trace = `${stage.sandbox.root}/trace`;
      const tracer = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg"];
      const session = stage.start(["play single"], [...tracer, "-o", trace]);
      await session.hangUp();
      expect((await session.ended()).code).toBe(0);
      const calls = readFileSync(trace, "utf8").match(/sa_family=AF_INET6?, .*/g) ?? [];
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) expect(call).toMatch(/"127\.0\.0\.1"|"::1"/);
      await expectFaithful(stage, [session], [...TURN, ...callsOf("PostToolUse")]);
      tally.add("connections looked at", calls.length);
    },
  );

  test("a prompt takes so much longer, which is told and not judged here", async () => {
    const casts: Record<string, Cast> = {
      "without hooks": { ours: false, others: "none" },
      "with hooks that do nothing": { ours: false, others: "idle" },
      "with ours": { ours: true, others: "none" },
    };
    const took = new Map(Object.keys(casts).map((name) => [name, [] as number[]]));
    for (let round = 0; round < 3; round++)
      for (const [name, cast] of Object.entries(casts)) {
        await using stage = await openStage(cast);
        took.get(name)?.push(turnMs(await stage.run("play many")));
      }
    const [without = 0, idle = 0, ours = 0] = Array.from(took.values(), median);
    const calls = SCRIPTS.many.length - 1;
    const events = calls * callsOf("PostToolUse").length;
    tally.note(
      `a prompt with ${calls} tool calls takes ${without} ms without hooks, ${idle} with ones that do ` +
        `nothing, ${ours} with ours: ${((ours - without) / events).toFixed(1)} ms more for each of ` +
        `${events} events, ${((idle - without) / events).toFixed(1)} of them Claude Code's own`,
    );
    for (const ms of took.values()) expect(median(ms)).toBeGreaterThan(0);
  });
});

/** The events of calls that were made at once. */
function callsOf(end: "PostToolUse" | "PostToolUseFailure", calls = 1): string[] {
  return [...Array.from({ length: calls }, () => ["PreToolUse", end]).flat(), "PostToolBatch"];
}

/**
 * What must hold whatever was done: each event that somebody else's hook was sent is in our log, once,
 * with its own session id and with nothing lost; calls can be joined; the client had nothing to say of
 * our hooks; the model saw nothing of ours.
 */
async function expectFaithful(
  stage: Stage,
  sessions: readonly Client[],
  events?: readonly string[],
): Promise<void> {
  // Some hooks end after their client.
  await until(async () => (await stage.recorded()).payloads.length >= stage.witnessed.length);
  const { witnessed } = stage;
  if (events !== undefined)
    expect(witnessed.map((payload) => payload["hook_event_name"]).toSorted()).toEqual(
      events.toSorted(),
    );
  const { records, payloads } = await stage.recorded();
  expect(sortedTexts(payloads)).toEqual(sortedTexts(witnessed));

  const ids = new Set(sessions.map(({ sessionId }) => sessionId));
  for (const { session_id, session_id_source } of records) {
    expect(session_id_source).toBe("payload");
    expect(ids).toContain(session_id);
  }
  const begun = records.filter(({ event }) => event === "PreToolUse");
  for (const { event, session_id, tool_use_id } of records)
    if (event === "PostToolUse" || event === "PostToolUseFailure")
      expect(
        begun.filter((call) => call.session_id === session_id && call.tool_use_id === tool_use_id),
      ).toHaveLength(1);

  const reports = sessions.flatMap(({ hookReports }) => hookReports);
  for (const report of reports) expect(report).toMatchObject({ outcome: "success", output: "" });
  expect(reports.length).toBeGreaterThan(0);
  expect(await faultsOf(stage.sandbox)).toEqual([]);
  expect(stage.api.requests.flatMap((body) => tracesOfOurs(body, stage))).toEqual([]);
  expect(stage.api.strays).toEqual([]);
  tally.add("sessions", sessions.length);
  tally.add("events", witnessed.length);
  tally.add("hook reports", reports.length);
}

function sortedTexts(payloads: readonly Payload[]): string[] {
  // One writer's order of keys is not another's.
  return payloads.map((payload) => JSON.stringify(payload, sortedKeys)).toSorted();
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isEvent(event: string): (payload: Payload) => boolean {
  return (payload) => payload["hook_event_name"] === event;
}

function promptOf(content: string): object {
  return { type: "user", message: { role: "user", content } };
}

/** Waits for the endless call to run, and answers with its process id. */
async function endlessCall(stage: Stage): Promise<number> {
  const file = `${stage.sandbox.project}/${ENDLESS}`;
  const read = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await until(() => read().endsWith("\n"));
  return Number(read());
}

/** Ends a call that outlived its client. */
function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The client ended it.
  }
}

/** What the first tool call of a session gave. */
function resultOf(session: Client): string {
  const message = session.messages.find(({ type }) => type === "user");
  return String((message?.["tool_use_result"] as { stdout?: unknown } | undefined)?.stdout);
}

function turnMs(session: Client): number {
  return Number(session.messages.find(({ type }) => type === "result")?.["duration_ms"]);
}

/** What a request says of us, but for the client's own word that a hook went well before compacting. */
function tracesOfOurs(body: string, stage: Stage): string[] {
  const own = /(?:PreCompact|PostCompact) \[[^\]]*\] completed successfully/g;
  const ours = /.{0,40}(?:session-hooks|claude_session_|hooks\/(?:session|pre|post)-).{0,40}/g;
  return withoutChance(body, stage).replaceAll(own, "").match(ours) ?? [];
}

/** A request without what differs from run to run: ids, times and where the sandbox is. */
function withoutChance(body: string, { sandbox }: Stage): string {
  return body
    .replaceAll(sandbox.root, "ROOT")
    .replaceAll(sandbox.root.replaceAll("/", "-"), "ROOT")
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, "UUID")
    .replaceAll(/toolu_\w+/g, "CALL")
    .replaceAll(/duration_ms: \d+/g, "TIME")
    .replaceAll(/\b[0-9a-f]{16,64}\b/g, "HASH");
}
