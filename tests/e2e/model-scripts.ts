// What the model says and does in these tests, by the name in the prompt (`play NAME`).
import type { Block, Script, Usage } from "./messages-api";

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

/** Usage with a number of its own for everything that has a price. */
const EVERY_KIND: Usage = {
  input_tokens: 10_007,
  output_tokens: 5003,
  cache_read_input_tokens: 100_003,
  cache_creation_input_tokens: 33_000,
  cache_creation: { ephemeral_5m_input_tokens: 20_011, ephemeral_1h_input_tokens: 11_003 },
  server_tool_use: { web_search_requests: 3 },
};

/** The file in which an endless Bash call writes its process id. */
export const ENDLESS = "endless.pid";

export const SCRIPTS = {
  single: [[bash("echo one")], ["One tool was used."]],
  parallel: [
    [bash("echo one"), bash("echo two"), { tool: "Read", input: { file_path: "/etc/hostname" } }],
    ["Three were used at the same time."],
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
  endless: [[bash(`echo $$ > ${ENDLESS}; exec tail -f /dev/null`)], ["It ended."]],
  foreground: [[agent({ run_in_background: false })], ["The agent is done."]],
  background: [[agent()], ["The agent works."]],
  // Nine calls, of which one fails and two are a subagent's.
  nine: [
    [bash("echo one"), bash("echo two"), { tool: "Read", input: { file_path: "/etc/hostname" } }],
    [bash("echo no >&2; exit 3")],
    [agent({ prompt: "play two", run_in_background: false })],
    [bash("sleep 2"), bash("echo last")],
    ["Nine were used."],
  ],
  two: [
    [bash("echo part"), { tool: "Read", input: { file_path: "/etc/hostname" } }],
    ["Two were used."],
  ],
  part: [[bash("echo part")], ["The part is done."]],
  // Claude Code's name for the session, then ours.
  identity: [
    [bash('echo "$CLAUDE_CODE_SESSION_ID"; "$HOME/.claude/hooks/claude-session" id')],
    ["These are the ids."],
  ],
  // The same without the variable, so that only the pointer names the session.
  pointer: [
    [bash('env -u CLAUDE_CODE_SESSION_ID "$HOME/.claude/hooks/claude-session" id')],
    ["These are the ids."],
  ],
  // Only names, because our hooks mask secret values.
  surroundings: [[bash("env | cut -d= -f1")], ["That is all there is."]],
  // Usage of every kind, in answers of one block and of several.
  priced: [
    ["First some words.", bash("echo one"), bash("echo two"), { usage: EVERY_KIND }],
    [bash("echo three"), { usage: { ...EVERY_KIND, speed: "fast" } }],
    ["Done.", { usage: { ...EVERY_KIND, inference_geo: "us", output_tokens: 7001 } }],
  ],
  // The agent runs on a model of its own.
  "priced-agents": [
    [
      agent({ prompt: "play priced", model: "haiku", run_in_background: false }),
      { usage: EVERY_KIND },
    ],
    ["The agent is done.", { usage: { ...EVERY_KIND, output_tokens: 303 } }],
  ],
  // Enough calls for a timing.
  many: [
    ...Array.from({ length: 20 }, (): Block[] => [
      { tool: "Read", input: { file_path: "/etc/hostname" } },
    ]),
    ["All read."],
  ],
} satisfies Record<string, Script>;
