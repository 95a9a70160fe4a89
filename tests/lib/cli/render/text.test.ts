// Text from outside made safe to print, and fitted to widths and tables.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createColors } from "picocolors";
import {
  bar,
  sanitize,
  sanitizeLines,
  fit,
  plural,
  pad,
  safeJson,
  formatSize,
  sparkline,
  wrap,
} from "../../../../lib/cli/render/text";
import { renderTable } from "../../../../lib/cli/render/table";

// What may move a cursor, change a color, reverse the direction of text, begin a line, or hide in it.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200C\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]/u;
const { dim, red } = createColors(true);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(
      "\u001B",
      "[",
      "3",
      "1",
      "m",
      "]",
      "0",
      ";",
      "\u0007",
      "\u009B",
      "a",
      "\n",
      "\r",
    ),
  }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
);

describe("text from outside", () => {
  test("becomes one line that is safe to print", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(sanitize(text)).not.toMatch(UNSAFE);
        expect(sanitize(text).isWellFormed()).toBeTrue();
        expect(sanitize(sanitize(text))).toBe(sanitize(text));
        for (const line of sanitizeLines(text)) expect(line).not.toMatch(UNSAFE);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["plain words", "plain words"],
    ["two\nlines\r\nor\tthree", "two lines or three"],
    ["\u001B[31mred\u001B[0m", "red"],
    ["\u001B]8;;http://x\u0007link\u001B]8;;\u0007", "link"],
    ["\u009B2Jgone", "gone"],
    ["user\u202Egnp.exe", "usergnp.exe"],
    ["カート 🛒 ñ", "カート 🛒 ñ"],
    ["bell\u0007back\u0008", "bellback"],
    ["half \uD83D", "half \uFFFD"],
    ["see\u{E0068}\u{E0069}\u200B\u2063n", "seen"],
    ["a\uFE0F\uFE0E\u{E0100}b\u200Dc\u00ADd\u3164e", "abcde"],
    ["👨‍👩‍👧 ❤️ क्‍ष", "👨‍👩‍👧 ❤️ क्‍ष"],
    [`z${"\u0301".repeat(400)}!`, `z${"\u0301".repeat(5)}!`],
  ])("%j is shown as %j", (text, shown) => {
    expect(sanitize(text)).toBe(shown);
  });

  test("keeps its lines and their indentation if asked for lines", () => {
    expect(sanitizeLines("if x:\n\treturn \u001B[1m1\r\n  # end ")).toEqual([
      "if x:",
      "  return 1",
      "  # end",
    ]);
  });

  test("has the same value as JSON, with every control character escaped", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, (value, text) => {
        for (const indent of [undefined, 2]) {
          const json = safeJson({ value, text }, indent);
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })));
          expect(json.replaceAll("\n", "")).not.toMatch(UNSAFE);
        }
      }),
    );
  });
});

describe("a width in columns", () => {
  test.each([
    ["short", 10, "short"],
    ["just as long", 12, "just as long"],
    ["too long for that", 8, "too lon…"],
    ["日本語の文章", 7, "日本語…"],
    ["anything", 1, "…"],
    ["anything", 0, ""],
    ["\u001B[31mcolored\u001B[39m", 5, "\u001B[31mcolo…\u001B[39m"],
  ])("%j is fitted into %p as %j", (text, columns, fitted) => {
    expect(fit(text, columns)).toBe(fitted);
  });

  test("is the maximum of fitted text and the minimum of padded text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }).map(sanitize), fc.nat(60), (text, columns) => {
        expect(Bun.stringWidth(fit(text, columns))).toBeLessThanOrEqual(columns);
        expect(Bun.stringWidth(pad(text, columns))).toBeGreaterThanOrEqual(columns);
      }),
    );
  });

  test("does not count colors, and colors are never cut", () => {
    const piece = fc.tuple(
      fc.string({ unit: "grapheme" }).map(sanitize),
      fc.constantFrom(red, dim),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.nat(60), (pieces, columns) => {
        const text = pieces.map(([words, paint]) => paint(words)).join("");
        expect(Bun.stringWidth(fit(text, columns))).toBeLessThanOrEqual(columns);
        expect(Bun.stripANSI(fit(text, columns))).toBe(fit(Bun.stripANSI(text), columns));
        expect(Bun.stringWidth(pad(text, columns))).toBe(
          Math.max(columns, Bun.stringWidth(Bun.stripANSI(text))),
        );
      }),
    );
  });

  test("wraps text and indents every line but the first", () => {
    expect(wrap("one two three four five six", 24, "    ")).toBe(
      "one two three four\n    five six",
    );
  });
});

test.each([
  [0, 4, ""],
  [1, 4, "████"],
  [0.5, 4, "██"],
  [0.03125, 4, "▏"],
  [0.000001, 4, "▏"],
  [0.875, 1, "▉"],
  [7, 2, "██"],
  [-1, 2, ""],
])("a share of %p in %p columns is drawn as %j", (share, columns, drawn) => {
  expect(bar(share, columns)).toBe(drawn);
});

const share = fc.double({ noNaN: true });
test("a bar is never wider than its columns, and a larger share is never drawn shorter", () => {
  fc.assert(
    fc.property(share, share, fc.integer({ min: 1, max: 40 }), (a, b, most) => {
      const [less = "", more = ""] = [Math.min(a, b), Math.max(a, b)].map((one) => bar(one, most));
      expect(more.length).toBeLessThanOrEqual(most);
      expect(less.length).toBeLessThanOrEqual(more.length);
    }),
  );
});

test.each([
  [[0, 1, 4, 8], " ▁▄█"],
  [[0, 0], "  "],
  [[5], "█"],
  [[], ""],
])("the numbers %j are drawn as %j", (numbers, drawn) => {
  expect(sparkline(numbers)).toBe(drawn);
});

test.each([
  [0, "0 kB"],
  [1, "1 kB"],
  [999_000, "999 kB"],
  [1_500_000, "1.5 MB"],
  [81_100_000_000, "81.1 GB"],
])("%p bytes are shown as %s", (bytes, words) => {
  expect(formatSize(bytes)).toBe(words);
});

test("a count of one is singular", () => {
  expect([0, 1, 2].map((count) => plural(count, "day"))).toEqual(["0 days", "1 day", "2 days"]);
});

describe("a table", () => {
  const columns = [
    { head: "id" },
    { head: "about", isFlexible: true },
    { head: "rare", dropRank: 2 },
    { head: "count", align: "right", dropRank: 1 },
  ] as const;
  const rows = [
    ["a", "a text that is rather long for a narrow screen", "seldom", "7"],
    ["bb", "日本語", "never", "1234"],
  ];

  test("aligns its columns, and leaves no spaces at the ends of lines", () => {
    expect(renderTable(columns, rows, 80).split("\n")).toEqual([
      "id  about                                           rare    count",
      "a   a text that is rather long for a narrow screen  seldom      7",
      "bb  日本語                                          never    1234",
    ]);
  });

  test("shortens the flexible column, then drops others by rank, on a narrow screen", () => {
    expect(renderTable(columns, rows, 50).split("\n")).toEqual([
      "id  about                            rare    count",
      "a   a text that is rather long for…  seldom      7",
      "bb  日本語                           never    1234",
    ]);
    expect(renderTable(columns, rows, 40).split("\n")[0]).toBe(
      "id  about                          count",
    );
    expect(renderTable(columns, rows, 30).split("\n")[1]).toBe("a   a text that is rather lon…");
  });

  test("shortens a column to its maximum width, but not its head", () => {
    const limited = [
      { head: "project", maxWidth: 9 },
      { head: "p", maxWidth: 3 },
    ];
    expect(renderTable(limited, [["a-long-project", "カート"]], 80).split("\n")).toEqual([
      "project    p",
      "a-long-p…  カ…",
    ]);
  });

  test("is never wider than the screen", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 30 }).map(sanitize);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constant("id"), cell, cell, cell), { maxLength: 5 }),
        fc.integer({ min: 22, max: 120 }),
        (cells, width) => {
          for (const line of renderTable(columns, cells, width).split("\n"))
            expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
