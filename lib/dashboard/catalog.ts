// What the dashboard knows of the log: the heads of all events in columns, and a summary of each session. It is built
// when the server starts, the newest day first, in slices that keep nothing waiting, and grows with the log.
import { watch, type FSWatcher } from "node:fs";
import { dayPath, listDays } from "../log/log";
import { readDayHeads, textInLines, type HeadEntry } from "../log/reader";
import type { Place, RecordHead } from "../log/record";
import type { Names } from "../log-index/columns";
import { emptyIndex, Indexer, type DayIndex, type IndexedSession } from "../log-index/day-index";
import { loadIndex, saveIndex } from "../log-index/index-file";
import { faultCode } from "../os/fault";
import { Slices } from "../os/slices";
import { isUnchanged, type FileStatus } from "../os/syscalls";
import { system } from "../os/choose-syscalls";

type Head = Extract<HeadEntry, { readonly kind: "head" }>;

const MANY_EVENTS = 100_000;
// For what the watch of the folder does not report.
const POLL_MS = 2000;

/** Everything that the dashboard knows of the log. */
export class Catalog {
  readonly sessions = new Map<string, IndexedSession>();
  /** Changes whenever what was told before is void. */
  epoch = Bun.randomUUIDv7();
  /** The share of the log that has been read, from 0 to 1. */
  share = 0;
  #indexer: Indexer;
  readonly #days = new Map<string, DayIndex>();
  readonly #waiting = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  readonly #slices = new Slices();
  #isClosed = false;
  #wake: (() => void) | undefined;
  #isDirty = true;
  #isTidy = false;

  constructor(readonly events: string) {
    this.#indexer = new Indexer(events);
  }

  /** The names that the numbers in the columns stand for. */
  get names(): Names {
    return this.#indexer.names;
  }

  /** Counts the changes of sessions. */
  get changes(): number {
    return this.#indexer.changes;
  }

  /** The days that were read, oldest first. */
  get days(): readonly DayIndex[] {
    return Array.from(this.#days.values()).toSorted((a, b) => (a.day < b.day ? -1 : 1));
  }

  /** How many events were read. */
  get total(): number {
    let total = 0;
    for (const { columns } of this.#days.values()) total += columns.length;
    return total;
  }

  /** Where the line is of a head that a summary kept. */
  placeOf(head: RecordHead): Place | undefined {
    return this.#indexer.placeOf(head);
  }

  /** The entries of a session on a day that was read, from an offset on, without what was recorded twice. */
  *entriesOf({ id }: IndexedSession, day: string, begin = 0): Generator<Head> {
    const index = this.#days.get(day);
    const end = index?.end ?? 0;
    const doubles = new Set(index?.doubles.offset.subarray(0, index.doubles.length));
    const containing = textInLines(id, true);
    for (const entry of readDayHeads(dayPath(this.events, day), day, { containing }, begin)) {
      if (entry.begin >= end) return;
      if (entry.kind === "skipped" || entry.head.session_id !== id) continue;
      if (!doubles.has(entry.begin)) yield entry;
    }
  }

  /** Reads the log, and follows it until {@link close}. Never throws, except on a bug. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isDirty = false;
      try {
        this.#watch();
        // oxlint-disable-next-line no-await-in-loop -- one round after the other
        await this.#readAll();
      } catch (error) {
        faultCode(error); // It cannot be read now: the next round tries again.
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!this.#isDirty && !this.#isClosed) await this.#sleep();
    }
  }

  /** Ends {@link run}. */
  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#wake?.();
    this.#notify();
  }

  /** Resolves with the next change, or when a signal aborts the wait. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted || this.#isClosed) done();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  #notify(): void {
    for (const done of Array.from(this.#waiting)) done();
  }

  #watch(): void {
    if (this.#watcher !== undefined || system.statusAt(this.events) === undefined) return;
    try {
      this.#watcher = watch(this.events, () => {
        this.#isDirty = true;
        this.#wake?.();
      });
      // Without a watch there is still the poll.
      this.#watcher.on("error", () => (this.#watcher = undefined));
    } catch (error) {
      faultCode(error); // As above.
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #readAll(): Promise<void> {
    const names = listDays(this.events);
    if (this.#isChanged(names)) this.#forget();
    this.#slices.begin();
    for (const day of names.toReversed()) {
      const known = this.#days.get(day);
      const status = system.statusAt(dayPath(this.events, day));
      if (known !== undefined && isUnchanged(known.status, status)) continue;
      // oxlint-disable-next-line no-await-in-loop -- one day after the other
      await (known === undefined ? this.#readDay(day, status) : this.#readOn(known, status));
      if (this.#isClosed) return;
      this.share = this.#days.size / names.length;
      this.#notify();
    }
    if (this.share === 1 && this.#isTidy) return;
    this.share = 1;
    this.#notify();
    // Frees the memory used for reading a large log right away.
    if (this.total > MANY_EVENTS) Bun.gc(true);
    this.#isTidy = true;
  }

  // A day that is gone, smaller, another file, or was changed in place, as `prune --session` does: then all is read
  // again, because each session's summary holds what was in it.
  #isChanged(names: readonly string[]): boolean {
    for (const [day, { end, status }] of this.#days) {
      if (!names.includes(day)) return true;
      const now = system.statusAt(dayPath(this.events, day));
      if (isUnchanged(status, now)) continue;
      if (now?.inode !== status?.inode || now?.size === status?.size || (now?.size ?? 0) < end)
        return true;
    }
    return false;
  }

  #forget(): void {
    this.#days.clear();
    this.sessions.clear();
    this.#indexer = new Indexer(this.events);
    this.epoch = Bun.randomUUIDv7();
    this.share = 0;
    this.#isTidy = false;
  }

  /** Reads what was added to a day, by hooks that work now. */
  async #readOn(index: DayIndex, status: FileStatus | undefined): Promise<void> {
    await this.#readLines(index, this.sessions);
    index.status = status;
  }

  /** Reads a day that is older than all that were read. */
  async #readDay(day: string, status: FileStatus | undefined): Promise<void> {
    let index = loadIndex(this.#indexer, day, status);
    if (index === undefined) {
      index = emptyIndex(day, status);
      await this.#readLines(index);
      saveIndex(this.#indexer, index, Date.now());
    }
    this.#days.set(day, index);
    for (const [id, session] of index.sessions) {
      const later = this.sessions.get(id);
      // A session that began before midnight: its events of the older day come first.
      if (later !== undefined) this.#indexer.append(session, later, this.#indexesOf(later));
      this.sessions.set(id, session);
      if (this.#slices.isOver) await this.#slices.pause(); // oxlint-disable-line no-await-in-loop
    }
  }

  async #readLines(index: DayIndex, sessions = index.sessions): Promise<void> {
    for (const entry of readDayHeads(dayPath(this.events, index.day), index.day, {}, index.end)) {
      this.#indexer.add(index, entry, sessions);
      if (this.#slices.isOver) await this.#slices.pause(); // oxlint-disable-line no-await-in-loop
    }
  }

  #indexesOf({ days }: IndexedSession): DayIndex[] {
    return Array.from(days)
      .toSorted()
      .flatMap((day) => this.#days.get(day) ?? []);
  }
}
