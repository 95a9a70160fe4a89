// A session as `list --json` and `show --json` print it: docs/json.md.
import type { SessionSummary } from "../../history/summary";
import type { Usage } from "../../history/usage";
import { costJson } from "./cost";

/**
 * The session's row of the list, with the names, times and empty values of our JSON.
 *
 * @param doubles how many of its events were recorded twice
 * @param usage what it used, if transcripts were read
 */
export function sessionJson(
  session: SessionSummary,
  doubles: number,
  nowMs: number,
  usage?: Usage,
) {
  return {
    session_id: session.sessionId,
    project: session.project,
    project_dir: session.projectDir,
    title: session.title ?? null,
    first_prompt: session.firstPrompt ?? null,
    state: session.stateAt(nowMs),
    started_at: session.startedAt,
    last_at: session.lastAt,
    duration_ms: session.durationMs,
    prompts: session.prompts,
    tools: session.tools,
    failures: session.failures,
    agents: session.agents,
    doubled_events: doubles,
    ...costJson(usage),
  };
}
