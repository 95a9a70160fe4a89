// What a session cost: as a whole, and by prompt, subagent and model.
import type { Prices } from "./prices";
import { addAnswer, allTokens, noUsage, type Answer, type Usage } from "./usage";

/** The cost of one session. */
export interface SessionCost {
  readonly total: Usage;
  /** By the id of the prompt that led to it, that of subagents included. */
  readonly prompts: ReadonlyMap<string, Usage>;
  /** By the id of the subagent, without that of its own subagents. */
  readonly agents: ReadonlyMap<string, Usage>;
  /** By model, the dearest first. */
  readonly models: ReadonlyMap<string, Usage>;
  /** What a fork has copied: it is the other session's. */
  readonly copied: Usage;
}

/** Adds up the answers of one session; other sessions' are left out. */
export function costOfSession(
  answers: Iterable<Answer>,
  sessionId: string,
  prices: Prices,
): SessionCost {
  const total = noUsage();
  const copied = noUsage();
  const [prompts, agents, models] = [newGroups(), newGroups(), newGroups()];
  for (const answer of answers) {
    if (answer.sessionId !== sessionId) {
      if (answer.isCopy) addAnswer(copied, answer, prices);
      continue;
    }
    addAnswer(total, answer, prices);
    addAnswer(groupOf(models, answer.model), answer, prices);
    if (answer.promptId !== "") addAnswer(groupOf(prompts, answer.promptId), answer, prices);
    if (answer.agentId !== "") addAnswer(groupOf(agents, answer.agentId), answer, prices);
  }
  return { total, prompts, agents, models: dearestFirst(models), copied };
}

/**
 * Adds up answers by what they have in common.
 *
 * @param keyOf answers without a key are left out
 */
export function costBy(
  answers: Iterable<Answer>,
  prices: Prices,
  keyOf: (answer: Answer) => string | undefined,
): Map<string, Usage> {
  const groups = newGroups();
  for (const answer of answers) {
    const key = keyOf(answer);
    if (key !== undefined) addAnswer(groupOf(groups, key), answer, prices);
  }
  return groups;
}

/** What costs can be added up by. */
export const COST_GROUPS = ["model", "agent", "project", "day"] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** What transcripts do not say of an answer. */
export interface CostContext {
  /** The project of a session; `undefined` if the session is not in the log. */
  readonly projectOf: (sessionId: string) => string | undefined;
  /** The local time, as `2025-09-24T12:52…`, of a time in milliseconds since 1970 UTC. */
  readonly localTimeOf: (epochMs: number) => string;
}

const MINUTE_MS = 60_000;

/** Adds up answers: days by date, others the dearest first. */
export function costGroups(
  by: CostGroup,
  answers: Iterable<Answer>,
  prices: Prices,
  { projectOf, localTimeOf }: CostContext,
): Map<string, Usage> {
  switch (by) {
    case "model":
      return dearestFirst(costBy(answers, prices, ({ model }) => model));
    case "agent":
      return dearestFirst(
        costBy(
          answers,
          prices,
          ({ agentId, agentType }) => agentType || (agentId === "" ? "main" : "subagent"),
        ),
      );
    case "project":
      return dearestFirst(
        costBy(answers, prices, ({ sessionId }) => projectOf(sessionId) ?? "not in the log"),
      );
    case "day": {
      // A local time takes long to find, and within a minute the local day does not change.
      const days = new Map<number, string>();
      const groups = costBy(answers, prices, ({ atMs }) => {
        const minute = Math.floor(atMs / MINUTE_MS);
        const day = days.get(minute) ?? localTimeOf(minute * MINUTE_MS).slice(0, 10);
        days.set(minute, day);
        return day;
      });
      return new Map(Array.from(groups).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
  }
}

/** The groups by their cost, then by their tokens. */
export function dearestFirst(groups: ReadonlyMap<string, Usage>): Map<string, Usage> {
  return new Map(
    Array.from(groups).toSorted(
      ([, a], [, b]) => b.costUsd - a.costUsd || allTokens(b) - allTokens(a),
    ),
  );
}

// Less is rounding.
const SAME_USD = 0.005;

/**
 * What Claude Code charged itself beyond what its transcript shows, in dollars: it leaves out requests of its own, such as
 * those that compact. `undefined` if there is no difference, or the two cannot be compared.
 *
 * @param billedUsd its own sum, which has what a fork copied
 */
export function untoldCost(
  { total, copied }: SessionCost,
  billedUsd: number | undefined,
): number | undefined {
  if (billedUsd === undefined || total.unpriced + copied.unpriced > 0) return undefined;
  const more = billedUsd - total.costUsd - copied.costUsd;
  return Math.abs(more) < SAME_USD ? undefined : more;
}

function newGroups(): Map<string, Usage> {
  return new Map();
}

function groupOf(groups: Map<string, Usage>, key: string): Usage {
  let usage = groups.get(key);
  if (usage === undefined) groups.set(key, (usage = noUsage()));
  return usage;
}

/** A cost in words: `$0.12`, `<$0.01`, `$0.12+` if a part has no price, `no price` if none has. */
export function describeCost({ costUsd, unpriced, answers }: Usage): string {
  if (answers > 0 && unpriced === answers) return "no price";
  return formatDollars(costUsd) + (unpriced > 0 ? "+" : "");
}

/** An amount in dollars, to the cent. */
export function formatDollars(dollars: number): string {
  if (dollars > 0 && dollars < 0.01) return "<$0.01";
  return `$${dollars.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",")}`;
}

/** A number of tokens in words: `850`, `12.3k`, `4.1M`. */
export function formatTokens(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  for (const [unit, size] of [
    ["k", 1e3],
    ["M", 1e6],
    ["G", 1e9],
  ] as const) {
    const count = tokens / size;
    if (count < 9.95) return count.toFixed(1) + unit;
    if (count < 999.5 || unit === "G") return count.toFixed(0) + unit;
  }
  return String(tokens);
}
