// Lines of the log that are almost records: what other programs, other versions and broken disks leave there. None of
// them ends a command, and those that are records are records for every command.
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { readRecords } from "../../lib/log/reader";
import type { EventRecord } from "../../lib/log/record";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { NEXT_SESSION, recordedSession, SESSION } from "../support/recorded-session";
import { BUG_REPORT } from "../support/terminal-output";
import { writeDay } from "../support/written-log";

setDefaultTimeout(120_000);
const records = await recordedSession();
const DAY = "2026-11-22";
const LINES = 150;

const COMMANDS = [
  "list",
  "list --json",
  "list --project shop",
  `show ${SESSION}`,
  `show ${SESSION} --json`,
  `show ${NEXT_SESSION}`,
  "stats --json",
  "stats",
  "tail -n 9999",
  "tail -n 9999 --json",
  "tail --project shop",
  "forward --status",
  "prune --older-than 3650d",
  `prune --session ${SESSION} --dry-run`,
];

/** A record of which one value, at any depth, is another, missing, or one too many. */
const oddRecord = fc
  .tuple(fc.constantFrom(...records), fc.nat(), fc.anything({ maxDepth: 2 }), fc.boolean())
  .map(([record, choice, value, isRemoved]) => {
    const copy = structuredClone(record) as unknown as Record<string, unknown>;
    const places = placesIn(copy);
    const [parent, key] = places[choice % places.length] as Place;
    if (isRemoved) delete parent[key];
    else parent[key] = value;
    return copy;
  });

/** The ways to write the same JSON. */
const WRITERS: readonly ((value: object) => string)[] = [
  (value) => JSON.stringify(value),
  // As Python does, also with what is no ASCII.
  (value) =>
    JSON.stringify(value, undefined, 1)
      .replace(/\n */g, " ")
      .replace(
        /[\u0080-\uFFFF]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
  (value) => JSON.stringify(Object.fromEntries(Object.entries(value).toReversed())),
  (value) => JSON.stringify(value).replaceAll("/", "\\/"),
];

const oddLine = fc
  .tuple(oddRecord, fc.constantFrom(...WRITERS), fc.integer({ min: 0, max: 9 }))
  .map(([record, write, cut]) => {
    const line = write(record);
    return cut === 0 ? line.slice(0, -20) : line;
  });

const seeds = Array.from({ length: 6 }, () => Math.floor(Math.random() * 2 ** 31));

test.concurrent.each(seeds)("no line ends a command, by seed %d", async (seed) => {
  using sandbox = new Sandbox();
  const whole = records.map((record) => JSON.stringify(record));
  const odd = fc.sample(oddLine, { seed, numRuns: LINES });
  writeDay(sandbox, DAY, `${[...whole, ...odd].join("\n")}\n`);
  for (const command of COMMANDS) {
    const { stdout, stderr, code } = await runCli(sandbox, command);
    const bug = BUG_REPORT.test(stdout + stderr) ? stderr : "";
    expect({ command, code, bug }).toEqual({ command, code: 0, bug: "" });
  }
});

test.each(WRITERS.map((write, n) => [n, write] as const))(
  "a log by writer %d gives what ours gives",
  async (_, write) => {
    const written = async (one: (record: EventRecord) => string) => {
      const sandbox = new Sandbox();
      writeDay(sandbox, DAY, records.map((record) => `${one(record)}\n`).join(""));
      const shown: string[] = [];
      for (const command of COMMANDS) {
        const { stdout } = await runCli(sandbox, command);
        shown.push(stdout.replace(/\d+ ?(?:ms|s|min|h|d)\b|in \d.*/g, "~"));
      }
      await runCli(sandbox, `prune --session ${SESSION}`);
      const left = Array.from(readRecords(sandbox.events), (entry) =>
        entry.kind === "record" ? entry.record.session_id : entry.reason,
      );
      sandbox[Symbol.dispose]();
      return { shown, left };
    };
    const theirs = await written(write);
    const ours = await written((record) => JSON.stringify(record));
    expect(theirs.left).toEqual(ours.left);
    expect(theirs.left).not.toContain(SESSION);
    for (const [n, command] of COMMANDS.entries())
      // `tail --json` prints the fields in the order in which they are written.
      if (command !== "tail -n 9999 --json")
        expect({ command, shown: theirs.shown[n] }).toEqual({
          command,
          shown: ours.shown[n] as string,
        });
  },
);

type Place = readonly [parent: Record<string, unknown>, key: string];

function placesIn(value: unknown, depth = 0): Place[] {
  if (typeof value !== "object" || value === null || depth > 3) return [];
  const fields = value as Record<string, unknown>;
  const places: Place[] = [];
  for (const key of Object.keys(fields))
    places.push([fields, key], ...placesIn(fields[key], depth + 1));
  return places;
}
