import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { linesBackward, linesForward, type Line, type LineOptions } from "../../../lib/log/lines";
import { Fault } from "../../../lib/os/fault";
import { run } from "../../../scripts/harness/system-commands";
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

// Lengths around the limits of a line and of a window, and any in between.
const length = fc.oneof(
  { weight: 20, arbitrary: fc.nat(400) },
  { weight: 4, arbitrary: fc.integer({ min: 50_000, max: 200_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => LONGEST_LINE_BYTES + n) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((n) => WINDOW_BYTES + n) },
  { weight: 1, arbitrary: fc.integer({ min: WINDOW_BYTES, max: 3 * WINDOW_BYTES }) },
);
const NEEDLE = "nådel";
// The content of lines; the last is not UTF-8.
const unit = fc.constantFrom(...["x", "ñ", "🛒", `${NEEDLE} `].map(bytesOf), "\0\u00ff\u00c3");
const content = fc.record({
  lines: fc.array(fc.tuple(length, unit), { maxLength: 30 }),
  isEnded: fc.boolean(),
});

describe("the lines of any file", () => {
  test("cover it from its first byte to its last, and are the same backward", () => {
    fc.assert(
      fc.property(content, ({ lines, isEnded }) => {
        using sandbox = new Sandbox();
        const { path, expected } = write(sandbox, lines, isEnded);
        expect(linesSeen(linesForward(path))).toEqual(expected);
        expect(linesSeen(linesBackward(path))).toEqual(expected.toReversed());
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["only a line that fills a window", [WINDOW_BYTES - 1]],
    ["a line that ends where the first window does", [100, WINDOW_BYTES - 102, 7]],
    ["a newline as the first byte of the next window", [100, WINDOW_BYTES - 101, 7]],
    ["a short line that begins where a window does", [WINDOW_BYTES - 1, 7, 7]],
    ["a last window that holds exactly one line", [7, WINDOW_BYTES - 1]],
    ["a last line as long as ours can be", [7, LONGEST_LINE_BYTES]],
    ["a last line that is a byte longer than that", [7, LONGEST_LINE_BYTES + 1]],
    ["two long lines, one after the other", [2 * WINDOW_BYTES, 2 * WINDOW_BYTES - 1]],
    ["only empty lines", [0, 0, 0]],
    ["no bytes", []],
  ] as [string, number[]][])("are found in a file with %s", (_, lengths) => {
    using sandbox = new Sandbox();
    for (const isEnded of [true, false]) {
      const lines = lengths.map((bytes) => [bytes, "x"] as const);
      const { path, expected } = write(sandbox, lines, isEnded);
      expect(linesSeen(linesForward(path))).toEqual(expected);
      expect(linesSeen(linesBackward(path))).toEqual(expected.toReversed());
    }
  });

  test("can be read from the beginning of any of them", () => {
    fc.assert(
      fc.property(content, fc.nat(), ({ lines, isEnded }, pick) => {
        using sandbox = new Sandbox();
        const { path, expected } = write(sandbox, lines, isEnded);
        const at = expected.length === 0 ? 0 : pick % expected.length;
        const from = expected[at]?.begin ?? 0;
        expect(linesSeen(linesForward(path, { from }))).toEqual(expected.slice(at));
        expect(linesSeen(linesBackward(path, { from }))).toEqual(expected.slice(at).toReversed());
      }),
      { numRuns: 40 },
    );
  });

  test("can be limited to those that contain a text, in either direction", () => {
    fc.assert(
      fc.property(content, ({ lines, isEnded }) => {
        using sandbox = new Sandbox();
        const { path, expected } = write(sandbox, lines, isEnded);
        // A line that is too long is not searched; whether it is reported does not matter.
        const ours = (seen: Seen[]) => seen.filter(({ text }) => text !== undefined);
        const wanted = expected.filter(({ text }) => text?.includes(bytesOf(NEEDLE)));
        // The last part of it, in any case.
        for (const containing of [NEEDLE, /DEL/gi]) {
          expect(ours(linesSeen(linesForward(path, { containing })))).toEqual(wanted);
          expect(ours(linesSeen(linesBackward(path, { containing })))).toEqual(wanted.toReversed());
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe.each([
  ["forward", linesForward],
  ["backward", linesBackward],
] as const)("reading %s", (_, lines) => {
  test.each([
    ["a missing file", () => {}],
    ["a link", (path: string) => symlinkSync("/etc/hostname", path)],
    ["a folder", (path: string) => mkdirSync(path)],
    ["a pipe", (path: string) => run("mkfifo", path)],
  ])("throws on %s", (_what, plant) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.root}/lines`;
    plant(path);
    expect(() => linesSeen(lines(path))).toThrow(Fault);
  });

  test("ends when `onRead` returns false", () => {
    using sandbox = new Sandbox();
    const { path } = write(
      sandbox,
      Array.from({ length: 100 }, () => [60_000, "x"]),
      true,
    );
    let parts = 0;
    const onRead: LineOptions["onRead"] = () => ++parts <= 2;
    expect(linesSeen(lines(path, { onRead })).length).toBeWithin(20, 40);
  });
});

/** Writes lines of the given numbers of bytes, rounded up to whole units. */
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

// A line's bytes are valid only until the next line is read, so they are copied.
function linesSeen(lines: Iterable<Line>): Seen[] {
  return Array.from(lines, ({ bytes, ...line }) => ({ text: bytes?.toString("latin1"), ...line }));
}
