// Throws bytes at the built hook programs, made of captured payloads and past crashes by chance: each must
// end well, silently and soon, and leave one valid record. What breaks that is kept as a fixture.
//
// usage: bun scripts/fuzz.ts [--seconds N] [--seed N]
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { recordIn } from "../lib/log/reader";
import { namesIn } from "../lib/os/folder";
import { programNames } from "./build";
import { capturedPayloads } from "./harness/payloads";
import { runProgram } from "./harness/programs";
import { seededRandom } from "./harness/random";
import { eventRecord } from "./harness/record-schema";
import { faultsOf } from "./harness/records";
import { Sandbox } from "./harness/sandbox";

const AT_ONCE = 3;
// A hook gives up waiting after a second; the rest is for a busy machine.
const MOST_MS = 3000;

/** Where inputs are kept that once broke a promise. */
const CRASHES = `${import.meta.dir}/../tests/fixtures/crashes`;

/** The inputs that are kept, by name: the program's, and a hash. */
function keptCrashes(): Map<string, Uint8Array> {
  const names = namesIn(CRASHES).toSorted();
  return new Map(names.map((name) => [name, readFileSync(`${CRASHES}/${name}`)]));
}

/**
 * Gives a program one input, and says what promise it broke: none, if all is well.
 *
 * @param sandbox may be one that other inputs were given in
 */
async function brokenPromise(
  program: string,
  input: Uint8Array,
  sandbox: Sandbox,
): Promise<string | undefined> {
  const sizes = sizesIn(sandbox);
  const { code, stdout, stderr, ms } = await runProgram(program, sandbox, input);
  if (code !== 0) return `it ended with ${code}`;
  if (stdout + stderr !== "") return `it printed ${(stdout + stderr).slice(0, 100)}`;
  if (ms > MOST_MS) return `it took ${Math.round(ms)} ms`;
  const added = [...sizesIn(sandbox)].flatMap(([path, size]) =>
    readFileSync(path)
      .subarray(sizes.get(path) ?? 0, size)
      .toString()
      .split("\n"),
  );
  const lines = added.filter((line) => line !== "");
  if (lines.length !== 1) return `it left ${lines.length} lines`;
  const record = recordIn(lines[0] ?? "");
  const wrong = eventRecord.safeParse(record).error;
  if (wrong !== undefined) return `its record is not valid: ${wrong.issues[0]?.message}`;
  return (await faultsOf(sandbox)).find((fault) => !/\tinput: /.test(fault));
}

function sizesIn({ events }: Sandbox): Map<string, number> {
  return new Map(
    namesIn(events).map((day) => [`${events}/${day}`, statSync(`${events}/${day}`).size]),
  );
}

/** Makes inputs of others, by a chance that a seed decides. */
class Mutator {
  readonly #corpus: readonly Uint8Array[];
  readonly #random: () => number;

  constructor(corpus: readonly Uint8Array[], seed: number) {
    this.#corpus = corpus;
    this.#random = seededRandom(seed);
  }

  next(): Uint8Array {
    let bytes = this.#pick(this.#corpus);
    for (let left = 1 + this.#below(6); left > 0; left--) bytes = this.#mutate(bytes);
    return bytes;
  }

  #mutate(bytes: Uint8Array): Uint8Array {
    const begin = this.#below(bytes.length + 1);
    const length = this.#below(this.#below(2) === 0 ? 4 : 200);
    const [head, part, tail] = [
      bytes.subarray(0, begin),
      bytes.subarray(begin, begin + length),
      bytes.subarray(begin + length),
    ];
    switch (this.#below(12)) {
      case 0: // one bit
        return joined(bytes).map((byte, at) =>
          at === begin ? byte ^ (1 << this.#below(8)) : byte,
        );
      case 1: // a part is gone
        return joined(head, tail);
      case 2: // a part comes often
        return joined(head, ...Array.from({ length: this.#below(40) }, () => part), tail);
      case 3: // the end is gone
        return joined(head);
      case 4: // half of another
        return joined(head, this.#pick(this.#corpus).subarray(this.#below(200)));
      case 5: // any bytes
        return joined(head, this.#noise(length), tail);
      case 6: // what has a meaning, in place of a part or between
      case 7:
        return joined(head, this.#pick(WORDS), this.#below(2) === 0 ? tail : joined(part, tail));
      default: // a value of the JSON, which stays one that can be parsed
        return this.#withOtherValue(bytes);
    }
  }

  #withOtherValue(bytes: Uint8Array): Uint8Array {
    // Byte by byte, so that offsets are those of the bytes.
    const text = Buffer.from(bytes).toString("latin1");
    const values = Array.from(text.matchAll(VALUE));
    if (values.length === 0) return bytes;
    const match = this.#pick(values);
    const [whole, value = ""] = match;
    const begin = match.index + whole.length - value.length;
    return joined(
      bytes.subarray(0, begin),
      this.#pick(VALUES),
      bytes.subarray(begin + value.length),
    );
  }

  #noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#below(256));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** A field's value, if it is none that holds others. */
const VALUE = /:\s*("(?:[^"\\]|\\.){0,2000}"|-?[\d.]+|true|false|null)/g;

/** What stands in its place. */
const VALUES: readonly Uint8Array[] = [
  '"" null true 0 -0 -1 1e999 -1e999 0.1 99999999999999999999 {} [] [null] {"":0}'.split(" "),
  '"x" "\\u0000" "\\ud800" "\\u2028\\u001b[2J" "../../x" "unknown" "PreToolUse"'.split(" "),
  [`"${"a".repeat(20_000)}"`, `${"[".repeat(500)}${"]".repeat(500)}`, '{"__proto__":{"a":1}}'],
]
  .flat()
  .map(bytesOf);

// Of JSON, of texts that were trouble somewhere, of secrets, and by the thousand.
const WORDS: readonly Uint8Array[] = [
  '{ } [ ] " : , \\ null true -0 1e999 -1e-999 99999999999999999999 0.1 "" [] {} [[[[ ]]]]'.split(
    " ",
  ),
  '"session_id":"x" "hook_event_name": "tool_input": "__proto__": "cwd":"/ {"session_id":"x"}'.split(
    " ",
  ),
  ["\\u0000", "\\ud800", "\\u2028", "\u2028", "\uFEFF", "\n", "\r\n", "\t", "\0", "/../", "%0a"],
  ["ghp_", "-----BEGIN PRIVATE KEY-----", "password=", "Bearer "],
  ["a".repeat(20_000), "é".repeat(9000), "[".repeat(5000), '{"a":'.repeat(3000)],
]
  .flat()
  .map(bytesOf);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
  });
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const deadline = performance.now() + Number(values.seconds) * 1000;
  const kept = keptCrashes();
  const corpus = [...(await capturedPayloads()).map(({ text }) => bytesOf(text)), ...kept.values()];
  console.log(`Fuzzing for ${values.seconds} s, seed ${seed} …`);
  const programs = (await programNames()).filter((name) => name !== "claude-session");
  let inputs = 0;
  let bytes = 0;
  const broken = new Map<string, string>();
  for (const [name, input] of kept) {
    using sandbox = new Sandbox();
    const promise = await brokenPromise(name.replace(/-[0-9a-f]{16}\.bin$/, ""), input, sandbox);
    if (promise !== undefined) broken.set(name, promise);
  }
  const work = async (_: unknown, worker: number) => {
    const mutator = new Mutator(corpus, seed + worker);
    while (performance.now() < deadline) {
      // A fresh one from time to time, so that the log stays short.
      using sandbox = new Sandbox();
      for (let i = 0; i < 200 && performance.now() < deadline; i++) {
        const input = mutator.next();
        const program = programs[inputs++ % programs.length] ?? "";
        bytes += input.length;
        const promise = await brokenPromise(program, input, sandbox);
        if (promise === undefined) continue;
        broken.set(keep(program, input), promise);
        break;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const [name, promise] of broken) console.log(`${name}: ${promise}`);
  console.log(
    `fuzz: ${kept.size} inputs that once broke a promise, ${inputs} new ones of ` +
      `${(bytes / 1e6).toFixed(1)} MB; ${broken.size} break one (seed ${seed})`,
  );
  process.exitCode = broken.size > 0 ? 1 : 0;
}

/** Keeps an input for ever, and answers with its file's name. */
function keep(program: string, input: Uint8Array): string {
  mkdirSync(CRASHES, { recursive: true });
  const name = `${program}-${Bun.SHA256.hash(input, "hex").slice(0, 16)}.bin`;
  writeFileSync(`${CRASHES}/${name}`, input);
  return name;
}
