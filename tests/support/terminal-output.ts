// What the command line must never print, for any log.

/** How a bug of our own shows: the command line's report of one, or a stack trace. */
export const BUG_REPORT = /this is a bug in|at <anonymous>/;

/** The code points in an output, in hexadecimal, that a terminal obeys. Line feeds are fine. */
export function controlsIn(output: string): string[] {
  return Array.from(output, (character) => character.codePointAt(0) ?? 0)
    .filter(
      (code) => code !== 0x0a && CONTROLS.some(([first, last]) => isWithin(code, first, last)),
    )
    .map((code) => code.toString(16));
}

/** Control characters, line separators, and characters that change the direction of writing. */
const CONTROLS = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
] as const;

function isWithin(code: number, first: number, last: number): boolean {
  return first <= code && code <= last;
}
