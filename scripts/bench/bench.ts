// How fast the programs and their functions are, against budgets: a table, and the same as
// dist/test-results/bench.json. Programs are compared with an empty one compiled with the same options: fresh
// processes of fresh copies in alternating order, medians of the ratios of each pair.
//
// usage: bun scripts/bench/bench.ts [pairs]      exit status 1 over budget
import { measureCommandLine } from "./cli";
import { measureCost } from "./cost";
import { measureDashboard } from "./dashboard";
import { measureForwarding } from "./forward";
import { FreshCopies } from "./fresh-copies";
import { measureRedaction, measureSessionPointers } from "./functions";
import { measureHooks, measureInterpreters, measureMemory } from "./hooks";
import { report } from "./report";

// In three quiet runs of 80 pairs, the median ratio of session-start moved by 1 %.
const PAIRS = Number(process.argv[2] ?? 80);

// The functions come first: later the disk is busy with what the programs left to write.
const functions = [...(await measureSessionPointers()), ...(await measureRedaction())];
using copies = await FreshCopies.make();
await report([
  ...functions,
  ...(await measureHooks(copies, PAIRS)),
  ...measureInterpreters(),
  ...(await measureMemory()),
  ...(await measureCommandLine(copies)),
  ...(await measureCost(copies)),
  ...(await measureForwarding(copies)),
  ...(await measureDashboard()),
]);
