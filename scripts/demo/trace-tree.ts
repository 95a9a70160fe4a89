// Log records and spans as a tree that a person reads: the spans of a trace with the time that each took, and under each
// the log records that name it.
import { styleText } from "node:util";
import { describeRecord } from "../../lib/history/describe";
import { recordIn } from "../../lib/log/reader";
import { fit, pad, sanitize } from "../../lib/cli/render/text";
import { formatClock, formatDuration } from "../../lib/cli/render/time";
import type { OtlpLog, OtlpSpan } from "../harness/otlp-receiver";

/** The columns of a span's name with its place in the tree, of its duration, and of the whole trace's time. */
const [NAME, DURATION, TIME] = [38, 9, 36];
const ERROR = 2;

/** A span, or a tool call that has log records but no span. */
interface Node {
  readonly span: OtlpSpan | undefined;
  readonly logs: OtlpLog[];
  readonly children: Node[];
  readonly startMs: number;
}

/** What a person reads of all traces, the oldest first, as lines. */
export function traceTrees(logs: readonly OtlpLog[], spans: readonly OtlpSpan[]): string[] {
  const traces = Map.groupBy([...logs, ...spans], ({ traceId }) => traceId);
  return [...traces].flatMap(([traceId, items]) => {
    const inTrace = new Set<OtlpLog | OtlpSpan>(items);
    return traceTree(
      traceId,
      logs.filter((log) => inTrace.has(log)),
      spans.filter((span) => inTrace.has(span)),
    );
  });
}

function traceTree(
  traceId: string,
  logs: readonly OtlpLog[],
  spans: readonly OtlpSpan[],
): string[] {
  const { roots, loose } = toNodes(logs, spans);
  const prompt = (logs[0] ?? spans[0])?.attributes["prompt.id"];
  const what = prompt === undefined ? "no prompt: the session's own" : `prompt ${prompt}`;
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const endMs = Math.max(...spans.map((span) => span.endMs));
  const lines = [`${bold(`trace ${traceId}`)}  ${dim(what)}`];
  for (const log of loose) lines.push(`  ${logLine(log)}`);
  for (const [i, node] of roots.entries())
    lines.push(...nodeLines(node, "", "", i === 0, { startMs, endMs }));
  return [...lines, ""];
}

/** Joins by span id. A log record without a span belongs to the call that it names, or to nothing. */
function toNodes(logs: readonly OtlpLog[], spans: readonly OtlpSpan[]) {
  const nodes = new Map<string, Node>();
  for (const span of spans)
    nodes.set(span.spanId, { span, logs: [], children: [], startMs: span.startMs });
  const loose: OtlpLog[] = [];
  for (const log of logs) {
    const isOfCall = log.attributes["tool_use_id"] !== undefined;
    if (!nodes.has(log.spanId) && isOfCall)
      nodes.set(log.spanId, { span: undefined, logs: [], children: [], startMs: log.atMs });
    const node = nodes.get(log.spanId);
    if (node === undefined) loose.push(log);
    else node.logs.push(log);
  }
  const roots: Node[] = [];
  const top = spans.find(({ parentSpanId }) => parentSpanId === "")?.spanId ?? "";
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span === undefined ? top : node.span.parentSpanId);
    (parent?.children ?? roots).push(node);
  }
  for (const { children } of nodes.values()) children.sort((a, b) => a.startMs - b.startMs);
  return { roots, loose };
}

interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

function nodeLines(
  { span, logs, children }: Node,
  lead: string,
  branch: string,
  isRoot: boolean,
  period: Period,
): string[] {
  const inner = isRoot ? "" : `${lead}${branch === "└ " ? "  " : "│ "}`;
  const lines = [spanLine(span, logs, lead + branch, period)];
  const rail = children.length > 0 ? "│ " : "  ";
  for (const log of logs) lines.push(dim(inner + rail) + logLine(log));
  for (const [i, child] of children.entries()) {
    const isLast = i === children.length - 1;
    lines.push(...nodeLines(child, inner, isLast ? "└ " : "├ ", false, period));
  }
  return lines;
}

function spanLine(
  span: OtlpSpan | undefined,
  logs: readonly OtlpLog[],
  lead: string,
  period: Period,
): string {
  if (span === undefined) {
    const tool = logs[0]?.attributes["gen_ai.tool.name"];
    return `${dim(lead)}${sanitize(`execute_tool ${tool}`)}  ${yellow("no span: nothing says that it ended")}`;
  }
  const { name, startMs, endMs, status } = span;
  const width = NAME - lead.length;
  const isFailure = status.code === ERROR;
  const shown = pad(fit(sanitize(name), width), width);
  const took = formatDuration(endMs - startMs).padStart(DURATION);
  const mark = isFailure ? `  ${red("ERROR")}` : "";
  return `${dim(lead)}${isFailure ? red(shown) : bold(shown)}${took}  ${timeBar(span, period)}${mark}`;
}

/** Where in the time of its trace a span is. */
function timeBar(span: OtlpSpan, { startMs, endMs }: Period): string {
  const columnOf = (ms: number) =>
    Math.round(((ms - startMs) / Math.max(1, endMs - startMs)) * TIME);
  const begin = Math.min(columnOf(span.startMs), TIME - 1);
  const end = Math.max(columnOf(span.endMs), begin + 1);
  const full = "▇".repeat(end - begin);
  return `${dim("·".repeat(begin))}${green(full)}${dim("·".repeat(TIME - end))}`;
}

/** A log record: when, which event, and what its body says, which is the record as it is in our log. */
function logLine({ atMs, eventName, body }: OtlpLog): string {
  const record = recordIn(body);
  const text = record === undefined ? "" : describeRecord(record, () => "");
  const event = eventName.replace(/^claude_code\.hook\./, "");
  const shown = fit(sanitize(text.split("\n")[0] ?? ""), 60);
  return dim(`${formatClock(atMs)} ${event}${shown === "" ? "" : `  ${shown}`}`);
}

const bold = (text: string) => styleText("bold", text);
const dim = (text: string) => styleText("dim", text);
const red = (text: string) => styleText("red", text);
const yellow = (text: string) => styleText("yellow", text);
const green = (text: string) => styleText("green", text);
