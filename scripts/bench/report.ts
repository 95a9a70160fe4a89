// Measured figures, held against budgets.
import { dist } from "../build";

/** One measured figure; over `most` the bench fails. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly most?: number;
  /** Where at least, not at most, is wanted. */
  readonly least?: number;
  readonly aim?: number;
}

/** Prints a table and keeps it as JSON; the exit status says whether all is within budget. */
export function report(figures: readonly Figure[]): void {
  progress("");
  const over = figures.filter(isOver);
  for (const figure of figures) {
    const bound = figure.most === undefined ? figure.least : figure.most;
    const sign = figure.most === undefined ? "≥" : "≤";
    const budget = bound === undefined ? "" : `${sign} ${bound}`;
    const aim = figure.aim === undefined ? "" : `aim ${figure.aim}`;
    const verdict = bound === undefined ? "" : isOver(figure) ? "OVER" : "ok";
    console.log(
      `${figure.name.padEnd(52)} ${digits(figure.value).padStart(9)} ${figure.unit.padEnd(3)} ${budget.padEnd(8)} ${aim.padEnd(10)} ${verdict}`.trimEnd(),
    );
  }
  console.log(over.length === 0 ? "\nwithin budget" : `\n${over.length} over budget`);
  void Bun.write(`${dist}/test-results/bench.json`, JSON.stringify(figures, undefined, 2));
  process.exitCode = over.length === 0 ? 0 : 1;
}

function isOver({ value, most = Infinity, least = -Infinity }: Figure): boolean {
  return !(value <= most && value >= least);
}

function digits(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

/** Says what is being measured, if somebody looks on. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}
