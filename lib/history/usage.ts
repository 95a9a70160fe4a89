// What a session used, from the lines of Claude Code's transcripts: tokens and cost by message, prompt, agent and model.
//
// A transcript has one line for each block of an answer. Every line has the usage of the whole answer, but in an early line
// it may be too low. `/btw` and some subagents repeat their session's messages, a fork copies them, and a resumed session
// continues in the same or another file. So each answer is counted once, wherever it occurs.
import { fieldOf } from "./payload";
import { costOf, type Prices, type Terms, type Tokens } from "./prices";

/** One answer of the model, as far as it costs something. */
export interface Answer extends Terms {
  readonly id: string;
  /** Empty behind a gateway that gives none. */
  readonly requestId: string;
  /** The session that requested it, even if a fork has copied the line. */
  readonly sessionId: string;
  /** Whether the line is a fork's copy, in which the prompt is the fork's. */
  readonly isCopy: boolean;
  /** The prompt that led to it; empty if the transcript does not say. */
  readonly promptId: string;
  /** Empty for the main agent. */
  readonly agentId: string;
  readonly agentType: string;
  /** Whether it is outside the main conversation: a subagent's answer, or an aside. */
  readonly isSidechain: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly tokens: Tokens;
}

/** What the line of an answer does not say itself. */
export interface LineContext {
  /** The id of the latest prompt in the file. */
  readonly promptId: string;
  /** From the name of a subagent's file and what is next to it. */
  readonly agentId?: string | undefined;
  readonly agentType?: string | undefined;
}

/**
 * The answer that a line of a transcript has.
 *
 * @param line parsed JSON
 * @returns `undefined` if it has none: another kind of line, an error, or what Claude Code made up itself
 */
export function answerOf(line: unknown, context: LineContext): Answer | undefined {
  if (fieldOf(line, "type") !== "assistant") return undefined;
  const message = fieldOf(line, "message");
  const usage = fieldOf(message, "usage");
  const answered = textField(message, "model");
  if (typeof usage !== "object" || usage === null || answered === SYNTHETIC) return undefined;
  if (fieldOf(line, "isApiErrorMessage") === true) return undefined;
  const sessionId = textField(line, "sessionId");
  const asker = textField(line, "requestSessionId") || sessionId;
  const agentId = textField(line, "agentId") || (context.agentId ?? "");
  return {
    id: textField(message, "id") || textField(line, "uuid"),
    requestId: textField(line, "requestId"),
    sessionId: asker,
    isCopy: asker !== sessionId,
    promptId: context.promptId,
    agentId,
    agentType: textField(line, "attributionAgent") || (context.agentType ?? ""),
    isSidechain: fieldOf(line, "isSidechain") === true,
    atMs: Date.parse(textField(line, "timestamp")),
    // The client charges for the model it asked for, even if another one answered.
    model: textField(line, "requestedModel") || answered || UNKNOWN_MODEL,
    isFast: fieldOf(usage, "speed") === "fast",
    isUsOnly: fieldOf(usage, "inference_geo") === "us",
    tokens: tokensOf(usage),
  };
}

const SYNTHETIC = "<synthetic>";
const UNKNOWN_MODEL = "unknown";

function tokensOf(usage: object): Tokens {
  const split = fieldOf(usage, "cache_creation");
  const hour = countField(split, "ephemeral_1h_input_tokens");
  const fiveMinutes = countField(split, "ephemeral_5m_input_tokens");
  const written = countField(usage, "cache_creation_input_tokens");
  return {
    input: countField(usage, "input_tokens"),
    output: countField(usage, "output_tokens"),
    cacheRead: countField(usage, "cache_read_input_tokens"),
    // Where nothing says for how long, it is five minutes.
    cacheWrite5m: fiveMinutes + Math.max(written - fiveMinutes - hour, 0),
    cacheWrite1h: hour,
    webSearches: countField(fieldOf(usage, "server_tool_use"), "web_search_requests"),
  };
}

function textField(value: unknown, name: string): string {
  const text = fieldOf(value, name);
  return typeof text === "string" ? text : "";
}

function countField(value: unknown, name: string): number {
  const count = fieldOf(value, name);
  return typeof count === "number" && Number.isFinite(count) && count > 0 ? count : 0;
}

/** Tokens and cost, added up. */
export interface Usage {
  /** Answers of the model. */
  answers: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  webSearches: number;
  /** In dollars, of the answers that have a price. */
  costUsd: number;
  /** Answers of models without a price. */
  unpriced: number;
}

/** Nothing. */
export function noUsage(): Usage {
  return {
    answers: 0,
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    webSearches: 0,
    costUsd: 0,
    unpriced: 0,
  };
}

/** Adds an answer. */
export function addAnswer(usage: Usage, answer: Answer, prices: Prices): void {
  const { tokens } = answer;
  usage.answers++;
  usage.input += tokens.input;
  usage.output += tokens.output;
  usage.cacheRead += tokens.cacheRead;
  usage.cacheWrite5m += tokens.cacheWrite5m;
  usage.cacheWrite1h += tokens.cacheWrite1h;
  usage.webSearches += tokens.webSearches;
  const cost = costOf(tokens, answer, prices);
  if (cost === undefined) usage.unpriced++;
  else usage.costUsd += cost;
}

/** All tokens, those of the cache included. */
export function allTokens(usage: Usage): number {
  return usage.input + usage.output + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
}

/** Which part of what was sent to the model came from the cache, from 0 to 1; `undefined` if nothing was sent. */
export function cacheShare({
  input,
  cacheRead,
  cacheWrite5m,
  cacheWrite1h,
}: Usage): number | undefined {
  const sent = input + cacheRead + cacheWrite5m + cacheWrite1h;
  return sent === 0 ? undefined : cacheRead / sent;
}

/** The cost in dollars, or `undefined` if a part of it, or all, has no price. */
export function knownCost({ costUsd, unpriced }: Usage): number | undefined {
  return unpriced > 0 ? undefined : costUsd;
}

/** Collects answers and keeps each once. Their lines may come in any order. */
export class Answers {
  // By the message's id; almost every one has a single request.
  readonly #byId = new Map<string, Answer | readonly Answer[]>();

  /** Adds what a line says of an answer. */
  add(answer: Answer): void {
    const known = this.#byId.get(answer.id);
    if (known === undefined) this.#byId.set(answer.id, answer);
    else if ("id" in known && known.requestId === answer.requestId)
      this.#byId.set(answer.id, merged(known, answer));
    else this.#byId.set(answer.id, withAnswer([known].flat(), answer));
  }

  /** Each answer once. */
  *[Symbol.iterator](): Generator<Answer> {
    for (const known of this.#byId.values()) {
      if ("id" in known) yield known;
      else yield* known.filter((answer) => !isReplay(answer, known));
    }
  }
}

function withAnswer(known: readonly Answer[], answer: Answer): Answer[] {
  const at = known.findIndex(({ requestId }) => requestId === answer.requestId);
  return at < 0 ? [...known, answer] : known.with(at, merged(known[at] as Answer, answer));
}

// What an aside repeats of its session has the message's id, and a request of its own.
function isReplay({ isSidechain, sessionId }: Answer, all: readonly Answer[]): boolean {
  return isSidechain && all.some((other) => !other.isSidechain && other.sessionId === sessionId);
}

/** The line to believe about whose answer it is, with the larger of two usages. */
function merged(a: Answer, b: Answer): Answer {
  const owner = compareOwners(a, b) <= 0 ? a : b;
  const { tokens } = compareTokens(a.tokens, b.tokens) >= 0 ? a : b;
  return owner.tokens === tokens ? owner : { ...owner, tokens };
}

// The conversation before what repeats it, the original before a copy, and so on until no two differ: what is counted
// must not depend on which file is read first.
function compareOwners(a: Answer, b: Answer): number {
  return (
    Number(a.isSidechain) - Number(b.isSidechain) ||
    Number(a.isCopy) - Number(b.isCopy) ||
    a.atMs - b.atMs ||
    compareTexts(ownerOf(a), ownerOf(b))
  );
}

function ownerOf({ sessionId, promptId, agentId, requestId, agentType, model }: Answer): string {
  return [sessionId, promptId, agentId, requestId, agentType, model].join("\n");
}

function compareTokens(a: Tokens, b: Tokens): number {
  const keys = [
    "output",
    "input",
    "cacheRead",
    "cacheWrite1h",
    "cacheWrite5m",
    "webSearches",
  ] as const;
  for (const key of keys) if (a[key] !== b[key]) return a[key] - b[key];
  return 0;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
