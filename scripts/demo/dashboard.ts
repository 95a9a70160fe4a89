// The dashboard with sessions that go on while you look: some days that were recorded before, and hooks that record
// what happens now. With pictures, it draws those of the README instead.
import { mkdirSync } from "node:fs";
import { buildIfStale } from "../build";
import { startBrowser } from "../harness/chromium";
import { Dashboard } from "../harness/dashboard";
import { programPath, runProgram } from "../harness/run-program";
import { Sandbox } from "../harness/sandbox";
import { sampleSessions, writeSample } from "./sample-sessions";

const STEP_MS = 1500;
const IMAGES = `${import.meta.dir}/../../docs/images`;

/** One step of a session that goes on: its number, the program, and the event's own fields. */
type Step = readonly [session: number, program: string, fields: Readonly<Record<string, unknown>>];

const bash = (id: string, command: string) => ({
  tool_name: "Bash",
  tool_use_id: id,
  tool_input: { command },
});

const STEPS: readonly Step[] = [
  [
    1,
    "session-start",
    { hook_event_name: "SessionStart", source: "startup", model: "claude-opus-5-5" },
  ],
  [
    1,
    "session-event",
    { hook_event_name: "UserPromptSubmit", prompt: "Move the mails to the new queue" },
  ],
  [
    2,
    "session-start",
    { hook_event_name: "SessionStart", source: "startup", model: "claude-opus-5-5" },
  ],
  [1, "pre-tool-use", { hook_event_name: "PreToolUse", ...bash("l1", "rg -n sendMail src") }],
  [2, "session-event", { hook_event_name: "UserPromptSubmit", prompt: "Which tests are slow?" }],
  [
    1,
    "post-tool-use",
    {
      hook_event_name: "PostToolUse",
      ...bash("l1", "rg -n sendMail src"),
      tool_response: { stdout: "src/order.ts:88" },
      duration_ms: 140,
    },
  ],
  [2, "pre-tool-use", { hook_event_name: "PreToolUse", ...bash("l2", "bun test --timings") }],
  [1, "pre-tool-use", { hook_event_name: "PreToolUse", ...bash("l3", "git push origin queue") }],
  [
    1,
    "session-event",
    {
      hook_event_name: "PermissionRequest",
      tool_name: "Bash",
      tool_input: { command: "git push origin queue" },
    },
  ],
  [
    2,
    "post-tool-use",
    {
      hook_event_name: "PostToolUse",
      ...bash("l2", "bun test --timings"),
      tool_response: { stdout: "cart.test.ts 8.1 s" },
      duration_ms: 8300,
    },
  ],
  [
    2,
    "session-event",
    {
      hook_event_name: "Stop",
      last_assistant_message: "Three of 212 take more than a second; cart.test.ts alone takes 8.",
    },
  ],
  [
    1,
    "post-tool-use",
    {
      hook_event_name: "PostToolUse",
      ...bash("l3", "git push origin queue"),
      tool_response: { stdout: "ok" },
      duration_ms: 5200,
    },
  ],
  [
    1,
    "session-event",
    { hook_event_name: "Stop", last_assistant_message: "All mails go through the queue now." },
  ],
  [2, "session-end", { hook_event_name: "SessionEnd", reason: "prompt_input_exit" }],
];

/**
 * Plays sessions for as long as the dashboard is open.
 *
 * @param rounds how often the steps are played; without it, until the dashboard ends
 * @returns whether every event was recorded
 */
export async function demoDashboard(rounds = Infinity): Promise<boolean> {
  await buildIfStale();
  using sandbox = new Sandbox();
  writeSample(sandbox.events, await sampleSessions(Date.now()));
  const { DISPLAY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR, PATH } = process.env;
  const display = { DISPLAY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR, PATH };
  const dashboard = Bun.spawn([programPath("claude-session"), "dashboard"], {
    env: { ...sandbox.env(), ...withoutUndefined(display) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  let played = 0;
  let silent = 0;
  for (let round = 0; round < rounds && dashboard.exitCode === null; round++)
    for (const [number, program, fields] of STEPS) {
      if (dashboard.exitCode !== null) break;
      await Promise.race([Bun.sleep(STEP_MS), dashboard.exited]); // oxlint-disable-line no-await-in-loop
      const session_id = `demo-${round}-${number}`;
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as sessions do
      const { code, stdout, stderr } = await runProgram(program, sandbox, {
        session_id,
        ...fields,
      });
      played++;
      if (code === 0 && stdout === "" && stderr === "") silent++;
    }
  dashboard.kill("SIGINT");
  await dashboard.exited;
  console.log(
    `\n${played} events of sessions that went on; each hook was silent: ${silent === played ? "yes" : "NO"}`,
  );
  return silent === played;
}

/** Draws the pictures of the README: two views, light and dark. */
export async function drawDashboard(): Promise<void> {
  await buildIfStale();
  using sandbox = new Sandbox();
  const records = await sampleSessions(Date.now());
  writeSample(sandbox.events, records);
  const id =
    records.find(({ payload }) => JSON.stringify(payload).includes("cart test"))?.session_id ?? "";
  await using dashboard = await Dashboard.start(sandbox);
  const browser = await startBrowser();
  mkdirSync(IMAGES, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 1200, height: 640 },
    }); // oxlint-disable-line no-await-in-loop
    const page = await context.newPage(); // oxlint-disable-line no-await-in-loop
    await page.goto(dashboard.link); // oxlint-disable-line no-await-in-loop
    for (const [name, view] of [
      ["now", "now"],
      ["session", `session/${id}?sel=call-e7`],
    ] as const) {
      await page.evaluate(`location.hash = "#/${view}"`); // oxlint-disable-line no-await-in-loop
      await page.waitForTimeout(1200); // oxlint-disable-line no-await-in-loop
      await page.screenshot({ path: `${IMAGES}/dashboard-${name}-${colorScheme}.png` }); // oxlint-disable-line no-await-in-loop
    }
    await context.close(); // oxlint-disable-line no-await-in-loop
  }
  await browser.close();
}

function withoutUndefined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
