// The shapes of what `claude-session` prints with `--json`, in zod. They are what docs/json.md describes.
import { z } from "zod";
import { eventRecord } from "../../scripts/harness/record-schema";

const time = z.iso.datetime({ precision: 3 });
const count = z.int().min(0);
const durationMs = z.number();

/** What is not known without transcripts. */
const cost = {
  cost_usd: z.number().min(0).nullable(),
  tokens: z
    .strictObject({
      input: count,
      output: count,
      cache_read: count,
      cache_write_5m: count,
      cache_write_1h: count,
    })
    .nullable(),
};

const session = z.strictObject({
  session_id: z.string(),
  project: z.string(),
  project_dir: z.string(),
  title: z.string().nullable(),
  first_prompt: z.string().nullable(),
  state: z.enum(["active", "waiting", "ended", "silent"]),
  started_at: time,
  last_at: time,
  duration_ms: durationMs,
  prompts: count,
  tools: count,
  failures: count,
  agents: count,
  doubled_events: count,
  ...cost,
});

const link = z.strictObject({ session_id: z.string(), by: z.enum(["clear", "fork"]) });

// Agents have steps, and tool calls have agents.
const steps: z.ZodType = z.lazy(() =>
  z.array(z.discriminatedUnion("kind", [toolCall, agent, event])),
);

const agent = z.strictObject({
  kind: z.literal("agent"),
  at: time,
  agent_id: z.string(),
  agent_type: z.string(),
  duration_ms: durationMs.nullable(),
  answer: z.string().nullable(),
  is_interrupted: z.boolean(),
  ...cost,
  steps,
});

const toolCall = z.strictObject({
  kind: z.literal("tool"),
  at: time,
  tool: z.string(),
  tool_use_id: z.string(),
  parameters: z.json(),
  outcome: z.enum([
    "succeeded",
    "failed",
    "denied",
    "interrupted",
    "denied or interrupted",
    "asking",
    "running",
    "no result",
  ]),
  duration_ms: durationMs.nullable(),
  is_asked: z.boolean(),
  response: z.json(),
  error: z.string().nullable(),
  agents: z.array(agent),
});

const event = z.strictObject({
  kind: z.literal("event"),
  at: time,
  event: z.string(),
  payload: z.json(),
});

const turn = z.strictObject({
  kind: z.literal("turn"),
  at: time,
  prompt: z.string(),
  is_from_person: z.boolean(),
  duration_ms: durationMs.nullable(),
  answer: z.string().nullable(),
  error: z.string().nullable(),
  ...cost,
  steps,
});

const numbers = {
  events: count,
  sessions: count,
  prompts: count,
  calls: count,
  failed: count,
  failure_rate: z.number().min(0).max(1),
  p50_ms: durationMs.nullable(),
  p95_ms: durationMs.nullable(),
};

const destination = z.strictObject({
  name: z.string(),
  type: z.enum(["observability", "http", "otlp"]),
  url: z.string(),
  configured_in: z.string(),
  undelivered: z.strictObject({ events: count, bytes: count }),
  last_success_at: time.nullable(),
  last_error: z.strictObject({ at: time, message: z.string() }).nullable(),
  restarted: z.strictObject({ at: time, reason: z.string() }).nullable(),
  rejected: count,
  lost: count,
  skipped: count,
  repeated: count,
  refused: count,
});

const used = {
  ...cost,
  answers: count,
  unpriced_answers: count,
  web_searches: count,
  cache_share: z.number().min(0).max(1).nullable(),
};

const timeSpent = z.strictObject({
  tools_ms: count,
  model_ms: count,
  waiting_ms: count,
  idle_ms: count,
});

const touchedFile = z.strictObject({
  path: z.string(),
  changes: count,
  reads: count,
  calls: z.array(
    z.strictObject({
      tool_use_id: z.string(),
      tool: z.string(),
      use: z.enum(["read", "changed"]),
      at: time,
    }),
  ),
});

/** The output of each command; that of `tail` is an array of its lines. */
export const SHAPES = {
  list: z.array(session),
  show: session.extend({
    billed_usd: z.number().nullable(),
    models: z.array(z.strictObject({ model: z.string(), ...cost })),
    continues: z.array(link),
    continued_by: z.array(link),
    time: timeSpent,
    files: z.array(touchedFile),
    hints: z.array(
      z.strictObject({
        kind: z.enum(["repeats", "fails"]),
        tool: z.string(),
        tool_use_ids: z.array(z.string()).min(3),
      }),
    ),
    timeline: z.array(z.discriminatedUnion("kind", [turn, toolCall, agent, event])),
    skipped_lines: count,
  }),
  tail: z.array(eventRecord.extend({ double_of: z.string().optional() })),
  stats: z.strictObject({
    by: z.enum(["tool", "project", "day", "hour", "user"]),
    first_at: time.nullable(),
    last_at: time.nullable(),
    total: z.strictObject(numbers),
    rows: z.array(z.strictObject({ name: z.string(), ...numbers })),
    doubled_events: count,
  }),
  "stats --cost": z.strictObject({
    by: z.enum(["model", "agent", "outcome", "day", "project"]),
    total: z.strictObject(used),
    rows: z.array(z.strictObject({ name: z.string(), ...used })),
  }),
  doctor: z.strictObject({
    findings: z.array(
      z.strictObject({
        level: z.enum(["ok", "warn", "fail"]),
        topic: z.string(),
        what: z.string(),
        fix: z.string().nullable(),
      }),
    ),
  }),
  "forward --status": z.strictObject({
    alive: z.boolean(),
    forwarder: z.string().nullable(),
    destinations: z.array(destination),
    faults: z.array(z.string()),
  }),
} as const;
