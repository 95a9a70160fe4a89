// Keeps the index of a day that is over, beside the log: `index/YYYY-MM-DD`. It is never trusted over the log: it holds
// what the day's file looked like, and a checksum; where either differs, the day is read again.
//
// The file: a checksum (8 bytes), the length of the header (8 bytes), the header as JSON, filled up with spaces to a
// multiple of eight, the columns, and those of the doubles, each filled up in the same way.
import { DoubleDetector } from "../history/doubles";
import type { SummaryState } from "../history/summary";
import { SessionSummary } from "../history/summary";
import { QuarterTime, type QuarterState } from "../history/time-spent";
import { dayPath, indexPath, utcDay } from "../log/log";
import { faultCode } from "../os/fault";
import { openOwnFile, removeFile, replaceFile } from "../os/file";
import { ensureOwnFolder } from "../os/folder";
import { isUnchanged, type FileStatus } from "../os/syscalls";
import { system } from "../os/choose-syscalls";
import { version } from "../version";
import { Columns, Names } from "./columns";
import { DayTally, type TallyState } from "./id-certainty";
import type { DayIndex, IndexedSession, Indexer } from "./day-index";

/** Changes whenever an index would have something else of the same log. */
const FORMAT = 5;
/** A smaller day is read faster than its index would be worth. */
const MIN_LOG_BYTES = 1_000_000;
/** Of the checksum and the length. */
const PREFIX_BYTES = 16;

interface Header {
  readonly made_by: string;
  readonly file: Pick<FileStatus, "inode" | "size" | "modifiedMs">;
  readonly end: number;
  readonly events: number;
  readonly doubles: number;
  readonly names: readonly string[];
  readonly skipped: DayIndex["skipped"];
  readonly tally: TallyState;
  readonly sessions: readonly SessionState[];
}

interface SessionState {
  readonly id: string;
  readonly user: string;
  readonly events: number;
  readonly doubles: number;
  readonly pids: readonly number[];
  readonly summary: SummaryState;
  readonly time: QuarterState;
  /** The offsets of the heads that the summary keeps. */
  readonly waits_at: number | undefined;
  readonly running_at: readonly (number | undefined)[];
}

const MADE_BY = `${version} ${FORMAT}`;

/** Keeps the index of a day that is over and not small. Where that fails, the day is read again the next time. */
export function saveIndex(indexer: Indexer, index: DayIndex, nowMs: number): void {
  const { day, status, skipped } = index;
  if (day >= utcDay(nowMs) || skipped.unreadable !== undefined) return;
  if (status === undefined || status.size < MIN_LOG_BYTES) return;
  const path = indexPath(indexer.events, day);
  try {
    ensureOwnFolder(path.slice(0, path.lastIndexOf("/")));
    replaceFile(path, toBytes(indexer, index, status));
    // Someone removed the day, or records from it, while we wrote what was in it.
    if (!isUnchanged(status, system.statusAt(dayPath(indexer.events, day)))) removeFile(path);
  } catch (error) {
    faultCode(error); // A full or read-only disk.
  }
}

/** The index of a day that was kept, if the day's file still is as it was. */
export function loadIndex(
  indexer: Indexer,
  day: string,
  status: FileStatus | undefined,
): DayIndex | undefined {
  if (status === undefined || status.size < MIN_LOG_BYTES) return undefined;
  const path = indexPath(indexer.events, day);
  if (system.statusAt(path) === undefined) return undefined;
  try {
    const bytes = readWhole(path);
    const header = headerOf(bytes);
    if (header?.made_by !== MADE_BY || !isUnchanged(status, { ...status, ...header.file }))
      return undefined;
    const columnsAt = (offset: number, length: number) =>
      Columns.from(bytes, offset, length).renumbered((number) =>
        indexer.names.numberOf(header.names[number] ?? ""),
      );
    const doublesBegin = bytes.byteLength - sizeOf(header.doubles);
    const columns = columnsAt(doublesBegin - sizeOf(header.events), header.events);
    const doubles = columnsAt(doublesBegin, header.doubles);
    const sessions = new Map<string, IndexedSession>();
    for (const state of header.sessions) sessions.set(state.id, toSession(indexer, day, state));
    const { end, skipped, tally } = header;
    const detector = new DoubleDetector();
    return {
      day,
      columns,
      doubles,
      detector,
      tally: DayTally.from(tally),
      sessions,
      skipped,
      end,
      status,
    };
  } catch (error) {
    faultCode(error); // It was removed or replaced while we read.
    return undefined;
  }
}

function readWhole(path: string): ArrayBuffer {
  const { fd, size } = openOwnFile(path);
  try {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const read = system.readAt(fd, bytes.subarray(at), at);
      if (read === 0) return new ArrayBuffer(0);
      at += read;
    }
    return bytes.buffer;
  } finally {
    system.close(fd);
  }
}

function headerOf(bytes: ArrayBuffer): Header | undefined {
  if (bytes.byteLength < PREFIX_BYTES) return undefined;
  const view = new DataView(bytes);
  if (view.getBigUint64(0, true) !== checksum(new Uint8Array(bytes, 8))) return undefined;
  const length = Number(view.getBigUint64(8, true));
  return JSON.parse(
    new TextDecoder().decode(new Uint8Array(bytes, PREFIX_BYTES, length)),
  ) as Header;
}

function checksum(bytes: Uint8Array): bigint {
  return BigInt(Bun.hash.xxHash3(bytes));
}

function toBytes(indexer: Indexer, index: DayIndex, status: FileStatus): Uint8Array {
  const own = new Names();
  const renamed = (number: number) => own.numberOf(indexer.names.texts[number] ?? "");
  const columns = index.columns.renumbered(renamed);
  const doubles = index.doubles.renumbered(renamed);
  const { inode, size, modifiedMs } = status;
  const header: Header = {
    made_by: MADE_BY,
    file: { inode, size, modifiedMs },
    end: index.end,
    events: columns.length,
    doubles: doubles.length,
    names: own.texts,
    skipped: index.skipped,
    tally: index.tally.toState(index.day),
    sessions: Array.from(index.sessions.values(), (session) => toState(indexer, session)),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  const prefix = new DataView(new ArrayBuffer(PREFIX_BYTES));
  prefix.setBigUint64(8, BigInt(padded.length), true);
  const bytes = Buffer.concat([
    new Uint8Array(prefix.buffer),
    padded,
    ...filledUp(columns),
    ...filledUp(doubles),
  ]);
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, checksum(bytes.subarray(8)), true);
  return bytes;
}

/** How many bytes {@link filledUp} has. */
function sizeOf(events: number): number {
  return Math.ceil((events * Columns.bytesAnEvent) / 8) * 8;
}

/** Columns as bytes, so many that what follows begins where its numbers may. */
function filledUp(columns: Columns): Uint8Array[] {
  const missing = sizeOf(columns.length) - columns.length * Columns.bytesAnEvent;
  return [...columns.toBytes(), new Uint8Array(missing)];
}

function toState(indexer: Indexer, session: IndexedSession): SessionState {
  const { id, user, events, doubles, pids } = session;
  const summary = session.summary.toState();
  const { waitsSince, running } = summary;
  return {
    id,
    user,
    events,
    doubles,
    pids: Array.from(pids),
    summary,
    time: session.time.toState(),
    waits_at: waitsSince && indexer.placeOf(waitsSince)?.offset,
    running_at: running.map(([, head]) => indexer.placeOf(head)?.offset),
  };
}

function toSession(indexer: Indexer, day: string, state: SessionState): IndexedSession {
  const { id, user, events, doubles, pids, summary } = state;
  const keep = (head: SummaryState["waitsSince"], offset: number | null | undefined) => {
    if (head !== undefined && offset != null) indexer.setPlace(head, { day, offset });
  };
  keep(summary.waitsSince, state.waits_at);
  for (const [at, [, head]] of summary.running.entries()) keep(head, state.running_at[at]);
  return {
    id,
    user,
    events,
    doubles,
    summary: SessionSummary.from(summary),
    time: QuarterTime.from(state.time),
    days: new Set([day]),
    pids: new Set(pids),
    changed: ++indexer.changes,
  };
}
