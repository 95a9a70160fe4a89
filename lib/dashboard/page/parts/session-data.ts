// The records of a session, requested once and then followed while it continues.
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionLink } from "../../../history/lineage";
import type { Place, PlacedRecord, SessionAnswer } from "../../answers";
import { ApiError, askJson } from "../api";
import { sessionOf } from "../store";

interface Loaded {
  readonly records: Map<string, PlacedRecord>;
  links: readonly SessionLink[];
  next: readonly Place[];
}

/** What is known of a session. */
export interface SessionData {
  /** By id. It grows, and `count` with it. */
  readonly records: ReadonlyMap<string, PlacedRecord>;
  readonly links: readonly SessionLink[];
  readonly count: number;
  /** Why there is nothing. */
  readonly problem: string;
}

/** Asks for a session, and again whenever it has new events. */
export function useSessionData(id: string): SessionData {
  const loaded = useRef<Loaded>({ records: new Map(), links: [], next: [] });
  const [count, setCount] = useState(0);
  const [problem, setProblem] = useState("");
  const isAsking = useRef(false);
  const events = sessionOf(id)?.events ?? 0;
  useEffect(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    const { next, records } = loaded.current;
    const from = next.map(({ day, offset }) => `${day}:${offset}`).join(",");
    askJson<SessionAnswer>(`/api/session?id=${encodeURIComponent(id)}&from=${from}`)
      .then((answer) => {
        for (const placed of answer.records) records.set(placed.record.id, placed);
        if (from === "") loaded.current.links = answer.links;
        loaded.current.next = answer.next;
        setProblem("");
        setCount(records.size);
      })
      .catch((error: unknown) => {
        if (error instanceof ApiError) setProblem(error.message);
      })
      .finally(() => (isAsking.current = false));
    // A new event of it, or an answer that came while one was asked for.
  }, [id, events, count]);
  const { records, links } = loaded.current;
  return { records, links, count, problem };
}
