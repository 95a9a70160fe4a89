// The shape of a record in zod: the oracle that the fuzzer and the tests check every line of the log against.
import { z } from "zod";

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
  client: z.enum(["cursor", "copilot", "other"]).optional(),
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
