// `claude-session search`: what it finds is what a look at every record finds.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { generateLog } from "../../scripts/bench/generate-log";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import type { EventRecord } from "../../lib/log/record";
import { recordedSession, SESSION } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();

function isFailure({ event }: EventRecord): boolean {
  return event === "PostToolUseFailure" || event === "StopFailure";
}

/** Every text in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function says(record: EventRecord, word: string): boolean {
  return textsIn([record.parameters, record.payload]).some((text) => text.includes(word));
}

async function found(sandbox: Sandbox, words: readonly string[]): Promise<string[]> {
  const args = ["search", "--limit", "0", "--json", ...words];
  const { code, stdout, stderr } = await runProgram("claude-session", sandbox, "", { args });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as EventRecord).id);
}

describe("the events that are found are", () => {
  const rows: readonly (readonly [string[], (record: EventRecord) => boolean])[] = [
    [["cart"], (record) => says(record, "cart")],
    [["cart", "price"], (record) => says(record, "cart") && says(record, "price")],
    [["cart price"], (record) => says(record, "cart price")],
    [["CART"], () => false],
    [["-i", "CART"], (record) => says(record, "cart")],
    [["-i", "CART", "PRICE"], (record) => says(record, "cart") && says(record, "price")],
    [["--regex", "c[a-c]rt"], (record) => says(record, "cart")],
    [["--regex", "-i", "C[A-C]RT", "pri.e"], (one) => says(one, "cart") && says(one, "price")],
    [["--regex", "c.rt", "tool:Edit"], (one) => one.tool === "Edit" && says(one, "cart")],
    [["tool:Edit"], ({ tool }) => tool === "Edit"],
    [
      ["tool:Edit,Bash", "cart"],
      (one) => /^(Edit|Bash)$/.test(one.tool ?? "") && says(one, "cart"),
    ],
    [["failed"], isFailure],
    [["failed", "project:shop"], (record) => isFailure(record) && record.project === "shop"],
    [["--", "-failed", "project:shop"], (one) => !isFailure(one) && one.project === "shop"],
    [["event:Stop"], ({ event }) => event === "Stop"],
    [["since:2026-01-02"], ({ timestamp }) => timestamp >= "2026-01-02"],
    [["until:2026-01-02T06:00:00Z", "works"], () => false],
    [
      ["until:2026-01-02T06:00:00Z", "work"],
      (one) => one.timestamp < "2026-01-02T06" && says(one, "work"),
    ],
    // In the fields of the record only.
    [["infra"], (record) => says(record, "infra")],
  ];

  test("the same as a look at each gives, the newest first", async () => {
    using sandbox = new Sandbox();
    generateLog(sandbox.events, { records: 1500, days: 3 });
    const all = (await recordsOf(sandbox)).toReversed();
    for (const [words, isWanted] of rows) {
      const ids = await found(sandbox, words); // oxlint-disable-line no-await-in-loop
      expect([words, ids]).toEqual([words, all.filter(isWanted).map(({ id }) => id)]);
    }
  });
});

test("what is found is shown with what is around it, and nothing of it moves the screen", async () => {
  using sandbox = new Sandbox();
  writeRecords(sandbox, records);
  const evil = {
    ...(records[0] as EventRecord),
    id: "evil",
    session_id: SESSION,
    payload: { prompt: `before\u001B[2J the needle\r\nafter ${"x".repeat(500)}` },
  };
  writeRecords(sandbox, [evil]);
  const { code, stdout } = await runCli(sandbox, "search needle", { env: { COLUMNS: "70" } });
  expect(code).toBe(0);
  const [line = "", context = "", rest] = stdout.split("\n");
  expect(line).toContain(SESSION.slice(0, 8));
  expect(context.trim()).toMatch(/^before the needle after x+…?$/);
  expect(context.length).toBeLessThanOrEqual(70);
  expect(rest).toBe("");
});

test.each([
  ["search", "search needs at least one word"],
  ["search state:waiting", "state: filters sessions, not events"],
  ["search x --limit many", "is not a whole number"],
])("%s is a mistake: %s", async (words, message) => {
  using sandbox = new Sandbox();
  const { code, stderr } = await runCli(sandbox, words);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
