// Reads what sessions used from the transcripts that Claude Code keeps. Amounts and ids only: no text of a
// conversation leaves this file.
import { answerOf, Answers } from "../history/usage";
import { fieldOf } from "../history/payload";
import { faultCode } from "../os/fault";
import { Slices } from "../os/slices";
import {
  agentMetaOf,
  listTranscripts,
  transcriptsOf,
  type AgentMeta,
  type TranscriptFile,
} from "./transcript-files";
import { usageLines } from "./usage-lines";

/** What transcripts say. */
export interface TranscriptUsage {
  readonly answers: Answers;
  /** What Claude Code itself charged a session, up to its last entry, in dollars: by session. */
  readonly bills: ReadonlyMap<string, Bill>;
  /** By the ids of subagents. */
  readonly agents: ReadonlyMap<string, AgentMeta>;
  /** How many transcripts were read. */
  readonly files: number;
  /** What could not be read. */
  readonly skipped: SkippedTranscripts;
}

/** Claude Code's own sum of a session. */
export interface Bill {
  readonly costUsd: number;
  /** Whether it guessed the price of a model. */
  readonly isGuess: boolean;
}

/** How many lines were cut short, were of no known form, or too long, and how many files could not be read. */
export interface SkippedTranscripts {
  torn: number;
  foreign: number;
  tooLong: number;
  unreadable: number;
}

/** What to read, and whom to tell. */
export interface ReadOptions {
  /** Only transcripts that were written to since then, in milliseconds since 1970 UTC. */
  readonly sinceMs?: number | undefined;
  /** Called with the number of bytes read, and how many there are. */
  readonly onRead?: ((bytes: number, total: number) => void) | undefined;
}

/**
 * Reads the token usage of some sessions. A session without a transcript has none.
 *
 * @param projects Claude Code's folder of transcripts
 */
export function readSessionsUsage(
  projects: string,
  sessionIds: Iterable<string>,
  options: ReadOptions = {},
): TranscriptUsage {
  const files = Array.from(sessionIds, (id) => transcriptsOf(projects, id)).flat();
  const byPath = new Map(files.map((file) => [file.path, file]));
  return readFiles(Array.from(byPath.values()), options);
}

/** Reads what all sessions used. */
export function readAllUsage(projects: string, options: ReadOptions = {}): TranscriptUsage {
  return readFiles(listTranscripts(projects, options.sinceMs), options);
}

/** Reads transcripts in slices between which others can work. */
export async function readUsageInSlices(
  files: readonly TranscriptFile[],
): Promise<TranscriptUsage> {
  const reading = readingOf(files, {});
  const slices = new Slices();
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return value;
    if (slices.isOver) await slices.pause(); // oxlint-disable-line no-await-in-loop
  }
}

function readFiles(files: readonly TranscriptFile[], options: ReadOptions): TranscriptUsage {
  const reading = readingOf(files, options);
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return value;
  }
}

/** Reads files; yields after each of their lines that matter, to be interrupted there. */
function* readingOf(
  files: readonly TranscriptFile[],
  { onRead }: ReadOptions,
): Generator<void, TranscriptUsage> {
  const reading = {
    answers: new Answers(),
    bills: new Map<string, Bill>(),
    agents: new Map<string, AgentMeta>(),
    files: 0,
    skipped: { torn: 0, foreign: 0, tooLong: 0, unreadable: 0 },
  };
  const total = files.reduce((sum, { size }) => sum + size, 0);
  for (const file of files) {
    try {
      yield* readFile(file, reading, (bytes) => onRead?.(bytes, total));
      reading.files++;
    } catch (error) {
      faultCode(error); // Deleted in the meantime, or not readable by us.
      reading.skipped.unreadable++;
    }
  }
  return reading;
}

interface Reading extends TranscriptUsage {
  readonly bills: Map<string, Bill>;
  readonly agents: Map<string, AgentMeta>;
}

function* readFile(
  file: TranscriptFile,
  { answers, bills, agents, skipped }: Reading,
  onRead: (bytes: number) => void,
): Generator<void> {
  const { agentId } = file;
  const meta = agentMetaOf(file);
  if (agentId !== undefined && meta !== undefined) agents.set(agentId, meta);
  const context = { promptId: "", agentId, agentType: meta?.agentType };
  for (const line of usageLines(file.path, onRead)) {
    if (line.kind === "prompt") context.promptId = line.promptId;
    else if (line.kind === "too long") skipped.tooLong++;
    else {
      const value = parse(line.bytes);
      if (value === undefined) skipped[line.isWhole ? "foreign" : "torn"]++;
      else if (line.kind === "bill") addBill(bills, value);
      else {
        const answer = answerOf(value, context);
        if (answer !== undefined) answers.add(answer);
      }
    }
    yield;
  }
}

// A session that was resumed has one in each part, each with all that was before it.
function addBill(bills: Map<string, Bill>, line: unknown): void {
  const sessionId = fieldOf(line, "sessionId");
  const costUsd = fieldOf(line, "totalCostUSD");
  if (fieldOf(line, "type") !== "cost-state") return;
  if (typeof sessionId !== "string" || typeof costUsd !== "number") return;
  if (costUsd < (bills.get(sessionId)?.costUsd ?? 0)) return;
  bills.set(sessionId, { costUsd, isGuess: fieldOf(line, "hasUnknownModelCost") === true });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined; // Counted.
  }
}
