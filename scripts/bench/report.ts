// Measurements against their budgets: a table, and dist/test-results/bench.json.
import { dist } from "../build";
import { progress } from "../harness/progress";

/** One measured number and its budget; the bench fails if the number is above `max` or below `min`. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly max?: number;
  readonly min?: number;
  /** What we would like to reach; missing it is not a failure. */
  readonly goal?: number;
}

/** Prints the table, writes the JSON, and sets exit status 1 if a measurement is over budget. */
export async function report(measurements: readonly Measurement[]): Promise<void> {
  progress("");
  for (const measurement of measurements) console.log(tableRow(measurement));
  const over = measurements.filter(isOverBudget).length;
  console.log(over === 0 ? "\nwithin budget" : `\n${over} over budget`);
  await Bun.write(`${dist}/test-results/bench.json`, JSON.stringify(measurements, undefined, 2));
  process.exitCode = over === 0 ? 0 : 1;
}

/** Whether a measurement breaks its budget; one that is not a number does. */
export function isOverBudget({ value, max = Infinity, min = -Infinity }: Measurement): boolean {
  return !(value <= max && value >= min);
}

/** The budget as text, e.g. `≤ 1.6`; empty without one. */
export function budgetOf({ max, min }: Measurement): string {
  if (max !== undefined) return `≤ ${max}`;
  return min === undefined ? "" : `≥ ${min}`;
}

function tableRow(measurement: Measurement): string {
  const { name, value, unit, goal } = measurement;
  const budget = budgetOf(measurement);
  const verdict = budget === "" ? "" : isOverBudget(measurement) ? "OVER" : "ok";
  return [
    name.padEnd(52),
    significantDigits(value).padStart(9),
    unit.padEnd(3),
    budget.padEnd(8),
    (goal === undefined ? "" : `goal ${goal}`).padEnd(10),
    verdict,
  ]
    .join(" ")
    .trimEnd();
}

function significantDigits(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 1000 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
