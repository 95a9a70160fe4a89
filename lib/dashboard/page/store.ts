// What the page knows: all sessions, and the events that come while it is open. One stream brings both.
import { computed, signal } from "@preact/signals";
import { stateAfter, type SessionState } from "../../history/summary";
import type { UsualTime } from "../../history/repeats";
import type {
  EventColumns,
  LiveMessage,
  SessionRow,
  SharedFile,
  UsualTimesAnswer,
} from "../answers";
import { access, ask, askJson, messagesIn } from "./api";
import { areNotificationsOn } from "./choices";

/** All sessions by id; the number changes with them. */
const byId = new Map<string, SessionRow>();
export const sessionsChanged = signal(0);

/** The state of the connection. */
export const connection = signal<"connecting" | "live" | "lost" | "resting">("connecting");
/** The share of the log that the server has read. */
export const progress = signal(0);
/** How many events the log has. */
export const eventCount = signal(0);
export const version = signal("");
/** The time, each second while the page is looked at. */
export const now = signal(Date.now());

/** All sessions, latest first. */
export const sessions = computed<readonly SessionRow[]>(() => {
  void sessionsChanged.value;
  return Array.from(byId.values()).toSorted((a, b) => b.last_ms - a.last_ms);
});

/** The sessions that ask the person for something, the one that waits longest first. */
export const asking = computed<readonly SessionRow[]>(() => {
  void sessionsChanged.value;
  // Not of the sorted `sessions`: this is asked for with every change, in every view.
  return Array.from(byId.values())
    .filter((one) => one.waits_for === "answer" && stateOf(one) === "waiting")
    .toSorted((a, b) => (a.waiting_since_ms ?? 0) - (b.waiting_since_ms ?? 0));
});

/** How many ask. The frame of the page reads this: a list would be new, and draw everything again, with every event. */
export const askingCount = computed(() => asking.value.length);

const sharedFilesSent = signal<readonly SharedFile[]>([]);

/** The files that several open sessions work on now. */
export const sharedFiles = computed(() =>
  sharedFilesSent.value.filter(({ sessions: users }) => {
    const open = users.filter(({ session, last_ms }) => {
      const row = sessionOf(session);
      const state = row === undefined ? "ended" : stateOf(row);
      return now.value - last_ms < TOGETHER_MS && (state === "active" || state === "waiting");
    });
    return open.length > 1;
  }),
);

/** How long the calls of each tool usually take: asked for once the log has been read. */
export const usualTimes = signal<ReadonlyMap<string, UsualTime>>(new Map());

/** A session as it is now, for what need not change with it. */
export function peekSession(id: string): SessionRow | undefined {
  return byId.get(id);
}

/** A session as a signal: a component that reads it is drawn again when it changes. */
export function sessionOf(id: string): SessionRow | undefined {
  void sessionsChanged.value;
  return byId.get(id);
}

/** What a session does now: its state grows old without an event. */
export function stateOf(session: SessionRow, nowMs = now.value): SessionState {
  return stateAfter(session.state, nowMs - session.last_ms);
}

type EventListener = (events: EventColumns) => void;
const listeners = new Set<EventListener>();

/** Calls back with the events that come from now on; returns what ends that. */
export function onEvents(listener: EventListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const RETRY_MS = 1000;
/** As long as the server says that sessions share a file. */
const TOGETHER_MS = 15 * 60_000;
/** Changes when the log was changed from outside, or the server restarted: places in it are then others. */
export const epoch = signal("");
let cursor = 0;
let stop: AbortController | undefined;

/** Follows the log for as long as the page is looked at. */
export function follow(): void {
  addEventListener("visibilitychange", () => {
    // Browsers open only six connections per host, so a hidden page closes its own.
    if (document.hidden) {
      if (areNotificationsOn.value) return;
      stop?.abort();
      connection.value = "resting";
    } else if (connection.value !== "live") void connect();
  });
  setInterval(() => {
    if (!document.hidden || areNotificationsOn.value) now.value = Date.now();
  }, 1000);
  void connect();
}

async function connect(): Promise<void> {
  stop?.abort();
  const own = (stop = new AbortController());
  while (!own.signal.aborted && access.value !== "closed") {
    try {
      const query = epoch.value === "" ? "" : `?epoch=${epoch.value}&cursor=${cursor}`;
      const response = await ask(`/api/live${query}`, own.signal); // oxlint-disable-line no-await-in-loop
      if (response.ok && response.body !== null) {
        connection.value = "live";
        for await (const message of messagesIn<LiveMessage>(response.body)) take(message); // oxlint-disable-line no-await-in-loop
      }
    } catch {
      // The server has ended, or the page let go.
    }
    if (own.signal.aborted) return;
    connection.value = "lost";
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS)); // oxlint-disable-line no-await-in-loop
  }
}

function take(message: LiveMessage): void {
  switch (message.kind) {
    case "hello":
      if (message.epoch !== epoch.value) byId.clear();
      epoch.value = message.epoch;
      version.value = message.version;
      break;
    case "sessions":
      for (const session of message.sessions) byId.set(session.id, session);
      ({ cursor } = message);
      sessionsChanged.value++;
      break;
    case "events":
      eventCount.value += message.events.at_ms.length;
      for (const listener of listeners) listener(message.events);
      break;
    case "shared_files":
      sharedFilesSent.value = message.files;
      break;
    case "progress":
      if (message.share === 1 && progress.value < 1) void askUsualTimes();
      progress.value = message.share;
      eventCount.value = message.events;
  }
}

async function askUsualTimes(): Promise<void> {
  try {
    const answer = await askJson<UsualTimesAnswer>("/api/usual-times");
    usualTimes.value = new Map(
      Object.entries(answer).map(([tool, { calls, p95_ms }]) => [tool, { calls, p95Ms: p95_ms }]),
    );
  } catch {
    // Without them nothing is said to be slow.
  }
}
