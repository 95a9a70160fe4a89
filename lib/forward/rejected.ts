// `rejected.jsonl`: events that a server will never take, set aside with what it said.
import { linesForward } from "../log/lines";
import type { EventRecord } from "../log/record";
import { faultCode } from "../os/fault";
import { appendLine, replaceFile, writeAll } from "../os/file";
import { system } from "../os/system";

const MAX_ANSWER_BYTES = 500;

/** An event that was set aside: one line of the file. */
export interface Rejected {
  readonly at: string;
  readonly status: number;
  /** The first 500 bytes of what the server said. */
  readonly answer: string;
  readonly record: EventRecord;
}

/** A line of the file, and where it lies. */
export interface RejectedLine {
  readonly rejected: Rejected | undefined;
  readonly begin: number;
  readonly end: number;
}

/**
 * Sets events aside.
 *
 * @throws {Fault} where the disk is full
 */
export function appendRejected(
  folder: string,
  events: readonly { readonly line: string }[],
  status: number,
  answer: string,
): void {
  const at = new Date().toISOString();
  const shown = new TextDecoder().decode(
    new TextEncoder().encode(answer).subarray(0, MAX_ANSWER_BYTES),
  );
  const head = JSON.stringify({ at, status, answer: shown.replace(/\uFFFD$/, "") }).slice(0, -1);
  const lines = events.map(({ line }) => `${head},"record":${line}}`);
  appendLine(rejectedPath(folder), lines.join("\n"));
}

/** Where a destination's events are set aside. */
export function rejectedPath(folder: string): string {
  return `${folder}/rejected.jsonl`;
}

/** How many events are set aside; one that a killed forwarder set aside twice counts once. */
export function countRejected(folder: string): number {
  const ids = new Set<string>();
  for (const { rejected } of rejectedLines(rejectedPath(folder)))
    if (rejected !== undefined) ids.add(rejected.record.id);
  return ids.size;
}

/**
 * Removes events of days before one, if the first is of such a day: retention is for copies, too.
 *
 * @throws {Fault} where the disk is full
 */
export function pruneRejected(folder: string, oldest: string): void {
  const [first] = rejectedLines(rejectedPath(folder));
  const isDue = first !== undefined && !isOf(first, oldest);
  if (isDue) keepRejected(folder, (line) => isOf(line, oldest));
}

function isOf({ rejected }: RejectedLine, oldest: string): boolean {
  return rejected !== undefined && rejected.record.timestamp >= oldest;
}

/**
 * Removes all but some lines.
 *
 * @throws {Fault} where the disk is full
 */
export function keepRejected(folder: string, isKept: (line: RejectedLine) => boolean): void {
  const path = rejectedPath(folder);
  replaceFile(path, "", system, (fd) => {
    for (const line of rejectedLines(path))
      if (isKept(line)) writeAll(fd, `${JSON.stringify(line.rejected)}\n`);
  });
}

/** The lines of such a file; what is no event is `undefined`. */
export function* rejectedLines(path: string): Generator<RejectedLine> {
  if (system.statusAt(path) === undefined) return;
  try {
    for (const { bytes, begin, end } of linesForward(path))
      yield { rejected: bytes && parse(bytes.toString()), begin, end };
  } catch (error) {
    faultCode(error); // Another user's, or no file: nothing of ours is in it.
  }
}

function parse(line: string): Rejected | undefined {
  try {
    const value = JSON.parse(line) as Rejected;
    return typeof value.record.id === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
