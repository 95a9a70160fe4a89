// Brings what lies behind one destination's cursor to its server, and moves the cursor on.
import { faultCode } from "../os/fault";
import { ensurePrivateFolder } from "../os/folder";
import { Backlog, settleExpired, type Batch, type BatchLimits, type PendingEvent } from "./backlog";
import { readCursor, saveCursor, type Cursor } from "./cursor";
import type { Destination } from "./destination";
import { sendNdjson } from "./destinations/ndjson";
import { sendToObservability } from "./destinations/observability";
import { keepRejected, rejectedLines, rejectedPath, appendRejected } from "./rejected";
import { readStatus, saveStatus, type Status } from "./status-file";
import type { Deliver, Kept, Receipts } from "./verdict";

/** What one round came to. */
export interface Round {
  /** How many events were delivered or set aside. */
  readonly done: number;
  /** How long to wait before the next one; 0 where nothing stands in the way. */
  readonly waitMs: number;
}

const LIMITS: Readonly<Record<Destination["type"], BatchLimits>> = {
  // What a killed forwarder sends again, at most.
  observability: { events: 64, bytes: 1_048_576 },
  http: { events: 500, bytes: 1_048_576 },
};
const DELIVERIES: Readonly<Record<Destination["type"], (destination: Destination) => Deliver>> = {
  observability: sendToObservability,
  http: sendNdjson,
};

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const STATUS_EVERY_MS = 1000;
const COLLECT_AFTER_BYTES = 16_777_216;

/** Delivers to one destination. Only one may, at a time: its process holds the lock. */
export class Sender {
  readonly #cursor: Cursor;
  readonly #status: Status;
  readonly #backlog: Backlog;
  readonly #deliver: Deliver;
  /** Events that were done before one that comes earlier in the log. */
  readonly #ahead = new Set<string>();
  /** How many events to try again, so that a batch stays the same. */
  #again: number | undefined;
  #failures = 0;
  #statusSavedMs = -Infinity;
  #uncollectedBytes = 0;
  #savedCounts: ReadonlySet<string>;

  /** @throws {Fault} where its folder is not ours */
  constructor(
    readonly destination: Destination,
    readonly events: string,
  ) {
    const { folder, type, wants } = destination;
    ensurePrivateFolder(folder);
    const { cursor, restarted } = readCursor(folder, events);
    this.#cursor = cursor;
    this.#savedCounts = new Set(cursor.counted);
    this.#status = readStatus(folder);
    if (restarted !== undefined) this.#status.restarted = { at: now(), reason: restarted };
    this.#backlog = new Backlog(events, wants);
    this.#deliver = DELIVERIES[type](destination);
  }

  /** Whether there is something to deliver, and nothing that keeps this process from it. */
  hasWork(): boolean {
    if (this.destination.obstacle !== undefined) return false;
    const { events } = this.#backlog.next(this.#cursor, { events: 1, bytes: 1 });
    this.#backlog.rewind();
    return events.length > 0;
  }

  /** Whether an expired day is out of its hands: what it lost there is on the disk. */
  hasCounted(name: string): boolean {
    return this.#savedCounts.has(name);
  }

  /**
   * Delivers until nothing is left, something fails, or the end is near. Never throws but for bugs.
   *
   * @param onDone told how many events are done with, as they are
   */
  async round(isEnding: () => boolean, onDone?: (events: number) => void): Promise<Round> {
    let done = 0;
    try {
      this.settle();
      for (;;) {
        const limits = LIMITS[this.destination.type];
        const batch = this.#backlog.next(this.#cursor, {
          ...limits,
          events: this.#again ?? limits.events,
        });
        const failure = batch.events.length === 0 ? undefined : await this.#send(batch);
        const settled = this.#advance(batch, failure);
        done += settled;
        onDone?.(settled);
        if (failure !== undefined) return { done, waitMs: this.#fail(failure) };
        if (batch.events.length > 0) this.#succeed();
        this.#collectGarbage(batch);
        if (batch.isLast || isEnding()) return { done, waitMs: 0 };
      }
    } catch (error) {
      const reason = `the log cannot be read: ${faultCode(error)}`;
      return { done, waitMs: this.#fail({ kind: "kept", reason }) };
    }
  }

  /**
   * Tries again what the server refused before; what it refuses again stays aside. Never throws but
   * for bugs.
   *
   * @returns whether all of it was tried
   */
  async retryRefused(): Promise<boolean> {
    const { folder, type } = this.destination;
    const delivered = new Set<string>();
    const receipts: Receipts = {
      delivered: (events) => {
        for (const { id } of events) delivered.add(id);
      },
      refused: () => undefined,
    };
    let failure: Kept | undefined;
    try {
      for (const events of rejectedBatches(folder, LIMITS[type])) {
        failure = await this.#deliver(events, receipts);
        if (failure !== undefined) break;
      }
      if (delivered.size > 0)
        keepRejected(folder, ({ rejected }) => !delivered.has(rejected?.record.id ?? ""));
    } catch (error) {
      failure = { kind: "kept", reason: `rejected.jsonl cannot be changed: ${faultCode(error)}` };
    }
    if (failure !== undefined) this.#fail(failure);
    return failure === undefined;
  }

  /** Counts what retention took before it was delivered. */
  settle(): void {
    if (settleExpired(this.events, this.#cursor, this.destination.wants)) this.#saveCursor();
  }

  /** Keeps what a person should know. */
  close(): void {
    saveStatus(this.destination.folder, this.#status);
  }

  async #send({ events }: Batch): Promise<Kept | undefined> {
    const { obstacle, folder } = this.destination;
    if (obstacle !== undefined) return { kind: "kept", reason: obstacle };
    const settle = (settled: readonly PendingEvent[]) => {
      for (const { id } of settled) this.#ahead.add(id);
    };
    const receipts: Receipts = {
      delivered: settle,
      refused: (refused, { status, answer }) => {
        try {
          appendRejected(folder, refused, status, answer);
        } catch (error) {
          const reason = `refused events could not be set aside: ${faultCode(error)}`;
          return { kind: "kept", reason };
        }
        settle(refused);
        return undefined;
      },
    };
    const unsent = events.filter(({ id }) => !this.#ahead.has(id));
    return this.#deliver(unsent, receipts);
  }

  /** Moves the cursor over what is done with, and answers how many events that are. */
  #advance({ events, end, skipped }: Batch, failure: Kept | undefined): number {
    const { days } = this.#cursor;
    if (failure === undefined) {
      for (const [day, position] of end) days.set(day, position);
      this.#cursor.skipped += skipped;
      this.#ahead.clear();
      this.#again = undefined;
      if (end.size > 0) this.#saveCursor();
      return events.length;
    }
    const first = events.findIndex(({ id }) => !this.#ahead.has(id));
    for (const { id, day, position } of events.slice(0, first)) {
      days.set(day, position);
      this.#ahead.delete(id);
    }
    this.#again = events.length - first;
    this.#backlog.rewind();
    if (first > 0) this.#saveCursor();
    return first;
  }

  // Left to itself, the heap grows by some 30 MB in a large backlog (Bun 1.4.5); this costs it nothing.
  #collectGarbage({ events }: Batch): void {
    for (const { bytes } of events) this.#uncollectedBytes += bytes;
    if (this.#uncollectedBytes < COLLECT_AFTER_BYTES) return;
    this.#uncollectedBytes = 0;
    Bun.gc(true);
  }

  #succeed(): void {
    this.#failures = 0;
    this.#status.last_success = now();
    if (performance.now() - this.#statusSavedMs < STATUS_EVERY_MS) return;
    this.#statusSavedMs = performance.now();
    saveStatus(this.destination.folder, this.#status);
  }

  #fail({ reason, retryAfterMs }: Kept): number {
    this.#status.last_error = { at: now(), message: reason };
    saveStatus(this.destination.folder, this.#status);
    // Half of it by chance, or all who were sent away would come back at once.
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, LONGEST_WAIT_MS);
    const jittered = waitMs * (0.5 + Math.random() / 2);
    return Math.max(jittered, Math.min(retryAfterMs ?? 0, LONGEST_WAIT_MS));
  }

  // Delivered is delivered: where the disk is full, it goes on, and only a crash would send it twice.
  #saveCursor(): void {
    try {
      saveCursor(this.destination.folder, this.#cursor);
      this.#savedCounts = new Set(this.#cursor.counted);
    } catch (error) {
      const message = `the cursor could not be saved: ${faultCode(error)}`;
      this.#status.last_error = { at: now(), message };
    }
  }
}

function* rejectedBatches(folder: string, limits: BatchLimits): Generator<PendingEvent[]> {
  let batch: PendingEvent[] = [];
  let bytes = 0;
  for (const { rejected } of rejectedLines(rejectedPath(folder))) {
    if (rejected === undefined) continue;
    const { id, session_id: session } = rejected.record;
    const line = JSON.stringify(rejected.record);
    batch.push({ id, session, line, day: "", position: { offset: 0, id }, bytes: line.length });
    bytes += line.length;
    if (batch.length < limits.events && bytes < limits.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function now(): string {
  return new Date().toISOString();
}
