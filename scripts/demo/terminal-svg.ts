// Draws what a program printed in a terminal as SVG. Every column has its own x position, so the picture looks
// the same in any monospace font; lines and bars are drawn as shapes, because few fonts make them meet.

import { parseAnsi, type Color, type Run } from "./ansi-styles";

/** A command and what it printed, with ANSI colors, at most `columns` wide. */
export interface Screen {
  readonly command: string;
  readonly output: string;
  readonly columns: number;
}

/** The colors of a picture. Each has a contrast of at least 4.5 on the background. */
export interface Theme extends Readonly<Record<Color | "text" | "dim" | "background", string>> {
  readonly name: string;
  readonly bar: string;
  readonly border: string;
}

/** GitHub's own colors, light and dark, because that is where the pictures are seen. */
export const THEMES: readonly Theme[] = [
  {
    name: "light",
    background: "#ffffff",
    bar: "#f6f8fa",
    border: "#d1d9e0",
    text: "#1f2328",
    dim: "#59636e",
    red: "#cf222e",
    green: "#1a7f37",
    yellow: "#9a6700",
    blue: "#0969da",
    magenta: "#8250df",
    cyan: "#1b7c83",
  },
  {
    name: "dark",
    background: "#0d1117",
    bar: "#151b23",
    border: "#3d444d",
    text: "#f0f6fc",
    dim: "#9198a1",
    red: "#f85149",
    green: "#3fb950",
    yellow: "#d29922",
    blue: "#58a6ff",
    magenta: "#bc8cff",
    cyan: "#39c5cf",
  },
];

const FONT =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";
const FONT_SIZE = 15;
/** Wide enough for the usual monospace fonts, whose letters are 0.6 of their size. */
const COLUMN = 9;
const ROW = 21;
/** From the top of a row to the baseline of its text. */
const BASELINE = 15;
const PADDING = 22;
const BAR_HEIGHT = 34;
const RADIUS = 8;

/** Draws a screen in a plain window. */
export function drawTerminal({ command, output, columns }: Screen, theme: Theme): string {
  const lines = [
    `\u001B[2m$\u001B[22m \u001B[1m${command}\u001B[22m`,
    "",
    ...output.trimEnd().split("\n"),
  ];
  const width = columns * COLUMN + 2 * PADDING;
  const height = BAR_HEIGHT + lines.length * ROW + 2 * PADDING;
  const rows = lines.flatMap((line, row) =>
    drawLine(parseAnsi(line), BAR_HEIGHT + PADDING + row * ROW, theme),
  );
  const dots = [0, 1, 2].map(
    (i) =>
      `<circle cx="${PADDING + 6 + i * 20}" cy="${BAR_HEIGHT / 2}" r="6" fill="${theme.border}"/>`,
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What ${Bun.escapeHTML(command)} prints">`,
    `<clipPath id="window"><rect width="${width}" height="${height}" rx="${RADIUS}"/></clipPath>`,
    '<g clip-path="url(#window)">',
    `<rect width="${width}" height="${height}" fill="${theme.background}"/>`,
    `<rect width="${width}" height="${BAR_HEIGHT}" fill="${theme.bar}"/>`,
    "</g>",
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="${RADIUS - 0.5}" fill="none" stroke="${theme.border}"/>`,
    `<path d="M0 ${BAR_HEIGHT + 0.5}H${width}" stroke="${theme.border}"/>`,
    ...dots,
    `<g font-family="${FONT}" font-size="${FONT_SIZE}" xml:space="preserve">`,
    ...rows,
    "</g>",
    "</svg>",
  ].join("\n")}\n`;
}

/** Draws a line: words as text, signs one by one, box-drawing characters and bars as shapes. */
function drawLine(runs: readonly Run[], top: number, theme: Theme): string[] {
  return runs.flatMap(({ column, text, style }) => {
    const elements: string[] = [];
    const color = theme[style.color ?? (style.isDim ? "dim" : "text")];
    const weight = style.isBold ? ' font-weight="600"' : "";
    let at = column;
    for (const [part] of text.matchAll(
      /[\u2500-\u257F]+|[\u2580-\u258F]+|[!-~]+(?: [!-~]+)*| +|./gu,
    )) {
      const x = PADDING + at * COLUMN;
      const width = Bun.stringWidth(part) * COLUMN;
      at += Bun.stringWidth(part);
      if (part.trim() === "") continue;
      if (/^[\u2500-\u257F]/.test(part))
        elements.push(`<path d="${boxPath(part, x, top)}" fill="none" stroke="${color}"/>`);
      else if (/^[\u2580-\u258F]/.test(part)) elements.push(bar(part, x, top, color));
      else if (/^[!-~]/.test(part))
        elements.push(
          `<text x="${x}" y="${top + BASELINE}" textLength="${width}" lengthAdjust="spacingAndGlyphs" fill="${color}"${weight}>${Bun.escapeHTML(part)}</text>`,
        );
      else
        elements.push(
          `<text x="${x + width / 2}" y="${top + BASELINE}" text-anchor="middle" fill="${color}"${weight}>${Bun.escapeHTML(part)}</text>`,
        );
    }
    return elements;
  });
}

/** Where the arms of a box-drawing character lead: up, down, left, right. */
const ARMS: Readonly<Record<string, string>> = {
  "─": "lr",
  "│": "ud",
  "├": "udr",
  "└": "ur",
};

function boxPath(text: string, x: number, top: number): string {
  const y = top + ROW / 2;
  return Array.from(text, (character, i) => {
    const arms = ARMS[character];
    if (arms === undefined) throw new Error(`cannot draw ${character}`);
    const left = x + i * COLUMN;
    const middle = left + COLUMN / 2;
    const up = arms.includes("u") ? top : y;
    const down = arms.includes("d") ? top + ROW : y;
    const vertical = up === down ? "" : `M${middle} ${up}V${down}`;
    if (!arms.includes("r")) return vertical;
    return `${vertical}M${arms.includes("l") ? left : middle} ${y}H${left + COLUMN}`;
  }).join("");
}

/** A bar of blocks, U+2588 (a whole column) to U+258F (an eighth of one). */
function bar(text: string, x: number, top: number, color: string): string {
  const eighths = Array.from(text).reduce((sum, block) => {
    const code = block.codePointAt(0) ?? 0;
    if (code < 0x2588) throw new Error(`cannot draw ${block}`);
    return sum + 0x2590 - code;
  }, 0);
  const height = ROW / 2;
  return `<rect x="${x}" y="${top + (ROW - height) / 2}" width="${(eighths / 8) * COLUMN}" height="${height}" fill="${color}"/>`;
}
