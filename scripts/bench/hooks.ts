// What a hook program costs as a whole process, next to an empty program: time, page faults, memory.
import { capturedPayload } from "../harness/payloads";
import { programPath } from "../harness/run-program";
import { progress } from "../harness/progress";
import { Sandbox } from "../harness/sandbox";
import type { FreshCopies } from "./fresh-copies";
import { countPageFaults } from "./page-faults";
import type { Measurement } from "./report";
import { median, peakMegabytes, timeHook } from "./timing";

/** The first starts read the programs from the disk and fill the kernel's caches; they do not count. */
const WARM_UP_PAIRS = 5;
/** They are only for comparison, and ten times as slow as a hook. */
const INTERPRETER_STARTS = 15;
const MEMORY_RUNS = 5;

/** One event for each program, as the client sends it. */
const EVENTS: Readonly<Record<string, string>> = {
  "session-start": "SessionStart",
  "session-event": "UserPromptSubmit",
  "pre-tool-use": "PreToolUse",
  "post-tool-use": "PostToolUse",
  "session-end": "SessionEnd",
};

/** Starts each hook and the empty program in turn, `pairs` times, and compares the two of each pair. */
export async function measureHooks(copies: FreshCopies, pairs: number): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const empty: Costs = { ms: [], pageFaults: [] };
  for (const [program, event] of Object.entries(EVENTS)) {
    using sandbox = new Sandbox();
    const { text } = await capturedPayload(event);
    const hook: Costs = { ms: [], pageFaults: [] };
    const ratios: number[] = [];
    for (let pair = -WARM_UP_PAIRS; pair < pairs; pair++) {
      progress(`${program} ${pair + 1} of ${pairs}`);
      const startHook = () => start(copies.program(program), text, sandbox);
      const startEmpty = () => start(copies.empty, text, sandbox);
      const isHookFirst = pair % 2 === 0;
      const first = await (isHookFirst ? startHook() : startEmpty());
      const second = await (isHookFirst ? startEmpty() : startHook());
      if (pair < 0) continue;
      const [ours, base] = isHookFirst ? [first, second] : [second, first];
      add(hook, ours);
      add(empty, base);
      ratios.push(ours.ms / base.ms);
    }
    measurements.push(...costsOf(program, hook), {
      name: `${program} / empty program`,
      value: median(ratios),
      unit: "×",
      // 1.45 to 1.56 were measured (Linux x64, Bun 1.4.5): the budget notices one more module of Node.
      max: 1.6,
      goal: 1.3,
    });
  }
  return [...measurements, ...costsOf("empty program", empty)];
}

/** What an interpreter costs before it has run a line: the rivals of a compiled hook. */
export function measureInterpreters(): Measurement[] {
  const commands = [
    ["python3", "-c", "pass"],
    ["node", "-e", "0"],
  ] as const;
  return commands.flatMap(([name, ...args]) => {
    const path = Bun.which(name, { PATH: "/usr/bin:/bin:/usr/local/bin" });
    if (path === null) return [];
    const times = Array.from({ length: INTERPRETER_STARTS }, () => {
      const started = performance.now();
      Bun.spawnSync([path, ...args], { env: { PATH: "/usr/bin:/bin" } });
      return performance.now() - started;
    });
    return {
      name: `for comparison: ${[name, ...args].join(" ")}`,
      value: median(times),
      unit: "ms",
    };
  });
}

/**
 * How much memory a hook takes for a usual payload, and for the largest that it reads. Measured on the programs as
 * they were built: a fresh copy lies in large folios of the page cache, and the kernel maps those whole, which adds
 * 20 MB of the file to the same program (56 MB against 36, Linux 6.18).
 */
export async function measureMemory(): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { name, bytes, max } of [
    // 35 MB were measured, nearly all of it the runtime's.
    { name: "1 KB", bytes: 1024, max: 48 },
    // Just under `limits.input_bytes`, 16 MiB; 123 MB were measured.
    { name: "16 MB", bytes: 16_777_000, max: 160 },
  ]) {
    using sandbox = new Sandbox();
    const payload = `${sandbox.root}/payload.json`;
    const sentence = "The quick brown fox. ";
    const tool_response = sentence.repeat(bytes / sentence.length - 5);
    await Bun.write(
      payload,
      JSON.stringify({ session_id: "memory", hook_event_name: "PostToolUse", tool_response }),
    );
    const peaks: number[] = [];
    for (let run = 0; run < MEMORY_RUNS; run++) {
      progress(`memory, ${name}`);
      const command = ["sh", "-c", 'cat "$1" | "$0"', programPath("post-tool-use"), payload];
      peaks.push(await peakMegabytes(command, sandbox.env()));
    }
    measurements.push({
      name: `peak memory, ${name} payload`,
      value: median(peaks),
      unit: "MB",
      max,
    });
  }
  return measurements;
}

interface Cost {
  readonly ms: number;
  readonly pageFaults: number | undefined;
}

interface Costs {
  readonly ms: number[];
  readonly pageFaults: number[];
}

async function start(path: string, payload: string, sandbox: Sandbox): Promise<Cost> {
  const { result, pageFaults } = await countPageFaults(() => timeHook(path, payload, sandbox));
  return { ms: result, pageFaults };
}

function add(costs: Costs, { ms, pageFaults }: Cost): void {
  costs.ms.push(ms);
  if (pageFaults !== undefined) costs.pageFaults.push(pageFaults);
}

function costsOf(name: string, { ms, pageFaults }: Costs): Measurement[] {
  const time = { name: `${name}, whole process`, value: median(ms), unit: "ms" };
  if (pageFaults.length === 0) return [time];
  return [time, { name: `${name}, page faults`, value: median(pageFaults), unit: "" }];
}
