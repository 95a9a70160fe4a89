// The screens, as snapshots at two widths, with and without colour, and what must hold of all of them.
import { describe, expect, test } from "bun:test";
import { createColors } from "picocolors";
import { renderList } from "../../../lib/cli/list";
import { renderStats } from "../../../lib/cli/stats";
import { renderStory } from "../../../lib/cli/story-screen";
import { eventLine } from "../../../lib/cli/tail";
import { lineage } from "../../../lib/history/lineage";
import { fieldOf, isFromPerson } from "../../../lib/history/payload";
import { Stats } from "../../../lib/history/statistics";
import { tellStory } from "../../../lib/history/story";
import { Summary } from "../../../lib/history/summary";
import type { EventRecord } from "../../../lib/schema";
import { NEXT_SESSION, recordedSession, SESSION, STARTED_MS } from "../../support/recorded-session";

// Local times are on the screens.
process.env["TZ"] = "UTC";
const NOW = STARTED_MS + 5 * 60_000;
const records = await recordedSession();

interface Screen {
  columns: number;
  colors: ReturnType<typeof createColors>;
}

const SCREENS: Readonly<Record<string, (screen: Screen) => string>> = {
  "show, a whole session": (screen) => story(SESSION, false, screen),
  "show, one that is at work": (screen) => story(NEXT_SESSION, false, screen),
  "show --full": (screen) => story(SESSION, true, screen),
  list: (screen) => renderList([summarize(NEXT_SESSION), summarize(SESSION)], NOW, screen),
  "stats --by tool": (screen) => renderStats(count("tool"), screen),
  "stats --by project": (screen) => renderStats(count("project"), screen),
  "stats --by day": (screen) => renderStats(count("day"), screen),
  tail: (screen) => records.map((record) => eventLine(record, screen)).join("\n"),
};

describe.each(Object.entries(SCREENS))("%s", (_, render) => {
  test.each([
    [80, false],
    [140, false],
    [80, true],
    [140, true],
  ])("at %p columns, in colour or not: %p", (columns, isColored) => {
    const text = render({ columns, colors: createColors(isColored) });
    expect(text).toMatchSnapshot();
    expect(text.includes("\u001B[")).toBe(isColored);
    // Our own colours apart, nothing of the payloads moves the cursor or the direction of writing.
    const shown = Bun.stripANSI(text).replaceAll("\n", "");
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(shown).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028-\u202E]/);
    for (const line of text.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test("is the same text with colour and without", () => {
    const screens = [true, false].map((isColored) =>
      render({ columns: 100, colors: createColors(isColored) }),
    );
    expect(Bun.stripANSI(screens[0] ?? "")).toBe(screens[1] ?? "");
  });
});

describe("the story on the screen", () => {
  const lines = story(SESSION, false, { columns: 120, colors: createColors(false) }).split("\n");
  const lineWith = (text: string) => lines.findIndex((line) => line.includes(text));

  test("says in words how each call ended", () => {
    for (const [call, outcome] of [
      ["✗ Bash bun test", "Exit code 3"],
      ["⊘ Write out.txt", "denied; permission was asked for"],
      ["⊘ mcp__red", "interrupted"],
    ] as const)
      expect(lines[lineWith(call) + 1]).toContain(outcome);
    expect(lines[lineWith("✓ Read src/red evil")]).toEndWith("12ms");
  });

  test("has an agent under the call that started it, and the agent's calls under the agent", () => {
    const agent = lineWith("◆ subagent general-purpose ac46af38");
    expect(lines[agent - 1]).toContain("✓ Agent look around (general-purpose)");
    expect(lines[agent + 1]).toMatch(/^\S+ +│ +├─ ✓ Bash ls/);
    expect(lines[agent + 2]).toMatch(/└─ ■ Subagent report: two files\.$/);
  });

  test("tells of the resume, the compaction and the session that went on", () => {
    for (const text of ["session resumed", "compacted (manual)", "session ended (clear)"])
      expect(lineWith(text)).toBeGreaterThan(0);
    expect(lines).toContain(`continued by ${NEXT_SESSION} (clear)`);
    const next = story(NEXT_SESSION, false, { columns: 120, colors: createColors(false) });
    expect(next).toContain(`continues ${SESSION} (clear)`);
    expect(next).toContain("still running");
  });

  test("in full has the parameters and the responses", () => {
    const full = story(SESSION, true, { columns: 120, colors: createColors(false) });
    for (const text of [
      "parameters",
      "command:",
      "echo done",
      "numLines: 2",
      "subagent_type: general-purpose",
    ])
      expect(full).toContain(text);
    expect(lines.join("\n")).not.toContain("numLines");
  });
});

function own(id: string): EventRecord[] {
  return records.filter(({ session_id }) => session_id === id);
}

function summarize(id: string): Summary {
  const [first] = own(id);
  const summary = new Summary(first as EventRecord);
  for (const record of own(id)) summary.add(record, () => record);
  return summary;
}

function story(id: string, isFull: boolean, screen: Screen): string {
  const summary = summarize(id);
  const state = summary.stateAt(NOW);
  const signs = records.map(({ payload, ...head }) => ({
    ...head,
    source: fieldOf(payload, "source") as string | undefined,
    reason: fieldOf(payload, "reason") as string | undefined,
  }));
  const links = lineage(signs).filter(({ parent, child }) => parent === id || child === id);
  const told = tellStory(own(id), NOW, state === "ended" || state === "silent");
  return Array.from(renderStory({ summary, story: told, links, nowMs: NOW, isFull }, screen)).join(
    "\n",
  );
}

function count(by: "tool" | "project" | "day"): Stats {
  const stats = new Stats(by);
  for (const record of records) stats.add(record, () => isFromPerson(record));
  return stats;
}
