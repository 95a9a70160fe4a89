// `rejected.jsonl`: the events that a server will never take, with its answer.
import { linesForward } from "../log/lines";
import type { EventRecord } from "../log/record";
import { faultCode } from "../os/fault";
import { appendLine, replaceFile, writeAll } from "../os/file";
import { system } from "../os/choose-syscalls";
import type { BatchLimits, PendingEvent } from "./backlog";
import { parseJson } from "./parse-json";
import type { Rejection } from "./verdict";

/** Enough for an error message; the file may have many lines. */
const MAX_ANSWER_BYTES = 500;

/** A rejected event: one line of the file. */
export interface RejectedEvent {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly status: number;
  /** The first 500 bytes of the server's answer. */
  readonly answer: string;
  readonly record: EventRecord;
}

/** A line of the file, and its offsets. */
export interface RejectedLine {
  /** `undefined` if the line is not a rejected event. */
  readonly rejected: RejectedEvent | undefined;
  readonly begin: number;
  readonly end: number;
}

/** The path of a destination's file. */
export function rejectedPath(folder: string): string {
  return `${folder}/rejected.jsonl`;
}

/**
 * Appends rejected events.
 *
 * @throws {Fault} if the file cannot be written
 */
export function appendRejected(
  folder: string,
  events: readonly Pick<PendingEvent, "line">[],
  { status, answer }: Omit<Rejection, "kind">,
): void {
  const at = new Date().toISOString();
  const head = JSON.stringify({ at, status, answer: beginningOf(answer) }).slice(0, -1);
  const lines = events.map(({ line }) => `${head},"record":${line}}`);
  appendLine(rejectedPath(folder), lines.join("\n"));
}

function beginningOf(answer: string): string {
  const bytes = new TextEncoder().encode(answer).subarray(0, MAX_ANSWER_BYTES);
  // The limit may be in the middle of a character.
  return new TextDecoder().decode(bytes).replace(/\uFFFD$/, "");
}

/** Streams the lines of such a file, oldest first; none if the file is missing or not ours. */
export function* rejectedLines(path: string): Generator<RejectedLine> {
  if (system.statusAt(path) === undefined) return;
  try {
    for (const { bytes, begin, end } of linesForward(path))
      yield { rejected: bytes && parseRejected(bytes.toString()), begin, end };
  } catch (error) {
    faultCode(error); // Another user's file, or a folder: we have written nothing to it.
  }
}

function parseRejected(line: string): RejectedEvent | undefined {
  const value = parseJson(line) as Partial<RejectedEvent> | null | undefined;
  return typeof value?.record?.id === "string" ? (value as RejectedEvent) : undefined;
}

/** Counts the events in a destination's file. One that is there twice, after a kill, counts once. */
export function countRejected(folder: string): number {
  const ids = new Set<string>();
  for (const { rejected } of rejectedLines(rejectedPath(folder)))
    if (rejected !== undefined) ids.add(rejected.record.id);
  return ids.size;
}

/** Reads the events back in batches, to be sent again. */
export function* readRejectedBatches(
  folder: string,
  limits: BatchLimits,
): Generator<readonly PendingEvent[]> {
  let batch: PendingEvent[] = [];
  let bytes = 0;
  for (const { rejected } of rejectedLines(rejectedPath(folder))) {
    if (rejected === undefined) continue;
    const { record: head } = rejected;
    const { id, session_id: session } = head;
    const line = JSON.stringify(head);
    // It has no place in the log any more: the cursor is past it.
    batch.push({
      id,
      session,
      head,
      line,
      day: "",
      position: { offset: 0, id },
      bytes: line.length,
    });
    bytes += line.length;
    if (batch.length < limits.events && bytes < limits.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Removes events from before a day, because retention is for copies, too. Looks only at the oldest event,
 * which is the first.
 *
 * @param oldest the first day to keep, `YYYY-MM-DD`
 * @throws {Fault} if the file cannot be written
 */
export function pruneRejected(folder: string, oldest: string): void {
  const isKept = ({ record }: RejectedEvent) => record.timestamp >= oldest;
  const [first] = rejectedLines(rejectedPath(folder));
  if (first === undefined || (first.rejected !== undefined && isKept(first.rejected))) return;
  filterRejected(folder, isKept);
}

/**
 * Removes all but some events, and lines that are not events.
 *
 * @throws {Fault} if the file cannot be written
 */
export function filterRejected(folder: string, isKept: (rejected: RejectedEvent) => boolean): void {
  const path = rejectedPath(folder);
  replaceFile(path, "", system, (fd) => {
    for (const { rejected } of rejectedLines(path))
      if (rejected !== undefined && isKept(rejected)) writeAll(fd, `${JSON.stringify(rejected)}\n`);
  });
}
