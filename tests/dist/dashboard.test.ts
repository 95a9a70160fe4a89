// `claude-session dashboard`: who gets in, what it answers, and how it follows the log.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import type {
  CostsAnswer,
  EventsAnswer,
  FilesAnswer,
  HealthAnswer,
  LiveMessage,
  SessionAnswer,
  SearchMessage,
  SessionRow,
  SharedFile,
  StatisticsAnswer,
  StatisticsAnswerRow,
  UsualTimesAnswer,
  UsageAnswer,
} from "../../lib/dashboard/answers";
import { GROUPS } from "../../lib/log-index/group-by";
import type { EventRecord } from "../../lib/log/record";
import { sampleSessions } from "../../scripts/demo/sample-sessions";
import { Dashboard } from "../../scripts/harness/dashboard";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { rawRequest } from "../support/raw-request";
import { recordedSession, SESSION } from "../support/recorded-session";
import { answerLine, billLine, promptLine } from "../support/transcript-lines";
import { until } from "../support/until";
import { as, placeForAll, USER, whyNotAnother } from "../support/users";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);
const records = await recordedSession();
const whyNot = whyNotAnother();

describe("the door", () => {
  const sandbox = new Sandbox();
  let dashboard: Dashboard;
  let port = 0;
  let authorization = "";
  beforeAll(async () => {
    writeRecords(sandbox, records);
    dashboard = await Dashboard.start(sandbox);
    ({ port } = dashboard);
    authorization = `authorization: Bearer ${dashboard.token}`;
  });
  afterAll(async () => {
    await dashboard[Symbol.asyncDispose]();
    sandbox[Symbol.dispose]();
  });

  const ROUTES = [
    "/api/live",
    "/api/events",
    "/api/ticket",
    "/api/texts?at=2026-11-22:0",
    `/api/session?id=${SESSION}`,
    "/api/record?at=2026-11-22:0",
    "/api/files",
    "/api/usual-times",
    "/api/statistics",
    "/api/search",
    "/api/costs",
    `/api/usage?id=${SESSION}`,
    "/api/health",
    "/api/nothing",
  ];
  const ALL = [...ROUTES, "/", "/index.html", "/api/login"];
  const status = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  const host = () => `host: 127.0.0.1:${port}`;

  test("opens its API to the token, in a header and nowhere else", async () => {
    for (const route of ROUTES.slice(1, -2)) {
      const answer = await rawRequest(port, [`GET ${route} HTTP/1.1`, host(), authorization]);
      expect({ route, status: status(answer) }).toEqual({ route, status: 200 });
    }
    const { token } = dashboard;
    const wrong = [
      "",
      `authorization: Bearer ${token.slice(0, -1)}`,
      `authorization: Bearer ${token}x`,
      `authorization: Basic ${token}`,
      `authorization: ${token}`,
      "authorization: Bearer",
      `cookie: token=${token}`,
      `x-token: ${token}`,
    ];
    for (const route of [...ROUTES, `/api/events?token=${token}`])
      for (const header of wrong) {
        const lines = [`GET ${route} HTTP/1.1`, host(), ...(header === "" ? [] : [header])];
        const answer = await rawRequest(port, lines);
        expect({ route, header, status: status(answer) }).toEqual({ route, header, status: 401 });
        expect(answer).not.toContain(SESSION);
      }
  });

  test.each([
    ["another host", "host: evil.example"],
    ["another host with the port", "host: evil.example:PORT"],
    ["an empty host", "host:"],
    ["another port", "host: 127.0.0.1:1"],
    ["no port", "host: 127.0.0.1"],
    ["all interfaces", "host: 0.0.0.0:PORT"],
    ["a longer name", "host: localhost.evil.example:PORT"],
    ["another origin", "host: 127.0.0.1:PORT\r\norigin: http://evil.example"],
    ["another port's origin", "host: 127.0.0.1:PORT\r\norigin: http://127.0.0.1:1"],
    ["no origin", "host: 127.0.0.1:PORT\r\norigin: null"],
    ["another site", "host: 127.0.0.1:PORT\r\nsec-fetch-site: cross-site"],
    ["another port's site", "host: 127.0.0.1:PORT\r\nsec-fetch-site: same-site"],
  ])("lets nobody in with %s", async (_, headers) => {
    const lines = headers.replaceAll("PORT", String(port)).split("\r\n");
    for (const route of ALL) {
      const method = route === "/api/login" ? "POST" : "GET";
      const answer = await rawRequest(port, [
        `${method} ${route} HTTP/1.1`,
        ...lines,
        authorization,
      ]);
      expect({ route, isIn: status(answer) < 400 }).toEqual({ route, isIn: false });
      expect(answer).not.toMatch(/access-control|<html|session_id/i);
    }
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("takes no %s", async (method) => {
    for (const route of ALL) {
      if (route === "/api/login" && method === "POST") continue;
      const lines = [`${method} ${route} HTTP/1.1`, host(), authorization, "content-length: 0"];
      const answer = await rawRequest(port, lines);
      expect({ route, status: status(answer) }).toEqual({ route, status: 405 });
      expect(answer.toLowerCase()).not.toContain("access-control");
    }
  });

  test("sends its rules with every answer, and sets no cookie", async () => {
    for (const route of ALL) {
      const answer = (await rawRequest(port, [`GET ${route} HTTP/1.1`, host()])).toLowerCase();
      for (const header of [
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
        "require-trusted-types-for 'script'; trusted-types 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
        "cache-control: no-store",
      ])
        expect(answer).toContain(header);
      expect(answer).not.toContain("set-cookie");
      expect(answer).not.toContain("access-control");
    }
  });

  test("serves the page's own files and no others", async () => {
    const page = await rawRequest(port, ["GET / HTTP/1.1", host()]);
    const files = Array.from(page.matchAll(/(?:src|href)="\.?(\/[^"]+)"/g), ([, path]) => path);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const path of files)
      expect(status(await rawRequest(port, [`GET ${path} HTTP/1.1`, host()]))).toBe(200);
    for (const path of [
      "/etc/passwd",
      "/../../etc/passwd",
      "/%2e%2e/etc/passwd",
      "//etc/passwd",
      "/root/x.js",
    ])
      expect(status(await rawRequest(port, [`GET ${path} HTTP/1.1`, host()]))).toBe(404);
  });

  test("a request that is too large or nonsense does not end it", async () => {
    await rawRequest(port, ["nonsense"]);
    await rawRequest(port, [`POST /api/login HTTP/1.1`, host(), "content-length: 99999999"]);
    await rawRequest(port, [`GET /${"x".repeat(60_000)} HTTP/1.1`, host()]);
    const answer = await rawRequest(port, ["GET / HTTP/1.1", host()]);
    expect(status(answer)).toBe(200);
  });

  test("listens on this machine only, and only its owner may read the token", async () => {
    const path = `${sandbox.state}/dashboard.json`;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ port, token: dashboard.token });
    const listening = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .filter((line) =>
        line.includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`),
      );
    expect(listening.map((line) => line.trim().split(/\s+/)[1]?.split(":")[0])).toEqual([
      "0100007F",
    ]);
  });

  test("another call finds it", async () => {
    const { code, stdout } = await runCli(sandbox, "dashboard --no-open");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `The dashboard is already running: ${dashboard.link}\n`,
    });
  });
});

test.skipIf(whyNot !== undefined)("a link that a browser is opened with is good once", async () => {
  using sandbox = new Sandbox();
  const folder = await placeForAll(sandbox);
  mkdirSync(`${sandbox.root}/bin`);
  const opened = `${sandbox.home}/opened`;
  writeFileSync(
    `${sandbox.root}/bin/xdg-open`,
    `#!/bin/sh\nprintf '%s' "$1" >${opened}.new; mv ${opened}.new ${opened}\n`,
  );
  chmodSync(`${sandbox.root}/bin/xdg-open`, 0o755);
  for (const path of [sandbox.root, `${sandbox.root}/bin`]) chmodSync(path, 0o755);
  chmodSync(sandbox.home, 0o777);
  const env = {
    DISPLAY: ":9",
    PATH: `${sandbox.root}/bin:/usr/bin:/bin`,
    CLAUDE_SESSION_HOME: `${sandbox.home}/state`,
  };
  await using dashboard = await Dashboard.start(sandbox, { by: as(USER), folder, args: [], env });
  await until(() => existsSync(opened));
  const link = readFileSync(opened, "utf8");
  expect(link).not.toContain(dashboard.token);
  const ticket = /#ticket=([\w-]+)$/.exec(link)?.[1] ?? "";
  const logIn = (body: string) =>
    fetch(`http://127.0.0.1:${dashboard.port}/api/login`, { method: "POST", body });
  expect((await logIn(`${ticket}x`)).status).toBe(401);
  const first = await logIn(ticket);
  expect(await first.json()).toEqual({ token: dashboard.token });
  expect((await logIn(ticket)).status).toBe(401);
  // So is the one of a second call.
  rmSync(opened);
  const again = { by: as(USER), folder, env };
  expect((await runCli(sandbox, "dashboard", again)).stdout).toContain("already running");
  await until(() => existsSync(opened));
  const second = readFileSync(opened, "utf8");
  expect(second).not.toContain(dashboard.token);
  expect((await logIn(/#ticket=([\w-]+)$/.exec(second)?.[1] ?? "")).status).toBe(200);
  expect(await dashboard.close()).toBe(0);
  expect(await dashboard.child.stderr.text()).toContain("A link was used twice");
});

test.skipIf(whyNot !== undefined)(
  "another user of the machine gets the empty page and nothing else",
  async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    const asOther = (path: string) =>
      Bun.spawnSync([
        ...as(USER),
        "curl",
        "-s",
        "-w",
        "%{http_code}",
        `http://127.0.0.1:${dashboard.port}${path}`,
      ]).stdout.toString();
    expect(asOther("/")).toContain('<div id="app">');
    for (const path of ["/api/events", "/api/live", `/api/session?id=${SESSION}`])
      expect(asOther(path)).toEndWith("401");
    const file = Bun.spawnSync([...as(USER), "cat", `${sandbox.state}/dashboard.json`]);
    expect(file.exitCode).not.toBe(0);
  },
);

describe("it", () => {
  test("ends by Ctrl-C with status 0, and takes its file away", async () => {
    using sandbox = new Sandbox();
    await using dashboard = await Dashboard.start(sandbox);
    expect(existsSync(`${sandbox.state}/dashboard.json`)).toBe(true);
    expect(await dashboard.close()).toBe(0);
    expect(existsSync(`${sandbox.state}/dashboard.json`)).toBe(false);
  });

  test("takes the port that it is given, or says that it is taken", async () => {
    using sandbox = new Sandbox();
    await using dashboard = await Dashboard.start(sandbox);
    using other = new Sandbox();
    const taken = await runCli(other, `dashboard --no-open --port ${dashboard.port}`);
    expect(taken).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`port ${dashboard.port} is taken`),
    });
    expect((await runCli(other, "dashboard --port 99999")).code).toBe(2);
  });

  test("starts again after it was killed", async () => {
    using sandbox = new Sandbox();
    const killed = await Dashboard.start(sandbox);
    await killed[Symbol.asyncDispose]();
    await using dashboard = await Dashboard.start(sandbox);
    expect(dashboard.token).not.toBe(killed.token);
  });

  test("answers for sessions as list and show do", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    const rows = await sessionsOf(dashboard);
    const { stdout } = await runCli(sandbox, "list --json --limit 0");
    const listed = JSON.parse(stdout) as {
      session_id: string;
      state: string;
      tools: number;
      failures: number;
    }[];
    expect(rows.size).toBe(listed.length);
    for (const { session_id, state, tools, failures } of listed)
      expect(rows.get(session_id)).toMatchObject({ state, tools, failures });
    const own = records.filter(({ session_id }) => session_id === SESSION);
    const answer = await dashboard.ask<SessionAnswer>(`/api/session?id=${SESSION}`);
    expect(answer.records.map(({ record }) => record.id)).toEqual(own.map(({ id }) => id));
    // Long texts are cut, and only they.
    for (const [n, { record, isCut }] of answer.records.entries())
      if (!isCut) expect(record).toEqual(own[n] as EventRecord);
    expect(answer.links).toHaveLength(1);
    for (const [n, { place }] of answer.records.entries()) {
      const whole = await dashboard.ask<EventRecord>(`/api/record?at=${place.day}:${place.offset}`);
      expect(whole).toEqual(own[n] as EventRecord);
    }
  });

  test("says what a session cost as show does, and nothing that was said", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    await sessionsOf(dashboard);
    const folder = `${sandbox.home}/.claude/projects/-shop`;
    const path = `/api/usage?id=${SESSION}`;
    expect(await dashboard.ask<UsageAnswer>(path)).toMatchObject({ total: null, billed_usd: null });
    mkdirSync(folder, { recursive: true });
    const used = { sessionId: SESSION, model: "claude-haiku-4-5", usage: { input_tokens: 1e6 } };
    const write = (...lines: object[]) => {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      writeFileSync(`${folder}/${SESSION}.jsonl`, text, { flag: "a" });
    };
    write(promptLine("p1"), answerLine(used), billLine(1.5, SESSION));
    const answer = await dashboard.ask<UsageAnswer>(path);
    const { stdout } = await runCli(sandbox, `show ${SESSION} --json`);
    const shown = JSON.parse(stdout) as { cost_usd: number; billed_usd: number };
    expect(answer.total?.cost_usd).toBeCloseTo(shown.cost_usd, 9);
    expect(answer.prompts["p1"]?.text).toBe("$1.00");
    expect(answer.billed_usd).toBe(shown.billed_usd);
    expect(answer.untold_usd).toBeCloseTo(0.49995, 9);
    expect(JSON.stringify(answer)).not.toContain("in a text.");
    // What is added is seen.
    write(answerLine({ ...used, id: "msg_2", model: "gpt-9" }));
    expect((await dashboard.ask<UsageAnswer>(path)).total).toMatchObject({
      text: "$1.00+",
      cost_usd: null,
    });
    expect((await dashboard.fetch("/api/usage?id=nobody")).status).toBe(404);
  });

  test("of more rows of costs than it shows, leaves out the cheapest", async () => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.home}/.claude/projects/-shop`;
    mkdirSync(folder, { recursive: true });
    const types = Array.from({ length: 210 }, (_, n) => `agent ${n}`);
    for (const [n, agentType] of types.entries()) {
      const more = { agentId: `a${n}`, attributionAgent: agentType };
      const line = answerLine({ id: `m${n}`, requestId: `r${n}`, output: 1000 * n, more });
      appendFileSync(`${folder}/${SESSION}.jsonl`, `${JSON.stringify(line)}\n`);
    }
    await using dashboard = await Dashboard.start(sandbox);
    const { rows } = await dashboard.ask<CostsAnswer>("/api/costs?by=agent");
    expect(rows.map(({ name }) => name)).toEqual(types.toReversed().slice(0, 200));
  });

  test.each([
    ["", () => true],
    ["tool:Bash", ({ tool }) => tool === "Bash"],
    ["-tool:Bash", ({ tool }) => tool !== "Bash"],
    ["tool:bash,Write", ({ tool }) => tool === "Bash" || tool === "Write"],
    ["event:Pre*", ({ event }) => event.startsWith("Pre")],
    [`session:${SESSION.slice(0, 6)}`, ({ session_id }) => session_id === SESSION],
    ["failed", ({ event }) => event.endsWith("Failure")],
    ["agent", ({ agent_id }) => agent_id !== undefined],
    ["project:shop tool:Read", ({ tool }) => tool === "Read"],
    ["project:nothing", () => false],
    ["since:2026-11-23", () => false],
    ['"out.txt"', (record) => JSON.stringify(record).includes("out.txt")],
    [
      '"out.txt" event:PreToolUse',
      (record) => record.event === "PreToolUse" && JSON.stringify(record).includes("out.txt"),
    ],
    ['"bun test\necho done"', (record) => JSON.stringify(record).includes("bun test\\necho done")],
  ] as [string, (record: EventRecord) => boolean][])(
    "finds events by %j",
    async (filter, matches) => {
      using sandbox = new Sandbox();
      writeRecords(sandbox, records);
      await using dashboard = await Dashboard.start(sandbox);
      await sessionsOf(dashboard);
      const { events, matched, total } = await dashboard.ask<EventsAnswer>(
        `/api/events?filter=${encodeURIComponent(filter)}`,
      );
      const expected = records.filter(matches);
      expect({ matched, total }).toEqual({ matched: expected.length, total: records.length });
      expect(events.at_ms).toEqual(expected.map(({ timestamp }) => Date.parse(timestamp)));
      const places = events.offset.map(
        (offset, i) => `${events.names[events.day[i] ?? 0]}:${offset}`,
      );
      const texts = await dashboard.ask<string[]>(`/api/texts?at=${places.join(",")}`);
      expect(texts).toHaveLength(expected.length);
    },
  );

  test("says who touched which files, by the filter, as show --files does", async () => {
    using sandbox = new Sandbox();
    const sample = await sampleSessions(Date.now());
    writeRecords(sandbox, sample);
    await using dashboard = await Dashboard.start(sandbox);
    await sessionsOf(dashboard);
    const { files, matched, calls, is_cut } = await dashboard.ask<FilesAnswer>(
      `/api/files?filter=${encodeURIComponent("project:shop tool:Edit,Read")}`,
    );
    const expected = sample.filter(
      ({ event, tool, project }) =>
        event === "PostToolUse" && (tool === "Edit" || tool === "Read") && project === "shop",
    );
    expect({ calls, is_cut, matched }).toEqual({
      calls: expected.length,
      is_cut: false,
      matched: files.length,
    });
    const cart = files.find(({ path }) => path.endsWith("/src/cart.ts"));
    expect(cart?.sessions).toHaveLength(2);
    for (const { session, changes, reads } of cart?.sessions ?? []) {
      const { stdout } = await runCli(sandbox, `show ${session} --json`);
      const shown = JSON.parse(stdout) as { files: FilesAnswer["files"] };
      expect(shown.files.find(({ path }) => path === cart?.path)).toMatchObject({ changes, reads });
    }
  });

  test.each([
    "cart",
    "CART",
    '"cart test"',
    "failed tool:Bash",
    "time failed",
    "nowhere-to-be-found",
  ])("finds %j as search does, the newest first", async (words) => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, await sampleSessions(Date.now()));
    await using dashboard = await Dashboard.start(sandbox);
    for (const [query, flags] of [
      ["", ""],
      ["&case=any", "-i "],
    ]) {
      const response = await dashboard.fetch(
        `/api/search?filter=${encodeURIComponent(words)}${query}`,
      );
      const messages = (await response.text())
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as SearchMessage);
      expect(messages.at(-1)).toEqual({ kind: "end", is_cut: false, doubled_events: 0 });
      const hits = messages.flatMap((message) => (message.kind === "hit" ? [message.hit] : []));
      const args = ["search", "--json", "--limit", "0", ...(flags ? ["-i"] : [])];
      const said = words.startsWith('"') ? [words.replaceAll('"', "")] : words.split(" ");
      const { stdout } = await runProgram("claude-session", sandbox, "", {
        args: [...args, ...said],
      });
      const printed = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as EventRecord).id);
      expect(hits.map(({ id }) => id)).toEqual(printed);
      for (const { place, id, match } of hits) {
        const record = await dashboard.ask<EventRecord>(
          `/api/record?at=${place.day}:${place.offset}`,
        );
        expect([record.id, JSON.stringify(record).includes(match)]).toEqual([id, true]);
      }
    }
  });

  test("refuses to search by what is said of sessions", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    const response = await dashboard.fetch("/api/search?filter=state:ended");
    expect(JSON.parse(await response.text())).toEqual({
      kind: "problem",
      text: "state: filters sessions, not events",
    });
  });

  test("counts as stats does, by anything, and next to the period before", async () => {
    using sandbox = new Sandbox();
    const nowMs = Date.now();
    const sample = await sampleSessions(nowMs);
    writeRecords(sandbox, sample);
    await using dashboard = await Dashboard.start(sandbox);
    await sessionsOf(dashboard);
    const ask = (by: string, filter: string) =>
      dashboard.ask<StatisticsAnswer>(
        `/api/statistics?by=${by}&filter=${encodeURIComponent(filter)}`,
      );
    const numbers = ({ by_day, before, time: spent, ...row }: StatisticsAnswerRow) => {
      expect(by_day.reduce((sum, events) => sum + events, 0)).toBe(row.events);
      expect([before, spent === null || spent.model_ms >= 0]).toEqual([null, true]);
      return row;
    };
    // On the command line, a model has costs.
    for (const by of GROUPS.filter((group) => group !== "model")) {
      const { stdout } = await runCli(sandbox, `stats --json --by ${by}`);
      const printed = JSON.parse(stdout) as { total: object; rows: object[] };
      const { total, rows, before, by_day } = await ask(by, "");
      expect({ total, rows: rows.map(numbers) }).toEqual({
        total: printed.total as StatisticsAnswer["total"],
        rows: printed.rows as ReturnType<typeof numbers>[],
      });
      expect(before).toBeNull();
      expect(by_day.reduce((sum, events) => sum + events, 0)).toBe(total.events);
    }
    const daysOld = ({ timestamp }: EventRecord) => (nowMs - Date.parse(timestamp)) / 86_400_000;
    const bash = sample.filter(({ tool }) => tool === "Bash");
    const two = await ask("project", "tool:Bash since:2d");
    // Between the two clocks is less than there is between two events.
    expect(two.total.events).toBe(bash.filter((record) => daysOld(record) < 2).length);
    expect(two.before?.events).toBe(
      bash.filter((record) => daysOld(record) >= 2 && daysOld(record) < 4).length,
    );
    const midnightMs = new Date(nowMs).setHours(0, 0, 0, 0);
    const today = await ask("tool", "since:today");
    const isBetween = (sinceMs: number, untilMs: number) => (record: EventRecord) =>
      Date.parse(record.timestamp) >= sinceMs && Date.parse(record.timestamp) < untilMs;
    expect(today.total.events).toBe(sample.filter(isBetween(midnightMs, nowMs)).length);
    // The same hours of yesterday.
    const [sinceMs, untilMs] = [midnightMs - 86_400_000, nowMs - 86_400_000];
    expect(today.before?.events).toBe(sample.filter(isBetween(sinceMs, untilMs)).length);
    const { stdout: byTime } = await runCli(sandbox, "stats --json --by time");
    const printed = JSON.parse(byTime) as { tools_ms: number }[];
    const { time } = await ask("day", "state:ended,silent");
    const ended = await ask("day", "");
    // Of sessions that go on, the time until now is counted, too.
    expect(ended.time.waiting_ms).toBeGreaterThan(time.waiting_ms + 60_000);
    expect(time.tools_ms).toBeLessThanOrEqual(printed.reduce((sum, day) => sum + day.tools_ms, 0));
    expect(time.model_ms).toBeGreaterThan(0);
  });

  test("says how long the calls of a tool usually take", async () => {
    using sandbox = new Sandbox();
    const sample = await sampleSessions(Date.now());
    writeRecords(sandbox, sample);
    await using dashboard = await Dashboard.start(sandbox);
    await sessionsOf(dashboard);
    const usual = await dashboard.ask<UsualTimesAnswer>("/api/usual-times");
    const times = sample
      .filter(({ event, tool }) => event === "PostToolUse" && tool === "Bash")
      .map(({ duration_ms }) => duration_ms ?? 0)
      .toSorted((a, b) => a - b);
    expect(usual["Bash"]).toEqual({
      calls: times.length,
      p95_ms: times[Math.floor(times.length * 0.95)] ?? 0,
    });
  });

  test("tells of a file that two sessions work on, while they do", async () => {
    using sandbox = new Sandbox();
    await using dashboard = await Dashboard.start(sandbox);
    const edit = (session_id: string, tool_name: string) =>
      runProgram("post-tool-use", sandbox, {
        session_id,
        hook_event_name: "PostToolUse",
        tool_name,
        tool_use_id: `${session_id}-1`,
        tool_input: { file_path: "/home/you/shop/cart.ts" },
        tool_response: {},
      });
    const shared: (readonly SharedFile[])[] = [];
    const stop = new AbortController();
    const follow = (async () => {
      for await (const message of dashboard.live()) {
        if (message.kind === "shared_files") shared.push(message.files);
        if (stop.signal.aborted) return;
      }
    })();
    await edit("one", "Read");
    await edit("two", "Read");
    await edit("one", "Edit");
    await until(() => shared.length > 0);
    const [file] = shared.at(-1) ?? [];
    expect(file?.path).toBe("/home/you/shop/cart.ts");
    expect(file?.sessions.map(({ session, use }) => `${session} ${use}`).toSorted()).toEqual([
      "one changed",
      "two read",
    ]);
    // It is over when one of them ends.
    await runProgram("session-end", sandbox, {
      session_id: "two",
      hook_event_name: "SessionEnd",
      reason: "other",
    });
    await until(() => shared.at(-1)?.length === 0);
    stop.abort();
    await edit("one", "Edit");
    await follow;
  });

  test("opens at the session that is asked for", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox, {
      args: [SESSION.slice(0, 6), "--no-open"],
    });
    expect(dashboard.link).toEndWith(`/session/${SESSION}`);
    const again = await runCli(sandbox, `dashboard --no-open ${SESSION}`);
    expect(again.stdout).toContain(`#token=${dashboard.token}/session/${SESSION}`);
    const none = await runCli(sandbox, "dashboard --no-open 99999999");
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("99999999");
  });

  test("says whether everything works, and who named the sessions", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    await sessionsOf(dashboard);
    const { findings, correlation } = await dashboard.ask<HealthAnswer>("/api/health");
    expect(findings.some(({ topic }) => topic === "Registration")).toBe(true);
    const [day] = correlation;
    expect(day).toMatchObject({
      day: "2026-11-22",
      events: records.length,
      witnesses: { payload: records.length },
    });
    expect(day?.calls).toBe(records.filter(({ event }) => event === "PreToolUse").length);
  });
});

describe("the live stream", () => {
  test("brings an event within a quarter of a second, and its session", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    const stream = dashboard.live();
    await next(stream, (message) => message.kind === "progress" && message.share === 1);
    const delays: number[] = [];
    for (let n = 0; n < 5; n++) {
      const event = { session_id: `live-${n}`, hook_event_name: "SessionStart", source: "startup" };
      await runProgram("session-start", sandbox, event);
      const endedMs = performance.now();
      await next(
        stream,
        (message) =>
          message.kind === "sessions" && message.sessions.some(({ id }) => id === `live-${n}`),
      );
      delays.push(performance.now() - endedMs);
      await next(stream, (message) => message.kind === "events");
    }
    expect(delays.toSorted((a, b) => a - b)[2]).toBeLessThan(1000);
    await stream.return(undefined);
  });

  test("continues from its cursor with exactly what was missed", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    const first = dashboard.live();
    const hello = await next(first, ({ kind }) => kind === "hello");
    const sessions = await next(first, ({ kind }) => kind === "sessions");
    await next(first, (message) => message.kind === "progress" && message.share === 1);
    await first.return(undefined);
    await runProgram("session-start", sandbox, {
      session_id: "added-later",
      hook_event_name: "SessionStart",
    });
    const { epoch } = hello as Extract<LiveMessage, { kind: "hello" }>;
    const { cursor } = sessions as Extract<LiveMessage, { kind: "sessions" }>;
    const second = dashboard.live(`?epoch=${epoch}&cursor=${cursor}`);
    const message = await next(second, ({ kind }) => kind === "sessions");
    await second.return(undefined);
    expect(
      (message as Extract<LiveMessage, { kind: "sessions" }>).sessions.map(({ id }) => id),
    ).toEqual(["added-later"]);
  });

  test.each<[string, (sandbox: Sandbox, path: string) => unknown]>([
    ["pruned", (sandbox) => runCli(sandbox, `prune --session ${SESSION}`)],
    ["truncated", (_, path) => truncateSync(path)],
    [
      "edited",
      (_, path) => {
        const lines = readFileSync(path, "utf8")
          .split("\n")
          .filter((line) => !line.includes(SESSION));
        writeFileSync(`${path}.new`, lines.join("\n"), { mode: 0o600 });
        renameSync(`${path}.new`, path);
      },
    ],
  ])("shows what is left of a log that is %s", async (_, change) => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, records);
    await using dashboard = await Dashboard.start(sandbox);
    expect((await sessionsOf(dashboard)).has(SESSION)).toBe(true);
    await change(sandbox, `${sandbox.events}/2026-11-22.jsonl`);
    await until(async () => !(await sessionsOf(dashboard)).has(SESSION));
    appendFileSync(
      `${sandbox.events}/2026-11-22.jsonl`,
      `${JSON.stringify({ ...records[0], session_id: "after" })}\n`,
    );
    await until(async () => (await sessionsOf(dashboard)).has("after"));
  });

  test("a reader that does not read holds up nobody", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, await sampleSessions(Date.now()));
    await using dashboard = await Dashboard.start(sandbox);
    const idle = await dashboard.fetch("/api/live");
    for (let n = 0; n < 3; n++) {
      await runProgram("session-start", sandbox, {
        session_id: `busy-${n}`,
        hook_event_name: "SessionStart",
      });
      await until(async () => (await sessionsOf(dashboard)).has(`busy-${n}`));
    }
    await idle.body?.cancel();
  });

  test("a session that spans midnight has all of its events", async () => {
    using sandbox = new Sandbox();
    const own = records.filter(({ session_id }) => session_id === SESSION);
    const days = own.map((record, n) => ({
      ...record,
      timestamp: record.timestamp.replace("11-22", n < 9 ? "11-21" : "11-22"),
    }));
    writeRecords(sandbox, days);
    await using dashboard = await Dashboard.start(sandbox);
    const row = (await sessionsOf(dashboard)).get(SESSION);
    expect(row?.events).toBe(own.length);
    const { stdout } = await runCli(sandbox, "list --json");
    const [listed] = JSON.parse(stdout) as { tools: number; state: string; first_prompt: string }[];
    expect(row).toMatchObject({
      tools: listed?.tools,
      state: listed?.state,
      first_prompt: listed?.first_prompt,
    });
  });
});

/** All sessions that a new stream tells, once the log has been read. */
async function sessionsOf(dashboard: Dashboard): Promise<Map<string, SessionRow>> {
  const sessions = new Map<string, SessionRow>();
  for await (const message of dashboard.live()) {
    if (message.kind === "sessions")
      for (const session of message.sessions) sessions.set(session.id, session);
    if (message.kind === "progress" && message.share === 1) break;
  }
  return sessions;
}

async function next(
  stream: AsyncGenerator<LiveMessage>,
  isWanted: (message: LiveMessage) => boolean,
): Promise<LiveMessage> {
  for (;;) {
    const { done, value } = await stream.next();
    if (done) throw new Error("the stream ended");
    if (isWanted(value)) return value;
  }
}
