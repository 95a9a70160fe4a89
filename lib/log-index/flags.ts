/** The bits of an event's flags in the index, which the words of a filter and the statistics ask for. */
export const FLAGS = {
  /** A tool or a turn failed. */
  failed: 1,
  /** A subagent's event. */
  agent: 2,
  /** Claude waits for a person. */
  waiting: 4,
  /** A prompt that a person wrote. */
  prompt: 8,
  /** Sent by an agent that is not Claude Code. */
  otherClient: 16,
} as const;
