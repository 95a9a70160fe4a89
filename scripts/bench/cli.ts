// How fast the command line is: over a log of a million records, beside what a person without it
// would write, and `id` beside an empty program.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dist } from "../build";
import { programPath } from "../harness/programs";
import { Sandbox } from "../harness/sandbox";
import { generateLog } from "./generate-log";
import { progress, type Figure } from "./report";
import { median, peakMegabytes, timeCommand } from "./timing";

const SIZE = { records: 1_000_000, days: 30 };
const RUNS = 5;
const ID_PAIRS = 60;
const PIPELINE = 'jq -r .session_id "$@" | sort | uniq -c';

/** Measures, and adds the figures; expects the empty program that bench.ts has compiled. */
export async function measureCommandLine(figures: Figure[]): Promise<void> {
  await measureId(figures);
  const state = mkdtempSync(`${tmpdir()}/claude-session-hooks-bench-`);
  try {
    progress("writing a log of a million records");
    const paths = generateLog(`${state}/events`, SIZE);
    const bytes = paths.reduce((sum, path) => sum + Bun.file(path).size, 0);
    figures.push({ name: "log of a million records", value: bytes / 1e6, unit: "MB" });
    await measureViews(figures, state, paths);
  } finally {
    rmSync(state, { recursive: true });
  }
}

async function measureId(figures: Figure[]): Promise<void> {
  using sandbox = new Sandbox();
  for (const [name, args] of [
    ["id", ["id"]],
    ["id --project", ["id", "--project", sandbox.project]],
  ] as const) {
    const ratios: number[] = [];
    for (let pair = -5; pair < ID_PAIRS; pair++) {
      progress(`claude-session ${name} ${pair + 1} of ${ID_PAIRS}`);
      const commands = [[`${dist}/bench/empty`], [programPath("claude-session"), ...args]];
      const ms = new Map<number, number>();
      for (const i of pair % 2 === 0 ? [0, 1] : [1, 0])
        ms.set(i, await timeCommand(commands[i] ?? [], sandbox.env()));
      if (pair >= 0) ratios.push((ms.get(1) ?? NaN) / (ms.get(0) ?? NaN));
    }
    figures.push({
      name: `claude-session ${name} / empty program`,
      value: median(ratios),
      unit: "×",
      most: 1.8,
    });
  }
}

async function measureViews(figures: Figure[], state: string, days: string[]): Promise<void> {
  using sandbox = new Sandbox();
  const env = sandbox.env({ CLAUDE_SESSION_HOME: state });
  const program = programPath("claude-session");
  const verbs = { list: ["list"], stats: ["stats"] };
  const rival = ["sh", "-c", PIPELINE, "sh", ...days];
  const hasRival = existsSync("/usr/bin/jq");
  if (!hasRival)
    console.log("jq is not installed: list and stats are measured without their rival");
  for (const [name, args] of Object.entries(verbs)) {
    const own: number[] = [];
    const ratios: number[] = [];
    for (let run = 0; run < (hasRival ? 3 : RUNS); run++) {
      progress(`${name} and jq, ${run + 1}`);
      const ownMs = await timeCommand([program, ...args], env);
      own.push(ownMs);
      if (hasRival) ratios.push((await timeCommand(rival, env)) / ownMs);
    }
    figures.push({ name: `${name}, a million records`, value: median(own), unit: "ms" });
    if (hasRival)
      figures.push({
        name: `jq | sort | uniq -c / ${name}`,
        value: median(ratios),
        unit: "×",
        least: 4,
      });
    figures.push({
      name: `${name}, peak memory`,
      value: await peakMegabytes([program, ...args], env),
      unit: "MB",
      most: 400,
    });
  }
  // The worst for those that read from the end: all of it is one day.
  const oneDay = `${state}-one-day`;
  mkdirSync(`${oneDay}/events`, { recursive: true });
  try {
    await timeCommand(
      ["sh", "-c", `cat "$@" > ${oneDay}/events/2026-01-30.jsonl`, "sh", ...days],
      env,
    );
    for (const [where, home] of [
      ["", state],
      [", all in one day", oneDay],
    ] as const)
      for (const args of [["show", "latest"], ["tail"]]) {
        const times: number[] = [];
        for (let run = 0; run < RUNS; run++) {
          progress(`${args.join(" ")}${where}`);
          times.push(await timeCommand([program, ...args], { ...env, CLAUDE_SESSION_HOME: home }));
        }
        figures.push({
          name: `${args.join(" ")}${where}`,
          value: median(times),
          unit: "ms",
          most: 200,
        });
      }
  } finally {
    rmSync(oneDay, { recursive: true });
  }
}
