// The shapes of everything that crosses a border, in zod, for the cold paths and the tests. The hot
// path takes only types from here: `import type` costs nothing at run time.
import { z } from "zod";
import { isAbsolute } from "./os/paths";

/**
 * What Claude Code sends on stdin. Everything is optional and unknown keys pass: each version of the
 * client has added fields and events, and none of that may stop a recording.
 */
export const payload = z.looseObject({
  session_id: z.string().optional(),
  hook_event_name: z.string().optional(),
  cwd: z.string().optional(),
  transcript_path: z.string().optional(),
  prompt_id: z.string().optional(),
  tool_name: z.string().optional(),
  tool_use_id: z.string().optional(),
  agent_id: z.string().optional(),
  agent_type: z.string().optional(),
  duration_ms: z.number().optional(),
});

const windows = process.platform === "win32";

const choice = {
  retention_days: z.int().min(1).max(3650),
  capture: z.looseObject({
    prompts: z.boolean(),
    tool_input: z.boolean(),
    tool_response: z.boolean(),
  }),
  redact: z.looseObject({ keys: z.array(z.string().min(1)), literals: z.array(z.string().min(4)) }),
  limits: z.looseObject({
    string_bytes: z.int().min(256).max(16_384),
    record_bytes: z.int().min(8192).max(131_072),
    input_bytes: z.int().min(1024).max(16_777_216),
  }),
  destinations: z.array(z.looseObject({})),
  forwarder: z.string().refine((path) => path === "" || isAbsolute(path, windows)),
};

/** `config.json` as a person writes it: every key may be left out. */
export const configFile = z.looseObject({
  retention_days: choice.retention_days.optional(),
  capture: choice.capture.partial().optional(),
  redact: choice.redact.partial().optional(),
  limits: choice.limits.partial().optional(),
  destinations: choice.destinations.optional(),
  forwarder: choice.forwarder.optional(),
});

/** One of the `destinations` in `config.json`: where a forwarder delivers to, and what. */
export const destination = z.strictObject({
  /** Also the name of its folder, beside which there are two files. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .refine((name) => !/^(lock|heartbeat)$/i.test(name), "not lock or heartbeat"),
  type: z.enum(["observability", "http"]),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()).optional(),
  /** Name of an environment variable that holds a bearer token. */
  token_env: z.string().min(1).optional(),
  /** Only these kinds of event; all without it. */
  events: z.array(z.string()).optional(),
  /** Only these projects, by name; all without it. */
  projects: z.array(z.string()).optional(),
  /** Lets events go over plain http to another machine. */
  insecure: z.boolean().optional(),
});

/** How far a destination has got: `cursor.json` in its folder. */
export const cursorFile = z.object({
  v: z.literal(1),
  /** For each day of the log, the offset up to which it is done, and the last record before that. */
  days: z.record(
    z.string().regex(/^\d{4}-\d\d-\d\d$/),
    z.object({ offset: z.int().min(0), id: z.string() }),
  ),
  counted: z.array(z.string()).default([]),
  lost: z.int().min(0),
  skipped: z.int().min(0).default(0),
});

const moment = z.iso.datetime();

/** How a destination fares: `status.json` in its folder. */
export const statusFile = z.object({
  last_success: moment.nullable(),
  last_error: z.object({ at: moment, message: z.string() }).nullable(),
  restarted: z.object({ at: moment, reason: z.string() }).nullable(),
});

/** The configuration in force, complete. */
export interface Config {
  readonly retention_days: number;
  readonly capture: Readonly<Record<"prompts" | "tool_input" | "tool_response", boolean>>;
  readonly redact: Readonly<Record<"keys" | "literals", readonly string[]>>;
  readonly limits: Readonly<Record<"string_bytes" | "record_bytes" | "input_bytes", number>>;
  /** As they were written: each is to be judged by `destination`. */
  readonly destinations: readonly Readonly<Record<string, unknown>>[];
  /** Where `claude-session` is, if not beside the hooks; empty where nobody said. */
  readonly forwarder: string;
}

/** One line of the log, version 1. */
export const eventRecord = z.strictObject({
  v: z.literal(1),
  id: z.uuidv7(),
  timestamp: z.iso.datetime({ precision: 3 }),
  event: z.string().min(1),
  session_id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  session_id_source: z.enum(["payload", "environment", "file", "unknown"]),
  project: z.string().min(1),
  project_dir: z.string(),
  user: z.string().min(1),
  pid: z.int().positive(),
  should_notify: z.boolean(),
  tool: z.string().optional(),
  tool_use_id: z.string().optional(),
  parameters: z.unknown().optional(),
  duration_ms: z.number().optional(),
  agent_id: z.string().optional(),
  agent_type: z.string().optional(),
  prompt_id: z.string().optional(),
  payload: z.unknown(),
  redacted: z.int().positive().optional(),
  truncated: z.int().positive().optional(),
});

/** One line of the log, version 1. */
export type EventRecord = z.infer<typeof eventRecord>;
