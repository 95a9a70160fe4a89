// Finding a session in the log, and the sessions that it continues or that continue it.
import { describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { CommandError } from "../../../../lib/cli/command";
import { findLinks, findSession } from "../../../../lib/cli/log/find-session";
import { inWrittenOrder } from "../../../../lib/history/written-order";
import { appendRecord } from "../../../../lib/log/log";
import type { EventRecord } from "../../../../lib/log/record";
import { Sandbox } from "../../../../scripts/harness/sandbox";
import {
  NEXT_SESSION,
  recordedSession,
  recordsFrom,
  SESSION,
} from "../../../support/recorded-session";
import { writeDay } from "../../../support/written-log";

const records = await recordedSession();
const recordsIn = (id: string) => records.filter(({ session_id }) => session_id === id);

describe("finding a session", () => {
  test.each([
    ["latest", NEXT_SESSION, "the session with the newest event"],
    [SESSION, SESSION, "by its whole id"],
    ["1", SESSION, "by the first character of its id"],
    ["22222222-735f", NEXT_SESSION, "by more of its id"],
  ])("%s finds %s: %s", (wanted, id) => {
    using sandbox = logOf(records);
    const found = findSession(sandbox.events, wanted);
    expect(found).toMatchObject({ id, skipped: 0 });
    expect(found.records).toEqual(recordsIn(id).toReversed());
  });

  test.each([
    "3",
    "11111111-735f-4d0a-b28e-14c9f244c7dc",
    "",
    ".*",
    '","x":"',
    "../x",
    "\u001B[31m",
  ])("%j finds nothing and throws", (wanted) => {
    using sandbox = logOf(records);
    expect(() => findSession(sandbox.events, wanted)).toThrow(CommandError);
  });

  test("a start that several ids share lists them, and a whole id finds its session", () => {
    const other = `${SESSION}-2`;
    const [first] = records;
    using sandbox = logOf([...records, { ...(first as EventRecord), session_id: other }]);
    expect(() => findSession(sandbox.events, "1111")).toThrow(`${SESSION}`);
    expect(() => findSession(sandbox.events, "1111")).toThrow(other);
    expect(findSession(sandbox.events, SESSION).id).toBe(SESSION);
    expect(findSession(sandbox.events, other).records).toHaveLength(1);
  });

  test("records without a known session are never the latest session", () => {
    const last = { ...(records.at(-1) as EventRecord), session_id: "unknown" };
    using sandbox = logOf([...records, last]);
    expect(findSession(sandbox.events, "latest").id).toBe(NEXT_SESSION);
  });

  test("of many sessions with the same start, ten are listed and the others counted", async () => {
    const [record] = await recordsFrom([["SessionStart"]]);
    const many = Array.from({ length: 13 }, () => ({ ...(record as EventRecord) }));
    for (const [i, one] of many.entries()) one.session_id = `many-${i}`;
    using sandbox = logOf(many);
    expect(() => findSession(sandbox.events, "many")).toThrow(
      /^13 sessions start with "many":(\n {2}many-\d+){10}\n {2}and 3 more$/,
    );
  });

  test("a session of several days is found whole, and its torn lines are counted", () => {
    using sandbox = logOf(
      records.map((record, i) => ({
        ...record,
        timestamp: `2026-11-${10 + (i >> 2)}T00:00:00.000Z`,
      })),
    );
    appendFileSync(`${sandbox.events}/2026-11-12.jsonl`, `{"v":1,"session_id":"${SESSION}","x`);
    const found = findSession(sandbox.events, SESSION);
    expect(found.records.map(({ id }) => id)).toEqual(
      recordsIn(SESSION)
        .map(({ id }) => id)
        .toReversed(),
    );
    expect(found.skipped).toBe(1);
  });

  test("a prompt that was written before its SessionStart is found", async () => {
    const [begin, prompt] = await recordsFrom([["SessionStart"], ["UserPromptSubmit"]]);
    using sandbox = logOf([prompt as EventRecord, begin as EventRecord]);
    expect(findSession(sandbox.events, "latest").records).toHaveLength(2);
  });

  test("that prompt is found even if a window of the reader begins within it", async () => {
    const [begin, prompt, stop] = await recordsFrom([
      ["SessionStart"],
      ["UserPromptSubmit"],
      ["Stop"],
    ]);
    const lines = [prompt, begin, stop].map((record) => `${JSON.stringify(record)}\n`);
    const [, ...tail] = lines.map((line) => Buffer.byteLength(line));
    // The file is read backward in windows of 1 MiB, and the first to be read begins within the prompt.
    const filler = "x".repeat(1_048_576 - tail.reduce((sum, size) => sum + size, 0) - 10 - 1);
    using sandbox = new Sandbox();
    writeDay(sandbox, "2026-11-22", `${lines[0]}${lines[1]}${filler}\n${lines[2]}`);
    expect(findSession(sandbox.events, SESSION).records).toHaveLength(3);
  });

  test("a session that goes on in an older day, because the clock was set back, is found whole", () => {
    const own = recordsIn(SESSION);
    const days = ["2026-11-21", "2026-11-22"];
    // The first record is of the later day, which comes again after the fifth.
    const moved = own.map((record, n) => ({
      ...record,
      timestamp: `${days[n === 0 || n > 4 ? 1 : 0]}T${n === 0 ? "00:05" : n > 4 ? "00:01" : "23:59"}:${10 + n}.000Z`,
    }));
    using sandbox = logOf(moved);
    const { records: found } = findSession(sandbox.events, SESSION);
    expect(inWrittenOrder(found.toReversed()).map(({ id }) => id)).toEqual(own.map(({ id }) => id));
  });

  test.each([
    [
      "with spaces",
      (record: EventRecord) => JSON.stringify(record, undefined, 1).replace(/\s+/g, " "),
    ],
    [
      "in another order",
      (record: EventRecord) =>
        JSON.stringify(Object.fromEntries(Object.entries(record).toReversed())),
    ],
    [
      "with null for what is absent",
      (record: EventRecord) => JSON.stringify({ tool: null, ...record }),
    ],
  ])("a session whose lines another program wrote, %s, is found with its links", (_, written) => {
    using sandbox = new Sandbox();
    writeDay(sandbox, "2026-11-22", records.map((record) => `${written(record)}\n`).join(""));
    for (const wanted of [SESSION, "1"]) {
      const found = findSession(sandbox.events, wanted);
      expect(found).toMatchObject({ id: SESSION, skipped: 0 });
      expect(found.records).toHaveLength(recordsIn(SESSION).length);
      expect(findLinks(sandbox.events, found)).toHaveLength(1);
    }
  });

  test("records that only mention a session in their payload are not part of it", () => {
    const [first] = records;
    const quoting = {
      ...(first as EventRecord),
      session_id: "other",
      payload: { session_id: SESSION },
    };
    using sandbox = logOf([...records, quoting]);
    for (const wanted of [SESSION, "1"])
      expect(findSession(sandbox.events, wanted).records).toHaveLength(recordsIn(SESSION).length);
  });
});

test("the sessions before and after are found among those of other processes", () => {
  using sandbox = logOf(
    records.flatMap((record) => [record, { ...record, session_id: "other", pid: 43000 }]),
  );
  const link = { parent: SESSION, child: NEXT_SESSION, by: "clear" } as const;
  for (const id of [SESSION, NEXT_SESSION])
    expect(findLinks(sandbox.events, findSession(sandbox.events, id))).toEqual([link]);
  expect(findLinks(sandbox.events, findSession(sandbox.events, "other"))).toEqual([]);
});

test.each([
  ["a fork within one process is a link", { pid: 1 }, 1],
  ["a fork in a new process is not, because nothing shows its parent", { pid: 2 }, 0],
])("%s", async (_, own, expected) => {
  const all = await recordsFrom([
    ["SessionStart", { pid: 1 }],
    ["Stop", { pid: 1 }],
    ["variants/SessionStart.fork", { session_id: NEXT_SESSION, ...own }],
  ]);
  using sandbox = logOf(all);
  for (const id of [SESSION, NEXT_SESSION]) {
    const links = findLinks(sandbox.events, findSession(sandbox.events, id));
    expect(links).toHaveLength(expected);
    for (const link of links)
      expect(link).toEqual({ parent: SESSION, child: NEXT_SESSION, by: "fork" });
  }
});

test("a late SubagentStop of the old session does not break the link", () => {
  const at = (event: string) => records.findIndex((record) => record.event === event);
  const late = records[at("SubagentStop")] as EventRecord;
  const pid = recordsIn(NEXT_SESSION)[0]?.pid ?? 0;
  const timestamp = "2026-11-22T09:59:00.000Z";
  const last = { ...(records.at(-1) as EventRecord), timestamp: "2026-11-22T09:59:01.000Z" };
  using sandbox = logOf([...records, { ...late, id: "late", pid, timestamp }, last]);
  const link = { parent: SESSION, child: NEXT_SESSION, by: "clear" } as const;
  for (const id of [SESSION, NEXT_SESSION])
    expect(findLinks(sandbox.events, findSession(sandbox.events, id))).toEqual([link]);
});

test("a log that cannot be read throws", () => {
  using sandbox = logOf([]);
  writeFileSync(`${sandbox.state}/events`, "");
  expect(() => findSession(sandbox.events, "latest")).toThrow();
});

function logOf(all: readonly EventRecord[]): Sandbox & Disposable {
  const sandbox = new Sandbox();
  for (const record of all) appendRecord(sandbox.events, record.timestamp, JSON.stringify(record));
  if (all.length === 0) Bun.spawnSync(["mkdir", "-p", sandbox.state]);
  return sandbox;
}
