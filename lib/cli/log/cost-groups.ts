// Token usage, added up by model, agent, day, project, or how the prompt ended.
import { paths } from "../../environment";
import { knownEvent } from "../../events";
import { costBy, costGroups, dearestFirst, type CostGroup } from "../../history/session-cost";
import type { Usage } from "../../history/usage";
import { utcDay } from "../../log/log";
import { readHeads } from "../../log/reader";
import { Indexer } from "../../log-index/day-index";
import { readIndexes } from "../../log-index/read-indexes";
import { formatLocalTime } from "../../os/local-time";
import type { SessionsUsage } from "./session-usage";

/** The groups: days by date, others by their cost. */
export function costGroupsSince(
  by: CostGroup | "outcome",
  sinceMs: number,
  { usage, prices }: SessionsUsage,
): Map<string, Usage> {
  const answers = Array.from(usage.answers).filter(({ atMs }) => atMs >= sinceMs);
  if (by === "outcome") {
    const outcomes = outcomesOfPrompts(sinceMs);
    return dearestFirst(
      costBy(answers, prices, ({ promptId }) => outcomes.get(promptId) ?? "not in the log"),
    );
  }
  const projects = by === "project" ? projectsOfSessions() : undefined;
  return costGroups(by, answers, prices, {
    projectOf: (sessionId) => projects?.get(sessionId),
    localTimeOf: formatLocalTime,
  });
}

function projectsOfSessions(): Map<string, string> {
  const projects = new Map<string, string>();
  for (const { sessions } of readIndexes(new Indexer(paths.events)))
    for (const [id, { summary }] of sessions) projects.set(id, summary.project);
  return projects;
}

/** How a prompt ended. A prompt that is not known to have been answered, denied or failed was interrupted or is running. */
type PromptOutcome = "answered" | "failed" | "denied" | "interrupted or running";

// A prompt with a denied call may still be answered, so the worse outcome counts.
const RANKS: readonly PromptOutcome[] = ["interrupted or running", "answered", "denied", "failed"];

function outcomesOfPrompts(sinceMs: number): Map<string, PromptOutcome> {
  const outcomes = new Map<string, PromptOutcome>();
  const since = sinceMs > 0 ? utcDay(sinceMs) : "";
  for (const entry of readHeads(paths.events, { since })) {
    if (entry.kind === "skipped" || entry.head.prompt_id === undefined) continue;
    const { prompt_id: id, event, agent_id } = entry.head;
    const outcome = outcomeAfter(event, agent_id !== undefined);
    const known = outcomes.get(id);
    if (outcome === undefined || (known && RANKS.indexOf(known) >= RANKS.indexOf(outcome)))
      continue;
    outcomes.set(id, outcome);
  }
  return outcomes;
}

function outcomeAfter(event: string, isSubagents: boolean): PromptOutcome | undefined {
  switch (knownEvent(event)) {
    case "UserPromptSubmit":
      return "interrupted or running";
    case "PermissionDenied":
      return "denied";
    case "Stop":
      return isSubagents ? undefined : "answered";
    case "StopFailure":
      return isSubagents ? undefined : "failed";
    default:
      return undefined;
  }
}
