// What statistics can be grouped by.

/** What a row can stand for. */
export const GROUPS = ["tool", "project", "day", "hour", "user", "model"] as const;

/** What a row stands for. */
export type GroupBy = (typeof GROUPS)[number];
