// Writes logs for tests without starting a hook.
import { mkdirSync, writeFileSync } from "node:fs";
import { appendRecord } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import type { Sandbox } from "../../scripts/harness/sandbox";

/** Appends records to a sandbox's log, each to the file of its day. */
export function writeRecords(sandbox: Sandbox, records: readonly EventRecord[]): void {
  for (const record of records)
    appendRecord(sandbox.events, record.timestamp, JSON.stringify(record));
}

/** Writes the file of a day, and returns its path. */
export function writeDay(sandbox: Sandbox, day: string, content: string | Uint8Array): string {
  mkdirSync(sandbox.events, { recursive: true, mode: 0o700 });
  const path = `${sandbox.events}/${day}.jsonl`;
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
