// The real Claude Code with our hooks, offline: every event is recorded, once and under its own session, and
// neither the client nor the model notices. Run it with `npm run test:e2e`.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { SessionAnswer } from "../../lib/dashboard/answers";
import { FreshCopies } from "../../scripts/bench/fresh-copies";
import { median } from "../../scripts/bench/timing";
import { Dashboard } from "../../scripts/harness/dashboard";
import { commandExists } from "../../scripts/harness/system-commands";
import { faultsOf } from "../../scripts/harness/read-records";
import { Collector } from "../support/collector";
import { Tally } from "../support/tally";
import { until } from "../support/until";
import { CLIENT_VERSION, findClient, type Client } from "./client";
import { API_KEY, ClientHome, type Hooks, type Payload } from "./client-home";
import { ENDLESS, SCRIPTS } from "./model-scripts";

setDefaultTimeout(120_000);

const tally = new Tally("e2e");
afterAll(() => tally.print());
const found = findClient();
const client = "path" in found ? found.path : "";
if ("reason" in found)
  tally.skip(`everything: Claude Code ${CLIENT_VERSION} is not available: ${found.reason}`);

const createHome = (hooks?: Hooks) => ClientHome.create(client, SCRIPTS, hooks);

/** The events of a prompt that uses no tool. */
const TURN = ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"];
const AGENT = [...callsOf("PostToolUse"), "SubagentStart", "SubagentStop"];

describe.skipIf(client === "")("every event is recorded in a session", () => {
  test.each([
    ["with a tool", "single", callsOf("PostToolUse")],
    ["with three tools at the same time", "parallel", callsOf("PostToolUse", 3)],
    ["with tools that fail", "failing", [1, 2].flatMap(() => callsOf("PostToolUseFailure"))],
    ["with an agent in the foreground", "foreground", [...AGENT, ...callsOf("PostToolUse")]],
    [
      "with an agent in the background",
      "background",
      [...AGENT, ...callsOf("PostToolUse"), "UserPromptSubmit", "Stop"],
    ],
  ])("%s", async (_, script, events) => {
    await using home = await createHome();
    const session = await home.run(`play ${script}`);
    await expectFaithful(home, [session], [...TURN, ...events]);
  });

  test("with a tool that is denied", async () => {
    await using home = await createHome();
    const session = await home.run("play write", "--permission-mode", "manual");
    expect(existsSync(`${home.sandbox.project}/written.txt`)).toBe(false);
    const events = [...TURN, "PreToolUse", "PermissionRequest", "PostToolBatch"];
    await expectFaithful(home, [session], events);
  });

  test("with a tool that is interrupted, and a prompt after it", async () => {
    await using home = await createHome();
    const session = home.start(["--input-format", "stream-json"]);
    const results = () => session.messages.filter(({ type }) => type === "result").length;
    session.send(promptOf("play endless"));
    await endlessCall(home);
    session.send({ type: "control_request", request_id: "1", request: { subtype: "interrupt" } });
    await until(() => results() === 1);
    session.send(promptOf("play single"));
    await until(() => results() === 2);
    await session.endInput();
    expect(await session.ended()).toEqual({ code: 0, stderr: "" });
    const events = [...TURN, "PreToolUse", "UserPromptSubmit", ...callsOf("PostToolUse")];
    await expectFaithful(home, [session], events);
    expect(home.claudeSession("show").output).toContain("interrupted");
  });

  test("that is compacted, resumed, continued and forked", async () => {
    await using home = await createHome();
    const first = await home.run("play single");
    const { sessionId } = first;
    const compacted = await home.run("/compact", "--resume", sessionId);
    const resumed = await home.run("play single", "--resume", sessionId);
    const continued = await home.run("play parallel", "--continue");
    const forked = await home.run("play single", "--resume", sessionId, "--fork-session");
    for (const { sessionId: id } of [compacted, resumed, continued]) expect(id).toBe(sessionId);
    expect(forked.sessionId).not.toBe(sessionId);
    await expectFaithful(home, [first, compacted, resumed, continued, forked]);
    const sources = home.observed.filter(isEvent("SessionStart")).map(({ source }) => source);
    expect(sources.toSorted()).toEqual([
      "compact",
      "fork",
      "resume",
      "resume",
      "resume",
      "startup",
    ]);
    for (const event of ["PreCompact", "PostCompact"])
      expect(home.observed.filter(isEvent(event))).toHaveLength(1);
  });

  test("while the dashboard is open, which shows it", async () => {
    await using home = await createHome();
    await using dashboard = await Dashboard.start(home.sandbox);
    const session = await home.run("play parallel");
    await expectFaithful(home, [session], [...TURN, ...callsOf("PostToolUse", 3)]);
    const path = `/api/session?id=${session.sessionId}`;
    // The session is unknown until the server has read its first event.
    const isEnded = async () => {
      const response = await dashboard.fetch(path);
      return response.ok && ((await response.json()) as SessionAnswer).session.state === "ended";
    };
    await until(isEnded);
    const { session: row, records } = await dashboard.ask<SessionAnswer>(path);
    expect(row).toMatchObject({ tools: 3, failures: 0, running: [] });
    expect(records).toHaveLength(row.events);
  });

  test("while another one runs in the same project", async () => {
    await using home = await createHome();
    const sessions = await Promise.all([home.run("play many"), home.run("play parallel")]);
    const calls = Array.from({ length: 20 }, () => callsOf("PostToolUse")).flat();
    const events = [...TURN, ...calls, ...TURN, ...callsOf("PostToolUse", 3)];
    await expectFaithful(home, sessions, events);
  });

  test.each([
    ["SIGINT", 0, ["SessionEnd"]],
    ["SIGTERM", 143, ["SessionEnd"]],
    ["SIGKILL", 137, []],
  ] as const)("whose client is ended by %s", async (signal, code, last) => {
    await using home = await createHome();
    const session = home.start(["play endless"]);
    const call = await endlessCall(home);
    session.kill(signal);
    expect((await session.ended()).code).toBe(code);
    endProcess(call);
    await expectFaithful(
      home,
      [session],
      ["SessionStart", "UserPromptSubmit", "PreToolUse", ...last],
    );
  });
});

test.skipIf(client === "")("every event reaches the server that install configured", async () => {
  await using collector = new Collector();
  await using home = await createHome();
  home.claudeSession("install", "--server", collector.url);
  const session = await home.run("play parallel");
  await expectFaithful(home, [session], [...TURN, ...callsOf("PostToolUse", 3)]);
  const { records } = await home.recorded();
  const recorded = records.map(({ id, session_id }) => ({ id, session_id }));
  await until(() => collector.ids.length === recorded.length);
  expect(collector.arrivals.map(({ id, session_id }) => ({ id, session_id }))).toEqual(recorded);
  tally.add("events delivered", recorded.length);
});

describe.skipIf(client === "")("a Bash call learns from `claude-session id`", () => {
  test("the id that Claude Code itself uses", async () => {
    await using home = await createHome();
    const session = await home.run("play identity");
    const ids = resultOf(session).split("\n");
    expect(ids).toEqual([session.sessionId, session.sessionId]);
    await expectFaithful(home, [session]);
  });

  test("the same id where only the pointer file has it", async () => {
    await using home = await createHome();
    const session = await home.run("play pointer");
    expect(resultOf(session)).toBe(session.sessionId);
    await expectFaithful(home, [session]);
  });
});

test.skipIf(client === "")("the client sees nothing of this machine", async () => {
  await using home = await createHome();
  const session = await home.run("play surroundings");
  const given = new Set(Object.keys(home.env));
  const names = resultOf(session).split("\n");
  // Variables that the client or a shell sets; the client starts zsh where there is one, which sets LOGNAME.
  const known =
    /^(?:CLAUDE|AI_AGENT$|COREPACK_|GIT_EDITOR$|NoDefault|SHELL$|SHLVL$|PWD$|OLDPWD$|LOGNAME$|_$)/;
  expect(names.filter((name) => !given.has(name) && !known.test(name))).toEqual([]);
  expect(names).toContain("CLAUDE_CODE_SESSION_ID");
  expect(Array.from(home.api.keys)).toEqual([API_KEY]);
  for (const { transcript_path } of home.observed)
    expect(transcript_path).toStartWith(`${home.sandbox.home}/.claude/projects/`);
  await expectFaithful(home, [session]);
});

describe.skipIf(client === "")("with our hooks", () => {
  test.each(["single", "failing", "foreground"] as const)(
    "the model sees what it sees without them: %s",
    async (script) => {
      const [hooked, plain] = await Promise.all(
        [true, false].map(async (ours) => {
          await using home = await createHome({ ours, other: "none" });
          await home.run(`play ${script}`);
          return home.api.requests.map((body) => normalized(body, home));
        }),
      );
      expect(hooked).toEqual(plain as string[]);
      expect(hooked?.length).toBeGreaterThan(1);
      tally.add("requests compared", hooked?.length);
    },
  );

  const strace = commandExists("strace");
  if (!strace) tally.skip("the network: strace is not installed");
  test.skipIf(!strace)(
    "the client and everything that it starts connect only to loopback",
    async () => {
      await using home = await createHome();
      const trace = `${home.sandbox.root}/trace`;
      const tracer = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg"];
      const session = home.start(["play single"], [...tracer, "-o", trace]);
      await session.endInput();
      expect((await session.ended()).code).toBe(0);
      const calls = readFileSync(trace, "utf8").match(/sa_family=AF_INET6?, .*/g) ?? [];
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) expect(call).toMatch(/"127\.0\.0\.1"|"::1"/);
      await expectFaithful(home, [session], [...TURN, ...callsOf("PostToolUse")]);
      tally.add("connections checked", calls.length);
    },
  );

  test("the time that hooks add to a prompt is printed, without a limit here", async () => {
    // How a program came into memory changes what it costs by half, so all of them are new.
    using copies = await FreshCopies.make();
    const programs = copies.folder;
    const setups: Record<string, Hooks> = {
      none: { ours: false, other: "none" },
      true: { ours: false, other: { program: "/bin/true" } },
      empty: { ours: false, other: { program: copies.empty } },
      ours: { programs, other: "none" },
    };
    const took = new Map(Object.keys(setups).map((name) => [name, [] as number[]]));
    for (let round = 0; round < 5; round++)
      for (const [name, hooks] of Object.entries(setups)) {
        await using home = await createHome(hooks);
        took.get(name)?.push(turnMs(await home.run("play many")));
      }
    const events = (SCRIPTS.many.length - 1) * callsOf("PostToolUse").length;
    const [none = 0, ...others] = Array.from(took.values(), median);
    const [nothing = 0, empty = 0, ours = 0] = others.map((ms) => (ms - none) / events);
    tally.note(
      `each of ${events} events of a prompt takes ${nothing.toFixed(1)} ms with /bin/true, ` +
        `${empty.toFixed(1)} with an empty program, ${ours.toFixed(1)} with ours, on new files: ` +
        `our own share is ${(ours - empty).toFixed(1)} ms`,
    );
    for (const ms of took.values()) expect(median(ms)).toBeGreaterThan(0);
  });
});

/** The events of calls that are made at the same time. */
function callsOf(end: "PostToolUse" | "PostToolUseFailure", calls = 1): string[] {
  return [...Array.from({ length: calls }, () => ["PreToolUse", end]).flat(), "PostToolBatch"];
}

/**
 * Expects what must hold after any session: each event that the observer was sent is in our log, once,
 * complete, and with its own session id; the two events of a call can be joined; every hook succeeded; and
 * the model saw no trace of our hooks.
 */
async function expectFaithful(
  home: ClientHome,
  sessions: readonly Client[],
  events?: readonly string[],
): Promise<void> {
  // Some hooks end after the client.
  await until(async () => (await home.recorded()).payloads.length >= home.observed.length);
  const { observed } = home;
  if (events !== undefined)
    expect(observed.map((payload) => payload["hook_event_name"]).toSorted()).toEqual(
      events.toSorted(),
    );
  const { records, payloads } = await home.recorded();
  expect(sortedTexts(payloads)).toEqual(sortedTexts(observed));

  const ids = new Set(sessions.map(({ sessionId }) => sessionId));
  for (const { session_id, session_id_source } of records) {
    expect(session_id_source).toBe("payload");
    expect(ids).toContain(session_id);
  }
  const calls = records.filter(({ event }) => event === "PreToolUse");
  for (const { event, session_id, tool_use_id } of records)
    if (event === "PostToolUse" || event === "PostToolUseFailure")
      expect(
        calls.filter((call) => call.session_id === session_id && call.tool_use_id === tool_use_id),
      ).toHaveLength(1);

  const reports = sessions.flatMap(({ hookReports }) => hookReports);
  for (const report of reports) expect(report).toMatchObject({ outcome: "success", output: "" });
  expect(reports.length).toBeGreaterThan(0);
  expect(await faultsOf(home.sandbox)).toEqual([]);
  expect(home.api.requests.flatMap((body) => tracesOfOurs(body, home))).toEqual([]);
  expect(home.api.strays).toEqual([]);
  tally.add("sessions", sessions.length);
  tally.add("events", observed.length);
  tally.add("hook reports", reports.length);
}

function sortedTexts(payloads: readonly Payload[]): string[] {
  // Our record has another order of keys than the event.
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

/** Waits for the endless call to run, and returns its process id. */
async function endlessCall(home: ClientHome): Promise<number> {
  const file = `${home.sandbox.project}/${ENDLESS}`;
  const read = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await until(() => read().endsWith("\n"));
  return Number(read());
}

/** Kills a call that outlived its client. */
function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The client has ended it.
  }
}

/** The output of a session's first tool call. */
function resultOf(session: Client): string {
  const message = session.messages.find(({ type }) => type === "user");
  return String((message?.["tool_use_result"] as { stdout?: unknown } | undefined)?.stdout);
}

function turnMs(session: Client): number {
  return Number(session.messages.find(({ type }) => type === "result")?.["duration_ms"]);
}

/** Traces of our hooks in a request, except the client's own message that a hook before compacting succeeded. */
function tracesOfOurs(body: string, home: ClientHome): string[] {
  const own = /(?:PreCompact|PostCompact) \[[^\]]*\] completed successfully/g;
  const ours = /.{0,40}(?:session-hooks|claude_session_|hooks\/(?:session|pre|post)-).{0,40}/g;
  return normalized(body, home).replaceAll(own, "").match(ours) ?? [];
}

/** A request without what differs from run to run: ids, times, and the path of the sandbox. */
function normalized(body: string, { sandbox }: ClientHome): string {
  return body
    .replaceAll(sandbox.root, "ROOT")
    .replaceAll(sandbox.root.replaceAll("/", "-"), "ROOT")
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, "UUID")
    .replaceAll(/toolu_\w+/g, "CALL")
    .replaceAll(/duration_ms: \d+/g, "TIME")
    .replaceAll(/\b[0-9a-f]{16,64}\b/g, "HASH");
}
