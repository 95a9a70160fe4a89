// The panels of the dashboard: each answers one question that Claude Code's own telemetry cannot answer.
import type { Question } from "../sql/questions";
import { column, seriesOf, sessionColumn, traceColumn } from "./columns";
import type { AnyVisualization, Override } from "./schema";

/** A panel, apart from its place. */
export interface PanelPlan {
  readonly question: Question;
  readonly title: string;
  readonly description: string;
  /** Of the 24 columns of a dashboard. */
  readonly width: 12 | 24;
  /** In rows of 30 pixels and a gap. */
  readonly height: number;
  /** The shortest interval of a chart. */
  readonly interval?: string;
  readonly drawing: AnyVisualization;
}

/** All panels, in the order of reading. */
export const PANELS: readonly PanelPlan[] = [
  {
    question: "states",
    title: "Sessions now",
    description:
      "What sessions with an event in the day before the end of the time range were doing then. Needs an answer: Claude asked for a permission or something else, and nobody has answered. Your turn: Claude is done and is waiting for the next prompt. Silent: no event for 15 minutes while it was working, so Claude Code was probably killed.",
    width: 24,
    height: 5,
    drawing: {
      type: "stat",
      options: {
        colorMode: "background",
        graphMode: "none",
        textMode: "value_and_name",
        reduceOptions: { calcs: ["lastNotNull"], values: false },
      },
      fieldConfig: {
        defaults: { unit: "short", noValue: "0" },
        overrides: [
          column("at_work", { title: "At work", color: "green" }),
          column("needs_answer", { title: "Needs an answer", color: "orange" }),
          column("waits_for_prompt", { title: "Your turn", color: "blue" }),
          column("silent", { title: "Silent", color: "#6e7077" }),
        ],
      },
    },
  },
  {
    question: "waits",
    title: "Minutes waited for a person's answer",
    description:
      "From a question (PermissionRequest, Elicitation) until the tool started or, after a denial, until the agent continued. Each question counts, even if two subagents ask at the same time. Open questions do not count; the panel above shows them.",
    width: 12,
    height: 9,
    interval: "1h",
    drawing: bars("m", [
      seriesOf("questions", {
        "custom.hideFrom": { viz: true, legend: true, tooltip: false },
        unit: "short",
      }),
    ]),
  },
  {
    question: "activity",
    title: "Prompts and sessions by user and day",
    description:
      "Bars: prompts written by a person. Points: sessions with an event on that day. Days are UTC. Prompts that Claude Code submits itself, such as a background task's report, do not count.",
    width: 12,
    height: 9,
    interval: "1d",
    drawing: bars("short", [
      seriesOf("sessions", {
        "custom.drawStyle": "points",
        "custom.pointSize": 8,
        "custom.stacking": { mode: "none", group: "B" },
      }),
    ]),
  },
  {
    question: "calls",
    title: "Tool calls without a result",
    description:
      "Calls that were denied or interrupted, for which Claude Code's own telemetry has no span. It sends no event for them either, so this is inferred from what came next: the end of the turn after a question is a denial; a person's prompt, or the end of the session, is an interruption. Running calls are left out.",
    width: 12,
    height: 9,
    drawing: table([
      column("project", { title: "Project" }),
      column("tool", { title: "Tool" }),
      column("calls", { title: "Calls" }),
      column("denied", { title: "Denied" }),
      column("interrupted", { title: "Interrupted" }),
      column("denied_or_interrupted", { title: "One of these" }),
      column("no_result", { title: "No result" }),
      column("without_result", { title: "All" }),
      column("percent", { title: "Share", unit: "percent", barFrom: [10, 25] }),
    ]),
  },
  {
    question: "failures",
    title: "Failures by project and tool",
    description:
      "Out of all calls that ended. Calls without a result are in the panel to the left.",
    width: 12,
    height: 9,
    drawing: table([
      column("project", { title: "Project" }),
      column("tool", { title: "Tool" }),
      column("calls", { title: "Calls" }),
      column("failures", { title: "Failed" }),
      column("percent", { title: "Share", unit: "percent", barFrom: [10, 25] }),
    ]),
  },
  {
    question: "durations",
    title: "Slowest tools",
    description:
      "How long calls ran, as measured by Claude Code, without the wait for a permission. p95: 95 of 100 calls took no longer.",
    width: 12,
    height: 9,
    drawing: table([
      column("tool", { title: "Tool" }),
      column("calls", { title: "Calls" }),
      column("p50_ms", { title: "p50", unit: "ms" }),
      column("p95_ms", { title: "p95", unit: "ms" }),
      column("max_ms", { title: "Longest", unit: "ms" }),
    ]),
  },
  {
    question: "subagents",
    title: "Subagents by type",
    description:
      "From a subagent's start to its last end, because it can continue after an end. Without an end: still at work, interrupted, or killed with its session.",
    width: 12,
    height: 9,
    drawing: table([
      column("type", { title: "Type" }),
      column("subagents", { title: "Subagents" }),
      column("without_end", { title: "Without end" }),
      column("p50_ms", { title: "p50", unit: "ms" }),
      column("max_ms", { title: "Longest", unit: "ms" }),
      column("tool_calls", { title: "Tool calls" }),
      column("calls_each", { title: "Calls each" }),
    ]),
  },
  {
    question: "lineage",
    title: "Sessions that continue others",
    description:
      "Sessions that were cleared, forked, resumed or compacted. After a clear or a fork, Claude Code has a new session id; which session it continues is inferred from the process, if that session's start is also in the time range. Click an id for its story.",
    width: 24,
    height: 9,
    drawing: table([
      sessionColumn("session_id", "Session"),
      column("in_project", { title: "Project" }),
      column("by_user", { title: "User" }),
      column("first_start", { title: "Started" }),
      column("started_by", { title: "By" }),
      sessionColumn("continues", "Continues"),
      column("resumes", { title: "Resumed" }),
      column("compactions", { title: "Compacted" }),
      column("ended_by", { title: "Ended by" }),
    ]),
  },
  {
    question: "story",
    title: "One session: ${session:text}",
    description:
      "The first 1000 events of the selected session in the time range. The id of a call or prompt finds its spans in the selected Tempo data source. A call is found both in Claude Code's own traces and in ours. Claude Code's own spans do not have the prompt's id, so a prompt finds only ours.",
    width: 24,
    height: 16,
    drawing: table([
      column("time", { title: "Time", width: 180 }),
      column("event", { title: "Event", width: 160 }),
      column("subagent", { title: "Subagent", width: 130 }),
      column("tool", { title: "Tool", width: 130 }),
      column("what", { title: "What" }),
      column("duration_ms", { title: "Took", unit: "ms", width: 90 }),
      traceColumn("tool_use_id", "Call", "tool_use_id"),
      traceColumn("prompt_id", "Prompt", "prompt.id"),
    ]),
  },
];

function table(overrides: readonly Override[]): AnyVisualization {
  return {
    type: "table",
    options: { showHeader: true, cellHeight: "sm" },
    fieldConfig: {
      defaults: { unit: "short", custom: { filterable: true } },
      overrides: [...overrides],
    },
  };
}

function bars(unit: string, overrides: readonly Override[]): AnyVisualization {
  return {
    type: "timeseries",
    options: {
      legend: { displayMode: "table", placement: "right", calcs: ["sum"], showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          drawStyle: "bars",
          fillOpacity: 70,
          lineWidth: 1,
          stacking: { mode: "normal", group: "A" },
        },
      },
      overrides: [...overrides],
    },
  };
}
