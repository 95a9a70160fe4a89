// The line on stderr that a long script keeps rewriting while a person watches.

const ERASE_LINE = "\r\u001B[K";

/** Replaces the progress line; an empty text removes it. Prints nothing where stderr is not a terminal. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(ERASE_LINE + text);
}
