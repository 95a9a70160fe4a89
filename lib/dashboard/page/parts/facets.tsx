// The values to filter by, with counts. A click selects only that value; with Alt, it excludes it.
import {
  formatFilter,
  hasTerm,
  toggleTerm,
  type Filter,
  type FilterKey,
} from "../../../log-index/filter-words";
import { setParams } from "../address";
import { formatCount } from "../format";

export interface Facet {
  readonly key: FilterKey;
  readonly title: string;
  readonly values: readonly (readonly [value: string, count: number])[];
}

const MAX_VALUES = 12;

export function Facets({
  facets,
  filter,
}: {
  readonly facets: readonly Facet[];
  readonly filter: Filter;
}) {
  return (
    <aside class="facets" aria-label="Filter by">
      {facets
        .filter(({ values }) => values.length > 0)
        .map(({ key, title, values }) => (
          <section key={key} aria-label={title}>
            <h2>{title}</h2>
            <ul>
              {values.slice(0, MAX_VALUES).map(([value, count]) => {
                const isChosen = hasTerm(filter, key, value);
                const isExcluded = hasTerm(filter, key, value, true);
                return (
                  <li key={value}>
                    <button
                      type="button"
                      aria-pressed={isChosen || isExcluded}
                      class={isExcluded ? "facet excluded" : "facet"}
                      title={`Only ${value}; Alt-click to exclude it`}
                      onClick={(event) => {
                        const isNot = event.altKey || isExcluded;
                        setParams({ filter: formatFilter(toggleTerm(filter, key, value, isNot)) });
                      }}
                    >
                      <span class="facet-name">{isExcluded ? `not ${value}` : value}</span>
                      <span class="facet-count">{formatCount(count)}</span>
                    </button>
                  </li>
                );
              })}
            </ul>
            {values.length > MAX_VALUES ? (
              <p class="quiet">and {formatCount(values.length - MAX_VALUES)} more</p>
            ) : null}
          </section>
        ))}
    </aside>
  );
}
