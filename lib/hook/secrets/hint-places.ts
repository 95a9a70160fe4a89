// Where the hints of secrets stand in a text.
//
// A hook is a new process that sees one event, so a pattern costs it more to compile (0.05 to 0.3 ms) than to run:
// texts without a secret should need none.

/** A part of a text, from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The ends of all places where one of these hints stands, from the first to the last. */
export function placesOf(text: string, hints: readonly string[]): number[] {
  const places: number[] = [];
  for (const hint of hints)
    for (let at = text.indexOf(hint); at >= 0; at = text.indexOf(hint, at + 1))
      places.push(at + hint.length);
  return places.toSorted((a, b) => a - b);
}

/** The text in lower case, each character where it was: `toLowerCase` makes two of some. */
export function lowerCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length
    ? lower
    : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Whether the character at this place is a letter or a digit of ASCII. */
export function isAlphanumeric(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}
