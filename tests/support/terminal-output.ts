// What the command line must never print, for any log.

/** How a bug of our own shows: the command line's report of one, or a stack trace. */
export const BUG_REPORT = /this is a bug in|at <anonymous>/;

/**
 * The code points in an output, in hexadecimal, that a terminal obeys, or that nobody sees. Line feeds are fine, and
 * what joins or varies emoji.
 */
export function controlsIn(output: string): string[] {
  return (output.match(UNFIT) ?? []).map((character) =>
    (character.codePointAt(0) ?? 0).toString(16),
  );
}

const UNFIT =
  /(?!\n|\u200D|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
