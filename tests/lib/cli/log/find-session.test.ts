import { describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { CommandError } from "../../../../lib/cli/command";
import { findLinks, findSession } from "../../../../lib/cli/log/find-session";
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
const of = (id: string) => records.filter(({ session_id }) => session_id === id);

describe("a session", () => {
  test.each([
    ["latest", NEXT_SESSION, "that of the newest event"],
    [SESSION, SESSION, "by its whole id"],
    ["1", SESSION, "by the beginning of its id"],
    ["22222222-735f", NEXT_SESSION, "by more of it"],
  ])("%s is %s: %s", (wanted, id) => {
    using sandbox = logOf(records);
    const found = findSession(sandbox.events, wanted);
    expect(found).toMatchObject({ id, skipped: 0 });
    expect(found.records).toEqual(of(id).toReversed());
  });

  test.each([
    "3",
    "11111111-735f-4d0a-b28e-14c9f244c7dc",
    "",
    ".*",
    '","x":"',
    "../x",
    "\u001B[31m",
  ])("%j is not there", (wanted) => {
    using sandbox = logOf(records);
    expect(() => findSession(sandbox.events, wanted)).toThrow(CommandError);
  });

  test("that several begin like is named with all of them, and one that is named whole is found", () => {
    const other = `${SESSION}-2`;
    const [first] = records;
    using sandbox = logOf([...records, { ...(first as EventRecord), session_id: other }]);
    expect(() => findSession(sandbox.events, "1111")).toThrow(`${SESSION}`);
    expect(() => findSession(sandbox.events, "1111")).toThrow(other);
    expect(findSession(sandbox.events, SESSION).id).toBe(SESSION);
    expect(findSession(sandbox.events, other).records).toHaveLength(1);
  });

  test("that nobody knows is not the latest", () => {
    const last = { ...(records.at(-1) as EventRecord), session_id: "unknown" };
    using sandbox = logOf([...records, last]);
    expect(findSession(sandbox.events, "latest").id).toBe(NEXT_SESSION);
  });

  test("that a great many begin like is named with ten of them", async () => {
    const [record] = await recordsFrom([["SessionStart"]]);
    const many = Array.from({ length: 13 }, () => ({ ...(record as EventRecord) }));
    for (const [i, one] of many.entries()) one.session_id = `many-${i}`;
    using sandbox = logOf(many);
    expect(() => findSession(sandbox.events, "many")).toThrow(
      /^13 sessions begin with "many":(\n {2}many-\d+){10}\n {2}and 3 more$/,
    );
  });

  test("of several days is found whole, and its lines that are torn are counted", () => {
    using sandbox = logOf(
      records.map((record, i) => ({
        ...record,
        timestamp: `2026-11-${10 + (i >> 2)}T00:00:00.000Z`,
      })),
    );
    appendFileSync(`${sandbox.events}/2026-11-12.jsonl`, `{"v":1,"session_id":"${SESSION}","x`);
    const found = findSession(sandbox.events, SESSION);
    expect(found.records.map(({ id }) => id)).toEqual(
      of(SESSION)
        .map(({ id }) => id)
        .toReversed(),
    );
    expect(found.skipped).toBe(1);
  });

  test("whose first prompt was written before its beginning has it", async () => {
    const [begin, prompt] = await recordsFrom([["SessionStart"], ["UserPromptSubmit"]]);
    using sandbox = logOf([prompt as EventRecord, begin as EventRecord]);
    expect(findSession(sandbox.events, "latest").records).toHaveLength(2);
  });

  test("has it too where the beginning is the first that was read of its part of the file", async () => {
    const [begin, prompt, stop] = await recordsFrom([
      ["SessionStart"],
      ["UserPromptSubmit"],
      ["Stop"],
    ]);
    const lines = [prompt, begin, stop].map((record) => `${JSON.stringify(record)}\n`);
    const [, ...tail] = lines.map((line) => Buffer.byteLength(line));
    // So that a part of 1 MiB from the end begins within the prompt.
    const filler = "x".repeat(1_048_576 - tail.reduce((sum, size) => sum + size, 0) - 10 - 1);
    using sandbox = new Sandbox();
    writeDay(sandbox, "2026-11-22", `${lines[0]}${lines[1]}${filler}\n${lines[2]}`);
    expect(findSession(sandbox.events, SESSION).records).toHaveLength(3);
  });

  test("that other sessions only speak of is not theirs", () => {
    const [first] = records;
    const quoting = {
      ...(first as EventRecord),
      session_id: "other",
      payload: { session_id: SESSION },
    };
    using sandbox = logOf([...records, quoting]);
    for (const wanted of [SESSION, "1"])
      expect(findSession(sandbox.events, wanted).records).toHaveLength(of(SESSION).length);
  });
});

test("what continues what is found among other processes' sessions, before and after", () => {
  using sandbox = logOf(
    records.flatMap((record) => [record, { ...record, session_id: "other", pid: 43000 }]),
  );
  const link = { parent: SESSION, child: NEXT_SESSION, by: "clear" } as const;
  for (const id of [SESSION, NEXT_SESSION])
    expect(findLinks(sandbox.events, findSession(sandbox.events, id))).toEqual([link]);
  expect(findLinks(sandbox.events, findSession(sandbox.events, "other"))).toEqual([]);
});

test.each([
  ["a fork within a process", { pid: 1 }, 1],
  ["a fork in a process of its own", { pid: 2 }, 0],
])("what continues what by %s", async (_, own, expected) => {
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

test("what continues what is found though an agent's end came late", () => {
  const at = (event: string) => records.findIndex((record) => record.event === event);
  const late = records[at("SubagentStop")] as EventRecord;
  const pid = of(NEXT_SESSION)[0]?.pid ?? 0;
  const timestamp = "2026-11-22T09:59:00.000Z";
  const last = { ...(records.at(-1) as EventRecord), timestamp: "2026-11-22T09:59:01.000Z" };
  using sandbox = logOf([...records, { ...late, id: "late", pid, timestamp }, last]);
  const link = { parent: SESSION, child: NEXT_SESSION, by: "clear" } as const;
  for (const id of [SESSION, NEXT_SESSION])
    expect(findLinks(sandbox.events, findSession(sandbox.events, id))).toEqual([link]);
});

test("a log that cannot be read has no sessions", () => {
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
