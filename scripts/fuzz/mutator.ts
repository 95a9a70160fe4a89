// Mutates inputs of the fuzzer: bits, parts, tokens, and values of JSON.
import { seededRandom } from "../harness/random";

/** Makes new inputs from others, at random from a seed. */
export class Mutator {
  readonly #corpus: readonly Uint8Array[];
  readonly #random: () => number;

  constructor(corpus: readonly Uint8Array[], seed: number) {
    this.#corpus = corpus;
    this.#random = seededRandom(seed);
  }

  /** An input of the corpus after one to six mutations. */
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
      case 0: // one bit is flipped
        return joined(bytes).map((byte, at) =>
          at === begin ? byte ^ (1 << this.#below(8)) : byte,
        );
      case 1: // a part is missing
        return joined(head, tail);
      case 2: // a part is repeated
        return joined(head, ...Array.from({ length: this.#below(40) }, () => part), tail);
      case 3: // the end is missing
        return joined(head);
      case 4: // the rest of another input
        return joined(head, this.#pick(this.#corpus).subarray(this.#below(200)));
      case 5: // random bytes
        return joined(head, this.#noise(length), tail);
      case 6: // a token with a meaning, in place of a part or before it
      case 7:
        return joined(head, this.#pick(TOKENS), this.#below(2) === 0 ? tail : joined(part, tail));
      default: // another value in the JSON, which stays valid
        return this.#withOtherValue(bytes);
    }
  }

  #withOtherValue(bytes: Uint8Array): Uint8Array {
    // One character for each byte, so offsets in the text are offsets in the bytes.
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

/** The value of a field, unless it is an object or array. */
const VALUE = /:\s*("(?:[^"\\]|\\.){0,2000}"|-?[\d.]+|true|false|null)/g;

/** Values to replace it with. */
const VALUES: readonly Uint8Array[] = [
  '"" null true 0 -0 -1 1e999 -1e999 0.1 99999999999999999999 {} [] [null] {"":0}'.split(" "),
  '"x" "\\u0000" "\\ud800" "\\u2028\\u001b[2J" "../../x" "unknown" "PreToolUse"'.split(" "),
  // Shapes in which a secret has its place.
  '["mysql","-pX1y2Z3w4"] {"name":"DB_PASSWORD","value":"X1y2Z3w4"} {"password":{"type":"string"}}'.split(
    " ",
  ),
  '{"kty":"oct","k":"X1y2Z3w4"} {"env":{"API_TOKEN":"X1y2Z3w4"}} ["--token","X1y2Z3w4"]'.split(" "),
  ['"\\"password\\": \\"X1y2Z3w4\\""', '"curl -u bob:X1y2Z3w4 https://a:X1y2Z3w4@b.test"'],
  [`"${"a".repeat(20_000)}"`, `${"[".repeat(500)}${"]".repeat(500)}`, '{"__proto__":{"a":1}}'],
]
  .flat()
  .map(bytesOf);

// Tokens of JSON, of texts that broke a program somewhere, and of secrets; some by the thousand.
const TOKENS: readonly Uint8Array[] = [
  '{ } [ ] " : , \\ null true -0 1e999 -1e-999 99999999999999999999 0.1 "" [] {} [[[[ ]]]]'.split(
    " ",
  ),
  '"session_id":"x" "hook_event_name": "tool_input": "__proto__": "cwd":"/ {"session_id":"x"}'.split(
    " ",
  ),
  ["\\u0000", "\\ud800", "\\u2028", "\u2028", "\uFEFF", "\n", "\r\n", "\t", "\0", "/../", "%0a"],
  [
    "ghp_",
    "-----BEGIN PRIVATE KEY-----",
    "password=",
    "Bearer ",
    "mysql -p",
    "curl -u a:",
    "://a:b@",
  ],
  ['"name":"TOKEN","value":"', "name: PASSWORD\\n  value: ", "<password>", 'setPassword(\\"', "${"],
  ["a".repeat(20_000), "é".repeat(9000), "[".repeat(5000), '{"a":'.repeat(3000)],
]
  .flat()
  .map(bytesOf);

/** A text in UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
