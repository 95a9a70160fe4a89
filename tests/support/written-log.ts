// Logs that are written line by line, without a hook.
import { mkdirSync, writeFileSync } from "node:fs";
import { appendRecord } from "../../lib/log/log";
import type { EventRecord } from "../../lib/log/record";
import type { Sandbox } from "../../scripts/harness/sandbox";

/** Appends records to a sandbox's log, each to its own day. */
export function writeRecords(sandbox: Sandbox, records: readonly EventRecord[]): void {
  for (const record of records)
    appendRecord(sandbox.events, record.timestamp, JSON.stringify(record));
}

/** Writes a day's file as it is given, and answers with its path. */
export function writeDay(sandbox: Sandbox, day: string, content: string): string {
  mkdirSync(sandbox.events, { recursive: true, mode: 0o700 });
  const path = `${sandbox.events}/${day}.jsonl`;
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
