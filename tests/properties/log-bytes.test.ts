// Any bytes as a log: the command line shows exactly the valid records in them, however they were cut,
// mixed or overwritten, and lists the session of each.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { runCli } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { recordedSession } from "../support/recorded-session";
import { Tally } from "../support/tally";
import { writeDay } from "../support/written-log";

const RUNS = 120;
const DAY = "2026-11-22";
const lines = (await recordedSession()).map((record) => `${JSON.stringify(record)}\n`);

/** Something that happens to a file: a part of it is replaced by something else. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat(3), fc.nat(2000)),
  by: fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom("", "\n", "\r\n", "\0", "{", "}", '"', "\\", ",", "[", "\uFEFF")
      .map(Buffer.from),
    fc.constantFrom(...lines).map(Buffer.from),
    fc.constantFrom(...lines).map((line) => Buffer.from(line.slice(0, 100))),
  ),
});
const logs = fc
  .tuple(fc.array(fc.constantFrom(...lines), { maxLength: 12 }), fc.array(damage, { maxLength: 8 }))
  .map(([written, damages]) =>
    damages.reduce(
      (bytes, { at, length, by }) => {
        const begin = Math.floor(at * bytes.length);
        return Buffer.concat([bytes.subarray(0, begin), by, bytes.subarray(begin + length)]);
      },
      Buffer.from(written.join("")),
    ),
  );
const bytes = fc.uint8Array({ maxLength: 3000 }).map((any) => Buffer.from(any));

test("of any bytes exactly the valid records are shown", async () => {
  const tally = new Tally("log bytes");
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 9, arbitrary: logs }, { weight: 1, arbitrary: bytes }),
      async (log) => {
        using sandbox = new Sandbox();
        writeDay(sandbox, DAY, log as unknown as string);
        const records = validIn(log);
        const tail = await runCli(sandbox, "tail --json --lines 1000");
        expect(tail.code).toBe(0);
        expect(tail.stderr).toMatch(/^(Skipped lines of the log: .*\n)?$/);
        expect(parseLines(tail.stdout)).toEqual(records);

        const list = await runCli(sandbox, "list --json --limit 0");
        expect(list.code).toBe(0);
        const listed = JSON.parse(list.stdout) as { session_id: string }[];
        // It reads heads alone, and may list a session of which only that is left.
        expect(listed.map(({ session_id }) => session_id)).toEqual(
          expect.arrayContaining(records.map(({ session_id }) => String(session_id))),
        );
        tally.add("logs");
        tally.add("valid records", records.length);
        tally.add("bytes", log.length);
      },
    ),
    { numRuns: RUNS },
  );
  tally.print();
}, 120_000);

/** What a reader must find, in other words than the reader's own. */
function validIn(log: Buffer): Record<string, unknown>[] {
  return log
    .toString("latin1")
    .split("\n")
    .map((line) => Buffer.from(line, "latin1").toString("utf8"))
    .flatMap((line) => {
      try {
        const value = JSON.parse(line) as Record<string, unknown> | null;
        const named = ["id", "timestamp", "event", "session_id"];
        const isOurs = value?.["v"] === 1 && named.every((name) => typeof value[name] === "string");
        return isOurs ? [value] : [];
      } catch {
        return [];
      }
    });
}

function parseLines(output: string): unknown[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}
