// A timeline as `claude-session show --json` prints it: docs/json.md.
import type { SessionCost } from "../../history/session-cost";
import type { Step, Turn } from "../../history/timeline";
import { costJson } from "./cost";

/** Entries of a timeline with the names, times and empty values of our JSON. */
export function timelineJson(
  entries: readonly (Turn | Step)[],
  cost: Pick<SessionCost, "prompts" | "agents">,
): unknown[] {
  return entries.map((entry) => {
    const at = new Date(entry.atMs).toISOString();
    switch (entry.kind) {
      case "turn":
        return {
          kind: entry.kind,
          at,
          prompt: entry.prompt,
          is_from_person: entry.isFromPerson,
          duration_ms: entry.durationMs ?? null,
          answer: entry.answer ?? null,
          error: entry.error ?? null,
          ...costJson(cost.prompts.get(entry.promptId ?? "")),
          steps: timelineJson(entry.steps, cost),
        };
      case "tool":
        return {
          kind: entry.kind,
          at,
          tool: entry.tool,
          tool_use_id: entry.id,
          parameters: entry.parameters ?? null,
          outcome: entry.outcome,
          duration_ms: entry.durationMs ?? null,
          is_asked: entry.isAsked,
          response: entry.response ?? null,
          error: entry.error ?? null,
          agents: timelineJson(entry.agents, cost),
        };
      case "agent":
        return {
          kind: entry.kind,
          at,
          agent_id: entry.id,
          agent_type: entry.type,
          duration_ms: entry.durationMs ?? null,
          answer: entry.answer ?? null,
          is_interrupted: entry.isInterrupted,
          ...costJson(cost.agents.get(entry.id)),
          steps: timelineJson(entry.steps, cost),
        };
      case "event":
        return { kind: entry.kind, at, event: entry.event, payload: entry.record.payload ?? null };
    }
  });
}
