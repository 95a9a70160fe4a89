// What tells the tool calls of one session apart.

/**
 * The key of a call within its session: its agent and its id together. Claude Code's own ids are unique, but those of some
 * model routers (`Bash:0`) repeat in subagents that work at the same time.
 *
 * @param agentId of the subagent that makes the call; `undefined` for the main agent
 */
export function callKey(id: string, agentId: string | undefined): string {
  return agentId === undefined ? id : `${agentId}\0${id}`;
}
