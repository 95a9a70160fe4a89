// How many bytes a text takes on the disk.

/**
 * The length of a text in UTF-8. A file of its own, because a function that names `Buffer` makes the
 * process load it, 0.1 ms, even where it returns before using it (Bun 1.4.5).
 */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
