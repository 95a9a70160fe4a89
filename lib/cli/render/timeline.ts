// The timeline of a session as lines of text.
import type { Colors } from "picocolors/types";
import type { EventName } from "../../events";
import { describeCall, describeEvent, describeTaskReport } from "../../history/describe";
import type { SessionLink } from "../../history/lineage";
import { textOf } from "../../history/payload";
import { describeCost } from "../../history/session-cost";
import type { SessionSummary } from "../../history/summary";
import type {
  Agent,
  TimelineEvent,
  CallOutcome,
  Step,
  Timeline,
  ToolCall,
  Turn,
} from "../../history/timeline";
import { costLines, type ShownCost } from "./cost";
import { describeOutcome, outline } from "./outcome";
import { renderState } from "./state";
import { bar, fit, pad, plural, sanitize, sanitizeLines, unpainted } from "./text";
import { formatClock, formatDayAndTime, formatDuration } from "./time";

/** What to render, and how fully. */
export interface TimelineView {
  readonly summary: SessionSummary;
  readonly timeline: Timeline;
  readonly links: readonly SessionLink[];
  /** What it cost, if transcripts were read. */
  readonly cost?: ShownCost | undefined;
  readonly nowMs: number;
  readonly isFull: boolean;
}

/** The width, and the colors. */
export interface Screen {
  readonly columns: number;
  readonly colors: Colors;
}

/** Renders a timeline line by line; no line is wider than the screen. */
export function* renderTimeline(view: TimelineView, screen: Screen): Generator<string> {
  const { colors, columns } = screen;
  for (const line of header(view, colors)) yield fit(line, columns);
  yield "";
  let longestMs = 1;
  for (const ms of durations(view.timeline.entries)) longestMs = Math.max(longestMs, ms);
  const writer = new Writer(view, screen, longestMs);
  for (const entry of view.timeline.entries) yield* writer.entry(entry);
}

function* header(
  { summary, timeline, links, cost, nowMs }: TimelineView,
  colors: Colors,
): Generator<string> {
  const title = sanitize(summary.title ?? summary.firstPrompt ?? "");
  yield colors.bold(sanitize(summary.project)) + (title ? `  ${title}` : "");
  const started = formatDayAndTime(Date.parse(summary.startedAt), nowMs);
  const state = renderState(summary, nowMs, colors);
  yield `${colors.cyan(sanitize(timeline.sessionId))}  ${state}  ${started}, ${formatDuration(summary.durationMs)}`;
  const { prompts, tools, failures, agents } = summary;
  const failed = failures > 0 ? colors.red(`, ${failures} failed`) : "";
  yield [
    plural(prompts, "prompt"),
    `${plural(tools, "tool call")}${failed}`,
    ...(agents > 0 ? [plural(agents, "subagent")] : []),
  ].join(" · ");
  if (cost !== undefined) yield* costLines(cost);
  for (const { parent, child, by } of links)
    yield child === timeline.sessionId
      ? `continues ${colors.cyan(sanitize(parent))} (${by})`
      : `continued by ${colors.cyan(sanitize(child))} (${by})`;
}

function* durations(steps: readonly (Turn | Step)[]): Generator<number> {
  for (const step of steps) {
    if (step.kind === "tool") {
      if (step.durationMs !== undefined) yield step.durationMs;
      for (const agent of step.agents) yield* durations(agent.steps);
    } else if (step.kind !== "event") yield* durations(step.steps);
  }
}

const SIGNS: Readonly<Record<CallOutcome, string>> = {
  succeeded: "✓",
  failed: "✗",
  denied: "⊘",
  interrupted: "⊘",
  "denied or interrupted": "⊘",
  asking: "?",
  running: "…",
  "no result": "∅",
};

// Shown only with --full.
const MINOR_EVENTS: ReadonlySet<string> = new Set<EventName>([
  "InstructionsLoaded",
  "ConfigChange",
  "CwdChanged",
]);
// The tool call itself shows that permission was asked for.
const REPEATED_NOTIFICATIONS = new Set(["permission_prompt", "worker_permission_prompt"]);
const MAX_FULL_LINES = 400;

class Writer {
  readonly #columns: number;
  readonly #colors: Colors;
  readonly #barColumns: number;

  constructor(
    readonly view: TimelineView,
    screen: Screen,
    readonly longestMs: number,
  ) {
    this.#columns = screen.columns;
    this.#colors = screen.colors;
    this.#barColumns = barColumnsFor(screen.columns);
  }

  /** A turn with its steps, or a step outside of any turn. */
  *entry(entry: Turn | Step): Generator<string> {
    if (entry.kind !== "turn") {
      yield* this.#step(entry, "", "");
      return;
    }
    const { bold, magenta, dim, red } = this.#colors;
    const sign = entry.isFromPerson ? bold(magenta("❯")) : dim("↻");
    const prompt = entry.isFromPerson ? entry.prompt : describeTaskReport(entry.prompt);
    const right = this.#costOf("prompts", entry.promptId ?? "");
    const weight = entry.isFromPerson ? bold : dim;
    yield* this.#text(entry.atMs, `${sign} `, "  ", prompt, weight, right);
    const endings = [
      ...(entry.answer ? [{ sign: "■ ", text: entry.answer, paint: unpainted }] : []),
      ...(entry.error ? [{ sign: "✗ ", text: `failed: ${entry.error}`, paint: red }] : []),
    ];
    yield* this.#steps(entry.steps, "", endings.length === 0);
    const endMs = entry.atMs + (entry.durationMs ?? 0);
    for (const [i, { sign: mark, text, paint }] of endings.entries()) {
      const isLast = i === endings.length - 1;
      yield* this.#text(endMs, `${branch(isLast)}${mark}`, `${stem(isLast)}  `, text, paint);
    }
  }

  *#steps(steps: readonly Step[], stemBefore: string, isEnd: boolean): Generator<string> {
    const shown = steps.filter((step) => this.view.isFull || !isMinor(step));
    for (const [i, step] of shown.entries()) {
      const isLast = isEnd && i === shown.length - 1;
      yield* this.#step(step, stemBefore + branch(isLast), stemBefore + stem(isLast));
    }
  }

  *#step(step: Step, lead: string, below: string): Generator<string> {
    if (step.kind === "tool") yield* this.#call(step, lead, below);
    else if (step.kind === "agent") yield* this.#agent(step, lead, below);
    else yield* this.#moment(step, lead, below);
  }

  *#call(call: ToolCall, lead: string, below: string): Generator<string> {
    const { bold, dim } = this.#colors;
    const paint = this.#paintOf(call.outcome);
    const what = sanitize(describeCall(call, this.view.summary.projectDir));
    const named = `${paint(SIGNS[call.outcome])} ${bold(sanitize(call.tool))} ${what}`;
    const time = call.durationMs === undefined ? "" : formatDuration(call.durationMs);
    const share = (call.durationMs ?? 0) / this.longestMs;
    const durationBar = pad(dim(bar(share, this.#barColumns)), this.#barColumns);
    const total = this.#columns - TIME_COLUMNS - Bun.stringWidth(lead);
    // On a narrow screen, what the call is comes before how long it took.
    const forms =
      time === "" ? [] : [`  ${durationBar} ${time.padStart(7)}`, ` ${time.padStart(7)}`];
    const right = forms.find((form) => total - Bun.stringWidth(form) >= MIN_CALL_COLUMNS) ?? "";
    const room = total - Bun.stringWidth(right);
    const left = fit(named, room);
    yield this.#line(call.atMs, lead, right === "" ? left : pad(left, room) + right);
    const asked = call.isAsked && call.outcome !== "asking" ? "asked for permission" : "";
    const note = [describeOutcome(call), asked].filter(Boolean).join("; ");
    const children = call.agents.length > 0;
    const under = `${below}${children ? "│ " : "  "}`;
    if (note !== "") yield* this.#text(undefined, under, under, note, paint);
    if (this.view.isFull) {
      yield* this.#block("parameters", call.parameters, under);
      yield* this.#block("response", call.response, under);
    }
    for (const [i, agent] of call.agents.entries()) {
      const isLast = i === call.agents.length - 1;
      yield* this.#agent(agent, below + branch(isLast), below + stem(isLast));
    }
  }

  *#agent(agent: Agent, lead: string, below: string): Generator<string> {
    const { blue, dim } = this.#colors;
    const state = agent.isInterrupted ? "interrupted" : "running";
    const time = agent.durationMs === undefined ? state : formatDuration(agent.durationMs);
    const name = ["subagent", sanitize(agent.type)].filter(Boolean).join(" ");
    const cost = this.#costOf("agents", agent.id);
    const about = dim([sanitize(agent.id).slice(0, 8), time, cost].filter(Boolean).join(", "));
    yield fit(this.#line(agent.atMs, lead, `${blue("◆")} ${name} ${about}`), this.#columns);
    yield* this.#steps(agent.steps, below, agent.answer === undefined);
    if (agent.answer !== undefined) {
      const endMs = agent.atMs + (agent.durationMs ?? 0);
      yield* this.#text(
        endMs,
        `${below}${branch(true)}■ `,
        `${below}${stem(true)}  `,
        agent.answer,
        unpainted,
      );
    }
  }

  *#moment(moment: TimelineEvent, lead: string, below: string): Generator<string> {
    const text = describeEvent(moment);
    yield* this.#text(moment.atMs, `${lead}○ `, `${below}  `, text, this.#colors.dim);
    if (this.view.isFull) yield* this.#block("payload", moment.record.payload, `${below}  `);
  }

  /** The first line of a text, or with --full all of them. */
  *#text(
    atMs: number | undefined,
    lead: string,
    below: string,
    text: string,
    paint: (text: string) => string,
    right = "",
  ): Generator<string> {
    const total = this.#columns - TIME_COLUMNS - Bun.stringWidth(lead);
    const end = right === "" || total < MIN_CALL_COLUMNS + 10 ? "" : `  ${right.padStart(7)}`;
    const room = total - end.length;
    const lines = this.view.isFull ? this.#wrapped(text, room) : [fit(sanitize(text), room)];
    const [first = ""] = lines;
    yield this.#line(
      atMs,
      lead,
      end === "" ? paint(first) : pad(paint(first), room) + this.#colors.dim(end),
    );
    for (const line of lines.slice(1)) yield this.#line(undefined, below, paint(line));
  }

  *#block(name: string, value: unknown, below: string): Generator<string> {
    if (value === undefined) return;
    const { dim } = this.#colors;
    const room = this.#columns - TIME_COLUMNS - Bun.stringWidth(below) - 2;
    yield this.#line(undefined, below, dim(name));
    const lines = Array.from(outline(value)).flatMap((line) => this.#wrapped(line, room));
    for (const line of lines.slice(0, MAX_FULL_LINES))
      yield this.#line(undefined, `${below}  `, line);
    const more = lines.length - MAX_FULL_LINES;
    if (more > 0)
      yield this.#line(undefined, `${below}  `, dim(`… ${more} more lines; --json has them`));
  }

  #wrapped(text: string, columns: number): string[] {
    return sanitizeLines(text).flatMap((line) =>
      Bun.wrapAnsi(line, Math.max(columns, 20), { hard: true, trim: false }).split("\n"),
    );
  }

  #line(atMs: number | undefined, lead: string, text: string): string {
    const { dim } = this.#colors;
    const time = atMs === undefined ? "" : formatClock(atMs);
    // No trailing spaces on an empty line.
    if (text.trim() === "") return dim(`${time.padEnd(TIME_COLUMNS)}${lead}`.trimEnd());
    return `${dim(time.padEnd(TIME_COLUMNS))}${dim(lead)}${text}`;
  }

  /** A prompt's or a subagent's cost, if it is known. */
  #costOf(what: "prompts" | "agents", id: string): string {
    const usage = this.view.cost?.[what].get(id);
    return usage === undefined ? "" : describeCost(usage);
  }

  #paintOf(outcome: CallOutcome): (text: string) => string {
    const { green, red, yellow } = this.#colors;
    if (outcome === "succeeded") return green;
    return outcome === "failed" ? red : yellow;
  }
}

const TIME_COLUMNS = 10;
// A sign, a tool, and the beginning of its command.
const MIN_CALL_COLUMNS = 18;

// On a narrow screen, the words need the room.
function barColumnsFor(columns: number): number {
  if (columns < 60) return 0;
  return columns < 120 ? 8 : 20;
}

function branch(isLast: boolean): string {
  return isLast ? "└─ " : "├─ ";
}

function stem(isLast: boolean): string {
  return isLast ? "   " : "│  ";
}

function isMinor(step: Step): boolean {
  if (step.kind !== "event") return false;
  const type = textOf(step.record, "notification_type") ?? "";
  return MINOR_EVENTS.has(step.event) || REPEATED_NOTIFICATIONS.has(type);
}
