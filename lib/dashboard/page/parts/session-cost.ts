// The cost of the session on the screen, requested when the session is opened and again while it continues.
import { useEffect, useMemo, useState } from "preact/hooks";
import { formatDollars, formatTokens } from "../../../history/session-cost";
import type { Step, Turn } from "../../../history/timeline";
import type { UsageAnswer } from "../../answers";
import { askJson } from "../api";

// A transcript is read whole, so not with every event.
const ASK_MS = 5000;

interface Asked {
  readonly id: string;
  /** The session's last event then. */
  readonly lastMs: number;
  readonly usage: UsageAnswer | undefined;
}

/** What a session used; `undefined` until it is known. */
export function useUsage(id: string, lastMs: number): UsageAnswer | undefined {
  const [asked, setAsked] = useState<Asked>();
  const known = asked?.id === id ? asked : undefined;
  const isStale = known === undefined || known.lastMs < lastMs;
  useEffect(() => {
    if (!isStale) return undefined;
    let isWanted = true;
    const ask = async () => {
      let usage = known?.usage;
      try {
        usage = await askJson<UsageAnswer>(`/api/usage?id=${encodeURIComponent(id)}`);
      } catch {
        // The stream says that the server is gone; the session is shown without its cost.
      }
      if (isWanted) setAsked({ id, lastMs, usage });
    };
    const timer = setTimeout(() => void ask(), known === undefined ? 0 : ASK_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [id, isStale, known]);
  return known?.usage;
}

/** The calls that started subagents, by the ids of these. */
export function useLaunches(usage: UsageAnswer | undefined): ReadonlyMap<string, string> {
  const text = JSON.stringify(usage?.launches ?? {});
  return useMemo(() => new Map(Object.entries(JSON.parse(text) as Record<string, string>)), [text]);
}

/** The cost of prompts and subagents in words, by the keys of their rows. */
export function costsByRow(
  entries: readonly (Turn | Step)[],
  usage: UsageAnswer | undefined,
  costs = new Map<string, string>(),
): ReadonlyMap<string, string> {
  if (usage === undefined) return costs;
  for (const entry of entries) {
    if (entry.kind === "event") continue;
    const cost =
      entry.kind === "turn"
        ? usage.prompts[entry.promptId ?? ""]
        : entry.kind === "agent"
          ? usage.agents[entry.id]
          : undefined;
    const key = entry.kind === "turn" ? `turn-${entry.atMs}` : `agent-${entry.id}`;
    if (cost !== undefined) costs.set(key, cost.text);
    costsByRow(entry.kind === "tool" ? entry.agents : entry.steps, usage, costs);
  }
  return costs;
}

/** What a session used, in a few words, and a line for each model. */
export function describeUsage(
  usage: UsageAnswer | undefined,
): { readonly text: string; readonly more: string } | undefined {
  const { total = null, models = {}, untold_usd: untold = null } = usage ?? {};
  if (total === null) return undefined;
  const cached =
    total.cache_share === null
      ? []
      : [`${Math.floor(total.cache_share * 100)}% of input from the cache`];
  return {
    text: `${total.text}, ${formatTokens(total.tokens)} tokens`,
    more: [
      ...cached,
      ...Object.entries(models).map(([model, { text }]) => `${model} ${text}`),
      ...(untold !== null && untold > 0
        ? [`and ${formatDollars(untold)} for requests that its transcript leaves out`]
        : []),
    ].join("\n"),
  };
}
