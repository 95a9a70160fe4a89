// Answers what a session used. A transcript may be large and is read again when it has grown, so it is read in slices that
// let other requests through, and the last result is kept.
import { loadConfig } from "../load-config";
import { withConfiguredPrices } from "../history/prices";
import { costOfSession, describeCost, untoldCost } from "../history/session-cost";
import { allTokens, cacheShare, knownCost, type Usage } from "../history/usage";
import { readUsageInSlices } from "../transcripts/read-usage";
import { transcriptsOf, type TranscriptFile } from "../transcripts/transcript-files";
import type { UsageAnswer, UsageNumbers } from "./answers";

interface Kept {
  /** What the files looked like. */
  readonly state: string;
  readonly answer: Promise<UsageAnswer>;
}

const MAX_KEPT = 16;

/** What sessions used, from Claude Code's folder of transcripts. */
export class SessionUsages {
  readonly #kept = new Map<string, Kept>();

  constructor(readonly projects: string) {}

  /** What a session used; without transcripts, nothing that we know of. */
  answer(sessionId: string): Promise<UsageAnswer> {
    const files = transcriptsOf(this.projects, sessionId);
    const { prices } = loadConfig().config;
    const state = JSON.stringify([
      prices,
      files.map(({ path, size, modifiedMs }) => [path, size, modifiedMs]),
    ]);
    const known = this.#kept.get(sessionId);
    if (known?.state === state) return known.answer;
    const answer = this.#read(files, sessionId, prices);
    this.#kept.delete(sessionId);
    this.#kept.set(sessionId, { state, answer });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    return answer;
  }

  async #read(
    files: readonly TranscriptFile[],
    sessionId: string,
    configured: readonly Readonly<Record<string, unknown>>[],
  ): Promise<UsageAnswer> {
    const usage = await readUsageInSlices(files);
    const { prices } = withConfiguredPrices(configured);
    const cost = costOfSession(usage.answers, sessionId, prices);
    const billedUsd = usage.bills.get(sessionId)?.costUsd;
    const launches = Array.from(usage.agents, ([id, { toolUseId }]) => [id, toolUseId] as const);
    return {
      total: cost.total.answers === 0 ? null : numbersOf(cost.total),
      billed_usd: billedUsd ?? null,
      untold_usd: untoldCost(cost, billedUsd) ?? null,
      models: allNumbers(cost.models),
      prompts: allNumbers(cost.prompts),
      agents: allNumbers(cost.agents),
      launches: Object.fromEntries(launches.filter(([, call]) => call !== "")),
    };
  }
}

function allNumbers(groups: ReadonlyMap<string, Usage>): Record<string, UsageNumbers> {
  return Object.fromEntries(Array.from(groups, ([key, usage]) => [key, numbersOf(usage)]));
}

/** A usage as it goes to the page. */
export function numbersOf(usage: Usage): UsageNumbers {
  return {
    text: describeCost(usage),
    cost_usd: knownCost(usage) ?? null,
    tokens: allTokens(usage),
    cache_share: cacheShare(usage) ?? null,
  };
}
