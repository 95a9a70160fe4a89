// Short descriptions of events, requested when the events come on screen.
import type { Place, TextsAnswer } from "../../answers";
import { askJson } from "../api";

const known = new Map<string, string>();
const asked = new Set<string>();
const MAX_AT_ONCE = 150;

export function textAt(day: string, offset: number): string | undefined {
  return known.get(`${day}:${offset}`);
}

/** Asks for those that are not known; says whether there is something new to show. */
export async function loadTexts(places: readonly Place[]): Promise<boolean> {
  const missing = places
    .map(({ day, offset }) => `${day}:${offset}`)
    .filter((at) => !known.has(at) && !asked.has(at))
    .slice(0, MAX_AT_ONCE);
  if (missing.length === 0) return false;
  for (const at of missing) asked.add(at);
  try {
    const texts = await askJson<TextsAnswer>(`/api/texts?at=${missing.join(",")}`);
    for (const [i, at] of missing.entries()) known.set(at, texts[i] ?? "");
    return true;
  } catch {
    return false; // The stream says that the server is gone.
  } finally {
    for (const at of missing) asked.delete(at);
  }
}
