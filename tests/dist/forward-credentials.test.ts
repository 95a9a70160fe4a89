// Credentials and events go where the configuration says, and nowhere else.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector, type Behavior, type Delivery } from "../support/collector";
import { configure } from "../support/forwarder";
import { ledger } from "../support/ledger";
import { recordedSession } from "../support/recorded-session";
import {
  forwardOnce,
  proxiedBy,
  statusOf,
  toLake,
  toTeam,
  TwoDestinations,
} from "../support/two-destinations";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();
const ids = records.map(({ id }) => id);

describe("credentials", () => {
  const secrets = {
    header: "header-5ecret",
    token: "token-5ecret",
    password: "pa55 w:rd/",
    query: "query 5ecret",
  };
  // What would be left of a secret that was truncated before it was masked.
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
    configure(
      sandbox,
      toTeam(collector, { url: `http://${login}@${host}/?${query}` }),
      toLake(collector, {
        url: `${collector.url}/?${query}`,
        headers: { "X-Key": secrets.header },
        token_env: "LAKE_TOKEN",
      }),
    );
    writeRecords(sandbox, records);
  };

  const echo = ({ path, headers }: Delivery) => ({
    status: 400,
    text: `POST ${path} ${JSON.stringify(headers)}`,
  });
  const echoKeyBefore =
    (status: number, end: number) =>
    ({ headers }: Delivery) => ({
      status,
      text: `${"x".repeat(end - 10)}${headers["x-key"] ?? ""}`,
    });
  test.concurrent.each([
    ["is healthy", "healthy"],
    ["fails", 500],
    ["answers garbage", "garbage"],
    ["redirects", "redirect"],
    ["echoes the request and rejects it", echo],
    ["echoes the request and fails", (all: Delivery) => ({ ...echo(all), status: 500 })],
    ["echoes a secret at the end of what is shown of a failure", echoKeyBefore(500, 200)],
    ["echoes a secret at the end of what is kept of a rejection", echoKeyBefore(400, 500)],
    ["is down", "down"],
  ] as [string, Behavior | "down"][])(
    "are in no file, output or command line where the server %s",
    async (_, behavior) => {
      using sandbox = new Sandbox();
      await using collector = new Collector();
      configureSecrets(sandbox, collector);
      const commandLines = new Set<string>();
      if (behavior === "down") collector.stop();
      else
        collector.behavior = ({ number }) => {
          // Once: it takes milliseconds, and a command line does not change.
          if (number === 1) for (const line of allCommandLines()) commandLines.add(line);
          return behavior;
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

  test.concurrent("are not printed by Bun's switch for verbose requests", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configureSecrets(sandbox, collector);
    const verbose = { ...environment, BUN_CONFIG_VERBOSE_FETCH: "curl" };
    const { code, stdout, stderr } = await forwardOnce(sandbox, verbose);
    expect(code).toBe(0);
    expect(secretsIn([stdout + stderr])).toEqual([]);
  });

  test.concurrent("that are missing block the destination, and the status says so", async () => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, toLake(collector, { token_env: "LAKE_TOKEN" }));
    writeRecords(sandbox, records);
    expect((await forwardOnce(sandbox)).code).toBe(1);
    expect(collector.connections).toBe(0);
    expect((await ledger(sandbox, "lake", ids, collector)).undelivered).toEqual(ids);
    expect((await statusOf(sandbox)).of("lake").last_error?.message).toContain("LAKE_TOKEN");
    expect((await forwardOnce(sandbox, environment)).code).toBe(0);
    expect((await ledger(sandbox, "lake", ids, collector)).undelivered).toEqual([]);
  });
});

test.concurrent("a proxy gets nothing that is for loopback", async () => {
  await using both = new TwoDestinations();
  const { sandbox, team, lake } = both;
  await using proxy = new Collector();
  const url = `http://localhost:${lake.collector.port}/`;
  configure(sandbox, toTeam(team.collector), toLake(lake.collector, { url }));
  writeRecords(sandbox, records);
  expect((await forwardOnce(sandbox, proxiedBy(proxy))).code).toBe(0);
  expect(proxy.connections).toBe(0);
  for (const { undelivered } of await both.ledgers(ids)) expect(undelivered).toEqual([]);
});

describe("nothing is sent to another machine over plain http", () => {
  test.concurrent.each([
    ["http://192.0.2.1:4000", "an address for documentation"],
    ["http://[2001:db8::1]:4000", "an IPv6 address for documentation"],
    ["http://127.0.0.1.example.invalid:4000", "a name that begins like an address of loopback"],
    ["http://localhost.example.invalid:4000", "a name that begins like localhost"],
    ["http://user:pass@192.0.2.1", "with credentials"],
  ])("%s: %s", async (url) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    // If it did send something, it would arrive here, and not leave the machine.
    await using proxy = new Collector();
    configure(
      sandbox,
      toTeam(collector, { name: "far", url }),
      toLake(collector, { name: "further", url }),
      toLake(collector),
    );
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

/** The command lines of all processes on this machine. */
function allCommandLines(): string[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.map((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, "utf8");
    } catch {
      return ""; // It has ended.
    }
  });
}

/** The contents of all files in a folder and its folders, except those with one name. */
function filesUnder(folder: string, except: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && file.name !== except)
    .map((file) => readFileSync(`${file.parentPath}/${file.name}`, "utf8"));
}
