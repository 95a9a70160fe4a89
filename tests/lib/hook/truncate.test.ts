// Truncated texts are short enough, have whole characters, and say how much is missing.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { truncateStrings, truncateText } from "../../../lib/hook/truncate";
import { byteLength } from "../../../lib/os/byte-length";

// Below this there is room for the marker only.
const ROOM_BYTES = 40;

function parts(text: string) {
  const [, head = "", missing = "", tail = ""] =
    /^([^]*?)… \[(\d+) bytes cut\] …([^]*)$/.exec(text) ?? [];
  return { head, missing: Number(missing), tail };
}

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 600 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  // Halves of surrogate pairs, alone and in the wrong order, and characters that a decoder might drop.
  fc
    .array(fc.constantFrom("\uD83D", "\uDE00", "😀", "a", "é", "語", "\uFEFF", "\uFFFD", "\0"), {
      maxLength: 300,
    })
    .map((units) => units.join("")),
);
const anyLimit = fc.integer({ min: ROOM_BYTES, max: 700 });

describe("a text", () => {
  test("is never longer than the limit", () => {
    fc.assert(
      fc.property(anyText, anyLimit, (text, maxBytes) => {
        expect(byteLength(truncateText(text, maxBytes))).toBeLessThanOrEqual(maxBytes);
      }),
    );
  });

  test("is unchanged if it is short enough", () => {
    fc.assert(
      fc.property(anyText, fc.nat(100), (text, spare) => {
        expect(truncateText(text, byteLength(text) + spare)).toBe(text);
      }),
    );
  });

  test("keeps its beginning and its end, and says how many bytes are missing", () => {
    fc.assert(
      fc.property(anyText, anyLimit, (some, maxBytes) => {
        const text = `${some}-`.repeat(Math.ceil(800 / (byteLength(some) + 1)));
        const { head, missing, tail } = parts(truncateText(text, maxBytes));
        expect(byteLength(head) + missing + byteLength(tail)).toBe(byteLength(text));
        expect(text.startsWith(head)).toBe(true);
        expect(text.endsWith(tail)).toBe(true);
        // It loses no more than the marker and a character on each side need.
        expect(byteLength(head) + byteLength(tail)).toBeGreaterThan(maxBytes - ROOM_BYTES - 8);
      }),
    );
  });

  test("is never truncated inside a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), anyLimit, (text, maxBytes) => {
        fc.pre(text.isWellFormed());
        expect(truncateText(text, maxBytes).isWellFormed()).toBe(true);
      }),
    );
  });

  test.each([
    ["ASCII", "x".repeat(101), 100, "x".repeat(30), 41],
    ["two bytes each", "é".repeat(51), 100, "é".repeat(15), 42],
    ["three bytes each", "語".repeat(34), 100, "語".repeat(10), 42],
    ["surrogate pairs, which leave two bytes free", "😀".repeat(26), 100, "😀".repeat(7), 48],
    [
      "halves of pairs, three bytes each in UTF-8",
      "\uD83D".repeat(34),
      100,
      "\uD83D".repeat(10),
      42,
    ],
    ["a byte order mark", `\uFEFF${"x".repeat(99)}\uFEFF`, 100, undefined, 45],
  ])("keeps whole characters: %s", (_why, text, maxBytes, half, missing) => {
    const found = parts(truncateText(text, maxBytes));
    if (half !== undefined) expect(found).toEqual({ head: half, missing, tail: half });
    expect(found.missing).toBe(missing);
  });

  test("without room for any character says only its length", () => {
    expect(truncateText("x".repeat(500), 0)).toBe("… [500 bytes cut] …");
  });

  test("of sixteen million characters is truncated within a second", () => {
    const text = "語".repeat(16_000_000);
    const started = performance.now();
    expect(byteLength(truncateText(text, 16_384))).toBeLessThanOrEqual(16_384);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

function name(middle: string): string {
  return `${"a".repeat(99)}${middle}${"z".repeat(99)}`;
}

describe("a value", () => {
  const long = "x".repeat(200);
  const short = truncateText(long, 100);

  test("has all its strings truncated and counted, keys included", () => {
    const value = { a: long, b: [long, "y", 1, null, true, { c: long }], [long]: "z" };
    const before = JSON.stringify(value);
    expect(truncateStrings(value, 100)).toEqual({
      value: { a: short, b: [short, "y", 1, null, true, { c: short }], [short]: "z" },
      count: 4,
    });
    expect(JSON.stringify(value)).toBe(before);
  });

  test("of short strings is unchanged", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), (text) => {
        const { value, count } = truncateStrings(JSON.parse(text), byteLength(text) + 64);
        expect([JSON.stringify(value), count]).toEqual([JSON.stringify(JSON.parse(text)), 0]);
      }),
    );
  });

  test("has no string longer than the limit, and loses no field", () => {
    const texts = fc.string({ unit: "binary", maxLength: 200 });
    fc.assert(
      fc.property(
        fc.dictionary(texts, texts),
        fc.integer({ min: 64, max: 300 }),
        (value, maxBytes) => {
          const { value: found } = truncateStrings(value, maxBytes);
          const entries = Object.entries(found as Record<string, string>);
          expect(entries.length).toBe(Object.keys(value).length);
          for (const text of entries.flat()) expect(byteLength(text)).toBeLessThanOrEqual(maxBytes);
        },
      ),
    );
  });

  test("keeps fields whose long keys differ only in the middle", () => {
    const { value } = truncateStrings({ [name("1")]: 1, [name("2")]: 2, [name("3")]: 3 }, 100);
    expect(Object.values(value as object)).toEqual([1, 2, 3]);
    for (const key of Object.keys(value as object))
      expect(byteLength(key)).toBeLessThanOrEqual(100);
  });

  test("keeps a field called __proto__", () => {
    const { value } = truncateStrings(
      JSON.parse(`{"__proto__":{"a":"${long}"},"constructor":1}`),
      100,
    );
    expect(JSON.stringify(value)).toBe(`{"__proto__":{"a":"${short}"},"constructor":1}`);
  });
});
