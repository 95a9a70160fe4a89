// The dashboard over a log of a million records, in Chromium: how soon it shows something, how it keeps up, what it
// costs, and whether a hook notices it.
import { appendFileSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { CDPSession, Page } from "playwright-core";
import type { StatisticsAnswer } from "../../lib/dashboard/answers";
import { GROUPS } from "../../lib/log-index/group-by";
import { percentile } from "../../lib/log-index/statistics";
import { startBrowser, whyNoBrowser } from "../harness/chromium";
import { Dashboard } from "../harness/dashboard";
import { runProgram } from "../harness/run-program";
import { progress } from "../harness/progress";
import { Sandbox } from "../harness/sandbox";
import { generateLog } from "./generate-log";
import type { Measurement } from "./report";
import { median } from "./timing";

const RECORDS = 1_000_000;
const LIVE_SECONDS = 6;
const EVENTS_A_SECOND = 500;
const HOOKS = 30;
const QUESTIONS = 5;
const STARTS = 5;

interface Loading {
  readonly firstMs: number;
  readonly allMs: number;
}

// The page itself says when it has drawn the first session: to find that out from outside takes a tenth of a second.
const NOTE_FIRST_CARD = `globalThis.firstCardMs = new Promise((resolve) => {
  new MutationObserver((_, observer) => {
    if (document.querySelector(".part .card") === null) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  }).observe(document, { childList: true, subtree: true });
})`;

/** How long it takes from the click on the link to the first sessions, and to all records. */
async function measureLoading(page: Page, link: string, records: number): Promise<Loading> {
  const startedMs = performance.now();
  await page.goto(link);
  const firstMs = await page.evaluate<number>("globalThis.firstCardMs");
  await page
    .locator(".status", { hasText: records.toLocaleString("en") })
    .waitFor({ timeout: 60_000 });
  return { firstMs, allMs: performance.now() - startedMs };
}

/** Measures it; nothing where there is no Chromium. */
export async function measureDashboard(records = RECORDS): Promise<Measurement[]> {
  if (whyNoBrowser !== undefined) return [];
  progress("dashboard");
  using sandbox = new Sandbox();
  const paths = generateLog(sandbox.events, { records, days: 30 });
  const browser = await startBrowser();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(NOTE_FIRST_CARD);
  // The first time it makes the index of the days that are over.
  const cold = await Dashboard.start(sandbox);
  const first = await measureLoading(page, cold.link, records);
  await page.goto("about:blank");
  await cold.close();
  const loadings: Loading[] = [];
  let dashboard = await Dashboard.start(sandbox);
  for (let start = 1; start < STARTS; start++) {
    loadings.push(await measureLoading(page, dashboard.link, records)); // oxlint-disable-line no-await-in-loop
    await page.goto("about:blank"); // oxlint-disable-line no-await-in-loop
    await dashboard.close(); // oxlint-disable-line no-await-in-loop
    dashboard = await Dashboard.start(sandbox); // oxlint-disable-line no-await-in-loop
  }
  const { link } = dashboard;
  const { pid } = dashboard.child;
  try {
    loadings.push(await measureLoading(page, link, records));
    const idle = await idleShare(pid);
    const serverMB = residentMB(pid);
    const bytes = paths.reduce((sum, path) => sum + Bun.file(path).size, 0);
    const questions = await measureQuestions(dashboard, bytes / 1e9);
    await page.evaluate("location.hash = '#/events'");
    await page.locator(".count", { hasText: "the newest 100,000" }).waitFor({ timeout: 20_000 });
    const client = await page.context().newCDPSession(page);
    const live = await measureLive(page, client, paths.at(-1) ?? "", records);
    const gzipBytes = await pageBytes(link);
    const delays = await hookToScreen(page, sandbox);
    const ratio = await hookRatio(sandbox);
    return [
      {
        name: `dashboard, first screen of ${records} records`,
        value: median(loadings.map(({ firstMs }) => firstMs)),
        unit: "ms",
        max: 500,
      },
      {
        name: `dashboard, all ${records} records`,
        value: median(loadings.map(({ allMs }) => allMs)),
        unit: "ms",
        max: 4000,
      },
      { name: "dashboard, first screen, the first time", value: first.firstMs, unit: "ms" },
      { name: "dashboard, all records, the first time", value: first.allMs, unit: "ms" },
      { name: "dashboard, idle server, of a core", value: idle * 100, unit: "%", max: 0.5 },
      { name: "dashboard, memory of the server", value: serverMB, unit: "MB", max: 200 },
      ...questions,
      { name: "dashboard, page, gzipped", value: gzipBytes / 1000, unit: "kB", max: 60 },
      { name: "dashboard, 500 events/s, frames", value: live.frames, unit: "/s", min: 55 },
      { name: "dashboard, 500 events/s, main thread", value: live.busy * 100, unit: "%", max: 40 },
      { name: "dashboard, 100,000 rows, heap", value: live.heapMB, unit: "MB", max: 40 },
      {
        name: "dashboard, hook to screen, p95",
        value: percentile(Float64Array.from(delays), 0.95) ?? NaN,
        unit: "ms",
        max: 250,
      },
      { name: "hook with the dashboard open / without", value: ratio, unit: "×", max: 1.05 },
    ];
  } finally {
    await Promise.all([browser.close(), dashboard.close()]);
    progress("");
  }
}

/** What takes the server longest to answer. */
async function measureQuestions(dashboard: Dashboard, gigabytes: number): Promise<Measurement[]> {
  const countingMs: number[] = [];
  const filteredMs: number[] = [];
  for (const by of GROUPS)
    for (let run = -QUESTIONS; run < QUESTIONS; run++)
      for (const [filter, times] of [
        ["", countingMs],
        ["-tool:Read project:shop,infra,notes,website", filteredMs],
      ] as const) {
        const query = new URLSearchParams({ by, filter }).toString();
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const answer = await dashboard.ask<StatisticsAnswer>(`/api/statistics?${query}`);
        // The first ones are answered by code that is not compiled yet.
        if (run >= 0) times.push(answer.took_ms);
      }
  const searches = { exact: [] as number[], any: [] as number[], first: [] as number[] };
  for (let run = 0; run < QUESTIONS; run++) {
    searches.exact.push((await search(dashboard, "nowhere-at-all", "exact")).allMs); // oxlint-disable-line no-await-in-loop
    searches.any.push((await search(dashboard, "nowhere-at-all", "any")).allMs); // oxlint-disable-line no-await-in-loop
    searches.first.push((await search(dashboard, "parser", "any")).firstMs); // oxlint-disable-line no-await-in-loop
  }
  return [
    // 35 to 60 ms of a processor were measured.
    {
      name: "dashboard, statistics of all events",
      value: median(countingMs),
      unit: "ms",
      max: 100,
      goal: 50,
    },
    {
      name: "dashboard, statistics of a filter",
      value: median(filteredMs),
      unit: "ms",
      max: 120,
      goal: 50,
    },
    {
      name: "dashboard, search, a GB without a hit",
      value: median(searches.exact) / gigabytes,
      unit: "ms",
      // To read as much with cat took 240 ms, with grep 800, where ours took 430.
      max: 1000,
      goal: 200,
    },
    {
      name: "dashboard, search, a GB, any case",
      value: median(searches.any) / gigabytes,
      unit: "ms",
    },
    { name: "dashboard, search, first hit", value: median(searches.first), unit: "ms", max: 50 },
  ];
}

/** How long a search takes until the first hit, and in all. */
async function search(dashboard: Dashboard, filter: string, letters: "exact" | "any") {
  const startedMs = performance.now();
  const query = new URLSearchParams({ filter, case: letters }).toString();
  const { body } = await dashboard.fetch(`/api/search?${query}`);
  let firstMs = NaN;
  for await (const chunk of body as ReadableStream<Uint8Array>)
    if (Number.isNaN(firstMs) && new TextDecoder().decode(chunk).includes('"kind":"hit"'))
      firstMs = performance.now() - startedMs;
  return { firstMs, allMs: performance.now() - startedMs };
}

/** The share of a core that it takes while nothing happens, with a page open. */
async function idleShare(pid: number): Promise<number> {
  await Bun.sleep(2000);
  const before = ticks(pid);
  await Bun.sleep(6000);
  return (ticks(pid) - before) / 100 / 6;
}

// utime and stime of <proc/PID/stat>, in hundredths of a second.
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function residentMB(pid: number): number {
  const kB = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kB) / 1000;
}

async function measureLive(page: Page, client: CDPSession, path: string, records: number) {
  const [line = ""] = readFileSync(path, "utf8").trimEnd().split("\n").slice(-1);
  const { session_id: _, ...record } = JSON.parse(line) as Record<string, unknown>;
  await client.send("Performance.enable");
  await page.evaluate(`{
    globalThis.frames = 0;
    const count = () => { globalThis.frames++; requestAnimationFrame(count); };
    requestAnimationFrame(count);
  }`);
  const before = await metrics(client);
  const startMs = performance.now();
  let sent = 0;
  while (performance.now() - startMs < LIVE_SECONDS * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * EVENTS_A_SECOND);
    const lines: string[] = [];
    for (; sent < due; sent++) {
      // Of a process of its own: the same event of the same one would be a double, which no view shows.
      const own = { id: Bun.randomUUIDv7(), session_id: `live-${sent % 20}`, pid: 40_000 + sent };
      lines.push(`${JSON.stringify({ ...record, ...own })}\n`);
    }
    appendFileSync(path, lines.join(""));
    await Bun.sleep(10); // oxlint-disable-line no-await-in-loop
  }
  const seconds = (performance.now() - startMs) / 1000;
  const frames = (await page.evaluate<number>("globalThis.frames")) / seconds;
  const after = await metrics(client);
  const shown = page.locator(".status", { hasText: (records + sent).toLocaleString("en") });
  await shown.waitFor({ timeout: 10_000 });
  await client.send("HeapProfiler.collectGarbage");
  const heapMB = ((await metrics(client))["JSHeapUsedSize"] ?? 0) / 1e6;
  return {
    frames,
    heapMB,
    busy: ((after["TaskDuration"] ?? 0) - (before["TaskDuration"] ?? 0)) / seconds,
  };
}

async function metrics(client: CDPSession): Promise<Record<string, number>> {
  const { metrics: all } = await client.send("Performance.getMetrics");
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

async function pageBytes(link: string): Promise<number> {
  const { origin } = new URL(link);
  const html = await (await fetch(origin)).text();
  const files = Array.from(html.matchAll(/(?:src|href)="\.?(\/[^"]+)"/g), ([, path]) => path ?? "");
  const bodies = await Promise.all(files.map(async (path) => (await fetch(origin + path)).bytes()));
  return [new TextEncoder().encode(html), ...bodies].reduce(
    (sum, body) => sum + gzipSync(body).length,
    0,
  );
}

/** From the end of a hook to its text on the screen, in milliseconds. */
async function hookToScreen(page: Page, sandbox: Sandbox): Promise<number[]> {
  await page.evaluate("location.hash = '#/now'");
  const delays: number[] = [];
  for (let n = 0; n < HOOKS; n++) {
    const text = `Paint shed number ${n}`;
    const shown = page.getByText(text, { exact: true }).first().waitFor();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await runProgram("session-event", sandbox, {
      session_id: `shed-${n}`,
      hook_event_name: "UserPromptSubmit",
      prompt: text,
    });
    const endMs = performance.now();
    await shown; // oxlint-disable-line no-await-in-loop
    delays.push(performance.now() - endMs);
  }
  return delays;
}

/** How much longer a hook takes that writes to a log which a dashboard follows. */
async function hookRatio(followed: Sandbox): Promise<number> {
  using alone = new Sandbox();
  const event = {
    session_id: "s",
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command: "ls" },
  };
  const ratios: number[] = [];
  for (let n = 0; n < 60; n++) {
    const [first, second] = n % 2 === 0 ? [followed, alone] : [alone, followed];
    const times = new Map<Sandbox, number>();
    for (const sandbox of [first, second]) {
      const { ms } = await runProgram("pre-tool-use", sandbox, event); // oxlint-disable-line no-await-in-loop
      times.set(sandbox, ms);
      await Bun.sleep(120); // oxlint-disable-line no-await-in-loop -- time for the dashboard to draw
    }
    ratios.push((times.get(followed) ?? 0) / (times.get(alone) ?? 1));
  }
  return median(ratios);
}

if (import.meta.main)
  for (const one of await measureDashboard()) console.log(one.name, one.value, one.unit);
