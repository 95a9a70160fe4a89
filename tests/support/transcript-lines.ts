// Lines of transcripts, in the form of Claude Code 2.1.330.

/** What differs between the lines of two answers. */
export interface LineOptions {
  readonly id?: string | undefined;
  readonly requestId?: string | undefined;
  readonly sessionId?: string;
  readonly model?: string;
  readonly output?: number;
  /** Further keys of the line. */
  readonly more?: object;
  /** Further keys of the usage. */
  readonly usage?: object;
  readonly content?: readonly object[];
}

/** A session of which there are transcripts. */
export const TRANSCRIBED = "5b2f0c1e-0000-4000-8000-000000000001";

/** The line of one block of an answer: 100 tokens of input, and by default ten of output. */
export function answerLine({
  id = "msg_1",
  requestId = "req_1",
  sessionId = TRANSCRIBED,
  model = "claude-opus-5-5",
  output = 10,
  more = {},
  usage = {},
  content = [{ type: "text", text: 'A quote " and "usage":{ in a text.' }],
}: LineOptions = {}): Record<string, unknown> {
  return {
    parentUuid: null,
    isSidechain: false,
    message: {
      id,
      type: "message",
      role: "assistant",
      model,
      stop_sequence: null,
      usage: { input_tokens: 100, output_tokens: output, ...usage },
      content,
      stop_reason: "end_turn",
    },
    requestId,
    type: "assistant",
    uuid: "u",
    timestamp: "2026-11-22T10:00:00.000Z",
    sessionId,
    ...more,
  };
}

/** The line of a prompt, or of a result of a tool. */
export function promptLine(promptId: string, more: object = {}): Record<string, unknown> {
  return {
    parentUuid: null,
    isSidechain: false,
    promptId,
    type: "user",
    message: { role: "user", content: "Do it." },
    uuid: "u",
    timestamp: "2026-11-22T09:59:59.000Z",
    sessionId: TRANSCRIBED,
    ...more,
  };
}

/** The client's own sum. */
export function billLine(totalCostUSD: number, sessionId = TRANSCRIBED): Record<string, unknown> {
  return { type: "cost-state", sessionId, totalCostUSD, hasUnknownModelCost: false };
}
