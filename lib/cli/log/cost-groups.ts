// What was used, added up by model, agent, day, project, or how the prompt ended.
import { paths } from "../../environment";
import { knownEvent } from "../../events";
import { costBy, dearestFirst } from "../../history/session-cost";
import type { Answer, Usage } from "../../history/usage";
import { utcDay } from "../../log/log";
import { readHeads } from "../../log/reader";
import { Indexer } from "../../log-index/day-index";
import { readIndexes } from "../../log-index/read-indexes";
import { formatLocalTime } from "../../os/local-time";
import type { SessionsUsage } from "./session-usage";

/** What a row can stand for. */
export type CostGroup = "model" | "agent" | "day" | "project" | "outcome";

const MINUTE_MS = 60_000;

/** The groups: days by date, others by their cost. */
export function costGroups(
  by: CostGroup,
  sinceMs: number,
  { usage, prices }: SessionsUsage,
): Map<string, Usage> {
  const keyOf = keyFor(by, sinceMs);
  const groups = costBy(usage.answers, prices, (answer) =>
    answer.atMs >= sinceMs ? keyOf(answer) : undefined,
  );
  if (by !== "day") return dearestFirst(groups);
  return new Map(Array.from(groups).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function keyFor(by: CostGroup, sinceMs: number): (answer: Answer) => string {
  switch (by) {
    case "model":
      return ({ model }) => model;
    case "agent":
      return ({ agentId, agentType }) => agentType || (agentId === "" ? "main" : "subagent");
    case "day":
      return dayOfAnswer();
    case "project": {
      const projects = projectsOfSessions();
      return ({ sessionId }) => projects.get(sessionId) ?? "not in the log";
    }
    case "outcome": {
      const outcomes = outcomesOfPrompts(sinceMs);
      return ({ promptId }) => outcomes.get(promptId) ?? "not in the log";
    }
  }
}

// Within a minute the local day does not change, and most answers are in the order of time.
function dayOfAnswer(): (answer: Answer) => string {
  const days = new Map<number, string>();
  return ({ atMs }) => {
    const minute = Math.floor(atMs / MINUTE_MS);
    let day = days.get(minute);
    if (day === undefined)
      days.set(minute, (day = formatLocalTime(minute * MINUTE_MS).slice(0, 10)));
    return day;
  };
}

function projectsOfSessions(): Map<string, string> {
  const projects = new Map<string, string>();
  for (const { sessions } of readIndexes(new Indexer(paths.events)))
    for (const [id, { summary }] of sessions) projects.set(id, summary.project);
  return projects;
}

/** How a prompt ended. What is not known to have failed or to have been answered was interrupted, or is at work. */
type PromptOutcome = "answered" | "failed" | "denied" | "interrupted or running";

// A prompt of which an answer was denied may be answered all the same, so what is worse counts.
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
