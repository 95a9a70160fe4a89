// Two runs of the bench as one table in Markdown, for a comment on a pull request.
//
// usage: bun scripts/bench/compare-runs.ts BEFORE.json AFTER.json
import { budgetOf, isOverBudget, type Measurement } from "./report";

const [before, after] = await Promise.all(process.argv.slice(2, 4).map(readMeasurements));
if (before === undefined || after === undefined)
  throw new Error("usage: bun scripts/bench/compare-runs.ts BEFORE.json AFTER.json");

console.log("| | before | after | change | budget |\n|---|---|---|---|---|");
for (const measurement of after.values()) {
  const { name, value, unit } = measurement;
  const earlier = before.get(name)?.value;
  const cells = [
    name,
    earlier === undefined ? "" : formatNumber(earlier),
    `${formatNumber(value)} ${unit}`.trimEnd(),
    earlier === undefined ? "new" : formatChange(value / earlier - 1),
    `${budgetOf(measurement)}${isOverBudget(measurement) ? " **over**" : ""}`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

async function readMeasurements(path: string): Promise<Map<string, Measurement>> {
  const measurements = (await Bun.file(path).json()) as Measurement[];
  return new Map(measurements.map((measurement) => [measurement.name, measurement]));
}

function formatChange(share: number): string {
  return `${share > 0 ? "+" : ""}${(share * 100).toFixed(0)} %`;
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
