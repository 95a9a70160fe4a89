// How many bytes a text takes in UTF-8.

/**
 * The length of a text in UTF-8. It has its own file because a function that mentions `Buffer` makes the
 * process load it, 0.1 ms, even if it returns before using it (Bun 1.4.5).
 */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
