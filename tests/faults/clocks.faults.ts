// Clocks that are years off, change for daylight saving, or pass midnight: the log stays intact, and no
// event gets another session's id.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { commandExists } from "../../scripts/harness/system-commands";
import { runProgram, type Ended } from "../../scripts/harness/run-program";
import { entriesOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { limit } from "../support/limit";
import { Tally } from "../support/tally";
import { prepareScene } from "./scene";
import { DURING, laterViolations, violations } from "./violations";

setDefaultTimeout(60_000);

const tally = new Tally("clocks");
afterAll(() => tally.print());
const hasFaketime = process.platform === "linux" && commandExists("faketime");
if (!hasFaketime) tally.skip("everything: faketime is not installed");

const DAY_MS = 86_400_000;
const START = { session_id: DURING, hook_event_name: "SessionStart" };

const CLOCKS = [
  ["ahead", 3650 * DAY_MS],
  ["behind", -3650 * DAY_MS],
] as const;

/** Runs a program whose clock is off by so much. */
function runWithClock(
  sandbox: Sandbox,
  offMs: number,
  program: string,
  payload: object,
  TZ = "UTC",
): Promise<Ended> {
  const clock = `${offMs < 0 ? "" : "+"}${(offMs / 1000).toFixed(3)}s`;
  return runProgram(program, sandbox, payload, { by: ["faketime", "-f", clock], env: { TZ } });
}

/** The session that is recorded for an event without one. */
async function sessionFromFile(sandbox: Sandbox, offMs: number, TZ?: string): Promise<string> {
  expect(await runWithClock(sandbox, offMs, "pre-tool-use", {}, TZ)).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "",
  });
  const records = (await recordsOf(sandbox)).filter(({ event }) => event === "PreToolUse");
  expect(records).toHaveLength(1);
  tally.add("cases");
  return records[0]?.session_id ?? "";
}

describe.skipIf(!hasFaketime)("a clock that is ten years", () => {
  test.each(CLOCKS)(
    "%s loses no record, and leaves no current pointer once it is right",
    async (_, offMs) => {
      using sandbox = new Sandbox();
      const before = await prepareScene(sandbox);
      const ended = await runWithClock(sandbox, offMs, "session-start", START);
      expect(await violations(sandbox, before, ended)).toEqual([]);
      const years = new Set(entriesOf(sandbox).map(({ day }) => Number(day.slice(0, 4))));
      expect(years).toContain(new Date(Date.now() + offMs).getUTCFullYear());
      expect(await sessionFromFile(sandbox, 0)).toBe("unknown");
      expect(await laterViolations(sandbox, before)).toEqual([]);
    },
  );

  test.each(CLOCKS)("%s and stays so still finds its own session", async (_, offMs) => {
    using sandbox = new Sandbox();
    await runWithClock(sandbox, offMs, "session-start", START);
    expect(await sessionFromFile(sandbox, offMs)).toBe(DURING);
  });
});

describe.skipIf(!hasFaketime)("a pointer is current for 24 real hours across", () => {
  const BERLIN = "Europe/Berlin";
  test.each([
    ["the hour that repeats", BERLIN, "2026-10-25T00:59:00Z", "2026-10-25T01:01:00Z", true],
    ["the day of 25 hours", BERLIN, "2026-10-24T10:30:00Z", "2026-10-25T10:15:00Z", true],
    [
      "the day of 25 hours, but not longer",
      BERLIN,
      "2026-10-24T10:30:00Z",
      "2026-10-25T10:45:00Z",
      false,
    ],
    ["the hour that is skipped", BERLIN, "2026-03-29T00:59:00Z", "2026-03-29T01:01:00Z", true],
    ["the day of 23 hours", BERLIN, "2026-03-28T10:30:00Z", "2026-03-29T10:15:00Z", true],
    [
      "the day of 23 hours, but not longer",
      BERLIN,
      "2026-03-28T10:30:00Z",
      "2026-03-29T10:45:00Z",
      false,
    ],
    [
      "the end of half an hour of daylight saving",
      "Australia/Lord_Howe",
      "2026-04-04T14:59:00Z",
      "2026-04-04T15:10:00Z",
      true,
    ],
    [
      "midnight in the zone furthest ahead of UTC",
      "Pacific/Kiritimati",
      "2026-12-31T09:59:00Z",
      "2026-12-31T10:01:00Z",
      true,
    ],
    [
      "midnight in the zone furthest behind UTC",
      "Etc/GMT+12",
      "2026-12-31T23:59:00Z",
      "2027-01-01T00:01:00Z",
      true,
    ],
    [
      "an hour in an unknown zone",
      "Not/AZone",
      "2026-06-01T00:00:00Z",
      "2026-06-01T01:00:00Z",
      true,
    ],
  ])("%s", async (_, TZ, storedAt, askedAt, isFound) => {
    using sandbox = new Sandbox();
    const offAt = (time: string) => Date.parse(time) - Date.now();
    const ended = await runWithClock(sandbox, offAt(storedAt), "session-start", START, TZ);
    expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const session = await sessionFromFile(sandbox, offAt(askedAt), TZ);
    expect(session).toBe(isFound ? DURING : "unknown");
  });
});

test.skipIf(!hasFaketime)(
  "around midnight, each record goes to the file of its own day",
  async () => {
    using sandbox = new Sandbox();
    const midnight = Date.parse("2026-11-23T00:00:00Z");
    const ids = Array.from({ length: 60 }, (_, i) => `session-${i}`);
    // A few at a time: in a crowd even the first would start after midnight.
    const runAt = limit(4, (ms: number, session_id: string) =>
      runWithClock(sandbox, ms - Date.now(), "pre-tool-use", { session_id }),
    );
    await Promise.all(ids.map((id, i) => runAt(midnight - 600 + i * 20, id)));
    const entries = entriesOf(sandbox).flatMap((entry) => (entry.kind === "record" ? [entry] : []));
    expect(entries.map(({ record }) => record.session_id).toSorted()).toEqual(ids.toSorted());
    for (const { day, record } of entries) expect(record.timestamp).toStartWith(day);
    expect(new Set(entries.map(({ day }) => day))).toEqual(new Set(["2026-11-22", "2026-11-23"]));
    tally.add("cases", ids.length);
  },
);
