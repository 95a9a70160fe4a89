// What the views print: snapshots at three widths, with and without color, and what holds for all of them.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createColors } from "picocolors";
import { renderFiles } from "../../../../lib/cli/render/files-touched";
import { renderDaysTime, renderSessionTime } from "../../../../lib/cli/render/time-spent";
import { renderCosts, type ShownCost } from "../../../../lib/cli/render/cost";
import { renderSessions } from "../../../../lib/cli/render/sessions";
import { renderStatistics } from "../../../../lib/cli/render/statistics";
import { renderEventLine } from "../../../../lib/cli/render/event-line";
import { renderForwarding } from "../../../../lib/cli/render/forwarding";
import { renderTimeline } from "../../../../lib/cli/render/timeline";
import type { ForwardingReport } from "../../../../lib/forward/status";
import { describeCall } from "../../../../lib/history/describe";
import { longestHoldups } from "../../../../lib/history/critical-path";
import { filesTouched } from "../../../../lib/history/files-touched";
import { SessionTime } from "../../../../lib/history/time-spent";
import { linkSessions } from "../../../../lib/history/lineage";
import { fieldOf } from "../../../../lib/history/payload";
import type { GroupBy } from "../../../../lib/log-index/group-by";
import type { StatisticsResult } from "../../../../lib/log-index/statistics";
import { SessionSummary } from "../../../../lib/history/summary";
import { noUsage, type Usage } from "../../../../lib/history/usage";
import { buildTimeline } from "../../../../lib/history/timeline-builder";
import { paths } from "../../../../lib/environment";
import { formatLocalTime } from "../../../../lib/os/local-time";
import type { EventRecord } from "../../../../lib/log/record";
import { capturedPayloads } from "../../../../scripts/harness/payloads";
import { statisticsOf } from "../../../support/indexed";
import {
  HOSTILE,
  NEXT_SESSION,
  recordedSession,
  recordsFrom,
  SESSION,
  STARTED_MS,
  type Moment,
} from "../../../support/recorded-session";

const P1 = { prompt_id: "p1" };
const CALL = { ...P1, tool_use_id: "t1", tool_input: { command: "run" } };
const PRE: Moment = ["variants/PreToolUse.Bash", CALL];
const POST: Moment = ["variants/PostToolUse.Bash", CALL];
const ASK: Moment = ["variants/PermissionRequest.Bash", { ...CALL, tool_use_id: undefined }];
const STOP: Moment = ["Stop", P1];
const NEXT: Moment = ["UserPromptSubmit", { prompt_id: "p2" }];

// Local times are on the screens.
process.env["TZ"] = "UTC";
const NOW = STARTED_MS + 5 * 60_000;
const records = await recordedSession();

// What may move a cursor, change a color, reverse the direction of text or begin a line.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/;

const isoAgo = (ms: number) => new Date(NOW - ms).toISOString();
const FORWARDING: ForwardingReport = {
  alive: true,
  forwarder: "/home/you/.claude/hooks/claude-session",
  faults: [`destinations[2] ${HOSTILE}: name: Invalid string`],
  destinations: [
    {
      name: "server",
      type: "observability",
      configured_in: paths.machineConfig,
      url: "http://127.0.0.1:4000/events",
      undelivered: { events: 0, bytes: 0 },
      last_success_at: isoAgo(3000),
      last_error: { at: isoAgo(3_600_000), message: "connection refused" },
      restarted: null,
      rejected: 0,
      lost: 0,
      skipped: 0,
      repeated: 0,
      refused: 0,
    },
    {
      name: "team",
      type: "http",
      configured_in: paths.config,
      url: "https://collector.example.com/",
      undelivered: { events: 1200, bytes: 800_000 },
      last_success_at: null,
      last_error: { at: isoAgo(1000), message: HOSTILE },
      restarted: { at: isoAgo(7000), reason: "with the oldest day kept: the cursor was damaged" },
      rejected: 1,
      lost: 2,
      skipped: 3,
      repeated: 0,
      refused: 0,
    },
  ],
};

const usedFor = (costUsd: number, unpriced = 0): Usage => ({
  ...noUsage(),
  answers: 12,
  input: 1200,
  output: 34_000,
  cacheRead: 2_000_000,
  cacheWrite1h: 50_000,
  costUsd,
  unpriced,
});
const COST: ShownCost = {
  total: { ...usedFor(1.234, 12), answers: 24 },
  prompts: new Map(
    Array.from(new Set(records.map(({ prompt_id }) => prompt_id ?? "")), (id) => [
      id,
      usedFor(1.2),
    ]),
  ),
  agents: new Map(
    Array.from(new Set(records.map(({ agent_id }) => agent_id ?? "")), (id) => [
      id,
      usedFor(0.004),
    ]),
  ),
  models: new Map([
    ["claude-opus-5-5", usedFor(1.234)],
    [HOSTILE, usedFor(0, 12)],
  ]),
  copied: noUsage(),
  billedUsd: 2,
};

interface Screen {
  columns: number;
  colors: ReturnType<typeof createColors>;
}

const SCREENS: Readonly<Record<string, (screen: Screen) => string>> = {
  "show, a whole session": (screen) => screenOf(SESSION, false, screen),
  "show, an active session": (screen) => screenOf(NEXT_SESSION, false, screen),
  "show --full": (screen) => screenOf(SESSION, true, screen),
  list: (screen) => renderSessions([summarize(NEXT_SESSION), summarize(SESSION)], NOW, screen),
  "show, with its cost": (screen) => screenOf(SESSION, false, screen, COST),
  "list --cost": (screen) => {
    const used = new Map([[SESSION, COST.total]]);
    return renderSessions([summarize(NEXT_SESSION), summarize(SESSION)], NOW, screen, used);
  },
  "stats --by model": (screen) => renderCosts("model", COST.models, screen),
  "stats --by tool": (screen) => renderStatistics(count("tool"), NOW, screen),
  "stats --by project": (screen) => renderStatistics(count("project"), NOW, screen),
  "stats --by day": (screen) => renderStatistics(count("day"), NOW, screen),
  "forward --status": (screen) => renderForwarding(FORWARDING, screen, NOW),
  "show --time": (screen) => {
    const timeline = buildTimeline(own(SESSION), NOW, true);
    const prompts = new Map(
      timeline.entries.flatMap((entry) =>
        entry.kind === "turn" ? [[entry.atMs, entry.prompt] as const] : [],
      ),
    );
    const holdups = longestHoldups(timeline, 10);
    const time = SessionTime.of(own(SESSION));
    return renderSessionTime(time, prompts, holdups, "/home/you/shop", screen);
  },
  "stats --by time": (screen) => {
    const spent = { tools: 754_000, model: 3_905_000, waiting: 60_000, idle: 0 };
    return renderDaysTime(new Map([["2026-11-22", spent]]), screen);
  },
  "show --files": (screen) => {
    const files = filesTouched(buildTimeline(own(SESSION), NOW, true));
    return renderFiles(files, "/home/you/shop", screen);
  },
  "show --files, without any": (screen) =>
    screen.colors.dim(renderFiles([], "/home/you/shop", screen)),
  tail: (screen) => records.map((record) => renderEventLine(record, screen)).join("\n"),
};

describe.each(Object.entries(SCREENS))("%s", (name, render) => {
  // In a deep tree, --full has 20 columns of text however narrow the screen is.
  const widths = name === "show --full" ? [80, 140] : [20, 40, 80, 140];
  test.each([
    ...widths.map((columns) => [columns, false] as const),
    ...widths.map((columns) => [columns, true] as const),
  ])("fits into %p columns, with color: %p", (columns, isColored) => {
    const text = render({ columns, colors: createColors(isColored) });
    expect(text).toMatchSnapshot();
    expect(text.includes("\u001B[")).toBe(isColored);
    // Apart from our own colors, nothing in the payloads moves the cursor or changes the direction of text.
    const shown = Bun.stripANSI(text).replaceAll("\n", "");
    expect(shown).not.toMatch(UNSAFE);
    for (const line of text.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test("has the same text with color and without", () => {
    const screens = [true, false].map((isColored) =>
      render({ columns: 100, colors: createColors(isColored) }),
    );
    expect(Bun.stripANSI(screens[0] ?? "")).toBe(screens[1] ?? "");
  });
});

describe("the timeline of a session", () => {
  const lines = screenOf(SESSION, false, { columns: 120, colors: createColors(false) }).split("\n");
  const lineWith = (text: string) => lines.findIndex((line) => line.includes(text));

  test("has how each call ended in words", () => {
    for (const [call, outcome] of [
      ["✗ Bash bun test", "Exit code 3"],
      ["⊘ Write out.txt", "denied; asked for permission"],
      ["⊘ mcp__red", "interrupted"],
    ] as const)
      expect(lines[lineWith(call) + 1]).toContain(outcome);
    expect(lines[lineWith("✓ Read src/red evil")]).toEndWith("12ms");
  });

  test.each([
    ["✓ Bash run", "", [PRE, POST]],
    ["✓ Bash run", "asked for permission", [PRE, ASK, POST]],
    ["✗ Bash run", "Exit code 3 .*", [PRE, ["variants/PostToolUseFailure.Bash", CALL]]],
    ["⊘ Bash run", "denied; asked for permission", [PRE, ASK, STOP]],
    ["⊘ Bash run", "denied: Classifier unavailable", [PRE, ["PermissionDenied", CALL]]],
    ["⊘ Bash run", "interrupted", [PRE, NEXT]],
    ["⊘ Bash run", "denied or interrupted; asked for permission", [PRE, ASK, NEXT]],
    ["? Bash run", "waiting for permission, or running since you gave it", [PRE, ASK]],
    ["… Bash run", "still running", [PRE]],
    ["∅ Bash run", "no result recorded: blocked by a hook, or interrupted", [PRE, STOP]],
  ] as [string, string, Moment[]][])("has %j, and %j below it", async (call, words, moments) => {
    const shown = await linesOf([["UserPromptSubmit", P1], ...moments]);
    const at = shown.findIndex((line) => line.includes(call));
    expect(at).toBeGreaterThan(0);
    expect(shown[at + 1]?.replace(/^[ │]*/, "") ?? "").toMatch(new RegExp(`^${words}$`));
  });

  test("has why a turn failed, and that an agent is running", async () => {
    const failed: Moment = ["StopFailure", { ...P1, error: "rate_limit" }];
    const shown = await linesOf([["UserPromptSubmit", P1], ["SubagentStart", P1], failed]);
    expect(shown.slice(-3)).toEqual([
      "09:58:02  ├─ ◆ subagent general-purpose ac46af38, running",
      "09:58:03  ├─ ■ API Error: 400 scripted bad request",
      "09:58:03  └─ ✗ failed: rate_limit",
    ]);
  });

  test.each(["ConfigChange", "CwdChanged", "variants/Notification.permission_prompt"])(
    "has %s only with --full",
    async (name) => {
      const prompt: Moment = ["UserPromptSubmit", P1];
      const [without, short, full] = await Promise.all([
        linesOf([prompt, STOP]),
        linesOf([prompt, [name, P1], STOP]),
        linesOf([prompt, [name, P1], STOP], true),
      ]);
      expect(short).toHaveLength(without.length);
      expect(full.length).toBeGreaterThan(without.length);
    },
  );

  test.each([
    ["Grep", { path: "/p/shop/src", pattern: "x" }, "x"],
    ["Glob", { path: "/p/shop/src", pattern: "*.ts" }, "*.ts"],
    ["Read", { file_path: "/p/shop/src/a.ts" }, "src/a.ts"],
    ["Read", { file_path: "/p/shopping/a.ts" }, "/p/shopping/a.ts"],
    ["Bash", { description: "run it", command: "run" }, "run"],
    ["Agent", { prompt: "Look", subagent_type: "Explore" }, "Look (Explore)"],
    ["mcp__a__b", { command: 7, deep: { er: true } }, '{"command":7,"deep":{"er":true}}'],
    ["Other", undefined, ""],
  ])("describes %s with %j as %j", (tool, parameters, words) => {
    expect(describeCall({ tool, parameters }, "/p/shop")).toBe(words);
  });

  test("is safe to print for any records, and so are the list and the lines of tail", async () => {
    const captured = (await capturedPayloads()).map(({ name, event }): Moment => [
      name === event ? name : `variants/${name}`,
    ]);
    const all = [...records, ...(await recordsFrom(captured))];
    const names = all.flatMap(({ payload }) => Object.keys(payload as object));
    const strange = fc.record({
      payload: fc.dictionary(
        fc.oneof(fc.constantFrom(...names), fc.string({ unit: "binary" })),
        fc.jsonValue({ maxDepth: 3 }),
      ),
      tool: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
      parameters: fc.jsonValue({ maxDepth: 3 }),
    });
    const screen = { columns: 140, colors: createColors(false) };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...all), strange), { minLength: 1 }),
        (pairs) => {
          const odd = pairs.map(([record, fields]) => Object.assign({}, record, fields));
          const timeline = buildTimeline(odd, NOW, false);
          const summary = summaryOf(odd);
          const view = { summary, timeline, links: [], nowMs: NOW, isFull: true };
          for (const text of [
            ...renderTimeline(view, screen),
            ...renderSessions([summary], NOW, screen).split("\n"),
            ...odd.map((record) => renderEventLine(record, screen)),
          ]) {
            expect(text).not.toMatch(UNSAFE);
            expect(Bun.stringWidth(text)).toBeLessThanOrEqual(screen.columns);
          }
        },
      ),
    );
  });

  test("has an agent under the call that started it, and the agent's calls under the agent", () => {
    const agent = lineWith("◆ subagent general-purpose ac46af38");
    expect(lines[agent - 1]).toContain("✓ Agent look around (general-purpose)");
    expect(lines[agent + 1]).toMatch(/^\S+ +│ +├─ ✓ Bash ls/);
    expect(lines[agent + 2]).toMatch(/└─ ■ Subagent report: two files\.$/);
  });

  test("has the resume, the compaction and the session that continues it", () => {
    for (const text of ["session resumed", "compacted (manual)", "session ended (clear)"])
      expect(lineWith(text)).toBeGreaterThan(0);
    expect(lines).toContain(`continued by ${NEXT_SESSION} (clear)`);
    const next = screenOf(NEXT_SESSION, false, { columns: 120, colors: createColors(false) });
    expect(next).toContain(`continues ${SESSION} (clear)`);
    expect(next).toContain("still running");
  });

  test("has parameters and responses only with --full", () => {
    const full = screenOf(SESSION, true, { columns: 120, colors: createColors(false) });
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

async function linesOf(moments: readonly Moment[], isFull = false): Promise<string[]> {
  const timeline = buildTimeline(await recordsFrom(moments), NOW, false);
  const view = { summary: summarize(SESSION), timeline, links: [], nowMs: NOW, isFull };
  return Array.from(renderTimeline(view, { columns: 80, colors: createColors(false) }));
}

function summarize(id: string): SessionSummary {
  return summaryOf(own(id));
}

function summaryOf(all: readonly EventRecord[]): SessionSummary {
  const summary = new SessionSummary(all[0] as EventRecord);
  for (const record of all) summary.add(record, () => record);
  return summary;
}

function screenOf(id: string, isFull: boolean, screen: Screen, cost?: ShownCost): string {
  const summary = summarize(id);
  const state = summary.stateAt(NOW);
  const events = records.map(({ payload, ...head }) => ({
    ...head,
    source: fieldOf(payload, "source") as string | undefined,
    reason: fieldOf(payload, "reason") as string | undefined,
  }));
  const links = linkSessions(events).filter(({ parent, child }) => parent === id || child === id);
  const timeline = buildTimeline(own(id), NOW, state === "ended" || state === "silent");
  return Array.from(
    renderTimeline({ summary, timeline, links, cost, nowMs: NOW, isFull }, screen),
  ).join("\n");
}

function count(by: GroupBy): StatisticsResult {
  return statisticsOf(records, { by, localTimeOf: formatLocalTime });
}
