// A log in which two registrations recorded every event, such as the plugin and the settings: each view says what it says
// of the log with every event once, and how many came twice.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type {
  EventsAnswer,
  HealthAnswer,
  SearchMessage,
  SessionAnswer,
  SessionRow,
  StatisticsAnswer,
} from "../../lib/dashboard/answers";
import type { EventRecord } from "../../lib/log/record";
import { sampleSessions } from "../../scripts/demo/sample-sessions";
import { Dashboard } from "../../scripts/harness/dashboard";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(120_000);

// All days are over, so that nothing runs whose duration goes on.
const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const records = (await sampleSessions(NOW)).filter(({ timestamp }) => timestamp < "2026-11-20");
const DAYS = new Set(records.map(({ timestamp }) => timestamp.slice(0, 10)));
const LAG_MS = 7;

function doubleOf(record: EventRecord): EventRecord {
  const timestamp = new Date(Date.parse(record.timestamp) + LAG_MS).toISOString();
  return { ...record, id: `${record.id}-again`, timestamp };
}

// Events that start together are written together, the second ones a moment later.
function doubled(all: readonly EventRecord[]): EventRecord[] {
  const both = all.flatMap((record) => {
    const double = doubleOf(record);
    // A double that begins on another day is one of another file.
    return double.timestamp.slice(0, 10) === record.timestamp.slice(0, 10)
      ? [record, double]
      : [record];
  });
  return both.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
}

const twice = doubled(records);
const DOUBLES = twice.length - records.length;

function logOf(all: readonly EventRecord[]): Sandbox {
  const sandbox = new Sandbox();
  writeRecords(sandbox, all);
  return sandbox;
}

async function ask(sandbox: Sandbox, words: string): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await runCli(sandbox, words, {
    env: { TZ: "Europe/Berlin", CLAUDE_CODE_SESSION_ID: undefined },
  });
  expect(code).toBe(0);
  return { stdout, stderr };
}

// What says how many came twice, when a session's last record was, and what follows from it.
const COUNTS = /"(?:doubled_events|last_at|duration_ms)": [^,\n]*/g;
const FOOTNOTE = /\n?\d+ events recorded twice, shown once; claude-session doctor says why\.\n/;

test("the sample has enough of it", () => {
  expect(DOUBLES).toBeGreaterThan(500);
  expect(DOUBLES).toBe(records.length);
});

describe("the same as of a log in which each event is once:", () => {
  test.each([
    "list --json --limit 0",
    "stats --json",
    "stats --json --by project",
    "stats --json --by day",
    "stats --json --by hour",
    "stats --json --by user",
    "stats --json --since 2026-11-19",
  ])("%s", async (words) => {
    using once = logOf(records);
    using both = logOf(twice);
    const [expected, found] = [await ask(once, words), await ask(both, words)];
    const bare = ({ stdout }: { stdout: string }) => stdout.replaceAll(COUNTS, "");
    expect(bare(found)).toBe(bare(expected));
    expect(expected.stdout).not.toMatch(/"doubled_events": [1-9]/);
    const counts = Array.from(found.stdout.matchAll(/"doubled_events": (\d+)/g), ([, n]) =>
      Number(n),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    if (!words.includes("--since"))
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(DOUBLES);
  });

  test.each(["stats", "search tool:Bash --limit 0", "tail -n 30", "stats --by day"])(
    "%s, with a footnote",
    async (words) => {
      using once = logOf(records);
      using both = logOf(twice);
      const [expected, found] = [await ask(once, words), await ask(both, words)];
      // The newest first means that the later of the two is found first; to the second they are the same.
      const lines = (text: string) => text.trimEnd().split("\n");
      expect(lines(found.stdout)).toHaveLength(lines(expected.stdout).length);
      expect(found.stderr).toMatch(FOOTNOTE);
      expect(expected.stderr).not.toMatch(FOOTNOTE);
    },
  );
});

test("as JSON, tail and search print every record, and of which it is the double", async () => {
  using sandbox = logOf(twice);
  const parse = ({ stdout }: { stdout: string }) =>
    stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as EventRecord & { double_of?: string });
  for (const words of ["tail -n 50 --json", "search event:PostToolUse --json --limit 50"]) {
    const printed = parse(await ask(sandbox, words));
    const marked = printed.filter(({ double_of: id }) => id !== undefined);
    expect(printed.length - marked.length).toBe(50);
    expect(marked.length).toBeGreaterThanOrEqual(49);
    for (const [at, { id, double_of: other }] of printed.entries()) {
      if (other === undefined) continue;
      expect(id.replace("-again", "")).toBe(other.replace("-again", ""));
      expect(printed.slice(0, at).some((one) => one.id === other)).toBeTrue();
    }
  }
});

test("doctor says how many there are", async () => {
  using sandbox = logOf(twice);
  const { stdout } = await runProgram("claude-session", sandbox, "", {
    args: ["doctor", "--json"],
  });
  const { findings } = JSON.parse(stdout) as HealthAnswer;
  expect(findings.map(({ what }) => what).join("\n")).toContain(`${DOUBLES} events recorded twice`);
});

test("the dashboard: sessions, events, statistics, search and health", async () => {
  using once = logOf(records);
  using both = logOf(twice);
  await using expected = await Dashboard.start(once);
  await using found = await Dashboard.start(both);
  const askBoth = async <T>(path: string): Promise<[T, T]> => {
    const wait = async (dashboard: Dashboard) => {
      for (;;) {
        const { correlation } = await dashboard.ask<HealthAnswer>("/api/health"); // oxlint-disable-line no-await-in-loop
        if (correlation.length === DAYS.size) return dashboard.ask<T>(path);
      }
    };
    return [await wait(expected), await wait(found)];
  };
  for (const filter of ["", "tool:Bash", "failed", '"npm"', "project:shop"]) {
    const query = `filter=${encodeURIComponent(filter)}`;
    const [one, two] = await askBoth<EventsAnswer>(`/api/events?${query}&limit=100000`);
    expect(two.matched).toBe(one.matched);
    expect(two.total).toBe(one.total);
    expect(two.events.at_ms).toEqual([...one.events.at_ms]);
    expect([one.doubled_events, two.doubled_events]).toEqual([0, one.matched]);
    const [counted, countedTwice] = await askBoth<StatisticsAnswer>(
      `/api/statistics?by=tool&${query}`,
    );
    const expectedNumbers = { ...counted, doubled_events: one.matched, took_ms: 0 };
    expect({ ...countedTwice, took_ms: 0 }).toEqual(expectedNumbers);
    expect(counted.doubled_events).toBe(0);
  }
  const [first] = records;
  const [one, two] = await askBoth<SessionAnswer>(`/api/session?id=${first?.session_id}`);
  expect(two.records.map(({ record }) => record.id)).toEqual(
    one.records.map(({ record }) => record.id),
  );
  const bare = (row: SessionRow) => ({ ...row, doubled_events: 0, last_ms: 0 });
  expect(bare(two.session)).toEqual(bare(one.session));
  expect(two.session.doubled_events).toBe(one.records.length);
  const [, { correlation }] = await askBoth<HealthAnswer>("/api/health");
  expect(correlation.reduce((sum, day) => sum + day.doubled_events, 0)).toBe(DOUBLES);
  const response = await found.fetch("/api/search?filter=event:Stop");
  const messages = (await response.text())
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as SearchMessage);
  const hits = messages.filter(({ kind }) => kind === "hit").length;
  expect(messages.at(-1)).toEqual({ kind: "end", is_cut: false, doubled_events: hits });
});
