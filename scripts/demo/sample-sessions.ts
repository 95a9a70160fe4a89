// A machine on which several people and projects are at work: sessions that ask, work, are done, ended, and went wrong,
// some days of them. For the demo, the tests and the pictures of the dashboard.
import { appendRecord } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import { seededRandom } from "../harness/random";
import { sessionRecords, type Moment } from "../harness/session-records";

/** The records of all sessions, the oldest first. Their ids and texts follow from the seed, their times from now. */
export async function sampleSessions(nowMs: number, seed = 1, days = 5): Promise<EventRecord[]> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const records: EventRecord[] = [];
  let count = 0;
  const add = async (startedMs: number, project: string, moments: readonly Moment[]) => {
    const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
    const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    const number = count++;
    const made = await sessionRecords(moments, {
      sessionId,
      projectDir: `/home/you/${project}`,
      pid: 4000 + number,
      startedMs,
    });
    for (const [i, record] of made.entries())
      records.push({ ...record, id: idAt(Date.parse(record.timestamp), number * 4096 + i) });
  };
  for (let day = days; day > 0; day--)
    for (let n = 0; n < 3 + Math.floor(random() * 5); n++) {
      const startedMs = nowMs - day * DAY_MS - Math.floor(random() * 8) * HOUR_MS;
      const task = pick(TASKS);
      await add(startedMs, task.project, finished(task.prompt, pick, random)); // oxlint-disable-line no-await-in-loop
    }
  await add(nowMs - 47 * MINUTE_MS, "shop", finished("Update the changelog for 2.4", pick, random));
  await add(nowMs - 95 * MINUTE_MS, "docs", [
    START,
    prompt("Translate the getting started page"),
    ...call("c1", "Read", { file_path: "/home/you/docs/start.md" }, 20),
    ...call("c2", "Write", { file_path: "/home/you/docs/start.de.md" }, 45, 3000),
    stop("start.de.md has the whole page. Two terms I left in English: “hook” and “payload”."),
    ["SessionEnd", { reason: "prompt_input_exit" }, 60_000],
  ]);
  await add(nowMs - 22 * MINUTE_MS, "api", [
    START,
    prompt("Why does the health check time out after a deploy?"),
    ...call("d1", "Grep", { pattern: "healthz", path: "/home/you/api" }, 80, 4000),
    ...call("d2", "Read", { file_path: "/home/you/api/src/server.ts" }, 14, 2000),
    ...call("d3", "Bash", { command: "kubectl get pods -n api" }, 1400, 9000),
    ...["d4", "d5", "d6"].flatMap((id) =>
      failure(
        id,
        "Bash",
        { command: "kubectl rollout status deploy/api -n api --timeout=20s" },
        "error: timed out waiting for the condition",
        20_100,
      ),
    ),
    stop(
      "The probe starts before migrations end: raise initialDelaySeconds, or gate readiness on them. Which do you want?",
      41_000,
    ),
  ]);
  await add(nowMs - 9 * MINUTE_MS, "shop", [
    START,
    prompt("The cart test fails on CI, but not here. Find out why and fix it."),
    ...call("e1", "Bash", { command: "bun test tests/cart.test.ts" }, 2100, 5000),
    ...call("e2", "Read", { file_path: "/home/you/shop/tests/cart.test.ts" }, 12, 3000),
    ...failure(
      "e3",
      "Bash",
      { command: "TZ=UTC bun test tests/cart.test.ts" },
      "1 test failed: expected 2026-03-29, got 2026-03-28",
      1900,
    ),
    begun(
      "e4",
      "Agent",
      {
        description: "Find other uses of local dates",
        subagent_type: "Explore",
        prompt: "Where else is a date made without a zone?",
      },
      4000,
    ),
    ["SubagentStart", { agent_id: "a11", agent_type: "Explore" }, 300],
    begun("e5", "Grep", { pattern: "new Date\\(", path: "/home/you/shop/src" }, 700, {
      agent_id: "a11",
      agent_type: "Explore",
    }),
    ended("e5", "Grep", { pattern: "new Date\\(", path: "/home/you/shop/src" }, 160, {
      agent_id: "a11",
      agent_type: "Explore",
    }),
    begun("e6", "Read", { file_path: "/home/you/shop/src/invoice.ts" }, 900, {
      agent_id: "a11",
      agent_type: "Explore",
    }),
    ended("e6", "Read", { file_path: "/home/you/shop/src/invoice.ts" }, 11, {
      agent_id: "a11",
      agent_type: "Explore",
    }),
    [
      "SubagentStop",
      {
        agent_id: "a11",
        agent_type: "Explore",
        last_assistant_message: "Two more places: invoice.ts:41 and report.ts:12.",
      },
      6000,
    ],
    ended(
      "e4",
      "Agent",
      { description: "Find other uses of local dates", subagent_type: "Explore" },
      9000,
      {
        tool_response: { status: "completed", agentId: "a11" },
      },
    ),
    ...call(
      "e7",
      "Edit",
      {
        file_path: "/home/you/shop/src/cart.ts",
        old_string: "const day = new Date(at);\nreturn day.getDate();",
        new_string: "const day = new Date(at);\nreturn day.getUTCDate();",
      },
      30,
      8000,
    ),
    begun("e8", "Bash", { command: "git push --force-with-lease origin fix-cart" }, 15_000),
    [
      "variants/PermissionRequest.Write",
      { tool_name: "Bash", tool_input: { command: "git push --force-with-lease origin fix-cart" } },
      400,
    ],
  ]);
  await add(nowMs - 6 * MINUTE_MS, "infra", [
    START,
    prompt("Plan the move of the build cache to the new bucket"),
    ...call("f1", "Bash", { command: "terraform state list | grep cache" }, 3100, 4000),
    begun("f2", "mcp__cloud__copy_bucket", { from: "cache-old", to: "cache-new" }, 20_000),
    [
      "Notification",
      {
        message: "Claude needs your permission to use copy_bucket",
        notification_type: "permission_prompt",
      },
      6000,
    ],
  ]);
  await add(nowMs - 4 * MINUTE_MS, "game", [
    START,
    prompt("Write property tests for the collision grid"),
    ...call("g1", "Read", { file_path: "/home/you/game/src/grid.rs" }, 16, 2000),
    ...call("g2", "Write", { file_path: "/home/you/game/tests/grid.rs" }, 40, 30_000),
    begun("g3", "Bash", { command: "cargo test --release grid -- --include-ignored" }, 9000),
  ]);
  await add(nowMs - 3 * MINUTE_MS, "shop", [
    START,
    prompt("Make the invoice page load faster"),
    ...call("h1", "Bash", { command: "bun run bench invoice" }, 8200, 3000),
    // The session that mends the cart test works on this file, too.
    ...call(
      "h4",
      "Edit",
      {
        file_path: "/home/you/shop/src/cart.ts",
        old_string: "const lines = load(cart);",
        new_string: "const lines = await loadOnce(cart);",
      },
      25,
      7000,
    ),
    begun(
      "h2",
      "Agent",
      {
        description: "Look for slow queries",
        subagent_type: "general-purpose",
        prompt: "Which queries does the page make?",
      },
      12_000,
    ),
    ["SubagentStart", { agent_id: "b22", agent_type: "general-purpose" }, 300],
    begun("h3", "Grep", { pattern: "SELECT", path: "/home/you/shop/src" }, 1500, {
      agent_id: "b22",
      agent_type: "general-purpose",
    }),
  ]);
  return records
    .toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
    .filter(({ timestamp }) => Date.parse(timestamp) <= nowMs);
}

/** Writes records to a log, each to the file of its day. */
export function writeSample(events: string, records: readonly EventRecord[]): void {
  for (const record of records) appendRecord(events, record.timestamp, JSON.stringify(record));
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const TASKS: readonly { readonly project: string; readonly prompt: string }[] = [
  { project: "shop", prompt: "Add a voucher field to the checkout" },
  { project: "shop", prompt: "Why are two mails sent for each order?" },
  { project: "api", prompt: "Return 409 where a name is taken" },
  { project: "api", prompt: "Upgrade the database driver and run all tests" },
  { project: "docs", prompt: "Find dead links" },
  { project: "infra", prompt: "Rotate the logs of the proxy" },
  { project: "game", prompt: "The jump feels slow on a low frame rate" },
  { project: "game", prompt: "Port the level editor to the new file format" },
];

const START: Moment = ["SessionStart", { model: "claude-opus-5-5" }];

function prompt(text: string): Moment {
  return ["UserPromptSubmit", { prompt: text, prompt_id: undefined }, 4000];
}

function stop(text: string, afterMs = 9000): Moment {
  return ["Stop", { last_assistant_message: text, prompt_id: undefined }, afterMs];
}

function begun(id: string, tool: string, input: object, afterMs = 2000, more: object = {}): Moment {
  const fields = { tool_name: tool, tool_use_id: id, tool_input: input, prompt_id: undefined };
  return ["variants/PreToolUse.Bash", { ...fields, ...more }, afterMs];
}

function ended(id: string, tool: string, input: object, tookMs: number, more: object = {}): Moment {
  const fields = { tool_name: tool, tool_use_id: id, tool_input: input, prompt_id: undefined };
  return ["variants/PostToolUse.Bash", { ...fields, duration_ms: tookMs, ...more }, tookMs];
}

function call(id: string, tool: string, input: object, tookMs: number, afterMs = 2000): Moment[] {
  return [begun(id, tool, input, afterMs), ended(id, tool, input, tookMs)];
}

function failure(id: string, tool: string, input: object, error: string, tookMs: number): Moment[] {
  const fields = { tool_name: tool, tool_use_id: id, tool_input: input, prompt_id: undefined };
  return [
    begun(id, tool, input),
    ["variants/PostToolUseFailure.Bash", { ...fields, error, duration_ms: tookMs }, tookMs],
  ];
}

function finished(
  text: string,
  pick: <T>(list: readonly T[]) => T,
  random: () => number,
): Moment[] {
  const moments: Moment[] = [START, prompt(text)];
  const calls = 3 + Math.floor(random() * 14);
  for (let n = 0; n < calls; n++) {
    const [tool, input] = pick(CALLS);
    const tookMs = Math.floor(20 * 1.8 ** (random() * 12));
    moments.push(
      ...(random() < 0.08
        ? failure(`k${n}`, tool, input, "exit status 1", tookMs)
        : call(`k${n}`, tool, input, tookMs, 1000 + Math.floor(random() * 9000))),
    );
  }
  moments.push(stop("Done, and the tests pass."));
  if (random() < 0.8) moments.push(["SessionEnd", { reason: "prompt_input_exit" }, 30_000]);
  return moments;
}

const CALLS: readonly (readonly [tool: string, input: object])[] = [
  ["Bash", { command: "bun test" }],
  ["Bash", { command: "git diff --stat" }],
  ["Bash", { command: "rg -n TODO src" }],
  ["Read", { file_path: "/home/you/shop/src/index.ts" }],
  ["Read", { file_path: "/home/you/shop/package.json" }],
  ["Edit", { file_path: "/home/you/shop/src/index.ts", old_string: "a", new_string: "b" }],
  ["Grep", { pattern: "voucher" }],
  ["WebFetch", { url: "https://example.com/docs" }],
];

/** A UUID of version 7 for a time, as records have. */
function idAt(atMs: number, number: number): string {
  const time = atMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number.toString(16).padStart(12, "0")}`;
}

if (import.meta.main) {
  const [events = ""] = process.argv.slice(2);
  writeSample(events, await sampleSessions(Date.now()));
}
