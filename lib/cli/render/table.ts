// Tables for a terminal.
import { fit } from "./text";

/** A column of a table. */
export interface Column {
  readonly head: string;
  readonly align?: "left" | "right";
  /** The maximum width. */
  readonly maxWidth?: number;
  /** It takes the width that the other columns leave. */
  readonly isFlexible?: boolean;
  /** It is dropped if there is no room, the largest rank first. */
  readonly dropRank?: number;
}

const GAP = 2;
// Less of a prompt says nothing.
const MIN_FLEXIBLE = 24;

/** Sets rows in columns without borders; no line is wider than `width` columns. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  emphasize: (head: string) => string = (head) => head,
): string {
  const widths = columns.map(({ head, maxWidth = Infinity }, i) =>
    rows.reduce(
      (widest, row) => Math.max(widest, Math.min(Bun.stringWidth(row[i] ?? ""), maxWidth)),
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
        (columns[i]?.isFlexible ? Math.min(widths[i] ?? 0, MIN_FLEXIBLE) : (widths[i] ?? 0)),
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
