// What sessions cost, read from their transcripts only when it is asked for: a month of them takes seconds.
import { useState } from "preact/hooks";
import { COST_GROUPS, formatTokens, type CostGroup } from "../../../history/session-cost";
import type { CostsAnswer } from "../../answers";
import { useAnswer } from "./use-answer";

export function Costs({ filter }: { readonly filter: string }) {
  const [by, setBy] = useState<CostGroup | undefined>();
  const { answer, problem } = useAnswer<CostsAnswer>(
    by && `/api/costs?${new URLSearchParams({ by, filter })}`,
  );
  return (
    <section class="costs" aria-label="Cost">
      <h2>Cost</h2>
      <p class="periods">
        {COST_GROUPS.map((group) => (
          <button
            key={group}
            type="button"
            class="quiet"
            aria-pressed={by === group}
            onClick={() => setBy(group)}
          >
            by {group}
          </button>
        ))}
        {by === undefined ? <span class="quiet"> reads the transcripts of this period</span> : null}
      </p>
      {problem === "" ? null : <p class="problem">{problem}</p>}
      {by === undefined ? null : answer === undefined || answer.by !== by ? (
        <p class="quiet">Reading transcripts …</p>
      ) : answer.rows.length === 0 ? (
        <p class="quiet">No transcripts for this period.</p>
      ) : (
        <CostTable answer={answer} />
      )}
    </section>
  );
}

function CostTable({ answer: { by, rows, total } }: { readonly answer: CostsAnswer }) {
  return (
    <table>
      <thead>
        <tr>
          <th>{by}</th>
          <th class="number">cost</th>
          <th class="number">tokens</th>
          <th class="number">from the cache</th>
        </tr>
      </thead>
      <tbody>
        {[...rows, { ...total, name: "all" }].map(({ name, text, tokens, cache_share }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{text}</td>
            <td class="number">{formatTokens(tokens)}</td>
            <td class="number">
              {cache_share === null ? "" : `${Math.floor(cache_share * 100)} %`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
