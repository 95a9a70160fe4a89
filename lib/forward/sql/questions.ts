// Common questions about a team's events: the queries of every dialect, in this order, and the dashboard's panels.

/** A question, by the name of its file in each dialect's folder. */
export type Question = keyof typeof QUESTIONS;

/** What each of them asks, as a comment before its query. */
export const QUESTIONS = {
  sessions: "Sessions, latest first. Only prompts written by a person count.",
  states: "What the sessions of the last day are doing now.",
  calls: "Tool calls without a result: denied, interrupted, or never ended.",
  waits: "Minutes that sessions waited for a person's answer, until the tool ran or was denied.",
  failures: "Failures by project and tool, out of all calls that ended.",
  durations: "The slowest tools, in milliseconds.",
  subagents:
    "Subagents by type: how many, how long from their start to their last end, and their calls.",
  lineage: "Which session continues which, and how often one was resumed and compacted.",
  activity: "Prompts and sessions by user and day.",
  story: "The events of one session.",
} as const;
