// Reads the ANSI styles (SGR, ECMA-48) in what our command line prints.

/** The colors that the command line uses. */
export type Color = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** How characters look. */
export interface Style {
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly color?: Color | undefined;
}

/** Characters of one style that follow each other, and the column of the first. */
export interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: Style;
}

const COLORS: Readonly<Record<number, Color>> = {
  31: "red",
  32: "green",
  33: "yellow",
  34: "blue",
  35: "magenta",
  36: "cyan",
};

/**
 * Splits a line by its ANSI styles (SGR): those that our command line prints.
 *
 * @throws {Error} on any other escape sequence
 */
export function parseAnsi(line: string): Run[] {
  const runs: Run[] = [];
  let style: Style = { isBold: false, isDim: false };
  let column = 0;
  // oxlint-disable-next-line no-control-regex -- the escape that begins a sequence
  for (const [part, code, text] of line.matchAll(/\u001B\[(\d*)m|([^\u001B]+)|\u001B/g)) {
    if (text !== undefined) {
      runs.push({ column, text, style });
      column += Bun.stringWidth(text);
    } else if (code === undefined) throw new Error(`unexpected escape in ${JSON.stringify(line)}`);
    else style = withCode(style, Number(code), part);
  }
  return runs;
}

function withCode(style: Style, code: number, sequence: string): Style {
  const color = COLORS[code];
  if (color !== undefined) return { ...style, color };
  switch (code) {
    case 0:
      return { isBold: false, isDim: false };
    case 1:
      return { ...style, isBold: true };
    case 2:
      return { ...style, isDim: true };
    case 22:
      return { ...style, isBold: false, isDim: false };
    case 39:
      return { ...style, color: undefined };
    default:
      throw new Error(`unexpected ANSI sequence ${JSON.stringify(sequence)}`);
  }
}
