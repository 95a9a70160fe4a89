// Any bytes as a log: the command line shows exactly the valid records in them, wherever they are torn,
// mixed or overwritten, and lists the session of each.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { recordedSession } from "../support/recorded-session";
import { Tally } from "../support/tally";
import { writeDay } from "../support/written-log";

const RUNS = 30;
/** Days of a log, each with damage of its own: reading several costs no more than reading one. */
const DAYS = ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"] as const;
const lines = (await recordedSession()).map((record) => `${JSON.stringify(record)}\n`);

/** Damage to a file: a part of it is replaced by something else. */
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
const damagedDay = fc
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
const anyBytes = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
const day = fc.oneof({ weight: 9, arbitrary: damagedDay }, { weight: 1, arbitrary: anyBytes });

test("the valid records in any bytes are shown, and nothing else", async () => {
  const tally = new Tally("log bytes");
  await fc.assert(
    fc.asyncProperty(fc.tuple(...DAYS.map(() => day)), async (days) => {
      using sandbox = new Sandbox();
      for (const [i, name] of DAYS.entries()) writeDay(sandbox, name, days[i] ?? "");
      const records = days.flatMap(validRecordsIn);
      const tail = await runCli(sandbox, "tail --json --lines 1000");
      expect(tail.code).toBe(0);
      expect(tail.stderr).toMatch(/^(Skipped lines of the log: .*\n)?$/);
      // The bytes may have an event twice: that is said, and both are shown.
      const shown = parseLines(tail.stdout).map((record) => {
        delete record["double_of"];
        return record;
      });
      expect(shown).toEqual(records);

      const list = await runCli(sandbox, "list --json --limit 0");
      expect(list.code).toBe(0);
      const listed = JSON.parse(list.stdout) as { session_id: string }[];
      // It reads only the heads of lines, so it may also list a session of which no more than that is left.
      expect(listed.map(({ session_id }) => session_id)).toEqual(
        expect.arrayContaining(records.map(({ session_id }) => String(session_id))),
      );
      tally.add("days", days.length);
      tally.add("valid records", records.length);
      tally.add("bytes", Buffer.concat(days).length);
    }),
    { numRuns: RUNS },
  );
  tally.print();
}, 120_000);

/** The records that a reader must find, found by other means than the reader's. */
function validRecordsIn(log: Buffer): Record<string, unknown>[] {
  return log
    .toString("latin1")
    .split("\n")
    .map((line) => Buffer.from(line, "latin1").toString("utf8"))
    .flatMap((line) => {
      try {
        const value = JSON.parse(line) as Record<string, unknown> | null;
        const named = ["id", "timestamp", "event", "session_id"];
        const isRecord =
          value?.["v"] === 1 && named.every((name) => typeof value[name] === "string");
        return isRecord ? [value] : [];
      } catch {
        return [];
      }
    });
}

function parseLines(output: string): Record<string, unknown>[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
