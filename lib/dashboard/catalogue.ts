// What the dashboard knows of the log: the heads of all events in columns, and a summary of each session. It is built
// when the server starts, the newest day first, in slices that keep nothing waiting, and grows with the log.
import { watch, type FSWatcher } from "node:fs";
import { isEvent, knownEvent } from "../events";
import { SessionSummary } from "../history/summary";
import { dayPath, listDays } from "../log/log";
import { readDayHeads, textInLines, type HeadEntry } from "../log/reader";
import type { RecordHead } from "../log/record";
import { faultCode } from "../os/fault";
import { isUnchanged, type FileStatus } from "../os/syscalls";
import { system } from "../os/system";
import { UNKNOWN_SESSION } from "../session-id";
import type { Place } from "./answers";
import { Clock, ColumnNames, Columns, Names } from "./columns";
import { DayTally } from "./correlation";
import { FLAGS } from "./filter";

/** A session, and what the catalogue needs to keep it up to date. */
export interface CatalogueSession {
  readonly id: string;
  summary: SessionSummary;
  user: string;
  events: number;
  /** The days that have its events. */
  readonly days: Set<string>;
  /** The change of the catalogue in which it last changed. */
  changed: number;
  /** The process ids of its events: they show which session continues which. */
  readonly pids: Set<number>;
}

/** A day of the log. */
export interface CatalogueDay {
  readonly day: string;
  readonly columns: Columns;
  readonly tally: DayTally;
  /** How far it was read. */
  end: number;
  /** What the file looked like then. */
  status: FileStatus | undefined;
}

type Head = Extract<HeadEntry, { readonly kind: "head" }>;

// A frame of the screen: what waits for an answer does not notice.
const SLICE_MS = 12;
const MANY_EVENTS = 100_000;
// For what the watch of the folder does not report.
const POLL_MS = 2000;

/** Everything that the dashboard knows of the log. */
export class Catalogue {
  readonly names = new Names();
  readonly sessions = new Map<string, CatalogueSession>();
  /** Changes whenever what was told before is void. */
  epoch = Bun.randomUUIDv7();
  /** Counts the changes of sessions. */
  changes = 0;
  /** The share of the log that has been read, from 0 to 1. */
  share = 0;
  readonly #days = new Map<string, CatalogueDay>();
  readonly #waiting = new Set<() => void>();
  readonly #column = {
    session: new ColumnNames(this.names),
    project: new ColumnNames(this.names),
    event: new ColumnNames(this.names),
    tool: new ColumnNames(this.names),
    user: new ColumnNames(this.names),
  };
  readonly #clock = new Clock();
  #places = new WeakMap<RecordHead, Place>();
  #watcher: FSWatcher | undefined;
  #sliceEndMs = 0;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #isDirty = true;
  #isTidy = false;

  constructor(readonly events: string) {}

  /** The days that were read, the oldest first. */
  get days(): readonly CatalogueDay[] {
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
    return this.#places.get(head);
  }

  /** The entries of a session on a day that was read, from an offset on. */
  *entriesOf({ id }: CatalogueSession, day: string, begin = 0): Generator<Head> {
    const end = this.#days.get(day)?.end ?? 0;
    const containing = textInLines(id, true);
    for (const entry of readDayHeads(dayPath(this.events, day), day, { containing }, begin)) {
      if (entry.begin >= end) return;
      if (entry.kind === "head" && entry.head.session_id === id) yield entry;
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
    this.#sliceEndMs = performance.now() + SLICE_MS;
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
    // What reading a large log left behind is given back at once, not some day.
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
    this.#places = new WeakMap();
    this.epoch = Bun.randomUUIDv7();
    this.share = 0;
    this.#isTidy = false;
  }

  /** Reads what was added to a day, by hooks that work now. */
  async #readOn(day: CatalogueDay, status: FileStatus | undefined): Promise<void> {
    for (const entry of readDayHeads(dayPath(this.events, day.day), day.day, {}, day.end)) {
      day.end = entry.end;
      if (entry.kind === "head") {
        this.#addTo(day, entry);
        this.#addToSession(this.sessions, day, entry);
      }
      if (performance.now() > this.#sliceEndMs) await this.#pause(); // oxlint-disable-line no-await-in-loop
    }
    day.status = status;
  }

  /** Reads a day that is older than all that were read. */
  async #readDay(name: string, status: FileStatus | undefined): Promise<void> {
    const day: CatalogueDay = {
      day: name,
      columns: new Columns(),
      tally: new DayTally(),
      end: 0,
      status,
    };
    const own = new Map<string, CatalogueSession>();
    for (const entry of readDayHeads(dayPath(this.events, name), name)) {
      day.end = entry.end;
      if (entry.kind === "head") {
        this.#addTo(day, entry);
        this.#addToSession(own, day, entry);
      }
      if (performance.now() > this.#sliceEndMs) await this.#pause(); // oxlint-disable-line no-await-in-loop
    }
    this.#days.set(name, day);
    for (const [id, session] of own) {
      const later = this.sessions.get(id);
      if (later === undefined) this.sessions.set(id, session);
      else this.#summarizeAgain(later, session);
      if (performance.now() > this.#sliceEndMs) await this.#pause(); // oxlint-disable-line no-await-in-loop
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#sliceEndMs = performance.now() + SLICE_MS;
  }

  #addTo({ columns, tally }: CatalogueDay, { head, begin }: Head) {
    const { session, project, event, tool, user } = this.#column;
    const isFailure =
      isEvent(head.event, "PostToolUseFailure") || isEvent(head.event, "StopFailure");
    columns.push({
      offset: begin,
      atMs: this.#clock.msOf(head.timestamp),
      session: session.numberOf(head.session_id),
      project: project.numberOf(head.project),
      event: event.numberOf(head.event),
      tool: tool.numberOf(head.tool ?? ""),
      user: user.numberOf(head.user ?? ""),
      durationMs: head.duration_ms ?? -1,
      flags:
        (isFailure ? FLAGS.failed : 0) |
        (head.agent_id === undefined ? 0 : FLAGS.agent) |
        (head.should_notify ? FLAGS.waiting : 0),
    });
    tally.add(head);
  }

  #addToSession(
    sessions: Map<string, CatalogueSession>,
    { day, tally }: CatalogueDay,
    entry: Head,
  ): void {
    const { head } = entry;
    // Other agents send too few events to tell the state of their sessions.
    if (head.session_id === UNKNOWN_SESSION || head.client !== undefined) return;
    let session = sessions.get(head.session_id);
    if (session === undefined) {
      session = {
        id: head.session_id,
        summary: new SessionSummary(head),
        user: head.user ?? "",
        events: 0,
        days: new Set(),
        changed: 0,
        pids: new Set(),
      };
      sessions.set(head.session_id, session);
    }
    const joined = session.summary.joinedCalls;
    session.summary.add(head, entry.record);
    tally.callsJoined += session.summary.joinedCalls - joined;
    session.events++;
    session.days.add(day);
    session.pids.add(head.pid);
    session.changed = ++this.changes;
    if (isKept(head)) this.#places.set(head, { day, offset: entry.begin });
  }

  // A session that began before midnight: its events of the older day come first.
  #summarizeAgain(session: CatalogueSession, older: CatalogueSession): void {
    session.summary = older.summary;
    session.events += older.events;
    session.changed = ++this.changes;
    for (const pid of older.pids) session.pids.add(pid);
    for (const day of Array.from(session.days).toSorted())
      for (const { head, begin, record } of this.entriesOf(session, day)) {
        session.summary.add(head, record);
        if (isKept(head)) this.#places.set(head, { day, offset: begin });
      }
    for (const day of older.days) session.days.add(day);
  }
}

// The events that a summary may keep, to be described later.
function isKept({ event }: RecordHead): boolean {
  switch (knownEvent(event)) {
    case "PreToolUse":
    case "PermissionRequest":
    case "Elicitation":
    case "Notification":
    case "Stop":
    case "StopFailure":
    case "SessionStart":
      return true;
    default:
      return false;
  }
}
