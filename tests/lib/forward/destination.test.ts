// Which destinations can be used, and which of their values are secret.
import { describe, expect, test } from "bun:test";
import { DEFAULT_CONFIG } from "../../../lib/config";
import {
  readDestination,
  readDestinations,
  type Destination,
} from "../../../lib/forward/destination";

const TEAM = { name: "team", type: "observability", url: "http://127.0.0.1:4000" };

function usable(fields: object, env: Record<string, string> = {}): Destination {
  const read = readDestination({ ...TEAM, ...fields }, env);
  if (read.kind === "unusable") throw new Error(read.fault);
  const [destination] = read.destinations;
  if (destination === undefined) throw new Error("none");
  return destination;
}

function faultOf(fields: object, env: Record<string, string> = {}): string {
  const read = readDestination({ ...TEAM, ...fields }, env);
  return read.kind === "unusable" ? read.fault : "none";
}

describe("a URL", () => {
  test.each([
    ["http://127.0.0.1:4000", "http://127.0.0.1:4000/events", "the default of such servers"],
    ["http://127.0.0.1:4000/", "http://127.0.0.1:4000/events", "a slash at the end"],
    ["http://127.0.0.1:4056/events", "http://127.0.0.1:4056/events", "complete"],
    ["http://localhost:4000/api", "http://localhost:4000/api/events", "a path"],
    ["https://example.com/api/", "https://example.com/api/events", "another machine"],
    ["http://[::1]:4000", "http://[::1]:4000/events", "IPv6 loopback"],
    ["127.0.0.1:4000", "http://127.0.0.1:4000/events", "no scheme, on this machine"],
    ["localhost:4000", "http://localhost:4000/events", "no scheme, by name"],
    ["http://0.0.0.0:4000", "http://127.0.0.1:4000/events", "as a server says that it listens"],
    ["http://[::ffff:127.0.0.1]:4000", "http://[::ffff:7f00:1]:4000/events", "IPv4 in IPv6"],
  ])("%s means %s (%s)", (url, meant) => {
    expect(usable({ url }).url).toBe(meant);
  });

  test.each([
    ["http://127.0.0.1", true],
    ["http://127.9.9.9", true],
    ["http://2130706433", true],
    ["http://localhost", true],
    ["http://a.localhost", true],
    ["http://[::1]", true],
    ["https://127.0.0.1.example.com", false],
    ["https://localhost.example.com", false],
    ["https://10.0.0.1", false],
  ])("%s: loopback is %p", (url, isLoopback) => {
    expect(usable({ url }).isLoopback).toBe(isLoopback);
  });

  test.each([
    ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/logs"],
    ["http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/logs"],
    ["https://example.com/otlp?org=1", "https://example.com/otlp/v1/logs?org=1"],
  ])("%s of an OpenTelemetry endpoint means %s for logs", (url, meant) => {
    const otel = usable({ type: "otlp", url });
    expect(otel.url).toBe(meant);
    expect(otel.folder).toEndWith("/team-logs");
  });

  test("of a collector is used with its query, and shown without it", () => {
    const url =
      "http://127.0.0.1:8123/?query=INSERT INTO claude_events FORMAT JSONEachRow&password=pass1234";
    const lake = usable({ type: "http", url });
    expect(new URL(lake.url).searchParams.get("query")).toStartWith("INSERT INTO claude_events");
    expect(lake.shownUrl).toBe("http://127.0.0.1:8123/");
    expect(lake.secrets).toContain("pass1234");
  });
});

describe("a destination that cannot be used", () => {
  test.each([
    [{ name: "../x" }, "name", "it would leave its folder"],
    [{ name: "" }, "name", "it is empty"],
    [{ name: "x".repeat(65) }, "name", "it is too long for a file name"],
    [{ type: "syslog" }, "type", "an unknown type"],
    [{ url: "example.com:4000" }, "url", "no scheme, on another machine"],
    [{ url: "ftp://127.0.0.1" }, "url", "another scheme"],
    [{ url: "http://10.0.0.1:4000" }, "sent unencrypted", "plain http to another machine"],
    [
      { url: "http://localhost.example.com" },
      "sent unencrypted",
      "the same, by a name like loopback",
    ],
    [{ url: "http://127.0.0.1:8123/?wait_for_async_insert=0" }, "use 1", "events could be lost"],
    [{ url: "http://127.0.0.1:8123/?a=1&wait_for_async_insert=false" }, "use 1", "the same"],
    [{ headers: { "a b": "c" } }, "headers", "not a header name"],
    [{ headers: { a: "b\nc: d" } }, "headers", "the value would be two headers"],
    [{ headers: { a: 1 } }, "headers", "not text"],
    [{ encoding: "json" }, "encoding", "only OpenTelemetry has encodings"],
    [{ type: "otlp", encoding: "xml" }, "encoding", "an unknown encoding"],
    [{ type: "otlp", resource: { a: 1 } }, "resource", "not text"],
    [{ events: "Stop" }, "events", "not a list"],
    [{ evnts: ["Stop"] }, "evnts", "a typo would send everything"],
  ] as [object, string, string][])("with %j has a fault in %s: %s", (fields, part) => {
    expect(faultOf(fields)).toContain(part);
  });

  test("does not keep the others from being used", () => {
    const destinations = [TEAM, { ...TEAM, name: "TEAM" }, { name: "x" }, { ...TEAM, name: "b" }];
    const { usable: good, faults } = readDestinations(
      { config: { ...DEFAULT_CONFIG, destinations } },
      {},
    );
    expect(good.map(({ name }) => name)).toEqual(["team", "b"]);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain("destinations[1] TEAM: another destination has this name");
    expect(faults[1]).toStartWith("destinations[2] x: ");
  });

  const otlp = { ...TEAM, type: "otlp" };
  test.each([
    [TEAM, { ...TEAM, name: "TEAM" }, "the same name"],
    [otlp, TEAM, "the same name, of another type"],
    [TEAM, otlp, "the same, the other way round"],
    [otlp, { ...TEAM, name: "team-logs" }, "the name of one of its signals"],
    [{ ...TEAM, url: "nowhere" }, TEAM, "a destination that cannot be used"],
    [{ ...otlp, url: "nowhere" }, { ...TEAM, name: "team-traces" }, "a signal of such a one"],
  ])("a machine has as %j cannot be taken by a user's %j (%s)", (machines, users) => {
    const { usable: good, faults } = readDestinations(
      {
        config: { ...DEFAULT_CONFIG, destinations: [machines, users, { ...TEAM, name: "own" }] },
        machine: { path: "/m", keys: [], unknownKeys: [], destinations: 1, overruled: [] },
      },
      {},
    );
    // By the item's place in the user's own file.
    expect(faults.at(-1)).toBe(`destinations[0] ${users.name}: a destination in /m has this name`);
    expect(
      good.filter(({ configuredIn }) => configuredIn !== "/m").map(({ name }) => name),
    ).toEqual(["own"]);
  });

  test("becomes usable with plain http to another machine if it is marked insecure", () => {
    expect(usable({ url: "http://10.0.0.1:4000", insecure: true }).isLoopback).toBe(false);
  });
});

describe("credentials", () => {
  test("in the URL become a header and leave the URL", () => {
    const { url, shownUrl, headers, secrets } = usable({ url: "http://me:s%20ecret@127.0.0.1" });
    expect(url + shownUrl).not.toContain("ecret");
    expect(headers.get("Authorization")).toBe(`Basic ${btoa("me:s ecret")}`);
    expect(secrets).toContain("s ecret");
  });

  test("from a variable become a header; without it, the destination is blocked", () => {
    const token = { token_env: "TEAM_TOKEN" };
    const { headers, secrets, blockedReason } = usable(token, { TEAM_TOKEN: "tok-123" });
    expect(headers.get("Authorization")).toBe("Bearer tok-123");
    expect(secrets).toEqual(["tok-123"]);
    expect(blockedReason).toBeUndefined();
    expect(usable(token).blockedReason).toContain("TEAM_TOKEN is not set");
    expect(usable(token, { TEAM_TOKEN: "" }).blockedReason).toContain("TEAM_TOKEN is not set");
    expect(faultOf(token, { TEAM_TOKEN: "a\nb" })).toContain("token");
  });

  test("in headers are secrets", () => {
    expect(usable({ headers: { "X-Key": "key-1234" } }).secrets).toEqual(["key-1234"]);
  });
});

test.each([
  [{}, "Stop", "shop", true],
  [{ events: ["Stop"] }, "Stop", "shop", true],
  [{ events: ["Stop"] }, "PreToolUse", "shop", false],
  [{ projects: ["shop"] }, "Stop", "shop", true],
  [{ projects: ["shop"] }, "Stop", "shopping", false],
  [{ events: ["Stop"], projects: ["shop"] }, "Stop", "web", false],
  [{ events: [] }, "Stop", "shop", false],
])("a destination with %j wants %s from %s: %p", (fields, event, project, isWanted) => {
  const head = { event, project, timestamp: "", session_id: "s" };
  expect(usable(fields).wants(head)).toBe(isWanted);
});

describe("otlp", () => {
  const OTLP = { name: "otel", type: "otlp", url: "http://127.0.0.1:4318/otlp/" };

  function signals(fields: object): readonly Destination[] {
    const read = readDestination({ ...OTLP, ...fields }, {});
    if (read.kind === "unusable") throw new Error(read.fault);
    return read.destinations;
  }

  test.each([
    [{}, ["logs", "traces"]],
    [{ signals: ["traces", "logs"] }, ["traces", "logs"]],
    [{ signals: ["logs", "logs"] }, ["logs"]],
    [{ signals: ["traces"] }, ["traces"]],
  ])("with %j is a destination for each of %j", (fields, expected) => {
    const found = signals(fields);
    expect(found.map(({ signal }) => signal as string)).toEqual(expected);
    for (const { name, url, folder, signal } of found) {
      expect(name).toBe(`otel-${signal}`);
      expect(url).toBe(`http://127.0.0.1:4318/otlp/v1/${signal}`);
      expect(folder).toEndWith(`/otel-${signal}`);
    }
  });

  test.each([
    ["PreToolUse", {}, [true, false]],
    ["PostToolUse", {}, [true, true]],
    ["PostToolUseFailure", {}, [true, true]],
    ["Stop", {}, [true, true]],
    ["Stop", { agent_id: "a" }, [true, false]],
    ["SubagentStop", { agent_id: "a", agent_type: "Explore" }, [true, true]],
    ["SubagentStop", { agent_id: "a" }, [true, false]],
    ["SessionEnd", {}, [true, false]],
    ["SomethingNew", {}, [true, false]],
  ])("logs and spans are made of %s %j: %j", (event, more, expected) => {
    const head = { event, project: "shop", timestamp: "", session_id: "s", ...more };
    expect(signals({}).map(({ wants }) => wants(head))).toEqual(expected);
    expect(signals({ events: ["Else"] }).map(({ wants }) => wants(head))).toEqual([false, false]);
  });

  test("has no name of its own that another destination has", () => {
    const destinations = [{ ...TEAM, name: "otel-traces" }, OTLP];
    const { usable: good, faults } = readDestinations(
      { config: { ...DEFAULT_CONFIG, destinations } },
      {},
    );
    expect(good.map(({ name }) => name)).toEqual(["otel-traces"]);
    expect(faults).toEqual(["destinations[1] otel: another destination has this name"]);
  });

  test.each([{ signals: [] }, { signals: ["metrics"] }, { signals: "logs" }])(
    "%j is refused",
    (fields) => {
      expect(faultOf({ ...OTLP, ...fields })).toStartWith("signals");
    },
  );
});
