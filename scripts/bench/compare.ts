// Two runs of the bench as one table in Markdown.
//
// usage: bun scripts/bench/compare.ts BEFORE.json AFTER.json
import type { Figure } from "./report";

const [before, after] = await Promise.all(process.argv.slice(2, 4).map(read));
if (before === undefined || after === undefined) throw new Error("two files are wanted");

console.log("| | before | after | change | budget |\n|---|---|---|---|---|");
for (const figure of after.values()) {
  const { name, value, unit, most, least } = figure;
  const earlier = before.get(name)?.value;
  const change = earlier === undefined ? "new" : percent(value / earlier - 1);
  const budget = most === undefined ? least : most;
  const isOver = value > (most ?? Infinity) || value < (least ?? -Infinity);
  const bound =
    budget === undefined
      ? ""
      : `${most === undefined ? "≥" : "≤"} ${budget}${isOver ? " **over**" : ""}`;
  console.log(
    `| ${name} | ${earlier === undefined ? "" : short(earlier)} | ${short(value)} ${unit} | ${change} | ${bound} |`,
  );
}

async function read(path: string): Promise<Map<string, Figure>> {
  const figures = (await Bun.file(path).json()) as Figure[];
  return new Map(figures.map((figure) => [figure.name, figure]));
}

function percent(share: number): string {
  return `${share > 0 ? "+" : ""}${(share * 100).toFixed(0)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
