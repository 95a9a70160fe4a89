// Text for a terminal: made safe to print, and fitted to a width.

// Characters that control a terminal or are invisible: control characters, line separators, marks that reverse the direction
// of text, and others such as tags and fillers, in which a text can hide words for a model. Allowed are the variant selector
// of an emoji, and a joiner after an emoji or a letter.
const UNFIT =
  /(?!(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F\p{M}])\u200D(?=[\p{Extended_Pictographic}\p{L}]))(?!(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
// No language stacks more marks on a letter.
const TOO_MANY_MARKS = /(\p{M}{5})\p{M}+/gu;
const PLAIN = /^[ -~\n]*$/;

/**
 * Makes text from outside safe to print, on one line: prompts, file names and answers may contain
 * escape sequences.
 */
export function sanitize(text: string): string {
  return Bun.stripANSI(text.toWellFormed())
    .replace(UNFIT, (character) => (character.trim() === "" ? " " : ""))
    .replace(TOO_MANY_MARKS, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

/** A line end of any system. */
export const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/** Makes each line of a text safe to print, and keeps its indentation. */
export function sanitizeLines(text: string): string[] {
  return text.split(LINE_END).map((line) => {
    const indent = /^[ \t]*/.exec(line)?.[0].replaceAll("\t", "  ") ?? "";
    return indent + sanitize(line);
  });
}

/** JSON with every character escaped that is not fit to print; the value is the same. */
export function safeJson(value: unknown, indent?: number): string {
  return escapeUnfit(JSON.stringify(value, undefined, indent));
}

/**
 * Lines in which a person sees what is not fit to print, as `\u001b`. Tabs stay.
 *
 * @param hasColors whether the escape sequences of `picocolors` stay, too; asked only where there is one
 */
export function escapeUnfit(text: string, hasColors: () => boolean = () => false): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNFIT, (character, at: number) => {
    if (character === "\n" || character === "\t") return character;
    if (character === "\u001B" && COLOR.test(text.slice(at, at + 5)) && hasColors())
      return character;
    return character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
  });
}

/** The same on one line, for a path in a sentence: a name of a file may contain a line end. */
export function escapeLine(text: string): string {
  return escapeUnfit(text).replaceAll("\n", "\\u000a");
}

// Bold, dim, the eight colors, and what ends them.
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const COLOR = /^\u001B\[(?:[012]|22|3[0-79]|9[0-7])m/;

/** Shortens text to a width in columns; shortened text ends in `…`. */
export function fit(text: string, columns: number): string {
  // `sliceAnsi` may return a column too many where it splits a wide or composed character (Bun 1.4.5).
  for (let most = Math.max(columns, 0); ; most--) {
    const short = Bun.sliceAnsi(text, 0, most, "…");
    if (most === 0 || Bun.stringWidth(short) <= columns) return short;
  }
}

/** Pads text with spaces to a width in columns. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(columns - Bun.stringWidth(text), 0));
}

/** A count with its noun: `1 prompt`, `2 prompts`. */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A size in bytes for a person: `12 kB`, `3.4 MB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

// Less would be letters below each other.
const MIN_WRAPPED = 8;

/**
 * Wraps text to a width in columns and indents every line but the first.
 *
 * @param hard whether a word that is longer than a line is split, which nobody can copy then
 */
export function wrap(text: string, columns: number, indent: string, hard = false): string {
  const width = Math.max(columns - indent.length, MIN_WRAPPED);
  const lines = Bun.wrapAnsi(text, width, { hard }).split("\n");
  return lines.join(`\n${indent}`);
}

const EIGHTHS = " ▏▎▍▌▋▊▉█";

/** A bar for a share from 0 to 1: `███▌`. A share above 0 shows at least a sliver. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * columns * 8);
  const shown = share > 0 ? Math.min(Math.max(eighths, 1), columns * 8) : 0;
  return "█".repeat(shown >> 3) + (shown % 8 > 0 ? (EIGHTHS[shown % 8] ?? "") : "");
}

/** A sparkline: one small column for each number, the highest for the largest. */
export function sparkline(numbers: readonly number[]): string {
  const largest = Math.max(1, ...numbers);
  return numbers.map((number) => "▁▂▃▄▅▆▇█"[Math.ceil((number / largest) * 8) - 1] ?? " ").join("");
}

/** Text as it is, where a function that paints text is expected. */
export function unpainted(text: string): string {
  return text;
}
