// Truncates long texts in the middle, which is less informative than the beginning and the end.
import { byteLength } from "../os/byte-length";

/** A value whose strings are short enough, and how many of them were truncated. */
export interface Truncated {
  readonly value: unknown;
  readonly count: number;
}

// The longest marker: `… [9007199254740991 bytes cut] …`.
const MARKER_BYTES = 40;
// The longest suffix that makes a key unique: ` (9999999)`.
const SUFFIX_BYTES = 10;

/**
 * Truncates every string of a JSON value, keys included, to at most `maxBytes` of UTF-8. A truncated string
 * says how many bytes are missing. The value itself is not changed.
 *
 * @param maxBytes at least 64
 */
export function truncateStrings(value: unknown, maxBytes: number): Truncated {
  let count = 0;
  let suffix = 1;
  const walk = (part: unknown): unknown => {
    if (typeof part === "string") {
      const short = truncateText(part, maxBytes);
      if (short !== part) count++;
      return short;
    }
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(walk);
    // Without a prototype, `__proto__` is an ordinary key.
    const object: Record<string, unknown> = Object.create(null);
    for (const [key, inner] of Object.entries(part)) {
      let short = walk(key) as string;
      // Two long keys may differ only in what was removed.
      while (short in object) short = `${truncateText(key, maxBytes - SUFFIX_BYTES)} (${++suffix})`;
      object[short] = walk(inner);
    }
    return object;
  };
  return { value: walk(value), count };
}

/**
 * Truncates a text to at most `maxBytes` of UTF-8, never inside a character. Its middle then says how many
 * bytes are missing; under 40 bytes there is room for nothing else, and the result may be longer.
 */
export function truncateText(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most three bytes.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = byteLength(text);
  if (bytes <= maxBytes) return text;
  const halfBytes = Math.max(0, Math.floor((maxBytes - MARKER_BYTES) / 2));
  const head = startOf(text, halfBytes);
  const tail = endOf(text, halfBytes);
  const missing = bytes - byteLength(head) - byteLength(tail);
  return `${head}… [${missing} bytes cut] …${tail}`;
}

function startOf(text: string, maxBytes: number): string {
  let end = 0;
  for (let bytes = 0; end < text.length;) {
    const code = text.codePointAt(end) ?? 0;
    bytes += utf8Bytes(code);
    if (bytes > maxBytes) break;
    end += code > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

function endOf(text: string, maxBytes: number): string {
  let start = text.length;
  for (let bytes = 0; start > 0;) {
    const pair = start > 1 ? (text.codePointAt(start - 2) ?? 0) : 0;
    const units = pair > 0xffff ? 2 : 1;
    bytes += utf8Bytes(units === 2 ? pair : text.charCodeAt(start - 1));
    if (bytes > maxBytes) break;
    start -= units;
  }
  return text.slice(start);
}

// Half a surrogate pair becomes U+FFFD in UTF-8, which also takes three bytes.
function utf8Bytes(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code > 0xffff ? 4 : 3;
}
