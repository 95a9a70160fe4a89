// How fast tokens and cost are added up: a month of transcripts by day and model, next to ccusage on the same files in the
// same run. ccusage is installed into a temp folder for it.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { progress } from "../harness/progress";
import { Sandbox } from "../harness/sandbox";
import type { FreshCopies } from "./fresh-copies";
import { generateTranscripts } from "./generate-transcripts";
import type { Measurement } from "./report";
import { median, peakMegabytes, timeCommand } from "./timing";

/** A busy month. */
const SIZE = { bytes: 500e6, days: 30 };
const RUNS = 5;
const RIVAL = "ccusage@20.0.24";
const INSTALL_MS = 120_000;
/** A cent: what rounding may add up to. */
const SAME_USD = 0.01;

/** Measures `stats` by day and by model, and compares its total with that of ccusage. */
export async function measureCost(copies: FreshCopies): Promise<Measurement[]> {
  using sandbox = new Sandbox();
  const folder = mkdtempSync(`${tmpdir()}/claude-session-hooks-bench-`);
  try {
    progress("writing transcripts of a month");
    const claude = `${folder}/claude`;
    const { bytes, answers } = generateTranscripts(claude, SIZE);
    const env = sandbox.env({ CLAUDE_CONFIG_DIR: claude, TZ: "UTC" });
    const own = (...args: string[]) => [copies.program("claude-session"), "stats", ...args];
    const rival = installRival(folder);
    const theirs = rival && [rival, "daily", "--offline", "--json"];
    if (rival === undefined) console.log(`${RIVAL} is not available: cost is measured without it`);
    const byModel: number[] = [];
    const byDay: number[] = [];
    const ratios: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      progress(`stats of transcripts, ${run + 1} of ${RUNS}`);
      byModel.push(await timeCommand(own("--by", "model", "--cost"), env));
      const dayMs = await timeCommand(own("--by", "day", "--cost"), env);
      byDay.push(dayMs);
      if (theirs) ratios.push((await timeCommand(theirs, env)) / dayMs);
    }
    const day = own("--by", "day", "--cost");
    if (theirs) compareTotals([...day, "--json"], theirs, env);
    return [
      { name: "transcripts of a month", value: bytes / 1e6, unit: "MB" },
      { name: "answers in them", value: answers, unit: "" },
      { name: "stats --by model --cost", value: median(byModel), unit: "ms", max: 2000 },
      { name: "stats --by day --cost", value: median(byDay), unit: "ms", max: 2000 },
      ...(theirs
        ? // 1.4 was measured next to other work, and 1.75 with more of it: ccusage uses both cores, and ours one.
          [{ name: "ccusage / stats --by day --cost", value: median(ratios), unit: "×", min: 1 }]
        : []),
      {
        name: "stats --by day --cost, peak memory",
        value: await peakMegabytes(day, env),
        unit: "MB",
        // 150 MB were measured for 500.
        max: 300,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Installs ccusage from the package registry; `undefined` where that fails. */
function installRival(folder: string): string | undefined {
  if (Bun.which("npm") === null) return undefined;
  progress(`fetching ${RIVAL}`);
  const command = ["npm", "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
  Bun.spawnSync([...command, "--prefix", `${folder}/rival`, RIVAL], {
    stdout: "ignore",
    stderr: "ignore",
    timeout: INSTALL_MS,
  });
  const path = `${folder}/rival/node_modules/.bin/ccusage`;
  return existsSync(path) ? path : undefined;
}

/** Says what both add up to, and whether that is the same. */
function compareTotals(
  own: readonly string[],
  rival: readonly string[],
  env: Record<string, string>,
): void {
  const outputOf = (command: readonly string[]): unknown =>
    JSON.parse(Bun.spawnSync([...command], { env }).stdout.toString());
  const ours = outputOf(own) as { total: { cost_usd: number | null } };
  const theirs = outputOf(rival) as { totals: { totalCost: number } };
  const [a, b] = [ours.total.cost_usd ?? NaN, theirs.totals.totalCost];
  const verdict = Math.abs(a - b) <= SAME_USD ? "the same" : "not the same";
  progress("");
  console.log(
    `cost of all transcripts: ${a.toFixed(2)} with ours, ${b.toFixed(2)} with ccusage: ${verdict}`,
  );
}
