// `claude-session forward --once` against servers, logs and cursors at their worst: at the end, every
// event is on the server, behind the cursor, set aside, or counted lost.
import type { Subprocess } from "bun";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { z } from "zod";
import type { EventRecord } from "../../lib/log/record";
import { peakMegabytes } from "../../scripts/bench/timing";
import { capturedPayloads, type Captured } from "../../scripts/harness/payloads";
import { programPath, runCli, type Ended } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector, type Behaviour, type Delivery } from "../support/collector";
import { ledger, setAsideOf, type Ledger } from "../support/ledger";
import { recordedSession, recordsFrom, SESSION } from "../support/recorded-session";
import { writeDay, writeRecords } from "../support/written-log";

// A server that hangs costs three tries of 5 seconds.
setDefaultTimeout(40_000);
const PATIENCE_MS = 20_000;

const records = await recordedSession();
const ids = records.map(({ id }) => id);
const first = records[0] as EventRecord;
const DAY = "2026-11-22";

type Fate = "kept" | "set aside" | "delivered";

interface Row {
  readonly behaviour: Behaviour | "down";
  readonly reason: string;
  readonly retryAfter?: string;
  /** With a destination of type `observability`, and of type `http`. */
  readonly fates: readonly [Fate, Fate];
}

const KEPT = ["kept", "kept"] as const;
const SET_ASIDE = ["set aside", "set aside"] as const;
const ONLY_BATCHES_ARRIVE = ["kept", "delivered"] as const;

const ROWS: readonly Row[] = [
  { behaviour: "hang", fates: KEPT, reason: "accepted is not answered" },
  { behaviour: "hang in headers", fates: KEPT, reason: "half a head is no answer" },
  { behaviour: "hang after headers", fates: KEPT, reason: "half an answer is none" },
  { behaviour: "drip in headers", fates: KEPT, reason: "the time-out is for the whole" },
  { behaviour: "drip", fates: KEPT, reason: "each byte is in time, the answer never" },
  { behaviour: "down", fates: KEPT, reason: "it is started again later" },
  { behaviour: "close", fates: KEPT, reason: "a proxy whose server is away" },
  { behaviour: "reset", fates: KEPT, reason: "it crashed" },
  { behaviour: "reset after storing", fates: KEPT, reason: "nobody can know that it was stored" },
  { behaviour: "garbage", fates: KEPT, reason: "another service has the port" },
  { behaviour: 500, fates: KEPT, reason: "the server's own fault" },
  { behaviour: 503, fates: KEPT, reason: "it is being deployed" },
  { behaviour: 408, fates: KEPT, reason: "it was the server that was slow" },
  { behaviour: 425, fates: KEPT, reason: "too early is not never" },
  { behaviour: 429, fates: KEPT, reason: "too many is not never" },
  { behaviour: 429, retryAfter: "86400", fates: KEPT, reason: "nobody waits a day for --once" },
  { behaviour: 429, retryAfter: "soon", fates: KEPT, reason: "what cannot be read asks nothing" },
  { behaviour: "redirect", fates: KEPT, reason: "events go where the user said" },
  { behaviour: "text to everything", fates: ONLY_BATCHES_ARRIVE, reason: "the path is wrong" },
  { behaviour: "no id", fates: ONLY_BATCHES_ARRIVE, reason: "another API's success" },
  { behaviour: "id is text", fates: ONLY_BATCHES_ARRIVE, reason: "another API's id" },
  { behaviour: "endless answer", fates: ONLY_BATCHES_ARRIVE, reason: "64 KiB are read" },
  { behaviour: "gzip bomb", fates: ONLY_BATCHES_ARRIVE, reason: "nothing is unpacked" },
  { behaviour: 202, fates: ONLY_BATCHES_ARRIVE, reason: "collectors answer before they are done" },
  { behaviour: 204, fates: ONLY_BATCHES_ARRIVE, reason: "a success needs no words" },
  { behaviour: 401, fates: KEPT, reason: "the token is wrong, and can be mended" },
  { behaviour: 404, fates: KEPT, reason: "the path is wrong, or ClickHouse's table is missing" },
  { behaviour: 407, fates: KEPT, reason: "it is a proxy that says so" },
  { behaviour: 400, fates: SET_ASIDE, reason: "it will never take them" },
  { behaviour: 403, fates: SET_ASIDE, reason: "it will not take these" },
  { behaviour: 410, fates: SET_ASIDE, reason: "any other of the kind" },
  { behaviour: 422, fates: SET_ASIDE, reason: "it understood, and will not" },
];

describe("whatever the server does, no event is lost", () => {
  test.concurrent.each(ROWS.map((row) => [title(row), row] as const))("%s", async (_, row) => {
    await using both = new Both();
    const fates = new Map(both.sides.map(({ name }, i) => [name, row.fates[i]]));
    writeRecords(both.sandbox, records);
    for (const { collector } of both.sides) {
      if (row.retryAfter !== undefined) collector.retryAfter = row.retryAfter;
      if (row.behaviour === "down") collector.stop();
      else collector.behaviour = row.behaviour;
    }

    const isKept = row.fates.includes("kept");
    expect((await forwardOnce(both.sandbox)).code).toBe(isKept ? 1 : 0);
    const report = await statusOf(both.sandbox);
    for (const { name, collector, books } of await both.books(ids)) {
      const fate = fates.get(name);
      expect(books.undelivered).toEqual(fate === "kept" ? ids : []);
      expect(books.setAside.toSorted()).toEqual(fate === "set aside" ? ids.toSorted() : []);
      if (fate === "delivered") expect(books.arrived).toEqual(ids);
      expect(report.of(name)).toMatchObject({
        undelivered: { events: books.undelivered.length },
        set_aside: books.setAside.length,
        last_error: fate === "kept" ? { message: expect.any(String) } : null,
      });
      if (row.behaviour === "redirect") expect(collector.elsewhere.connections).toBe(0);
    }

    const further = { ...first, id: "01a202c9-d2a3-702d-85be-999999999999" };
    writeRecords(both.sandbox, [further]);
    for (const { collector } of both.sides) {
      collector.behaviour = "healthy";
      collector.start();
    }
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    const all = [...ids, further.id];
    for (const { name, collector, books } of await both.books(all)) {
      const expected = fates.get(name) === "set aside" ? [further.id] : all;
      expect(books.undelivered).toEqual([]);
      expect(books.arrived.toSorted()).toEqual(expected.toSorted());
      if (row.behaviour === "reset after storing")
        expect(collector.arrivals.length).toBeGreaterThan(all.length);
    }
  });
});

describe("what the server will never take", () => {
  const bad = records[7] as EventRecord;
  // The 500th byte is in the middle of a letter.
  const complaint = `x${"é".repeat(1000)}`;
  const refuse = ({ collector }: Side) => {
    collector.complaint = complaint;
    collector.behaviour = ({ arrivals }) =>
      arrivals.some(({ id }) => id === bad.id) ? 400 : "healthy";
  };

  test.concurrent(
    "is set aside with the answer's beginning, and what follows goes on",
    async () => {
      await using both = new Both();
      writeRecords(both.sandbox, records);
      both.sides.forEach(refuse);
      expect((await forwardOnce(both.sandbox)).code).toBe(0);
      for (const { name, books } of await both.books(ids)) {
        expect(books).toMatchObject({ undelivered: [], setAside: [bad.id] });
        expect(books.arrived.toSorted()).toEqual(ids.filter((id) => id !== bad.id).toSorted());
        const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        const line = { at, status: 400, answer: complaint.slice(0, 250), record: bad };
        expect(await setAsideOf(both.sandbox, name)).toEqual([line]);
        expect((await statusOf(both.sandbox)).of(name)).toMatchObject({ set_aside: 1 });
      }
    },
  );

  test.concurrent("is kept as long as it cannot be set aside", async () => {
    await using both = new Both();
    writeRecords(both.sandbox, records);
    both.sides.forEach(refuse);
    const obstacles = both.sides.map(
      ({ name }) => `${both.sandbox.state}/forward/${name}/rejected.jsonl`,
    );
    for (const obstacle of obstacles) mkdirSync(obstacle, { recursive: true, mode: 0o700 });
    expect((await forwardOnce(both.sandbox)).code).toBe(1);
    for (const { name } of both.sides)
      expect((await statusOf(both.sandbox)).of(name).last_error?.message).toContain("set aside");
    for (const obstacle of obstacles) rmSync(obstacle, { recursive: true });
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    for (const { books } of await both.books(ids))
      expect(books).toMatchObject({ undelivered: [], setAside: [bad.id] });
  });

  test.concurrent("may be only the size of a batch, which is halved", async () => {
    await using both = new Both();
    const { sandbox, lake } = both;
    lake.collector.behaviour = ({ arrivals }) => (arrivals.length > 5 ? 413 : "healthy");
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    expect(await ledger(sandbox, "lake", ids, lake.collector)).toMatchObject({
      arrived: ids,
      undelivered: [],
      setAside: [],
    });
  });
});

const longPayload = { tool_response: "x".repeat(100_000) };

test.concurrent("a batch is 500 records or 1 MiB, under its first and last id", async () => {
  using sandbox = new Sandbox();
  await using collector = new Collector();
  configure(sandbox, [toLake(collector)]);
  const many = Array.from({ length: 1230 }, (_, i) => ({
    ...first,
    id: `01a202c9-d2a3-702d-85be-${String(i).padStart(12, "0")}`,
    ...(i >= 1200 && { payload: longPayload }),
  }));
  writeRecords(sandbox, many);
  expect((await forwardOnce(sandbox)).code).toBe(0);
  expect(collector.arrivals.map(({ body }) => body)).toEqual(many);
  for (const { arrivals, headers } of collector.deliveries) {
    expect(arrivals.length).toBeLessThanOrEqual(500);
    expect(Number(headers["content-length"])).toBeLessThanOrEqual(1_048_576);
    expect(headers).toMatchObject({
      "content-type": "application/x-ndjson",
      "idempotency-key": `${arrivals[0]?.id}-${arrivals.at(-1)?.id}`,
    });
  }
  expect(collector.deliveries.length).toBeLessThan(8);
});

// So answers `insertEvent` of disler/claude-code-hooks-multi-agent-observability: the event, and then the id.
test.concurrent("a long event is delivered, though its id comes at the answer's end", async () => {
  using sandbox = new Sandbox();
  await using collector = new Collector();
  configure(sandbox, [toTeam(collector)]);
  writeRecords(sandbox, [{ ...first, payload: longPayload }, ...records.slice(1)]);
  expect((await forwardOnce(sandbox)).code).toBe(0);
  const { undelivered } = await ledger(sandbox, "team", ids, collector);
  expect([undelivered, collector.arrivals.length]).toEqual([[], ids.length]);
});

test.concurrent.each([
  ["", "/events"],
  ["/", "/events"],
  ["/events", "/events"],
  ["/api", "/api/events"],
  ["/api/?key=value", "/api/events?key=value"],
])("an observability server at %p is sent events at %p", async (path, expected) => {
  using sandbox = new Sandbox();
  await using collector = new Collector();
  configure(sandbox, [toTeam(collector, { url: `${collector.url}${path}` })]);
  writeRecords(sandbox, [first]);
  expect((await forwardOnce(sandbox)).code).toBe(0);
  expect(collector.deliveries.map((delivery) => delivery.path)).toEqual([expected]);
});

test.concurrent("a server that comes to itself between two tries gets everything", async () => {
  using sandbox = new Sandbox();
  await using collector = new Collector();
  collector.behaviour = ({ number }) => (number <= 2 ? 503 : "healthy");
  configure(sandbox, [toLake(collector)]);
  writeRecords(sandbox, records);
  expect((await forwardOnce(sandbox)).code).toBe(0);
  const { arrived, undelivered } = await ledger(sandbox, "lake", ids, collector);
  expect([arrived, undelivered]).toEqual([ids, []]);
  // What is sent again is the same batch, so that the server can tell.
  const keys = collector.deliveries.map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toEqual(Array.from({ length: 3 }, () => `${ids[0]}-${ids.at(-1)}`));
});

describe("destinations do not wait for each other", () => {
  test.concurrent.each([
    ["hangs", "hang"],
    ["asks for time", { status: 503, text: "", headers: { "Retry-After": "4" } }],
  ] as [string, Behaviour][])("where one %s", async (_, behaviour) => {
    await using both = new Both();
    const { sandbox, team, lake } = both;
    await using another = new Collector();
    configure(sandbox, [
      toTeam(team.collector),
      toLake(lake.collector),
      toTeam(another, { name: "also" }),
    ]);
    team.collector.behaviour = behaviour;
    writeRecords(sandbox, records);
    const child = startForward(sandbox, "--once");
    await until(() => lake.collector.ids.length + another.ids.length === 2 * ids.length);
    // The other is still at its first tries.
    expect(child.exitCode).toBeNull();
    expect(await child.exited).toBe(1);
    expect((await ledger(sandbox, "also", ids, another)).undelivered).toEqual([]);
    const [ofTeam, ofLake] = await both.books(ids);
    expect([ofTeam?.books.undelivered, ofLake?.books.undelivered]).toEqual([ids, []]);
  });
});

test.concurrent(
  "a forwarder whose server is down delivers to others, and to it when it is back",
  async () => {
    await using both = new Both();
    const { sandbox, team, lake } = both;
    team.collector.stop();
    writeRecords(sandbox, records);
    const child = startForward(sandbox);
    try {
      await until(async () => (await statusOf(sandbox)).of("team").last_error !== null);
      await until(() => lake.collector.ids.length === ids.length);
      expect((await ledger(sandbox, "team", ids, team.collector)).undelivered).toEqual(ids);
      team.collector.start();
      for (const { name } of both.sides)
        await until(async () => (await statusOf(sandbox)).of(name).undelivered.events === 0);
      for (const { books } of await both.books(ids)) expect(books.undelivered).toEqual([]);
    } finally {
      child.kill();
      await child.exited;
    }
  },
);

describe("what is wrong with one destination is said, and the other goes on", () => {
  const host = ({ url }: Collector) => new URL(url).host;
  test.concurrent.each([
    [
      "a percent sign in its password",
      (to: Collector) => ({ url: `http://a:100%25%@${host(to)}` }),
    ],
    ["the name of the lock", () => ({ name: "lock" })],
    ["the name of the heartbeat", () => ({ name: "heartbeat" })],
    ["a name out of its folder", () => ({ name: "../lake" })],
    ["the name of the other, but for a capital", () => ({ name: "Lake" })],
    ["a header that is none", () => ({ headers: { "X Y": "z" } })],
    ["a URL that is none", () => ({ url: "127.0.0.1:4000" })],
    ["a file in place of its folder", () => ({ name: "file" })],
    ["a link to nowhere in place of its folder", () => ({ name: "link" })],
  ] as [string, (to: Collector) => object][])("%s", async (_, toOdd) => {
    await using both = new Both();
    const { sandbox, team, lake } = both;
    const odd = toTeam(team.collector, toOdd(team.collector));
    configure(sandbox, [toLake(lake.collector), odd]);
    mkdirSync(`${sandbox.state}/forward`, { mode: 0o700 });
    writeFileSync(`${sandbox.state}/forward/file`, "mine", { mode: 0o600 });
    symlinkSync("/nowhere/at/all", `${sandbox.state}/forward/link`);
    writeRecords(sandbox, records);
    // What the first run leaves may not stand in the second one's way.
    for (const { code, stderr } of [await forwardOnce(sandbox), await forwardOnce(sandbox)]) {
      expect(stderr).not.toContain("a bug of ours");
      expect(code).toBe(team.collector.ids.length === ids.length ? 0 : 1);
    }
    expect((await ledger(sandbox, "lake", ids, lake.collector)).undelivered).toEqual([]);
    if (team.collector.ids.length === ids.length) return;
    const { faults, destinations } = await statusOf(sandbox);
    const told = [...faults, destinations.find(({ name }) => name === odd.name)?.last_error];
    expect(told.filter((one) => one !== null && one !== undefined)).not.toEqual([]);
  });
});

describe("a destination gets what it wants", () => {
  const other = { ...first, project: "other", id: "01a202c9-d2a3-702d-85be-888888888888" };
  const all = [...records, other];
  test.concurrent.each([
    ["everything, if nothing is said", {}, () => true],
    ["some kinds of event", { events: ["Stop", "SessionEnd"] }, isOf("Stop", "SessionEnd")],
    ["some projects", { projects: ["other"] }, ({ project }: EventRecord) => project === "other"],
    [
      "the events of a project that are both",
      { events: ["UserPromptSubmit"], projects: ["shop"] },
      (record: EventRecord) => isOf("UserPromptSubmit")(record) && record.project === "shop",
    ],
    ["nothing, where nothing is in the lists", { events: [] }, () => false],
    ["nothing that is only like a name in the list", { events: ["stop"] }, () => false],
  ] as const)("%s", async (_, choice, isWanted) => {
    await using both = new Both(choice);
    writeRecords(both.sandbox, all);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    const wanted = all.filter(isWanted).map(({ id }) => id);
    for (const { name, books } of await both.books(wanted)) {
      expect(books.arrived.toSorted()).toEqual(wanted.toSorted());
      const { undelivered } = (await statusOf(both.sandbox)).of(name);
      expect(undelivered).toEqual({ events: 0, bytes: 0 });
    }
  });
});

describe("credentials", () => {
  const secrets = {
    header: "header-5ecret",
    token: "token-5ecret",
    password: "pa55 w:rd/",
    query: "query 5ecret",
  };
  // What would be left of one that was cut before it was found.
  const beginning = secrets.header.slice(0, 8);
  const encoded = [
    encodeURIComponent(secrets.password),
    encodeURIComponent(secrets.query),
    secrets.query.replace(" ", "+"),
    Buffer.from(`bryan:${secrets.password}`).toString("base64"),
  ];
  const forbidden = [...Object.values(secrets), beginning, ...encoded];
  const environment = { LAKE_TOKEN: secrets.token };

  /** Which secrets are in which texts. */
  const secretsIn = (texts: readonly string[]) =>
    texts.flatMap((text) =>
      forbidden
        .filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))
        .map((secret) => `${secret} in ${text.slice(0, 200)}`),
    );

  const configureSecrets = (sandbox: Sandbox, collector: Collector) => {
    const { host } = new URL(collector.url);
    const login = `bryan:${encodeURIComponent(secrets.password)}`;
    const query = `password=${encodeURIComponent(secrets.query)}`;
    configure(sandbox, [
      toTeam(collector, { url: `http://${login}@${host}/?${query}` }),
      toLake(collector, {
        url: `${collector.url}/?${query}`,
        headers: { "X-Key": secrets.header },
        token_env: "LAKE_TOKEN",
      }),
    ]);
    writeRecords(sandbox, records);
  };

  test.concurrent("arrive as headers", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configureSecrets(sandbox, collector);
    expect((await forwardOnce(sandbox, environment)).code).toBe(0);
    const query = `?password=${encodeURIComponent(secrets.query)}`;
    const byPath = Map.groupBy(collector.deliveries, ({ path }) => path);
    expect([...byPath.keys()].toSorted()).toEqual([`/${query}`, `/events${query}`]);
    for (const { headers } of byPath.get(`/events${query}`) ?? [])
      expect(headers).toMatchObject({
        authorization: `Basic ${btoa(`bryan:${secrets.password}`)}`,
        "content-type": "application/json",
      });
    for (const { headers } of byPath.get(`/${query}`) ?? [])
      expect(headers).toMatchObject({
        authorization: `Bearer ${secrets.token}`,
        "x-key": secrets.header,
        "content-type": "application/x-ndjson",
      });
  });

  const echo = ({ path, headers }: Delivery) => ({
    status: 400,
    text: `POST ${path} ${JSON.stringify(headers)}`,
  });
  const endsIn =
    (status: number, end: number) =>
    ({ headers }: Delivery) => ({
      status,
      text: `${"x".repeat(end - 10)}${headers["x-key"] ?? ""}`,
    });
  test.concurrent.each([
    ["is healthy", "healthy"],
    ["fails", 500],
    ["cannot be understood", "garbage"],
    ["redirects", "redirect"],
    ["says back what it was told, and refuses", echo],
    ["says back what it was told, and fails", (all: Delivery) => ({ ...echo(all), status: 500 })],
    ["says it back at the end of what is shown of a failure", endsIn(500, 200)],
    ["says it back at the end of what is kept of a refusal", endsIn(400, 500)],
    ["is down", "down"],
  ] as [string, Behaviour | "down"][])(
    "are in no file, no output and no command line, where the server %s",
    async (_, behaviour) => {
      using sandbox = new Sandbox();
      await using collector = new Collector();
      configureSecrets(sandbox, collector);
      const commandLines = new Set<string>();
      if (behaviour === "down") collector.stop();
      else
        collector.behaviour = () => {
          for (const line of allCommandLines()) commandLines.add(line);
          return behaviour;
        };
      const outputs = [
        await forwardOnce(sandbox, environment),
        await runCli(sandbox, "forward --status", { env: environment }),
        await runCli(sandbox, "forward --status --json", { env: environment }),
        await runCli(sandbox, "doctor", { env: environment }),
      ].map(({ stdout, stderr }) => stdout + stderr);
      const files = filesUnder(sandbox.state, "config.json");
      expect(files.length).toBeGreaterThan(2);
      expect(secretsIn([...outputs, ...files, ...commandLines])).toEqual([]);
    },
  );

  test.concurrent("are not printed for developers of Bun programs, either", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configureSecrets(sandbox, collector);
    const verbose = { ...environment, BUN_CONFIG_VERBOSE_FETCH: "curl" };
    const { code, stdout, stderr } = await forwardOnce(sandbox, verbose);
    expect(code).toBe(0);
    expect(secretsIn([stdout + stderr])).toEqual([]);
  });

  test.concurrent("that are not there are waited for, and said to be missing", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, [toLake(collector, { token_env: "LAKE_TOKEN" })]);
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(1);
    expect(collector.connections).toBe(0);
    expect((await ledger(sandbox, "lake", ids, collector)).undelivered).toEqual(ids);
    expect((await statusOf(sandbox)).of("lake").last_error?.message).toContain("LAKE_TOKEN");
    expect((await forwardOnce(sandbox, environment)).code).toBe(0);
    expect((await ledger(sandbox, "lake", ids, collector)).undelivered).toEqual([]);
  });
});

test.concurrent("a proxy gets nothing of what is for loopback", async () => {
  await using both = new Both();
  const { sandbox, team, lake } = both;
  await using proxy = new Collector();
  const url = `http://localhost:${lake.collector.port}/`;
  configure(sandbox, [toTeam(team.collector), toLake(lake.collector, { url })]);
  writeRecords(sandbox, records);
  expect((await forwardOnce(sandbox, proxiedBy(proxy))).code).toBe(0);
  expect(proxy.connections).toBe(0);
  for (const { books } of await both.books(ids)) expect(books.undelivered).toEqual([]);
});

describe("plain http to another machine is refused before anything is sent", () => {
  test.concurrent.each([
    ["http://192.0.2.1:4000", "an address for documentation"],
    ["http://[2001:db8::1]:4000", "the same, longer"],
    ["http://127.0.0.1.example.invalid:4000", "a name that begins like loopback"],
    ["http://localhost.example.invalid:4000", "another"],
    ["http://user:pass@192.0.2.1", "with credentials, all the more"],
  ])("%s: %s", async (url) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    // Should it try all the same, it comes here, and not out.
    await using proxy = new Collector();
    configure(sandbox, [
      toTeam(collector, { name: "far", url }),
      toLake(collector, { name: "further", url }),
      toLake(collector),
    ]);
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox, proxiedBy(proxy))).code).toBe(1);
    expect(proxy.connections).toBe(0);
    expect((await ledger(sandbox, "lake", ids, collector)).undelivered).toEqual([]);
    const { destinations, faults } = await statusOf(sandbox);
    expect(destinations.map(({ name }) => name)).toEqual(["lake"]);
    expect(faults).toEqual([
      expect.stringMatching(/far.*insecure/),
      expect.stringMatching(/further.*insecure/),
    ]);
    expect(faults.join()).not.toContain("pass@");
    expect((await runCli(sandbox, "forward --status")).stdout).toContain("insecure");
  });
});

describe("in the log", () => {
  const [one = "", two = "", three = ""] = records.map((record) => `${JSON.stringify(record)}\n`);

  test.concurrent.each([
    ["torn", "its writer died", `${one.slice(0, 80)}\n`, 1],
    ["torn at its end only", "its head is whole", `${one.slice(0, -20)}\n`, 1],
    ["that is no JSON", "somebody wrote there", "hello\n", 1],
    ["that is no record", "somebody wrote JSON there", '{"v":1,"id":7}\n', 1],
    ["of another version", "an older program reads", `${one.replace('"v":1', '"v":2')}`, 1],
    ["too long to be ours", "no record is so long", `${"x".repeat(300_000)}\n`, 1],
    ["longer than a window", "it would fill the memory", `${"x".repeat(2_500_000)}\n`, 1],
    ["of zero bytes", "the power was cut", `${"\0".repeat(100)}\n`, 1],
    ["that is empty", "a writer was careful", "\n", 0],
    ["that is blank", "it was erased", `${" ".repeat(one.length)}\n`, 0],
  ] as const)("a line %s is passed over: %s", async (_, __, line, skipped) => {
    await using both = new Both();
    writeDay(both.sandbox, DAY, `${line}${one}${line}${two}${line}`);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    // What was passed over and counted once is not again.
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    for (const { name, collector, books } of await both.books(ids.slice(0, 2))) {
      expect(books.undelivered).toEqual([]);
      expect(collector.arrivals.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      expect((await statusOf(both.sandbox)).of(name).skipped).toBe(3 * skipped);
    }
  });

  test.concurrent.each([
    ["in its head", 30],
    ["in what it carries", -30],
    ["before its newline", -1],
  ] as const)("a last line that is half there waits for its rest: cut %s", async (_, at) => {
    await using both = new Both();
    const path = writeDay(both.sandbox, DAY, `${one}${two.slice(0, at)}`);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    appendFileSync(path, `${two.slice(at)}${three}`);
    expect((await forwardOnce(both.sandbox)).code).toBe(0);
    for (const { name, collector, books } of await both.books(ids.slice(0, 3))) {
      expect(books.undelivered).toEqual([]);
      expect(collector.arrivals.map(({ id }) => id)).toEqual(ids.slice(0, 3));
      expect((await statusOf(both.sandbox)).of(name).skipped).toBe(0);
    }
  });
});

describe("a cursor that is no good restarts at the oldest day", () => {
  const early = {
    ...first,
    id: "01a202c9-0000-702d-85be-000000000000",
    timestamp: "2026-11-20T00:00:00.000Z",
  };
  const all = [early.id, ...ids];
  const at = (position: object) => JSON.stringify({ v: 1, days: { [DAY]: position }, lost: 0 });
  const cursors: Record<string, string | ((path: string) => void)> = {
    "empty, after a power cut": "",
    "half there": at({ offset: 100, id: ids[0] }).slice(0, 40),
    "zero bytes": "\0".repeat(100),
    "no object": "[]",
    "another shape": '{"v":1,"days":[]}',
    "without days": '{"v":1}',
    "of another version": '{"v":2,"days":{},"lost":0}',
    "with an offset that is text": at({ offset: "1", id: ids[0] }),
    "with an offset below zero": at({ offset: -1, id: ids[0] }),
    "with an offset past the end": at({ offset: 999_999_999, id: ids[0] }),
    "with an offset past the end, and no id": at({ offset: 999_999_999, id: "" }),
    "with an offset in the middle of a line": at({ offset: 300, id: ids[0] }),
    "of another log": at({ offset: Buffer.byteLength(JSON.stringify(first)) + 1, id: early.id }),
    "too large to be ours": `{"v":1,"days":{},"lost":0}${" ".repeat(2_000_000)}`,
    "a link to somewhere": (path) => symlinkSync("/etc/hostname", path),
    "a link to nowhere": (path) => symlinkSync("/nowhere/at/all", path),
    "a folder": (path) => mkdirSync(path),
  };
  test.concurrent.each(Object.entries(cursors))("%s", async (_, damage) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, [toLake(collector)]);
    writeRecords(sandbox, [early, ...records]);
    const folder = `${sandbox.state}/forward/lake`;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (typeof damage === "string") writeFileSync(`${folder}/cursor.json`, damage, { mode: 0o600 });
    else damage(`${folder}/cursor.json`);
    await forwardOnce(sandbox);
    const { arrived } = await ledger(sandbox, "lake", all, collector);
    expect(arrived).toEqual(all);
    const { restarted } = (await statusOf(sandbox)).of("lake");
    expect(restarted).toEqual({ at: expect.any(String), reason: expect.any(String) });
    // A screen breaks its lines where it must.
    const { stdout } = await runCli(sandbox, "forward --status");
    expect(stdout.replace(/\s+/g, " ")).toContain(restarted?.reason ?? "-");
  });

  test.concurrent("one that is gone delivers all of it again, under the same ids", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, [toTeam(collector)]);
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    rmSync(`${sandbox.state}/forward/team/cursor.json`);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    const { arrived, undelivered } = await ledger(sandbox, "team", ids, collector);
    expect([arrived.toSorted(), undelivered]).toEqual([ids.toSorted(), []]);
    expect(collector.arrivals.length).toBe(2 * ids.length);
  });
});

describe("an observability server gets an event as Claude Code sent it", async () => {
  const captured = await capturedPayloads();
  const message = z.strictObject({
    source_app: z.literal("shop"),
    session_id: z.literal(SESSION),
    hook_event_type: z.string().min(1),
    payload: z.looseObject({ event_id: z.uuidv7() }),
    timestamp: z.int().min(Date.UTC(2026, 0)).max(Date.UTC(2027, 0)),
    model_name: z.string().min(1).optional(),
    summary: z.string(),
    tool_name: z.string().optional(),
    tool_use_id: z.string().optional(),
    error: z.string().optional(),
    is_interrupt: z.boolean().optional(),
    agent_id: z.string().optional(),
    agent_type: z.string().optional(),
    agent_transcript_path: z.string().optional(),
    stop_hook_active: z.boolean().optional(),
    notification_type: z.string().optional(),
    custom_instructions: z.string().nullable().optional(),
    source: z.string().optional(),
    reason: z.string().optional(),
  });
  const fieldNames = new Set(Object.keys(message.shape));

  test.concurrent("with all that was in it, and what it looks for beside it", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, [toTeam(collector)]);
    const names = captured.map(({ name }) => (name.includes(".") ? `variants/${name}` : name));
    const all = await recordsFrom(names.map((name) => [name]));
    writeRecords(sandbox, all);
    expect((await forwardOnce(sandbox)).code).toBe(0);
    const sentIds = all.map(({ id }) => id);
    expect((await ledger(sandbox, "team", sentIds, collector)).arrived).toEqual(sentIds);
    for (const [i, { body }] of collector.arrivals.entries()) {
      const { event, payload } = captured[i] as Captured;
      expect(message.parse(body)).toEqual(body as z.infer<typeof message>);
      const sent = { ...payload, session_id: SESSION, cwd: "/home/you/shop" };
      expect(body["payload"]).toEqual({ ...sent, event_id: all[i]?.id });
      expect(body).toMatchObject({
        ...Object.fromEntries(Object.entries(sent).filter(([name]) => fieldNames.has(name))),
        hook_event_type: event,
        timestamp: Date.parse(all[i]?.timestamp ?? ""),
      });
    }
  });
});

describe("memory stays small", () => {
  test.each(["endless answer", "gzip bomb"] as const)("with this: %s", async (behaviour) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    collector.behaviour = behaviour;
    configure(sandbox, [toTeam(collector), toLake(collector)]);
    writeRecords(sandbox, records);
    const command = [programPath("claude-session"), "forward", "--once"];
    expect(await peakMegabytes(command, sandbox.env())).toBeLessThan(150);
    expect(collector.deliveries.length).toBeGreaterThan(3);
  });
});

/** What `forward --status --json` prints of a destination. */
interface DestinationStatus {
  readonly name: string;
  readonly undelivered: { readonly events: number; readonly bytes: number };
  readonly last_success: string | null;
  readonly last_error: { readonly at: string; readonly message: string } | null;
  readonly set_aside: number;
  readonly lost: number;
  readonly skipped: number;
  readonly restarted: { readonly at: string; readonly reason: string } | null;
}

interface Report {
  readonly alive: boolean;
  readonly destinations: readonly DestinationStatus[];
  readonly faults: readonly string[];
}

async function statusOf(sandbox: Sandbox) {
  const { stdout } = await runCli(sandbox, "forward --status --json");
  const report = JSON.parse(stdout) as Report;
  const of = (name: string): DestinationStatus => {
    const found = report.destinations.find((destination) => destination.name === name);
    if (found === undefined) throw new Error(`no ${name} in ${stdout}`);
    return found;
  };
  return { ...report, of };
}

function forwardOnce(sandbox: Sandbox, env: Record<string, string> = {}): Promise<Ended> {
  return runCli(sandbox, "forward --once", { env });
}

function startForward(sandbox: Sandbox, ...words: string[]): Subprocess {
  const command = [programPath("claude-session"), "forward", ...words];
  const silent = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  return Bun.spawn(command, { env: sandbox.env(), ...silent });
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not so: ${isSo}`);
    await Bun.sleep(10);
  }
}

/** A destination as it is in `config.json`. */
interface Configured {
  readonly name: string;
  readonly [key: string]: unknown;
}

function toTeam({ url }: Collector, more: object = {}): Configured {
  return { name: "team", type: "observability", url, ...more };
}

function toLake({ url }: Collector, more: object = {}): Configured {
  return { name: "lake", type: "http", url: `${url}/?query=INSERT%20INTO%20events`, ...more };
}

function configure(sandbox: Sandbox, destinations: readonly Configured[]): void {
  mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
  writeFileSync(`${sandbox.state}/config.json`, JSON.stringify({ destinations }), { mode: 0o600 });
}

/** A destination, and the collector that it leads to. */
interface Side {
  readonly name: string;
  readonly collector: Collector;
}

/** A sandbox with a destination of either type, each with a collector of its own. */
class Both implements AsyncDisposable {
  readonly sandbox = new Sandbox();
  readonly team: Side = { name: "team", collector: new Collector() };
  readonly lake: Side = { name: "lake", collector: new Collector() };
  readonly sides = [this.team, this.lake];

  /** @param choice of events, for both */
  constructor(choice: object = {}) {
    const destinations = [toTeam(this.team.collector, choice), toLake(this.lake.collector, choice)];
    configure(this.sandbox, destinations);
  }

  /** What became of these events, at either. */
  books(emitted: readonly string[]): Promise<(Side & { readonly books: Ledger })[]> {
    return Promise.all(
      this.sides.map(async (side) => ({
        name: side.name,
        collector: side.collector,
        books: await ledger(this.sandbox, side.name, emitted, side.collector),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { collector } of this.sides) await collector[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}

function title({ behaviour, retryAfter, reason }: Row): string {
  const after = retryAfter === undefined ? "" : ` with Retry-After: ${retryAfter}`;
  return `${String(behaviour)}${after}: ${reason}`;
}

function isOf(...events: readonly string[]) {
  return ({ event }: EventRecord) => events.includes(event);
}

function proxiedBy({ url }: Collector): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "all_proxy"];
  return Object.fromEntries(
    names.flatMap((name) => [
      [name, url],
      [name.toUpperCase(), url],
    ]),
  );
}

/** What every process of this machine was started with. */
function allCommandLines(): string[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.map((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, "utf8");
    } catch {
      return ""; // It is over.
    }
  });
}

/** The contents of all files in a folder, and in the folders in it, but for those of one name. */
function filesUnder(folder: string, except: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name !== except)
    .map((file) => readFileSync(`${file.parentPath}/${file.name}`, "utf8"));
}
