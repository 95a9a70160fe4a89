// What crosses the wire between the dashboard's server and its page: types only, in the names of our JSON.
import type { SessionLink } from "../history/lineage";
import type { SessionState } from "../history/summary";
import type { EventRecord, Place } from "../log/record";
import type { Correlation } from "../log-index/correlation";

export type { Correlation, Place };

/** A session in one row. */
export interface SessionRow {
  readonly id: string;
  readonly project: string;
  readonly project_dir: string;
  readonly user: string;
  readonly model: string | null;
  readonly title: string | null;
  readonly first_prompt: string | null;
  readonly state: SessionState;
  /** What it waits for, if it waits. */
  readonly waits_for: "answer" | "prompt" | null;
  /** What it asks or said last, in a few words. */
  readonly waiting_text: string | null;
  readonly waiting_since_ms: number | null;
  /** The tool calls of which no end was reported. */
  readonly running: readonly RunningCall[];
  readonly started_ms: number;
  readonly last_ms: number;
  readonly prompts: number;
  readonly tools: number;
  readonly failures: number;
  readonly agents: number;
  readonly events: number;
}

/** A tool call that may be running. */
export interface RunningCall {
  readonly tool: string;
  readonly text: string;
  readonly since_ms: number;
}

/** One line of the live stream. */
export type LiveMessage =
  | {
      readonly kind: "hello";
      readonly version: string;
      /** Changes when the server restarts or rereads a changed log: the page then discards what it has. */
      readonly epoch: string;
    }
  | {
      readonly kind: "sessions";
      readonly sessions: readonly SessionRow[];
      /** From where the stream can go on. */
      readonly cursor: number;
    }
  | {
      readonly kind: "events";
      readonly events: EventColumns;
    }
  | {
      readonly kind: "progress";
      /** The share of the log that has been read, from 0 to 1. */
      readonly share: number;
      readonly events: number;
    };

/** Events as columns, the newest last: `day[i]` and the others are of the i-th. Numbers point into `names`. */
export interface EventColumns {
  readonly names: readonly string[];
  readonly day: readonly number[];
  readonly offset: readonly number[];
  readonly at_ms: readonly number[];
  readonly session: readonly number[];
  readonly event: readonly number[];
  readonly tool: readonly number[];
  /** In milliseconds; -1 where there is none. */
  readonly duration_ms: readonly number[];
  /** Bits: `FLAGS` of the index. */
  readonly flags: readonly number[];
}

/** The answer to a question for events. */
export interface EventsAnswer {
  readonly events: EventColumns;
  /** How many matched; the newest of them are here. */
  readonly matched: number;
  /** How many events there are. */
  readonly total: number;
}

/** The records of a session, or those from a place on. */
export interface SessionAnswer {
  readonly session: SessionRow;
  readonly links: readonly SessionLink[];
  readonly records: readonly PlacedRecord[];
  /** From where to ask for more. */
  readonly next: readonly Place[];
}

/** What a session used, from Claude Code's transcripts. */
export interface UsageAnswer {
  /** `null` without a transcript. */
  readonly total: UsageNumbers | null;
  /** Claude Code's own sum, in dollars. */
  readonly billed_usd: number | null;
  /** What of that is in no transcript; `null` if nothing, or if it cannot be told. */
  readonly untold_usd: number | null;
  /** By model, the dearest first. */
  readonly models: Readonly<Record<string, UsageNumbers>>;
  /** By the id of the prompt, subagents included. */
  readonly prompts: Readonly<Record<string, UsageNumbers>>;
  /** By the id of the subagent. */
  readonly agents: Readonly<Record<string, UsageNumbers>>;
  /** The calls that started subagents, by the ids of these. */
  readonly launches: Readonly<Record<string, string>>;
}

/** Tokens and what they cost. */
export interface UsageNumbers {
  /** The cost in words: `$0.42`, or that it has no price. */
  readonly text: string;
  /** `null` if a part has no price. */
  readonly cost_usd: number | null;
  /** All of them, those of the cache included. */
  readonly tokens: number;
  /** Of what was sent, from 0 to 1. */
  readonly cache_share: number | null;
}

/** A record, with long texts cut, and where to find the whole. */
export interface PlacedRecord {
  readonly place: Place;
  readonly record: EventRecord;
  readonly isCut: boolean;
}

/** What events are about, in a few words, for those that are on the screen. */
export type TextsAnswer = readonly (string | null)[];

/** Whether everything works. */
export interface HealthAnswer {
  readonly findings: readonly {
    readonly level: "ok" | "warn" | "fail";
    readonly topic: string;
    readonly what: string;
    readonly fix: string | null;
  }[];
  readonly destinations: readonly {
    readonly name: string;
    readonly type: string;
    readonly url: string;
    readonly undelivered: number;
    readonly rejected: number;
    readonly lost: number;
    readonly last_success_at: string | null;
    readonly last_error: string | null;
  }[];
  readonly correlation: readonly Correlation[];
}
