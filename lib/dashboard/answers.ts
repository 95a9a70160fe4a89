// The types of what the dashboard's server sends to its page. Names are those of our JSON.
import type { CostGroup } from "../history/session-cost";
import type { SessionLink } from "../history/lineage";
import type { SessionState } from "../history/summary";
import type { EventRecord, Place } from "../log/record";
import type { Correlation } from "../log-index/id-certainty";
import type { GroupBy } from "../log-index/group-by";

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
  /** How many more records there are of these events, because the hooks are registered twice. */
  readonly doubled_events: number;
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
      /** All of them, whenever one comes or goes. */
      readonly kind: "shared_files";
      readonly files: readonly SharedFile[];
    }
  | {
      readonly kind: "progress";
      /** The share of the log that has been read, from 0 to 1. */
      readonly share: number;
      readonly events: number;
    };

/** A file that sessions which are open touched within the same minutes; at least one of them changed it. */
export interface SharedFile {
  readonly path: string;
  /** The one that touched it last comes first. */
  readonly sessions: readonly {
    readonly session: string;
    readonly use: "read" | "changed";
    readonly last_ms: number;
  }[];
}

/** Events as columns, the newest last: `day[i]` and the others are of the i-th. Numbers point into `names`. */
export interface EventColumns {
  readonly names: readonly string[];
  readonly day: readonly number[];
  readonly offset: readonly number[];
  readonly at_ms: readonly number[];
  readonly session: readonly number[];
  readonly event: readonly number[];
  readonly tool: readonly number[];
  /** In milliseconds; -1 if there is none. */
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
  /** How many more records match that are doubles. */
  readonly doubled_events: number;
}

/** The files that tools touched. */
export interface FilesAnswer {
  readonly files: readonly TouchedFile[];
  /** How many files there are; the latest of them are here. */
  readonly matched: number;
  /** The calls that were looked at. */
  readonly calls: number;
  /** Whether there are older calls. */
  readonly is_cut: boolean;
}

/** A file, and who touched it, latest first. */
export interface TouchedFile {
  readonly path: string;
  readonly project: string;
  readonly last_ms: number;
  readonly sessions: readonly FileUser[];
}

/** What a session did to a file. */
export interface FileUser {
  readonly session: string;
  readonly reads: number;
  readonly changes: number;
  readonly last_ms: number;
}

/** How long the calls of each tool usually take. */
export type UsualTimesAnswer = Readonly<
  Record<string, { readonly calls: number; readonly p95_ms: number }>
>;

/** One line of the answer to a search. */
export type SearchMessage =
  | { readonly kind: "hit"; readonly hit: SearchHit }
  | {
      /** The day that is searched now, and the share of the days that were. */
      readonly kind: "progress";
      readonly day: string;
      readonly share: number;
    }
  | {
      readonly kind: "end";
      readonly is_cut: boolean;
      /** How many records were found that say the same as a hit. */
      readonly doubled_events: number;
    }
  | { readonly kind: "problem"; readonly text: string };

/** An event in which a text was found, and what is around it. */
export interface SearchHit {
  readonly place: Place;
  readonly at_ms: number;
  readonly session: string;
  readonly project: string;
  readonly event: string;
  readonly tool: string | null;
  readonly id: string;
  readonly tool_use_id: string | null;
  readonly agent_id: string | null;
  readonly before: string;
  readonly match: string;
  readonly after: string;
}

/** What was counted of the events that a filter chooses. */
export interface StatisticsAnswer {
  readonly by: GroupBy;
  readonly first_ms: number | null;
  readonly last_ms: number | null;
  readonly total: StatisticsNumbers;
  /** How many more records there are of these events. */
  readonly doubled_events: number;
  /** Of as long a time before, or of the same hours of the day before; `null` if the time has no beginning. */
  readonly before: StatisticsNumbers | null;
  /** Time of the chosen sessions, from all of their events. */
  readonly time: TimeAnswer;
  readonly rows: readonly StatisticsAnswerRow[];
  /** How many rows there are; the first of them are here. */
  readonly matched: number;
  /** The local days, and their events. */
  readonly days: readonly string[];
  readonly by_day: readonly number[];
  /** Events by weekday, Monday first, and hour. */
  readonly heatmap: readonly (readonly number[])[];
  /** How long the counting took. */
  readonly took_ms: number;
}

/** A tool, project, day, hour, user or model. */
export interface StatisticsAnswerRow extends StatisticsNumbers {
  readonly name: string;
  readonly by_day: readonly number[];
  readonly before: StatisticsNumbers | null;
  /** `null` where it cannot be told: a tool's time is part of a session's. */
  readonly time: TimeAnswer | null;
}

/** The numbers that `stats --json` has, too. */
export interface StatisticsNumbers {
  readonly events: number;
  readonly sessions: number;
  readonly prompts: number;
  readonly calls: number;
  readonly failed: number;
  readonly failure_rate: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

/** Where time went. */
export interface TimeAnswer {
  readonly tools_ms: number;
  readonly model_ms: number;
  readonly waiting_ms: number;
  readonly idle_ms: number;
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

/** What the sessions cost that a filter chooses. */
export interface CostsAnswer {
  readonly by: CostGroup;
  /** How many transcripts were read. */
  readonly files: number;
  readonly total: UsageNumbers;
  /** The dearest first, days in their order, the newest last. */
  readonly rows: readonly (UsageNumbers & { readonly name: string })[];
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
    /** The path of the `config.json` that has it. */
    readonly configured_in: string;
    readonly undelivered: number;
    readonly rejected: number;
    readonly lost: number;
    readonly last_success_at: string | null;
    readonly last_error: string | null;
  }[];
  readonly correlation: readonly Correlation[];
}
