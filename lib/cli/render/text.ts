// Text for a terminal: made safe to print, and fitted to a width.

// Control characters (C0 and C1), marks that reverse the direction of text, and line separators.
// oxlint-disable-next-line no-control-regex -- these must not reach a terminal
const UNFIT = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;

/**
 * Makes text from outside safe to print, on one line: prompts, file names and answers may contain
 * escape sequences.
 */
export function sanitize(text: string): string {
  return Bun.stripANSI(text.toWellFormed())
    .replace(UNFIT, (character) => (character.trim() === "" ? " " : ""))
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

/** JSON with every control character escaped, so that it is safe to print; the value is the same. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNFIT, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A line with its control characters shown as `\\u001b`, so that a person can see them. */
export function escapeControls(line: string): string {
  return line.replace(UNFIT, (character) =>
    character === "\t" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

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

/** Wraps text to a width in columns and indents every line but the first. */
export function wrap(text: string, columns: number, indent: string): string {
  const lines = Bun.wrapAnsi(text, Math.max(columns - indent.length, 20)).split("\n");
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
