// The picture of a terminal: every character in its column, in its color, and nothing that SVG would obey.
import { describe, expect, test } from "bun:test";
import { parseAnsi } from "../../scripts/demo/ansi-styles";
import { drawTerminal, THEMES } from "../../scripts/demo/terminal-svg";

const [theme] = THEMES;
if (theme === undefined) throw new Error("there are no themes");

function draw(output: string): string {
  return drawTerminal({ command: "show", output, columns: 40 }, theme as (typeof THEMES)[number]);
}

describe("ANSI styles", () => {
  const plain = { isBold: false, isDim: false };

  test("split a line into runs with their columns", () => {
    expect(parseAnsi("a\u001B[1mカ\u001B[22m\u001B[31mb\u001B[39m")).toEqual([
      { column: 0, text: "a", style: plain },
      { column: 1, text: "カ", style: { isBold: true, isDim: false } },
      { column: 3, text: "b", style: { ...plain, color: "red" } },
    ]);
  });

  test.each([
    ["a color that the command line does not use", "\u001B[95mx"],
    ["a movement of the cursor", "\u001B[2Jx"],
    ["a lone escape", "x\u001B"],
  ])("%s is an error, not a wrong picture", (_, line) => {
    expect(() => parseAnsi(line)).toThrow("unexpected");
  });
});

describe("a picture", () => {
  test("puts words at their columns, as wide as their columns", () => {
    expect(draw("    abc  de")).toContain('<text x="58" y="113" textLength="27"');
    expect(draw("    abc  de")).toContain('<text x="103" y="113" textLength="18"');
  });

  test("draws lines and bars as shapes that meet", () => {
    const svg = draw("│├─\n└─ ██▌");
    expect(svg).not.toMatch(/[│├─└█▌]/);
    expect(svg).toMatch(/<path d="M26.5 98V119M35.5 98V119M35.5 108.5H40M40 108.5H49" /);
    expect(svg).toMatch(/<rect x="49" y="124.25" width="22.5" /);
  });

  test("holds no markup of the text", () => {
    expect(draw('<script>&"')).toContain("&lt;script&gt;&amp;&quot;");
  });

  test("rejects a character that it cannot draw", () => {
    expect(() => draw("┼")).toThrow("cannot draw ┼");
  });
});
