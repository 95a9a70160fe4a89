// Makes the records of a session out of captured payloads, at fixed times and with fixed ids.
import { DEFAULT_CONFIG } from "../../lib/config";
import { buildRecord } from "../../lib/hook/build-record";
import { redactionRules } from "../../lib/hook/redact";
import type { EventRecord } from "../../lib/log/record";
import { projectAt } from "../../lib/project";
import { capturedPayload } from "./payloads";

/**
 * One event: the name of a captured payload, fields that replace those of the payload (`undefined` removes one),
 * and the time since the event before. A field `pid` is the process that sent the event.
 */
export type Moment = readonly [
  name: string,
  fields?: Readonly<Record<string, unknown>>,
  sincePreviousMs?: number,
];

/** What the events of a session have in common. */
export interface SessionOrigin {
  readonly sessionId: string;
  /** The project folder, which need not exist. */
  readonly projectDir: string;
  /** The Claude Code process. */
  readonly pid: number;
  /** The time of the first event, in milliseconds since 1970 UTC. */
  readonly startedMs: number;
}

/** Makes a record of each moment, in their order; without a time of their own, they are a second apart. */
export async function sessionRecords(
  moments: readonly Moment[],
  origin: SessionOrigin,
): Promise<EventRecord[]> {
  const rules = redactionRules({}, DEFAULT_CONFIG.redact);
  const records: EventRecord[] = [];
  let atMs = origin.startedMs;
  for (const [i, [name, fields = {}, sincePreviousMs = 1000]] of moments.entries()) {
    const { event, payload: captured } = await capturedPayload(name);
    const { pid = origin.pid, ...changed } = fields;
    const { sessionId: session_id, projectDir: cwd } = origin;
    const payload = withoutUndefined({ ...captured, session_id, cwd, ...changed });
    if (i > 0) atMs += sincePreviousMs;
    const record = buildRecord(
      { kind: "event", payload, text: JSON.stringify(payload) },
      {
        startedMs: atMs,
        event,
        session: { id: String(payload["session_id"]), source: "payload" },
        project: projectAt(origin.projectDir),
        user: "you",
        pid: Number(pid),
      },
      DEFAULT_CONFIG.capture,
      rules,
    );
    records.push({ ...record, id: `01a202c9-d2a3-702d-85be-${String(i).padStart(12, "0")}` });
  }
  return records;
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
