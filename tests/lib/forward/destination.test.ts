// Which destinations can be used, and what of them is secret.
import { describe, expect, test } from "bun:test";
import { DEFAULTS } from "../../../lib/config";
import {
  readDestination,
  readDestinations,
  type Destination,
} from "../../../lib/forward/destination";

const TEAM = { name: "team", type: "observability", url: "http://127.0.0.1:4000" };

function usable(fields: object, env: Record<string, string> = {}): Destination {
  const judged = readDestination({ ...TEAM, ...fields }, env);
  if (typeof judged === "string") throw new Error(judged);
  return judged;
}

describe("a URL", () => {
  test.each([
    ["http://127.0.0.1:4000", "http://127.0.0.1:4000/events", "the default of such servers"],
    ["http://127.0.0.1:4000/", "http://127.0.0.1:4000/events", "with a slash"],
    ["http://127.0.0.1:4056/events", "http://127.0.0.1:4056/events", "already whole"],
    ["http://localhost:4000/api", "http://localhost:4000/api/events", "behind a path"],
    ["https://example.com/api/", "https://example.com/api/events", "of another machine"],
    ["http://[::1]:4000", "http://[::1]:4000/events", "of the other loopback"],
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

  test("of a collector is taken as it is, query and all, and shown without", () => {
    const url =
      "http://127.0.0.1:8123/?query=INSERT INTO claude_events FORMAT JSONEachRow&password=pass1234";
    const lake = usable({ type: "http", url });
    expect(new URL(lake.url).searchParams.get("query")).toStartWith("INSERT INTO claude_events");
    expect(lake.shownUrl).toBe("http://127.0.0.1:8123/");
    expect(lake.secrets).toContain("pass1234");
  });
});

describe("what cannot be used is said", () => {
  test.each([
    [{ name: "../x" }, "name", "it names a folder"],
    [{ name: "" }, "name", "and so is not nothing"],
    [{ name: "x".repeat(65) }, "name", "nor as long as this"],
    [{ type: "syslog" }, "type", "nobody knows it"],
    [{ url: "127.0.0.1:4000" }, "url", "no scheme"],
    [{ url: "ftp://127.0.0.1" }, "url", "another one"],
    [{ url: "http://10.0.0.1:4000" }, "in the clear", "plain http to another machine"],
    [{ url: "http://localhost.example.com" }, "in the clear", "which this is, too"],
    [{ headers: { "a b": "c" } }, "headers", "no name of a header"],
    [{ headers: { a: "b\nc: d" } }, "headers", "a value that would be two headers"],
    [{ headers: { a: 1 } }, "headers", "no text"],
    [{ events: "Stop" }, "events", "no list"],
    [{ evnts: ["Stop"] }, "evnts", "a slip would send everything"],
  ] as [object, string, string][])("%j: %s (%s)", (fields, reason) => {
    expect(readDestination({ ...TEAM, ...fields }, {})).toContain(reason);
  });

  test("and the others are used", () => {
    const destinations = [TEAM, { ...TEAM, name: "TEAM" }, { name: "x" }, { ...TEAM, name: "b" }];
    const { usable: good, faults } = readDestinations({ ...DEFAULTS, destinations }, {});
    expect(good.map(({ name }) => name)).toEqual(["team", "b"]);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain("destinations[1] TEAM: another one has this name");
    expect(faults[1]).toStartWith("destinations[2] x: ");
  });

  test("but plain http may go to another machine if the person says so", () => {
    expect(usable({ url: "http://10.0.0.1:4000", insecure: true }).isLoopback).toBe(false);
  });
});

describe("credentials", () => {
  test("of a URL become a header, and are in no URL any more", () => {
    const { url, shownUrl, headers, secrets } = usable({ url: "http://me:s%20ecret@127.0.0.1" });
    expect(url + shownUrl).not.toContain("ecret");
    expect(headers.get("Authorization")).toBe(`Basic ${btoa("me:s ecret")}`);
    expect(secrets).toContain("s ecret");
  });

  test("of a variable become a header; without it the destination waits, and says for what", () => {
    const token = { token_env: "TEAM_TOKEN" };
    const { headers, secrets, obstacle } = usable(token, { TEAM_TOKEN: "tok-123" });
    expect(headers.get("Authorization")).toBe("Bearer tok-123");
    expect(secrets).toEqual(["tok-123"]);
    expect(obstacle).toBeUndefined();
    expect(usable(token).obstacle).toContain("TEAM_TOKEN is not set");
    expect(usable(token, { TEAM_TOKEN: "" }).obstacle).toContain("TEAM_TOKEN is not set");
    expect(readDestination({ ...TEAM, ...token }, { TEAM_TOKEN: "a\nb" })).toContain("token");
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
])("of %j, %s of %s is wanted: %p", (fields, event, project, isWanted) => {
  expect(usable(fields).wants({ event, project })).toBe(isWanted);
});
