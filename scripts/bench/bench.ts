// How fast the programs and their functions are, against budgets: a table, and the same as
// dist/test-results/bench.json; the command line is in bench-cli.ts, forwarding in bench-forward.ts.
// Programs are compared with an empty one compiled by the same flags: fresh processes in alternating
// order, medians of the paired ratios.
//
// usage: bun scripts/bench/bench.ts [pairs]      exit status 1 over budget
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { measure } from "mitata";
import { DEFAULTS } from "../../lib/config";
import { redact, redactionRules, rulesFor } from "../../lib/hook/redact";
import { projectAt } from "../../lib/project";
import { getStoredSessionId, storeSessionId } from "../../lib/session";
import { compile, dist } from "../build";
import { capturedPayload } from "../harness/payloads";
import { programPath } from "../harness/programs";
import { Sandbox } from "../harness/sandbox";
import { measureCommandLine } from "./cli";
import { measureForwarding } from "./forward";
import { progress, report, type Figure } from "./report";
import { median, peakMegabytes, timeHook } from "./timing";

const PAIRS = Number(process.argv[2] ?? 80);

const EVENTS: Readonly<Record<string, string>> = {
  "session-start": "SessionStart",
  "session-event": "UserPromptSubmit",
  "pre-tool-use": "PreToolUse",
  "post-tool-use": "PostToolUse",
  "session-end": "SessionEnd",
};

const figures: Figure[] = [];
// The functions first: after the programs, the disk is busy with what those left to write.
await measureSession();
await measureRedaction();
await measurePrograms();
await measureMemory();
await measureCommandLine(figures);
await measureForwarding(figures);
report(figures);

async function measurePrograms(): Promise<void> {
  const source = `${dist}/bench/empty.ts`;
  await Bun.write(source, "export {};\n");
  const empty = `${dist}/bench/empty`;
  await compile(source, empty);
  const emptyMs: number[] = [];
  for (const [program, event] of Object.entries(EVENTS)) {
    using sandbox = new Sandbox();
    const { text } = await capturedPayload(event);
    const ratios: number[] = [];
    const times: number[] = [];
    for (let pair = -5; pair < PAIRS; pair++) {
      progress(`${program} ${pair + 1} of ${PAIRS}`);
      const order = pair % 2 === 0 ? [empty, programPath(program)] : [programPath(program), empty];
      const ms = new Map<string, number>();
      for (const path of order) ms.set(path, await timeHook(path, text, sandbox));
      const [base = NaN, own = NaN] = [ms.get(empty), ms.get(programPath(program))];
      if (pair < 0) continue; // Warming up: the first starts read the programs from the disk.
      emptyMs.push(base);
      times.push(own);
      ratios.push(own / base);
    }
    figures.push({ name: `${program}, whole process`, value: median(times), unit: "ms" });
    figures.push({
      name: `${program} / empty program`,
      value: median(ratios),
      unit: "×",
      most: 1.6,
      aim: 1.3,
    });
  }
  figures.push({ name: "empty program, whole process", value: median(emptyMs), unit: "ms" });
  for (const command of [
    ["python3", "-c", "pass"],
    ["node", "-e", "0"],
  ] as const) {
    const [name, ...args] = command;
    const path = Bun.which(name, { PATH: "/usr/bin:/bin:/usr/local/bin" });
    if (path === null) continue;
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const started = performance.now();
      Bun.spawnSync([path, ...args], { env: { PATH: "/usr/bin:/bin" } });
      times.push(performance.now() - started);
    }
    figures.push({
      name: `for comparison: ${command.join(" ")}`,
      value: median(times),
      unit: "ms",
    });
  }
}

async function measureMemory(): Promise<void> {
  for (const [name, bytes, most] of [
    ["1 KB", 1024, 48],
    ["16 MB", 16_777_000, 160],
  ] as const) {
    using sandbox = new Sandbox();
    const payload = `${sandbox.root}/payload.json`;
    const tool_response = "The quick brown fox. ".repeat(bytes / 21 - 5);
    await Bun.write(
      payload,
      JSON.stringify({ session_id: "memory", hook_event_name: "PostToolUse", tool_response }),
    );
    const peaks: number[] = [];
    for (let i = 0; i < 5; i++) {
      progress(`memory, ${name}`);
      const command = ["sh", "-c", 'cat "$1" | "$0"', programPath("post-tool-use"), payload];
      peaks.push(await peakMegabytes(command, sandbox.env()));
    }
    figures.push({ name: `peak memory, ${name} payload`, value: median(peaks), unit: "MB", most });
  }
}

async function measureSession(): Promise<void> {
  for (const parent of [tmpdir(), "/dev/shm"]) {
    if (!existsSync(parent)) continue;
    const folder = mkdtempSync(`${parent}/claude-session-hooks-bench-`);
    mkdirSync(`${folder}/shop`);
    const project = projectAt(`${folder}/shop`);
    const where = `in ${parent} (${isMemory(parent) ? "memory" : "disk"})`;
    let n = 0;
    progress(`storing ${where}`);
    const store = await time(() => storeSessionId(`session-${n++}`, project, folder));
    const get = await time(() => getStoredSessionId(project, folder));
    const perSecond = 2 / ((store.average + get.average) / 1000);
    rmSync(folder, { recursive: true });
    figures.push(
      {
        name: `storeSessionId ${where}, average`,
        value: store.average,
        unit: "ms",
        most: 0.3,
        aim: 0.062,
      },
      { name: `storeSessionId ${where}, p95`, value: store.p95, unit: "ms", most: 0.6 },
      {
        name: `getStoredSessionId ${where}, average`,
        value: get.average,
        unit: "ms",
        most: 0.03,
        aim: 0.017,
      },
      { name: `getStoredSessionId ${where}, p95`, value: get.p95, unit: "ms", most: 0.06 },
      {
        name: `store + get ${where}`,
        value: perSecond,
        unit: "/s",
        least: 15_000,
        aim: 30_000,
      },
    );
  }
}

function isMemory(folder: string): boolean {
  const TMPFS_MAGIC = 0x0102_1994;
  return statfsSync(folder).type === TMPFS_MAGIC;
}

async function measureRedaction(): Promise<void> {
  const rules = redactionRules({ API_TOKEN: "an-exact-secret" }, DEFAULTS.redact);
  const averages: number[] = [];
  const sizes = [16, 64, 256, 1024];
  for (const kilobytes of sizes) {
    progress(`redacting ${kilobytes} KB`);
    const line = `export GITHUB_TOKEN=ghp_${"a1B2".repeat(9)} # see https://user:hunter22@example.com/docs\n`;
    const text = `${line}${"const answer = await fetch(url, { headers });\n".repeat((kilobytes * 1024) / 46)}`;
    const payload = { tool_name: "Write", tool_input: { file_path: "/a", content: text } };
    const json = JSON.stringify(payload);
    averages.push((await time(() => redact(payload, rulesFor(json, rules)))).average);
  }
  const [first = NaN, , , last = NaN] = averages;
  figures.push(
    { name: "redaction of a 16 KB payload", value: first, unit: "ms", most: 1 },
    { name: "redaction of a 1 MB payload", value: last, unit: "ms" },
    // Linear growth is 1; quadratic would be 64.
    {
      name: "growth of redaction from 16 KB to 1 MB, per byte",
      value: last / first / 64,
      unit: "×",
      most: 2,
    },
  );
}

async function time(act: () => unknown): Promise<{ average: number; p95: number }> {
  const { samples } = await measure(act, { batch_samples: 1, batch_unroll: 1, batch_threshold: 0 });
  const sum = samples.reduce((a, b) => a + b, 0);
  const p95 = samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)] ?? NaN;
  return { average: sum / samples.length / 1e6, p95: p95 / 1e6 };
}
