// Feeds the built hook programs random mutations of captured payloads and past crashes: each run must exit 0,
// print nothing, end in time and leave one valid record. An input that breaks this is kept as a fixture.
//
// usage: bun scripts/fuzz/fuzz.ts [--seconds N] [--seed N]
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { recordIn } from "../../lib/log/reader";
import { namesIn } from "../../lib/os/folder";
import { programNames } from "../build";
import { capturedPayloads } from "../harness/payloads";
import { runProgram } from "../harness/run-program";
import { eventRecord } from "../harness/record-schema";
import { faultsOf } from "../harness/read-records";
import { Sandbox } from "../harness/sandbox";
import { payloadsWithSecrets } from "../secrets/measure";
import { bytesOf, Mutator } from "./mutator";

// Two cores and one more, because a hook waits for its input part of the time.
const WORKERS = 3;
// A hook gives up on its input after a second; the rest is for a busy machine.
const MAX_MS = 3000;
// A new sandbox after that many inputs keeps the log short.
const INPUTS_PER_SANDBOX = 200;

/** The folder of inputs that once broke a promise. */
const CRASHES = `${import.meta.dir}/../../tests/fixtures/crashes`;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const deadline = performance.now() + Number(values.seconds) * 1000;
const kept = keptCrashes();
const corpus = [
  ...(await capturedPayloads()).map(({ text }) => bytesOf(text)),
  ...payloadsWithSecrets(seed).map(bytesOf),
  ...kept.values(),
];
const programs = (await programNames()).filter((name) => name !== "claude-session");
const broken = new Map<string, string>();
let inputs = 0;
let bytes = 0;

console.log(`Fuzzing for ${values.seconds} s, seed ${seed} …`);
for (const [name, input] of kept) {
  using sandbox = new Sandbox();
  const program = name.replace(/-[0-9a-f]{16}\.bin$/, "");
  const promise = await brokenPromise(program, input, sandbox);
  if (promise !== undefined) broken.set(name, promise);
}
await Promise.all(Array.from({ length: WORKERS }, (_, worker) => fuzz(seed + worker)));
for (const [name, promise] of broken) console.log(`${name}: ${promise}`);
console.log(
  `fuzz: ${kept.size} inputs that once broke a promise, ${inputs} new inputs, ` +
    `${(bytes / 1e6).toFixed(1)} MB; ${broken.size} broke a promise (seed ${seed})`,
);
process.exitCode = broken.size > 0 ? 1 : 0;

async function fuzz(workerSeed: number): Promise<void> {
  const mutator = new Mutator(corpus, workerSeed);
  while (performance.now() < deadline) {
    using sandbox = new Sandbox();
    for (let i = 0; i < INPUTS_PER_SANDBOX && performance.now() < deadline; i++) {
      const input = mutator.next();
      const program = programs[inputs++ % programs.length] ?? "";
      bytes += input.length;
      const promise = await brokenPromise(program, input, sandbox);
      if (promise === undefined) continue;
      broken.set(saveCrash(program, input), promise);
      break;
    }
  }
}

/** The kept inputs by file name: the program and a hash. */
function keptCrashes(): Map<string, Uint8Array> {
  const names = namesIn(CRASHES).toSorted();
  return new Map(names.map((name) => [name, readFileSync(`${CRASHES}/${name}`)]));
}

/**
 * Runs a program with one input; returns which promise it broke, if any.
 *
 * @param sandbox may hold the records of earlier inputs
 */
async function brokenPromise(
  program: string,
  input: Uint8Array,
  sandbox: Sandbox,
): Promise<string | undefined> {
  const sizes = sizesIn(sandbox);
  const { code, stdout, stderr, ms } = await runProgram(program, sandbox, input);
  if (code !== 0) return `exit status ${code}`;
  if (stdout + stderr !== "") return `printed ${(stdout + stderr).slice(0, 100)}`;
  if (ms > MAX_MS) return `took ${Math.round(ms)} ms`;
  const added = [...sizesIn(sandbox)].flatMap(([path, size]) =>
    readFileSync(path)
      .subarray(sizes.get(path) ?? 0, size)
      .toString()
      .split("\n"),
  );
  const lines = added.filter((line) => line !== "");
  if (lines.length !== 1) return `wrote ${lines.length} lines`;
  const record = recordIn(lines[0] ?? "");
  const { error } = eventRecord.safeParse(record);
  if (error !== undefined) return `invalid record: ${error.issues[0]?.message}`;
  return (await faultsOf(sandbox)).find((fault) => !/\tinput: /.test(fault));
}

function sizesIn({ events }: Sandbox): Map<string, number> {
  return new Map(
    namesIn(events).map((day) => [`${events}/${day}`, statSync(`${events}/${day}`).size]),
  );
}

/** Saves an input as a fixture; returns the name of the file. */
function saveCrash(program: string, input: Uint8Array): string {
  mkdirSync(CRASHES, { recursive: true });
  const name = `${program}-${Bun.SHA256.hash(input, "hex").slice(0, 16)}.bin`;
  writeFileSync(`${CRASHES}/${name}`, input);
  return name;
}
