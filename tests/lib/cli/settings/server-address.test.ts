// What people give as `--server`, and what they are answered.
import { expect, test } from "bun:test";
import { readServerAddress } from "../../../../lib/cli/settings/server-address";

test.each([
  [" localhost:4000 ", "http://localhost:4000"],
  ["localhost:4000/events", "http://localhost:4000/events"],
  ["localhost", "http://localhost"],
  ["127.1:4000", "http://127.0.0.1:4000"],
  ["[::1]:4000", "http://[::1]:4000"],
  ["http://user:pass@localhost:4000", "http://user:pass@localhost:4000"],
  ["https://obs.example.com:65535/a:b@c", "https://obs.example.com:65535/a:b@c"],
  ["http://localhost:4000?token=x@y", "http://localhost:4000?token=x@y"],
])("%j is taken as %s", (text, url) => {
  expect(readServerAddress(text)).toEqual({ kind: "valid", url });
});

test.each([
  ["4000", "http://localhost:4000"],
  [":4000", "http://localhost:4000"],
  ["localhost:4000,", "http://localhost:4000"],
  ["::1", "http://[::1]"],
  ["::ffff:127.0.0.1:4000", "http://[::ffff:127.0.0.1]:4000"],
  ["ws://localhost:4000/stream", "http://localhost:4000/stream"],
  ["wss://obs.example.com/stream", "https://obs.example.com/stream"],
  ["tcp://localhost:4000", "http://localhost:4000"],
  ["http:/localhost:4000", "http://localhost:4000"],
  ["http:localhost:4000", "http://localhost:4000"],
  ["http//localhost:4000", "http://localhost:4000"],
  ["https:obs.example.com", "https://obs.example.com"],
  ["localhost:99999", "http://localhost:4000"],
  ["http://localhost:99999/events", "http://localhost:4000/events"],
  ["http:///localhost:4000", "http://localhost:4000"],
  ['"http://localhost:4000"', "http://localhost:4000"],
  ["<http://localhost:4000>", "http://localhost:4000"],
  ["obs.example.com/claude", "https://obs.example.com/claude"],
  ["192.168.1.5:4000", "https://192.168.1.5:4000"],
])("%j is answered with a line that works: %s", (text, url) => {
  const address = readServerAddress(text);
  expect(address).toMatchObject({
    kind: "invalid",
    reason: expect.stringContaining(`write ${url}`),
  });
  expect(readServerAddress(url)).toMatchObject({ kind: "valid" });
});

test.each(["user:s3cret@localhost:4000", "user:s3cret@obs.example.com"])(
  "a login in %j is not dropped, but refused, and its password is not repeated",
  (text) => {
    const address = readServerAddress(text);
    if (address.kind === "valid") throw new Error(`accepted as ${address.url}`);
    expect(address.reason).toMatch(
      /write https?:\/\/user:PASSWORD@(localhost:4000|obs\.example\.com);/,
    );
    expect(address.reason).toContain("token_env");
    expect(address.reason).not.toContain("s3cret");
  },
);
