// Delivers the backlog of one destination and moves its cursor.
import { recheckDays } from "../log/position";
import { faultCode } from "../os/fault";
import { ensureOwnFolder } from "../os/folder";
import type { FileStatus } from "../os/syscalls";
import { Backoff } from "./backoff";
import { addLostEvents, Backlog, type Batch, type BatchLimits, type PendingEvent } from "./backlog";
import { readCursor, saveCursor, whyRestarted, type Cursor } from "./cursor";
import type { Destination } from "./destination";
import { sendNdjson } from "./destinations/ndjson";
import { sendOtlpLogs, sendOtlpSpans } from "./destinations/otlp";
import { sendToObservability } from "./destinations/observability";
import { Pace } from "./pace";
import { appendRejected, filterRejected, readRejectedBatches } from "./rejected";
import { readStatus, saveStatus, type DeliveryStatus } from "./status-file";
import type { Retry, SendEvents, Verdict } from "./verdict";

/** How a round ended. */
export interface Round {
  /** How many events were delivered or rejected. */
  readonly done: number;
  /** How long to wait before the next round; 0 where everything is delivered. */
  readonly waitMs: number;
}

interface Protocol {
  readonly limits: BatchLimits;
  readonly toSend: (destination: Destination, events: string) => SendEvents;
}

// The cursor moves after a batch: a forwarder that is killed sends at most one batch again. A batch has at
// most 1 MiB because that is what nginx lets through by default (client_max_body_size).
const PROTOCOLS: Readonly<Record<Destination["type"], Protocol>> = {
  // Few, because these servers store an event twice if it is sent twice.
  observability: { limits: { events: 64, bytes: 1_048_576 }, toSend: sendToObservability },
  // Records of 2 KiB reach both limits.
  http: { limits: { events: 500, bytes: 1_048_576 }, toSend: sendNdjson },
  otlp: { limits: { events: 500, bytes: 1_048_576 }, toSend: sendOtlp },
};

function sendOtlp(destination: Destination, events: string): SendEvents {
  return destination.signal === "traces"
    ? sendOtlpSpans(destination, events)
    : sendOtlpLogs(destination);
}

/** A status is for people, and each one that is saved costs a file. */
const STATUS_EVERY_MS = 1000;
// Left to itself, the heap grows by some 30 MB over a large backlog (Bun 1.4.5). Collecting garbage every
// 8 MiB keeps spans, which leave the most garbage, under 150 MB.
const COLLECT_EVERY_BYTES = 8_388_608;

/** Delivers to one destination. Only the process that holds the lock may have one. */
export class Sender {
  readonly #cursor: Cursor;
  readonly #status: DeliveryStatus;
  readonly #backlog: Backlog;
  readonly #limits: BatchLimits;
  readonly #send: SendEvents;
  readonly #backoff = new Backoff();
  readonly #pace = new Pace();
  /** What the days' files looked like in the last round. */
  readonly #seenFiles = new Map<string, FileStatus | undefined>();
  /** Ids of events that were delivered or rejected before an event that precedes them in the log. */
  readonly #ahead = new Set<string>();
  /** How many events of the failed batch are left. A retry sends exactly those again, with the same key. */
  #retryCount: number | undefined;
  #statusSavedMs = -Infinity;
  #uncollectedBytes = 0;
  /** Names of the expired days whose losses are on the disk. */
  #savedCounted: ReadonlySet<string>;

  /** @throws {Fault} if its folder is not ours */
  constructor(
    readonly destination: Destination,
    readonly events: string,
  ) {
    const { folder, type, wants } = destination;
    ensureOwnFolder(folder);
    const { cursor, restarted } = readCursor(folder, events);
    this.#cursor = cursor;
    this.#savedCounted = new Set(cursor.counted);
    this.#status = readStatus(folder);
    if (restarted !== undefined) this.#status.restarted = { at: now(), reason: restarted };
    this.#backlog = new Backlog(events, wants);
    const { limits, toSend } = PROTOCOLS[type];
    this.#limits = limits;
    this.#send = toSend(destination, events);
  }

  /** Whether this process can never deliver to it, because it lacks the token. */
  isBlocked(): boolean {
    return this.destination.blockedReason !== undefined;
  }

  /** Whether there are events to deliver, and this process can. */
  hasWork(): boolean {
    if (this.isBlocked()) return false;
    const { events } = this.#backlog.next(this.#cursor, { events: 1, bytes: 1 });
    this.#backlog.rewind();
    return events.length > 0;
  }

  /** Whether an expired day may go: what is lost with it is counted on the disk. */
  hasCounted(name: string): boolean {
    return this.#savedCounted.has(name);
  }

  /**
   * Delivers until nothing is left, a request fails, or it is time to end. Never throws, except on a bug.
   *
   * @param onDone receives how many more events are delivered or rejected
   */
  async round(isEnding: () => boolean, onDone?: (events: number) => void): Promise<Round> {
    let done = 0;
    try {
      this.countExpiredDays();
      this.#recheckDays();
      for (;;) {
        const limits = this.#pace.limit(this.#limits);
        const events = Math.min(this.#retryCount ?? limits.events, limits.events);
        const batch = this.#backlog.next(this.#cursor, { ...limits, events });
        const retry = batch.events.length === 0 ? undefined : await this.#deliver(batch);
        const doneNow = retry === undefined ? this.#finish(batch) : this.#finishPart(batch);
        done += doneNow;
        onDone?.(doneNow);
        if (retry !== undefined) return { done, waitMs: this.#fail(retry) };
        if (batch.events.length > 0) this.#succeed();
        this.#collectGarbage(batch);
        if (batch.isLast || isEnding()) return { done, waitMs: 0 };
      }
    } catch (error) {
      const reason = `the log cannot be read: ${faultCode(error)}`;
      return { done, waitMs: this.#fail({ kind: "retry", reason }) };
    }
  }

  /**
   * Sends the events in `rejected.jsonl` again. Those that are delivered leave it; those that are rejected
   * again stay. Never throws, except on a bug.
   *
   * @returns whether all of them were sent
   */
  async retryRejected(): Promise<boolean> {
    const { folder } = this.destination;
    const delivered = new Set<string>();
    let retry: Retry | undefined;
    try {
      for (const batch of readRejectedBatches(folder, this.#limits)) {
        for await (const { events, verdict } of this.#send(batch, this.#pace.timeoutMs)) {
          if (verdict.kind === "retry") retry ??= verdict;
          if (verdict.kind === "delivered") for (const { id } of events) delivered.add(id);
        }
        if (retry !== undefined) break;
      }
      if (delivered.size > 0) filterRejected(folder, ({ record }) => !delivered.has(record.id));
    } catch (error) {
      retry = rejectedFileFault(error);
    }
    if (retry !== undefined) this.#fail(retry);
    return retry === undefined;
  }

  /** Counts what retention took before it was delivered. */
  countExpiredDays(): void {
    if (addLostEvents(this.#cursor, this.events, this.destination.wants)) this.#saveCursor();
  }

  // A day may have been edited, cut, replaced or removed since the last round: `sed -i`, `jq > tmp && mv`, `: > file`.
  #recheckDays(): void {
    const { moved, restarted, repeated } = recheckDays(
      this.#cursor.days,
      this.events,
      this.#seenFiles,
    );
    if (!moved) return;
    this.#backlog.rewind();
    this.#ahead.clear();
    this.#retryCount = undefined;
    if (restarted.length > 0) {
      this.#status.restarted = { at: now(), reason: whyRestarted(restarted) };
      this.#cursor.repeated += repeated;
    }
    this.#saveCursor();
  }

  /** Saves the status. */
  close(): void {
    saveStatus(this.destination.folder, this.#status);
  }

  /** Sends what of a batch is not done yet; returns why some of it has to be sent again. */
  async #deliver({ events }: Batch): Promise<Retry | undefined> {
    const { blockedReason } = this.destination;
    if (blockedReason !== undefined) return { kind: "retry", reason: blockedReason };
    const unsent = events.filter(({ id }) => !this.#ahead.has(id));
    const stop = new AbortController();
    let firstRetry: Retry | undefined;
    for await (const { events: sent, verdict } of this.#send(
      unsent,
      this.#pace.timeoutMs,
      stop.signal,
    )) {
      const retry = this.#keepIfRejected(sent, verdict);
      if (retry === undefined) for (const { id } of sent) this.#ahead.add(id);
      else {
        firstRetry ??= retry;
        stop.abort();
      }
    }
    return firstRetry;
  }

  /** Appends rejected events to `rejected.jsonl`; returns why events are not done, if they are not. */
  #keepIfRejected(events: readonly PendingEvent[], verdict: Verdict): Retry | undefined {
    if (verdict.kind === "delivered") {
      this.#cursor.refused += verdict.refused ?? 0;
      return undefined;
    }
    if (verdict.kind === "retry") return verdict;
    try {
      appendRejected(this.destination.folder, events, verdict);
      return undefined;
    } catch (error) {
      return rejectedFileFault(error);
    }
  }

  /** Moves the cursor over a batch; returns how many events it has. */
  #finish({ events, end, skipped }: Batch): number {
    for (const [day, position] of end) this.#cursor.days.set(day, position);
    this.#cursor.skipped += skipped;
    this.#ahead.clear();
    this.#retryCount = undefined;
    if (end.size > 0) this.#saveCursor();
    return events.length;
  }

  /** Moves the cursor up to the first event that is not done; returns how many are before it. */
  #finishPart({ events }: Batch): number {
    const first = events.findIndex(({ id }) => !this.#ahead.has(id));
    for (const { id, day, position } of events.slice(0, first)) {
      this.#cursor.days.set(day, position);
      this.#ahead.delete(id);
    }
    this.#retryCount = events.length - first;
    this.#backlog.rewind();
    if (first > 0) this.#saveCursor();
    return first;
  }

  #collectGarbage({ events }: Batch): void {
    for (const { bytes } of events) this.#uncollectedBytes += bytes;
    if (this.#uncollectedBytes < COLLECT_EVERY_BYTES) return;
    this.#uncollectedBytes = 0;
    Bun.gc(true);
  }

  #succeed(): void {
    this.#backoff.reset();
    this.#pace.speedUp();
    this.#status.last_success_at = now();
    if (performance.now() - this.#statusSavedMs < STATUS_EVERY_MS) return;
    this.#statusSavedMs = performance.now();
    saveStatus(this.destination.folder, this.#status);
  }

  /** Notes a failure; returns how long to wait. */
  #fail({ reason, retryAfterMs, isTimeout }: Retry): number {
    if (isTimeout === true) this.#pace.slowDown();
    this.#status.last_error = { at: now(), message: reason };
    saveStatus(this.destination.folder, this.#status);
    return this.#backoff.afterFailure(retryAfterMs);
  }

  // On a full disk delivery goes on: only a crash would send the events twice.
  #saveCursor(): void {
    try {
      saveCursor(this.destination.folder, this.#cursor);
      this.#savedCounted = new Set(this.#cursor.counted);
    } catch (error) {
      const message = `the cursor cannot be saved: ${faultCode(error)}`;
      this.#status.last_error = { at: now(), message };
    }
  }
}

function rejectedFileFault(error: unknown): Retry {
  return { kind: "retry", reason: `rejected.jsonl cannot be written: ${faultCode(error)}` };
}

function now(): string {
  return new Date().toISOString();
}
