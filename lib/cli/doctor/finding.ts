// What doctor found.

/** How bad it is. */
export type Level = "ok" | "warn" | "fail";

/** One finding. */
export interface Finding {
  readonly level: Level;
  readonly topic: string;
  readonly what: string;
  /** What to do about it, in one line. */
  readonly fix?: string;
}

/** A finding as `doctor --json` and the dashboard have it: docs/json.md. */
export function findingJson({ level, topic, what, fix }: Finding) {
  return { level, topic, what, fix: fix ?? null };
}

/** A finding without its topic. */
export type Result = Omit<Finding, "topic">;

/** Nothing to do. */
export function ok(what: string): Result {
  return { level: "ok", what };
}

/** Something a person should know, and may want to change. */
export function warn(what: string, fix: string): Result {
  return { level: "warn", what, fix };
}

/** Events are lost, or will be. */
export function fail(what: string, fix: string): Result {
  return { level: "fail", what, fix };
}
