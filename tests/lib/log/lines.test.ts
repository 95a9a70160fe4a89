import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { linesBackward, linesForward, type Line, type LineOptions } from "../../../lib/log/lines";
import { Fault } from "../../../lib/os/fault";
import { run } from "../../../scripts/harness/commands";
import { Sandbox } from "../../../scripts/harness/sandbox";

const LONGEST_LINE_BYTES = 262_144;
const WINDOW_BYTES = 1_048_576;

interface Seen {
  /** Its bytes, each as one character. */
  text: string | undefined;
  begin: number;
  end: number;
  isWhole: boolean;
}

// Lengths around the limits of a line and of a window, and in between whatever comes.
const length = fc.oneof(
  { weight: 20, arbitrary: fc.nat(400) },
  { weight: 4, arbitrary: fc.integer({ min: 50_000, max: 200_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => LONGEST_LINE_BYTES + n) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => WINDOW_BYTES + n) },
  { weight: 1, arbitrary: fc.integer({ min: WINDOW_BYTES, max: 3 * WINDOW_BYTES }) },
);
const NEEDLE = "nådel";
// What the lines are made of; the last is no UTF-8.
const unit = fc.constantFrom(...["x", "ñ", "🛒", `${NEEDLE} `].map(bytesOf), "\0\u00ff\u00c3");
const content = fc.record({
  lines: fc.array(fc.tuple(length, unit), { maxLength: 30 }),
  isEnded: fc.boolean(),
});

describe("the lines of any file", () => {
  test("tile it from its first byte to its last, and backwards they are the same", () => {
    fc.assert(
      fc.property(content, ({ lines, isEnded }) => {
        using sandbox = new Sandbox();
        const { path, expected } = write(sandbox, lines, isEnded);
        expect(see(linesForward(path))).toEqual(expected);
        expect(see(linesBackward(path))).toEqual(expected.toReversed());
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["nothing but a line that fills a window", [WINDOW_BYTES - 1]],
    ["a line that ends where the first window does", [100, WINDOW_BYTES - 102, 7]],
    ["a newline that is the first byte of the next window", [100, WINDOW_BYTES - 101, 7]],
    ["a short line that begins where a window does", [WINDOW_BYTES - 1, 7, 7]],
    ["a last window that holds one line and no more", [7, WINDOW_BYTES - 1]],
    ["a last line as long as ours can be", [7, LONGEST_LINE_BYTES]],
    ["a last line that is longer by a byte", [7, LONGEST_LINE_BYTES + 1]],
    ["two long lines, one after the other", [2 * WINDOW_BYTES, 2 * WINDOW_BYTES - 1]],
    ["empty lines only", [0, 0, 0]],
    ["no bytes at all", []],
  ] as [string, number[]][])("are found in a file with %s", (_, lengths) => {
    using sandbox = new Sandbox();
    for (const isEnded of [true, false]) {
      const lines = lengths.map((bytes) => [bytes, "x"] as const);
      const { path, expected } = write(sandbox, lines, isEnded);
      expect(see(linesForward(path))).toEqual(expected);
      expect(see(linesBackward(path))).toEqual(expected.toReversed());
    }
  });

  test("from the beginning of any of them are the rest", () => {
    fc.assert(
      fc.property(content, fc.nat(), ({ lines, isEnded }, pick) => {
        using sandbox = new Sandbox();
        const { path, expected } = write(sandbox, lines, isEnded);
        const at = expected.length === 0 ? 0 : pick % expected.length;
        const from = expected[at]?.begin ?? 0;
        expect(see(linesForward(path, { from }))).toEqual(expected.slice(at));
        expect(see(linesBackward(path, { from }))).toEqual(expected.slice(at).toReversed());
      }),
      { numRuns: 40 },
    );
  });

  test("with a text in them are those that have it, in either direction", () => {
    fc.assert(
      fc.property(content, ({ lines, isEnded }) => {
        using sandbox = new Sandbox();
        const { path, expected } = write(sandbox, lines, isEnded);
        const containing = NEEDLE;
        // A line that is too long is not looked into; whether it is told of does not matter.
        const ours = (seen: Seen[]) => seen.filter(({ text }) => text !== undefined);
        const wanted = expected.filter(({ text }) => text?.includes(bytesOf(NEEDLE)));
        expect(ours(see(linesForward(path, { containing })))).toEqual(wanted);
        expect(ours(see(linesBackward(path, { containing })))).toEqual(wanted.toReversed());
      }),
      { numRuns: 60 },
    );
  });
});

describe.each([
  ["forward", linesForward],
  ["backward", linesBackward],
] as const)("going %s", (_, lines) => {
  test.each([
    ["nothing", () => {}],
    ["a link", (path: string) => symlinkSync("/etc/hostname", path)],
    ["a folder", (path: string) => mkdirSync(path)],
    ["a pipe", (path: string) => run("mkfifo", path)],
  ])("through %s is refused", (_what, plant) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/lines`;
    plant(path);
    expect(() => see(lines(path))).toThrow(Fault);
  });

  test("ends where the reader has enough", () => {
    using sandbox = new Sandbox();
    const { path } = write(
      sandbox,
      Array.from({ length: 100 }, () => [60_000, "x"]),
      true,
    );
    let parts = 0;
    const onRead: LineOptions["onRead"] = () => ++parts <= 2;
    expect(see(lines(path, { onRead })).length).toBeWithin(20, 40);
  });
});

/** Writes lines of so many bytes, rounded up to whole units. */
function write(
  sandbox: Sandbox,
  lines: readonly (readonly [number, string])[],
  isEnded: boolean,
): { path: string; expected: Seen[] } {
  const path = `${sandbox.root}/lines`;
  const expected: Seen[] = [];
  let file = "";
  for (const [i, [bytes, unitOfLine]] of lines.entries()) {
    const text = unitOfLine.repeat(Math.ceil(bytes / unitOfLine.length));
    const isWhole = isEnded || i < lines.length - 1;
    const begin = file.length;
    file += isWhole ? `${text}\n` : text;
    if (file.length === begin) continue;
    const isOurs = text.length <= LONGEST_LINE_BYTES;
    expected.push({ text: isOurs ? text : undefined, begin, end: file.length, isWhole });
  }
  writeFileSync(path, file, "latin1");
  return { path, expected };
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

// A line's bytes are there only until the next line is asked for.
function see(lines: Iterable<Line>): Seen[] {
  return Array.from(lines, ({ bytes, ...line }) => ({ text: bytes?.toString("latin1"), ...line }));
}
