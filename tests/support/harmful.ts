// What must never reach a terminal from outside.

/** What a terminal would obey, but for the end of a line, by its number. */
export function harmfulIn(output: string): string[] {
  return Array.from(output, (character) => character.codePointAt(0) ?? 0)
    .filter(
      (code) => code !== 0x0a && HARMFUL.some(([first, last]) => first <= code && code <= last),
    )
    .map((code) => code.toString(16));
}

/** Control characters, separators of lines, and what turns the direction of writing. */
const HARMFUL = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
] as const;
