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
  /** It is dropped after all those, where even a short flexible column has no room, the largest rank first. */
  readonly narrowRank?: number;
}

const GAP = 2;
// Less of a prompt says nothing.
const MIN_FLEXIBLE = 24;
// A few letters on a narrow terminal, where there is no choice.
const MIN_NARROW = 5;

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
  return [head, ...rows].map((cells) => fit(line(cells), width)).join("\n");
}

function columnsThatFit(
  columns: readonly Column[],
  widths: readonly number[],
  width: number,
): number[] {
  const all = columns.map((_, i) => i);
  const wide = dropUntilTheyFit(all, "dropRank", MIN_FLEXIBLE);
  return dropUntilTheyFit(wide, "narrowRank", MIN_NARROW);

  function dropUntilTheyFit(
    given: readonly number[],
    by: "dropRank" | "narrowRank",
    minFlexible: number,
  ): number[] {
    const needed = (i: number) => {
      const own = widths[i] ?? 0;
      return GAP + (columns[i]?.isFlexible ? Math.min(own, minFlexible) : own);
    };
    const rank = (i: number) => columns[i]?.[by] ?? 0;
    let shown = [...given];
    while (shown.reduce((sum, i) => sum + needed(i), -GAP) > width) {
      const last = shown.reduce((worst, i) => (rank(i) > rank(worst) ? i : worst), shown[0] ?? 0);
      if (rank(last) === 0) break;
      shown = shown.filter((i) => i !== last);
    }
    return shown;
  }
}
