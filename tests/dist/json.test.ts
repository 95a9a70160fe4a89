// What every command prints with `--json`: one dialect, and the same shape with no data as with data.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { runCli, type Ended } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { SHAPES } from "../support/json-shapes";
import { NEXT_SESSION, recordedSession, SESSION } from "../support/recorded-session";
import { answerLine, billLine } from "../support/transcript-lines";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const records = await recordedSession();
const empty = new Sandbox();
const full = new Sandbox();

beforeAll(async () => {
  // Nothing listens there, so that forwarding has a last error.
  const destination = { name: "team", type: "http", url: "http://127.0.0.1:9" };
  mkdirSync(full.state, { recursive: true, mode: 0o700 });
  const config = JSON.stringify({ destinations: [destination, { name: "broken" }] });
  writeFileSync(`${full.state}/config.json`, config, { mode: 0o600 });
  writeRecords(full, records);
  expect((await runCli(full, "forward --once")).code).toBe(1);
  const folder = `${full.home}/.claude/projects/-shop`;
  mkdirSync(folder, { recursive: true });
  const lines = [
    answerLine({ sessionId: SESSION }),
    answerLine({ id: "msg_2", sessionId: SESSION, model: "gpt-9" }),
    billLine(1, SESSION),
  ];
  writeFileSync(
    `${folder}/${SESSION}.jsonl`,
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
});

afterAll(() => {
  empty[Symbol.dispose]();
  full[Symbol.dispose]();
});

/** Command lines that have nothing to print: nothing was ever recorded, or nothing matches. */
const WITHOUT_DATA: readonly (readonly [words: string, sandbox: Sandbox])[] = [
  ["list", empty],
  ["list --since 9999-01-01", full],
  ["tail", empty],
  ["tail --project nowhere", full],
  ["stats", empty],
  ["stats --by tool --since 9999-01-01", full],
  ["stats --by project --since 9999-01-01", full],
  ["stats --by day --since 9999-01-01", full],
  ["list --cost", empty],
  ["stats --by model --cost", empty],
  ["stats --by agent --since 9999-01-01", full],
  ["stats --by day --cost", empty],
  ["doctor", empty],
  ["forward --status", empty],
];

const WITH_DATA: readonly string[] = [
  "list",
  `show ${SESSION}`,
  `show ${NEXT_SESSION}`,
  "tail -n 99",
  "stats --by tool",
  "stats --by project",
  "stats --by day",
  "list --cost",
  "stats --by model --cost",
  "stats --by agent",
  "stats --by outcome",
  "stats --by day --cost",
  "stats --by project --cost",
  "doctor",
  "forward --status",
];

describe("without data", () => {
  test.concurrent.each(WITHOUT_DATA)("%s --json has the documented shape", expectShape);

  test.concurrent.each([
    ["list", []],
    ["list --since 9999-01-01", []],
    ["tail", []],
    ["stats --since 9999-01-01", { by: "tool", first_at: null, last_at: null, rows: [] }],
    ["stats --by day", { by: "day", first_at: null, last_at: null, rows: [] }],
    ["forward --status", { alive: false, destinations: [], faults: [] }],
  ] as const)("%s --json prints zeros, nulls and empty arrays", async (words, expected) => {
    const { value } = await runJson(words, empty);
    expect(value).toMatchObject(expected);
    if (!words.startsWith("stats")) return;
    const counts = { events: 0, sessions: 0, prompts: 0, calls: 0, failed: 0, failure_rate: 0 };
    expect(value).toHaveProperty("total", { ...counts, p50_ms: null, p95_ms: null });
  });

  test.concurrent.each([
    ["show", empty, "no session has been recorded yet"],
    ["show 3333", empty, 'no session "3333" in the log'],
    ["show 3333", full, 'no session "3333" in the log'],
  ])(
    "%s --json fails without a session, and stderr has the reason",
    async (words, sandbox, reason) => {
      const { code, stdout, stderr } = await runCli(sandbox, `${words} --json`);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toStartWith(`claude-session: ${reason}`);
    },
  );
});

describe("with a recorded session", () => {
  test.concurrent.each(WITH_DATA)("%s --json has the documented shape", (words) =>
    expectShape(words, full),
  );

  test("show --json has every kind of entry, and the sessions before and after", async () => {
    const { value } = await runJson(`show ${SESSION}`, full);
    const text = JSON.stringify(value);
    for (const kind of ["turn", "tool", "agent", "event"])
      expect(text).toContain(`{"kind":"${kind}"`);
    for (const key of ["title", "duration_ms", "answer", "error", "response"])
      expect(text).toContain(`"${key}":null`);
    expect(value).toMatchObject({
      continues: [],
      continued_by: [{ session_id: NEXT_SESSION, by: "clear" }],
      skipped_lines: 0,
      doubled_events: 0,
    });
    expect((await runJson(`show ${NEXT_SESSION}`, full)).value).toMatchObject({
      continues: [{ session_id: SESSION, by: "clear" }],
      continued_by: [],
    });
  });

  test("what a model without a price cost is null, never zero", async () => {
    const { value } = await runJson(`show ${SESSION}`, full);
    expect(value).toMatchObject({
      cost_usd: null,
      billed_usd: 1,
      tokens: { input: 200, output: 20 },
      models: [
        { model: "claude-opus-5-5", cost_usd: 0.0006 },
        { model: "gpt-9", cost_usd: null },
      ],
    });
    expect((await runJson("stats --by project --cost", full)).value).toMatchObject({
      total: { cost_usd: null, answers: 2, unpriced_answers: 1 },
      rows: [{ name: "shop", cost_usd: null }],
    });
  });

  test("nothing but amounts and ids comes from a transcript", async () => {
    for (const words of [`show ${SESSION}`, "list --cost", "stats --by model --cost"])
      expect((await runJson(words, full)).stdout).not.toContain("in a text.");
  });

  test("--cost goes with what transcripts know", async () => {
    const { code, stderr } = await runCli(full, "stats --by tool --cost");
    expect(code).toBe(2);
    expect(stderr).toContain("--cost: cannot group by tool");
  });

  test("forward --status --json has a destination that fails, and why another cannot be used", async () => {
    const { value } = await runJson("forward --status", full);
    expect(value).toMatchObject({
      destinations: [
        {
          name: "team",
          undelivered: { events: records.length },
          last_success_at: null,
          last_error: { at: expect.any(String), message: expect.any(String) },
          restarted: { at: expect.any(String), reason: expect.any(String) },
        },
      ],
      faults: [expect.stringContaining("broken")],
    });
  });
});

test("objects of the same kind have the same keys, with data and without", async () => {
  const keys = new Map<string, Set<string>>();
  const runs = [...WITHOUT_DATA, ...WITH_DATA.map((words) => [words, full] as const)];
  await Promise.all(
    runs.map(async ([words, sandbox]) => {
      const command = commandOf(words);
      // A record of the log leaves out what its event does not have.
      if (command !== "tail") collectKeys(command, (await runJson(words, sandbox)).value, keys);
    }),
  );
  for (const place of [
    "list[]",
    "stats",
    "stats.rows[]",
    "doctor.findings[]",
    "entry of kind agent",
  ])
    expect(keys.has(place)).toBeTrue();
  for (const [place, sets] of keys) expect([place, ...sets]).toEqual([place, expect.any(String)]);
});

function commandOf(words: string): keyof typeof SHAPES {
  if (/^stats .*(?:--cost|--by (?:model|agent|outcome))/.test(words)) return "stats --cost";
  return words.startsWith("forward")
    ? "forward --status"
    : (words.split(" ", 1)[0] as keyof typeof SHAPES);
}

/** Runs a command with `--json`; of `tail`, the lines are the values of an array. */
async function runJson(
  words: string,
  sandbox: Sandbox,
): Promise<Ended & { readonly value: unknown }> {
  const ended = await runCli(sandbox, `${words} --json`);
  const { stdout } = ended;
  const isLines = commandOf(words) === "tail";
  const text = isLines ? `[${stdout.trimEnd().replaceAll("\n", ",")}]` : stdout;
  return { ...ended, value: JSON.parse(text) as unknown };
}

/** Checks that a command prints its documented shape, in our dialect, and nothing on stderr. */
async function expectShape(words: string, sandbox: Sandbox): Promise<void> {
  const command = commandOf(words);
  const { code, stderr, value } = await runJson(words, sandbox);
  // The hooks are not registered in a sandbox.
  expect({ code, stderr }).toEqual({ code: command === "doctor" ? 1 : 0, stderr: "" });
  expect<unknown>(SHAPES[command].parse(value)).toEqual(value);
  for (const [key, inner] of entriesWithin(value)) {
    expect(key).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    if (inner === null) continue;
    if (key === "at" || key.endsWith("_at")) expect(inner).toMatch(ISO_UTC);
    if (key.endsWith("_ms")) expect(inner).toBeNumber();
  }
}

/** What Claude Code sent keeps the names that it has there. */
const AS_SENT: ReadonlySet<string> = new Set(["payload", "parameters", "response"]);
const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The entries of all objects within a value, at any depth. */
function* entriesWithin(value: unknown): Generator<[key: string, inner: unknown]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield [key, inner];
    if (!AS_SENT.has(key)) yield* entriesWithin(inner);
  }
}

/** Collects the keys of all objects by their place; entries of a timeline have a place for each kind. */
function collectKeys(place: string, value: unknown, keys: Map<string, Set<string>>): void {
  if (Array.isArray(value)) for (const inner of value) collectKeys(`${place}[]`, inner, keys);
  else if (typeof value === "object" && value !== null) {
    const own = "kind" in value ? `entry of kind ${value.kind}` : place;
    keys.set(own, (keys.get(own) ?? new Set()).add(Object.keys(value).toSorted().join(" ")));
    for (const [key, inner] of Object.entries(value))
      if (!AS_SENT.has(key)) collectKeys(`${own}.${key}`, inner, keys);
  }
}
