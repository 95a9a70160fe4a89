// Long texts cut in the middle, where they tell least.

/** A value whose strings are short enough, and how many of them were cut. */
export interface Cut {
  readonly value: unknown;
  readonly cut: number;
}

// The longest marker: `… [9007199254740991 bytes cut] …`.
const MARKER_BYTES = 40;

/**
 * Cuts every string of a JSON value, keys included, to at most `maxBytes` of UTF-8, and says in it
 * how many bytes are gone. The value itself is left as it was.
 */
export function cutStrings(value: unknown, maxBytes: number): Cut {
  let cut = 0;
  const walk = (part: unknown): unknown => {
    if (typeof part === "string") {
      const short = cutText(part, maxBytes);
      if (short !== part) cut++;
      return short;
    }
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(walk);
    // Without a prototype, `__proto__` is a key like any other.
    const object: Record<string, unknown> = Object.create(null);
    for (const [key, inner] of Object.entries(part)) object[walk(key) as string] = walk(inner);
    return object;
  };
  return { value: walk(value), cut };
}

/** Cuts one text to at most `maxBytes` of UTF-8, never inside a character. */
export function cutText(text: string, maxBytes: number): string {
  // No character takes more than three bytes a UTF-16 unit.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = byteLength(text);
  if (bytes <= maxBytes) return text;
  const halfBytes = Math.max(0, Math.floor((maxBytes - MARKER_BYTES) / 2));
  const head = startOf(text.slice(0, halfBytes), halfBytes);
  const tail = endOf(text.slice(-halfBytes), halfBytes);
  const gone = bytes - byteLength(head) - byteLength(tail);
  return `${head}… [${gone} bytes cut] …${tail}`;
}

function startOf(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  let end = Math.min(maxBytes, bytes.length);
  while (end < bytes.length && isInsideCharacter(bytes[end])) end--;
  return withoutHalves(new TextDecoder().decode(bytes.subarray(0, end)));
}

function endOf(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  let start = Math.max(0, bytes.length - maxBytes);
  while (start < bytes.length && isInsideCharacter(bytes[start])) start++;
  return withoutHalves(new TextDecoder().decode(bytes.subarray(start)));
}

function isInsideCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

// `slice` may have split a surrogate pair; the encoder made U+FFFD of the half at the edge.
function withoutHalves(text: string): string {
  return text.replace(/^\uFFFD|\uFFFD$/g, "");
}

/**
 * The length of a text in UTF-8. A function of its own, because whatever function names `Buffer`
 * makes a process load it, 0.1 ms, even where it returns before using it (Bun 1.4.5).
 */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
