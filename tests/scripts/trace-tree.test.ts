// The tree that the demo of OpenTelemetry shows, from log records and spans.
import { expect, test } from "bun:test";
import type { OtlpLog, OtlpSpan } from "../../scripts/harness/otlp-receiver";
import { traceTrees } from "../../scripts/demo/trace-tree";

const AT_MS = Date.UTC(2026, 10, 22, 9, 58);
const TRACE = "c8a239fcc2714af3afdab00e1f71c4be";

function span(
  spanId: string,
  parentSpanId: string,
  name: string,
  fromMs: number,
  toMs: number,
): OtlpSpan {
  return {
    traceId: TRACE,
    spanId,
    parentSpanId,
    name,
    kind: 1,
    startMs: AT_MS + fromMs,
    endMs: AT_MS + toMs,
    status: { code: name.endsWith("Bash") ? 2 : 0, message: "" },
    attributes: {},
    resource: {},
  };
}

function log(spanId: string, event: string, call: string | undefined): OtlpLog {
  return {
    traceId: TRACE,
    spanId,
    eventName: `claude_code.hook.${event}`,
    atMs: AT_MS,
    severity: "INFO",
    body: "",
    attributes: { tool_use_id: call, "gen_ai.tool.name": "Write", "prompt.id": "p1" },
    resource: {},
  };
}

/** Without colors and times of day, which depend on the machine. */
function plain(lines: readonly string[]): string[] {
  return lines.map((line) =>
    Bun.stripANSI(line)
      .replace(/\d\d:\d\d:\d\d /, "")
      .trimEnd(),
  );
}

test("spans are under their parents in the order of time, and log records under the spans that they name", () => {
  const lines = traceTrees(
    [
      log("root", "stop", undefined),
      log("bash", "post_tool_use_failure", "t1"),
      log("none", "pre_tool_use", "t3"),
    ],
    [
      span("late", "root", "execute_tool Read", 3000, 4000),
      span("bash", "root", "execute_tool Bash", 1000, 2000),
      span("root", "", "invoke_agent claude-code", 0, 4000),
    ],
  );
  expect(plain(lines)).toEqual([
    `trace ${TRACE}  prompt p1`,
    "invoke_agent claude-code                     4s  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇",
    "│ stop",
    "├ execute_tool Write  no span: nothing says that it ended",
    "│   pre_tool_use",
    "├ execute_tool Bash                          1s  ·········▇▇▇▇▇▇▇▇▇··················  ERROR",
    "│   post_tool_use_failure",
    "└ execute_tool Read                          1s  ···························▇▇▇▇▇▇▇▇▇",
    "",
  ]);
});

test("a log record of no span and no call stands at the top of its trace", () => {
  const lines = traceTrees([log("session", "session_start", undefined)], []);
  expect(plain(lines)).toEqual([`trace ${TRACE}  prompt p1`, "  session_start", ""]);
});
