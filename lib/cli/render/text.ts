// Text for a terminal: made harmless, fitted, set in tables.
// C0 and C1 control characters, what turns the direction of writing, and other separators of lines.
// oxlint-disable-next-line no-control-regex -- they are what must go
const UNFIT = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;

/**
 * Makes text from outside harmless on a terminal and one line long: prompts, file names and answers
 * may hold escape sequences.
 */
export function sanitize(text: string): string {
  return Bun.stripANSI(text.toWellFormed())
    .replace(UNFIT, (character) => (character.trim() === "" ? " " : ""))
    .replace(/\s+/g, " ")
    .trim();
}

/** What ends a line, in whatever system. */
export const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/** The same for text of several lines, which it keeps apart. */
export function sanitizeLines(text: string): string[] {
  return text.split(LINE_END).map((line) => {
    const indent = /^[ \t]*/.exec(line)?.[0].replaceAll("\t", "  ") ?? "";
    return indent + sanitize(line);
  });
}

/** JSON in which nothing can be mistaken for a command to a terminal; its value is unchanged. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNFIT, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A line as it is, but for characters that a terminal would obey: those are shown by their numbers. */
export function escapeControls(line: string): string {
  return line.replace(UNFIT, (character) =>
    character === "\t" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Cuts text to a width in columns; a cut one ends in `…`. */
export function fit(text: string, columns: number): string {
  // Where a wide or composed character is at the cut, it may come out a column too long (Bun 1.4.5).
  for (let most = Math.max(columns, 0); ; most--) {
    const cut = Bun.sliceAnsi(text, 0, most, "…");
    if (most === 0 || Bun.stringWidth(cut) <= columns) return cut;
  }
}

/** Fills text up to a width in columns. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(columns - Bun.stringWidth(text), 0));
}

/** A number of things in words, e.g. `1 prompt`, `2 prompts`. */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A size on the disk, e.g. `12 kB`, `3.4 MB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Breaks text into lines of a width in columns, all but the first indented. */
export function wrap(text: string, columns: number, indent: string): string {
  const lines = Bun.wrapAnsi(text, Math.max(columns - indent.length, 20)).split("\n");
  return lines.join(`\n${indent}`);
}

const EIGHTHS = " ▏▎▍▌▋▊▉█";

/** A bar for a share from 0 to 1, e.g. `███▌`; what is not nothing shows at least a sliver. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * columns * 8);
  const shown = share > 0 ? Math.min(Math.max(eighths, 1), columns * 8) : 0;
  return "█".repeat(shown >> 3) + (shown % 8 > 0 ? (EIGHTHS[shown % 8] ?? "") : "");
}

/** A line of small columns, one for each number, the highest for the largest. */
export function sparkline(numbers: readonly number[]): string {
  const largest = Math.max(1, ...numbers);
  return numbers.map((number) => "▁▂▃▄▅▆▇█"[Math.ceil((number / largest) * 8) - 1] ?? " ").join("");
}

/** A column of a table. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
  /** Cut to so many columns. */
  readonly most?: number;
  /** This one takes the width that the others leave, and is cut to it. */
  readonly isFlexible?: boolean;
  /** Left out if there is no room, the largest first. */
  readonly dropRank?: number;
}

const GAP = 2;
const LEAST_FLEXIBLE = 24;

/** Sets rows in columns without borders, so that a line is at most `columns` wide. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  emphasize: (head: string) => string = (head) => head,
): string {
  const widths = columns.map(({ head, most = Infinity }, i) =>
    rows.reduce(
      (widest, row) => Math.max(widest, Math.min(Bun.stringWidth(row[i] ?? ""), most)),
      Bun.stringWidth(head),
    ),
  );
  const shown = columnsThatFit(columns, widths, width);
  const flexible = shown.find((i) => columns[i]?.isFlexible);
  const others = shown.reduce((sum, i) => sum + (i === flexible ? 0 : (widths[i] ?? 0) + GAP), 0);
  const widthOf = (i: number) =>
    i === flexible ? Math.min(widths[i] ?? 0, Math.max(width - others, 1)) : (widths[i] ?? 0);
  const line = (cells: readonly string[]) =>
    shown
      .map((i) => {
        const cell = fit(cells[i] ?? "", widthOf(i));
        const blank = " ".repeat(widthOf(i) - Bun.stringWidth(cell));
        return columns[i]?.align === "right" ? blank + cell : cell + blank;
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  const head = columns.map(({ head: name }) => emphasize(name));
  return [head, ...rows].map(line).join("\n");
}

function columnsThatFit(
  columns: readonly Column[],
  widths: readonly number[],
  width: number,
): number[] {
  let shown = columns.map((_, i) => i);
  const needed = () =>
    shown.reduce(
      (sum, i) =>
        sum +
        GAP +
        (columns[i]?.isFlexible ? Math.min(widths[i] ?? 0, LEAST_FLEXIBLE) : (widths[i] ?? 0)),
      -GAP,
    );
  while (needed() > width) {
    const rank = (i: number) => columns[i]?.dropRank ?? 0;
    const last = shown.reduce((worst, i) => (rank(i) > rank(worst) ? i : worst), shown[0] ?? 0);
    if (rank(last) === 0) break;
    shown = shown.filter((i) => i !== last);
  }
  return shown;
}
