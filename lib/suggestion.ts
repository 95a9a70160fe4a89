// The word that a misspelt one was probably meant to be.
import { distance } from "fastest-levenshtein";

// Two letters may be wrong, but no more than half of a short word.
const MAX_WRONG_LETTERS = 2;
const MAX_WRONG_SHARE = 1 / 2;

/** The known word that a given one is the start of, or else the most similar; `undefined` if none is. */
export function suggestWord(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const completions = known.filter((word) => word.toLowerCase().startsWith(wanted));
  if (completions.length === 1) return completions[0];
  const [nearest] = known
    .map((word) => ({ word, wrong: distance(wanted, word.toLowerCase()) }))
    .toSorted((a, b) => a.wrong - b.wrong);
  if (nearest === undefined) return undefined;
  const letters = nearest.word.replace(/^-+/, "").length;
  const isNear = nearest.wrong <= Math.min(MAX_WRONG_LETTERS, letters * MAX_WRONG_SHARE);
  return isNear ? nearest.word : undefined;
}
