// The index of a day: what a view of many sessions needs of each event, in columns, and a summary of each session. It
// follows from the day's log alone; `index-file.ts` keeps it, so that a day that is over need not be read again.
import { isEvent, knownEvent } from "../events";
import { DoubleDetector } from "../history/doubles";
import { isFromPerson } from "../history/payload";
import { SessionSummary } from "../history/summary";
import { QuarterTime } from "../history/time-spent";
import { readRecordsAt, type HeadEntry, type SkipReason } from "../log/reader";
import type { EventRecord, Place, RecordHead } from "../log/record";
import type { FileStatus } from "../os/syscalls";
import { UNKNOWN_SESSION } from "../session-id";
import { Clock, ColumnNames, Columns, Names, type EventNumbers } from "./columns";
import { DayTally } from "./id-certainty";
import { FLAGS } from "./flags";

/** A session, as far as its events were read. */
export interface IndexedSession {
  readonly id: string;
  readonly summary: SessionSummary;
  /** Where its time went. */
  readonly time: QuarterTime;
  readonly user: string;
  events: number;
  /** How many more records say the same as one of these. */
  doubles: number;
  /** The days that have its events. */
  readonly days: Set<string>;
  /** The process ids of its events: they show which session continues which. */
  readonly pids: Set<number>;
  /** The value of {@link Indexer.changes} when it last changed. */
  changed: number;
}

/** The index of one day, as far as it was read. */
export interface DayIndex {
  readonly day: string;
  readonly columns: Columns;
  /** The records that say the same as one of these, because the hooks are registered twice. */
  readonly doubles: Columns;
  readonly detector: DoubleDetector;
  readonly tally: DayTally;
  /** The day's sessions, from its events alone. */
  readonly sessions: Map<string, IndexedSession>;
  /** How many lines were no records. */
  readonly skipped: Partial<Record<SkipReason, number>>;
  /** How far the file was read, in bytes. */
  end: number;
  /** What the file looked like then. */
  status: FileStatus | undefined;
}

/** An index of a day of which nothing has been read. */
export function emptyIndex(day: string, status: FileStatus | undefined): DayIndex {
  return {
    day,
    columns: new Columns(),
    doubles: new Columns(),
    detector: new DoubleDetector(),
    tally: new DayTally(),
    sessions: new Map(),
    skipped: {},
    end: 0,
    status,
  };
}

type Head = Extract<HeadEntry, { readonly kind: "head" }>;

/** Adds events to the indexes of days. A name has the same number in all of them. */
export class Indexer {
  readonly names = new Names();
  /** Counts the changes of sessions. */
  changes = 0;
  #places = new WeakMap<RecordHead, Place>();
  readonly #clock = new Clock();
  readonly #numberOf = {
    session: new ColumnNames(this.names),
    project: new ColumnNames(this.names),
    event: new ColumnNames(this.names),
    tool: new ColumnNames(this.names),
    user: new ColumnNames(this.names),
  };

  /** @param events the log's folder */
  constructor(readonly events: string) {}

  /** Where the line is of a head that a summary kept. */
  placeOf(head: RecordHead): Place | undefined {
    return this.#places.get(head);
  }

  /** Says where the line of a head is that a summary keeps. */
  setPlace(head: RecordHead, place: Place): void {
    this.#places.set(head, place);
  }

  /**
   * Adds the day's next line.
   *
   * @param sessions where its session is, if not among those of the day alone
   */
  add(index: DayIndex, entry: HeadEntry, sessions = index.sessions): void {
    index.end = entry.end;
    if (entry.kind === "skipped") {
      index.skipped[entry.reason] = (index.skipped[entry.reason] ?? 0) + 1;
      return;
    }
    const { head } = entry;
    // Most records need not be read whole, and none twice.
    let whole: EventRecord | undefined;
    const record = () => (whole ??= entry.record());
    const numbers = this.#toNumbers(entry, record);
    const { day } = index;
    const later = () => readRecordsAt(this.events, day, [entry.begin])[0];
    if (index.detector.add(head, numbers.atMs, record, later) !== undefined) {
      index.doubles.push(numbers);
      index.tally.doubles++;
      const session = sessions.get(head.session_id);
      if (session === undefined) return;
      session.doubles++;
      session.changed = ++this.changes;
      return;
    }
    index.columns.push(numbers);
    index.tally.add(head);
    // Other agents send too few events to tell the state of their sessions.
    if (head.session_id === UNKNOWN_SESSION || head.client !== undefined) return;
    let session = sessions.get(head.session_id);
    if (session === undefined) {
      session = newSession(head);
      sessions.set(head.session_id, session);
    }
    const joined = session.summary.joinedCalls;
    session.summary.add(head, record);
    session.time.add(head, numbers.atMs);
    index.tally.callsJoined += session.summary.joinedCalls - joined;
    session.events++;
    session.days.add(day);
    // Other programs' records may have none.
    if (Number.isInteger(head.pid)) session.pids.add(head.pid);
    session.changed = ++this.changes;
    if (isKept(head)) this.setPlace(head, { day, offset: entry.begin });
  }

  /**
   * Adds to a session what it did on later days.
   *
   * @param indexes those of the later days, in their order
   */
  append(session: IndexedSession, later: IndexedSession, indexes: readonly DayIndex[]): void {
    for (const index of indexes) {
      for (const [record, offset] of this.#recordsOf(later, index)) {
        const head = headOf(record);
        session.summary.add(head, () => record);
        session.time.add(head);
        if (isKept(head)) this.setPlace(head, { day: index.day, offset });
      }
      session.days.add(index.day);
    }
    session.events += later.events;
    session.doubles += later.doubles;
    for (const pid of later.pids) session.pids.add(pid);
    session.changed = ++this.changes;
  }

  *#recordsOf(
    { id }: IndexedSession,
    { day, columns }: DayIndex,
  ): Generator<readonly [record: EventRecord, offset: number]> {
    const number = this.names.find(id);
    const offsets: number[] = [];
    for (let at = 0; at < columns.length; at++)
      if (columns.session[at] === number) offsets.push(columns.offset[at] as number);
    const records = readRecordsAt(this.events, day, offsets);
    for (const [at, record] of records.entries())
      // Records that were erased in the meantime are skipped; their whole day is read again.
      if (record?.session_id === id) yield [record, offsets[at] as number];
  }

  #toNumbers({ head, begin }: Head, record: () => EventRecord | undefined): EventNumbers {
    const { session, project, event, tool, user } = this.#numberOf;
    return {
      offset: begin,
      atMs: this.#clock.msOf(head.timestamp),
      session: session.numberOf(head.session_id),
      project: project.numberOf(head.project),
      event: event.numberOf(head.event),
      tool: tool.numberOf(head.tool ?? ""),
      user: user.numberOf(head.user ?? ""),
      durationMs: head.duration_ms ?? -1,
      flags: flagsOf(head, record),
    };
  }
}

function flagsOf(head: RecordHead, record: () => EventRecord | undefined): number {
  const { event } = head;
  const isFailure = isEvent(event, "PostToolUseFailure") || isEvent(event, "StopFailure");
  let flags = isFailure ? FLAGS.failed : 0;
  if (head.agent_id !== undefined) flags |= FLAGS.agent;
  if (head.should_notify) flags |= FLAGS.waiting;
  if (head.client !== undefined) flags |= FLAGS.otherClient;
  if (isEvent(event, "UserPromptSubmit")) {
    const whole = record();
    if (whole !== undefined && isFromPerson(whole)) flags |= FLAGS.prompt;
  }
  return flags;
}

function newSession(head: RecordHead): IndexedSession {
  return {
    id: head.session_id,
    summary: new SessionSummary(head),
    time: new QuarterTime(),
    user: head.user ?? "",
    events: 0,
    doubles: 0,
    days: new Set(),
    pids: new Set(),
    changed: 0,
  };
}

// A summary that keeps a head must not keep all of its record.
function headOf({ parameters: _parameters, payload: _payload, ...head }: EventRecord): RecordHead {
  return head;
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
