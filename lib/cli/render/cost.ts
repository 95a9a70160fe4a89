// Tokens and cost: in words, as tables, and in JSON.
import type { Colors } from "picocolors/types";
import {
  describeCost,
  formatDollars,
  formatTokens,
  untoldCost,
  type SessionCost,
} from "../../history/session-cost";
import { allTokens, cacheShare, knownCost, noUsage, type Usage } from "../../history/usage";
import { renderTable, type Column } from "./table";
import { bar, sanitize } from "./text";

/** What a session cost, as `show` has it. */
export interface ShownCost extends SessionCost {
  /** Claude Code's own sum in dollars. */
  readonly billedUsd: number | undefined;
}

/** The cost of a session in a line or two; none if nothing is known of it. */
export function* costLines(cost: ShownCost): Generator<string> {
  const { total, models, billedUsd } = cost;
  if (total.answers === 0) return;
  const share = cacheShare(total);
  yield [
    describeCost(total),
    `${formatTokens(allTokens(total))} tokens`,
    ...(share === undefined ? [] : [`${percent(share)} of input from the cache`]),
    ...(models.size > 1
      ? Array.from(models, ([model, usage]) => `${sanitize(model)} ${describeCost(usage)}`)
      : []),
  ].join(" · ");
  const unpriced = Array.from(models).filter(([, usage]) => usage.unpriced > 0);
  if (unpriced.length > 0)
    yield `no price for ${unpriced.map(([model]) => sanitize(model)).join(", ")}`;
  const more = untoldCost(cost, billedUsd);
  if (more !== undefined && billedUsd !== undefined)
    yield `Claude Code charged ${formatDollars(billedUsd)}: ${
      more > 0
        ? `${formatDollars(more)} is for requests that its transcript leaves out`
        : "less than its transcript shows"
    }`;
}

const BAR_COLUMNS = 12;
const COLUMNS: readonly Column[] = [
  { head: "", dropRank: 4 },
  { head: "cost", align: "right" },
  { head: "tokens", align: "right", narrowRank: 1 },
  { head: "output", align: "right", dropRank: 2 },
  { head: "cached", align: "right", dropRank: 1 },
  { head: "answers", align: "right", dropRank: 3 },
];

/** What was used, a row for each group and one for all. */
export function renderCosts(
  by: string,
  groups: ReadonlyMap<string, Usage>,
  { columns, colors }: { readonly columns: number; readonly colors: Colors },
): string {
  if (groups.size === 0) return "No transcripts match.";
  const total = sumOf(groups.values());
  const most = Math.max(...Array.from(groups.values(), ({ costUsd }) => costUsd)) || 1;
  const cells = (name: string, usage: Usage, share: number) => {
    const cached = cacheShare(usage);
    return [
      name,
      bar(share, BAR_COLUMNS),
      describeCost(usage),
      formatTokens(allTokens(usage)),
      formatTokens(usage.output),
      cached === undefined ? "" : percent(cached),
      String(usage.answers),
    ];
  };
  const rows = Array.from(groups, ([name, usage]) =>
    cells(sanitize(name), usage, usage.costUsd / most),
  );
  const all = cells(colors.bold("all"), total, 0);
  return renderTable(
    [{ head: by, isFlexible: true }, ...COLUMNS],
    [...rows, all],
    columns,
    colors.dim,
  );
}

/** The sum of groups. */
export function sumOf(groups: Iterable<Usage>): Usage {
  const sum = noUsage();
  for (const usage of groups)
    for (const key of Object.keys(sum) as (keyof Usage)[]) sum[key] += usage[key];
  return sum;
}

/** Tokens and cost as `--json` prints them: docs/json.md. Nothing if there is no transcript. */
export function costJson(usage: Usage | undefined) {
  if (usage === undefined || usage.answers === 0) return { cost_usd: null, tokens: null };
  return {
    cost_usd: knownCost(usage) ?? null,
    tokens: {
      input: usage.input,
      output: usage.output,
      cache_read: usage.cacheRead,
      cache_write_5m: usage.cacheWrite5m,
      cache_write_1h: usage.cacheWrite1h,
    },
  };
}

/** What was used, by group, as `stats --json` prints it. */
export function costsJson(by: string, groups: ReadonlyMap<string, Usage>) {
  const row = (usage: Usage) => ({
    ...costJson(usage),
    answers: usage.answers,
    unpriced_answers: usage.unpriced,
    web_searches: usage.webSearches,
    cache_share: cacheShare(usage) ?? null,
  });
  return {
    by,
    total: row(sumOf(groups.values())),
    rows: Array.from(groups, ([name, usage]) => Object.assign({ name }, row(usage))),
  };
}

function percent(share: number): string {
  // Nothing is rounded up to all.
  return `${Math.floor(share * 100)}%`;
}
