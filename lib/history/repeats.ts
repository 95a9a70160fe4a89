// Calls that may be going in circles: the same call repeated, consecutive failures, or a call that takes far longer than
// usual for its tool. A hint lists the calls and gives no verdict; only the user knows whether they were necessary.
import { describeCall } from "./describe";
import { fileUseOf } from "./files-touched";
import type { Agent, Step, Timeline, ToolCall, Turn } from "./timeline";

/** Calls to look at. */
export interface Hint {
  /** `repeats`: the same call, and nothing was changed in between. `fails`: failures of one tool in a row. */
  readonly kind: "repeats" | "fails";
  readonly tool: string;
  /** The calls, in their order; at least {@link MIN_CALLS}. */
  readonly calls: readonly ToolCall[];
}

/** How long the calls of a tool usually take. */
export interface UsualTime {
  readonly calls: number;
  /** Of 95 in 100 calls, in milliseconds. */
  readonly p95Ms: number;
}

/** Twice may be a second look; the third time is one to ask about. */
export const MIN_CALLS = 3;

// They wait for something, and are meant to be called until it has come.
const WAITING_TOOLS: ReadonlySet<string> = new Set([
  "BashOutput",
  "TaskOutput",
  "TaskGet",
  "Sleep",
]);

const MIN_SAMPLES = 10;
const SLOW_FACTOR = 3;
/** Below this nobody waits. */
const MIN_SLOW_MS = 30_000;

/** Whether a call that still runs has run much longer than those of its tool usually do. */
export function isSlow(ms: number, usual: UsualTime | undefined): boolean {
  if (usual === undefined || usual.calls < MIN_SAMPLES) return false;
  return ms >= Math.max(MIN_SLOW_MS, usual.p95Ms * SLOW_FACTOR);
}

/** What in a session may go in circles, in the order of the first calls. */
export function findRepeats({ entries }: Timeline): Hint[] {
  const hints: Hint[] = [];
  for (const calls of callsByAgent(entries)) {
    const failures = failuresIn(calls);
    // A repeated call that also fails each time is reported once, as a failure.
    const isReported = (hint: Hint) =>
      failures.some((failure) => hint.calls.every((call) => failure.calls.includes(call)));
    hints.push(...repeatsIn(calls).filter((hint) => !isReported(hint)), ...failures);
  }
  return hints.toSorted((a, b) => (a.calls[0]?.atMs ?? 0) - (b.calls[0]?.atMs ?? 0));
}

/** A hint in words: `Bash bun test: 4 times, with nothing changed in between`. */
export function describeHint({ kind, tool, calls }: Hint, projectDir: string): string {
  if (kind === "fails") return `${tool} failed ${calls.length} times in a row`;
  const target = describeCall({ tool, parameters: calls[0]?.parameters }, projectDir);
  return `${tool} ${target}: ${calls.length} times, with nothing changed in between`;
}

/** The calls of each turn and each subagent, separately, because they are independent of each other. */
function* callsByAgent(entries: readonly (Turn | Step)[]): Generator<ToolCall[]> {
  const calls = entries.filter((entry) => entry.kind === "tool");
  yield calls;
  const agents = entries.filter((entry) => entry.kind === "agent");
  const inner: readonly (Turn | Agent)[] = [
    ...entries.filter((entry) => entry.kind === "turn"),
    ...agents,
    ...calls.flatMap((call) => call.agents),
  ];
  for (const { steps } of inner) yield* callsByAgent(steps);
}

function repeatsIn(calls: readonly ToolCall[]): Hint[] {
  const hints: Hint[] = [];
  let same = new Map<string, ToolCall[]>();
  const close = () => {
    for (const [first, ...others] of same.values())
      if (first !== undefined && others.length + 1 >= MIN_CALLS)
        hints.push({ kind: "repeats", tool: first.tool, calls: [first, ...others] });
    same = new Map();
  };
  for (const call of calls) {
    if (WAITING_TOOLS.has(call.tool)) continue;
    // A test that is run again after an edit is work.
    if (fileUseOf(call.tool) === "changed" && call.outcome === "succeeded") {
      close();
      continue;
    }
    const key = `${call.tool} ${JSON.stringify(call.parameters) ?? ""}`;
    const calledBefore = same.get(key);
    if (calledBefore === undefined) same.set(key, [call]);
    else calledBefore.push(call);
  }
  close();
  return hints;
}

function failuresIn(calls: readonly ToolCall[]): Hint[] {
  const hints: Hint[] = [];
  const failed = new Map<string, ToolCall[]>();
  const close = (tool: string) => {
    const row = failed.get(tool) ?? [];
    if (row.length >= MIN_CALLS) hints.push({ kind: "fails", tool, calls: row });
    failed.delete(tool);
  };
  for (const call of calls) {
    if (call.outcome === "failed") {
      const row = failed.get(call.tool);
      if (row === undefined) failed.set(call.tool, [call]);
      else row.push(call);
    } else if (call.outcome === "succeeded") close(call.tool);
  }
  for (const tool of Array.from(failed.keys())) close(tool);
  return hints;
}
