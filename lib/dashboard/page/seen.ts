// How much of each session the user has already seen. This is stored only in the browser.
import { signal } from "@preact/signals";

const KEPT = "claude-session seen";
// How many sessions are remembered. A session that was viewed long ago counts as new again.
const MAX_SESSIONS = 500;

/** How far a session was seen. */
export interface Seen {
  readonly events: number;
  /** The time of its last event then, in milliseconds since 1970 UTC. */
  readonly last_ms: number;
}

const seen = new Map<string, Seen>(read());
const seenChanged = signal(0);

function read(): [string, Seen][] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? (kept as [string, Seen][]) : [];
  } catch {
    return []; // Not what this page wrote.
  }
}

/** How far a session was seen; `undefined` if never. */
export function seenOf(id: string): Seen | undefined {
  void seenChanged.value;
  return seen.get(id);
}

/** How many events a session has that were not seen; 0 if it was never looked at. */
export function unseenCount({
  id,
  events,
}: {
  readonly id: string;
  readonly events: number;
}): number {
  const known = seenOf(id);
  return known === undefined ? 0 : Math.max(0, events - known.events);
}

/** Remembers that the session's current events have been seen. */
export function saveSeen(id: string, now: Seen): void {
  const known = seen.get(id);
  if (known?.events === now.events && known.last_ms === now.last_ms) return;
  seen.delete(id);
  seen.set(id, now);
  const latest = Array.from(seen).slice(-MAX_SESSIONS);
  try {
    localStorage.setItem(KEPT, JSON.stringify(latest));
  } catch {
    // No room: it is known until the page is closed.
  }
  seenChanged.value++;
}
