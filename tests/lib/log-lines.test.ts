import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { Fault } from "../../lib/fault";
import { linesBackward, linesForward, type Line, type LineOptions } from "../../lib/log-lines";
import { run } from "../support/commands";
import { Sandbox } from "../support/sandbox";

const LONGEST_LINE_BYTES = 262_144;
const WINDOW_BYTES = 1_048_576;

interface Seen {
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
const content = fc.record({
  lines: fc.array(fc.tuple(length, fc.constantFrom("x", "ñ", "🛒", "needle ")), { maxLength: 30 }),
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
        const containing = "needle";
        // A line that is too long is not looked into; whether it is told of does not matter.
        const ours = (seen: Seen[]) => seen.filter(({ text }) => text !== undefined);
        const wanted = expected.filter(({ text }) => text?.includes(containing));
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

/** Writes lines of so many bytes, as far as whole characters make them up. */
function write(
  sandbox: Sandbox,
  lines: readonly (readonly [number, string])[],
  isEnded: boolean,
): { path: string; expected: Seen[] } {
  const path = `${sandbox.root}/lines`;
  const expected: Seen[] = [];
  let text = "";
  let begin = 0;
  for (const [i, [bytes, unit]] of lines.entries()) {
    const line = unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit)));
    const isWhole = isEnded || i < lines.length - 1;
    const size = Buffer.byteLength(line);
    const end = begin + size + (isWhole ? 1 : 0);
    text += isWhole ? `${line}\n` : line;
    if (isWhole || size > 0)
      expected.push({ text: size > LONGEST_LINE_BYTES ? undefined : line, begin, end, isWhole });
    begin = end;
  }
  writeFileSync(path, text);
  return { path, expected };
}

// A line's bytes are there only until the next line is asked for.
function see(lines: Iterable<Line>): Seen[] {
  return Array.from(lines, ({ bytes, ...line }) => ({ text: bytes?.toString(), ...line }));
}
