// What the model of these tests says and does, by the name that a prompt asks for (`play NAME`).
import type { Block, Script } from "./messages-api";

const bash = (command: string, more: object = {}): Block => ({
  tool: "Bash",
  input: { command, description: "a step of the script", ...more },
});

const agent = (more: object = {}): Block => ({
  tool: "Agent",
  input: {
    description: "a part of the work",
    prompt: "play part",
    subagent_type: "general-purpose",
    ...more,
  },
});

/** The file in which a Bash call that goes on and on leaves its process id. */
export const ENDLESS = "endless.pid";

export const SCRIPTS = {
  single: [[bash("echo one")], ["One tool was used."]],
  parallel: [
    [bash("echo one"), bash("echo two"), { tool: "Read", input: { file_path: "/etc/hostname" } }],
    ["Three were used at once."],
  ],
  failing: [
    [bash("echo no >&2; exit 3")],
    [{ tool: "Read", input: { file_path: "/nowhere/at/all" } }],
    ["Two failed."],
  ],
  write: [
    [{ tool: "Write", input: { file_path: "written.txt", content: "text" } }],
    ["That was denied."],
  ],
  endless: [[bash(`echo $$ > ${ENDLESS}; exec tail -f /dev/null`)], ["It came to an end."]],
  foreground: [[agent({ run_in_background: false })], ["The agent is done."]],
  background: [[agent()], ["The agent works."]],
  part: [[bash("echo part")], ["The part is done."]],
  // Beside Claude Code's own word for the session, ours.
  identity: [
    [bash('echo "$CLAUDE_CODE_SESSION_ID"; "$HOME/.claude/hooks/claude-session" id')],
    ["That is who we are."],
  ],
  // The same without the variable, so that only the pointer can tell.
  pointer: [
    [bash('env -u CLAUDE_CODE_SESSION_ID "$HOME/.claude/hooks/claude-session" id')],
    ["That is who we are."],
  ],
  // The names alone: our hooks mask values that are secret.
  surroundings: [[bash("env | cut -d= -f1")], ["That is all there is."]],
  // For timing: as many calls as make a difference.
  many: [
    ...Array.from({ length: 20 }, (): Block[] => [
      { tool: "Read", input: { file_path: "/etc/hostname" } },
    ]),
    ["All read."],
  ],
} satisfies Record<string, Script>;
