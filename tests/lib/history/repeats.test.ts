// What may go in circles, and what does not.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { describeHint, findRepeats, isSlow } from "../../../lib/history/repeats";
import { callsInTurn, type GivenCall } from "../../support/timelines";

const run: GivenCall = ["Bash", { command: "bun test" }];
const fail: GivenCall = ["Bash", { command: "bun test" }, "failed"];
const edit: GivenCall = ["Edit", { file_path: "/a" }];
const look: GivenCall = ["Read", { file_path: "/a" }];

test.each<[name: string, calls: readonly GivenCall[], hints: readonly string[]]>([
  ["the same call twice", [run, run], []],
  ["three times", [run, run, run], ["repeats Bash 3"]],
  [
    "with others in between",
    [run, look, run, look, run, look],
    ["repeats Bash 3", "repeats Read 3"],
  ],
  ["again after an edit", [run, run, edit, run, run], []],
  [
    "an edit that failed changed nothing",
    [run, run, ["Edit", {}, "failed"], run],
    ["repeats Bash 3"],
  ],
  ["the same failure", [fail, fail, fail], ["fails Bash 3"]],
  [
    "failures of other commands",
    [fail, ["Bash", { command: "make" }, "failed"], look, ["Bash", { command: "ls" }, "failed"]],
    ["fails Bash 3"],
  ],
  ["a success in between", [fail, fail, ["Bash", { command: "ls" }], fail], ["repeats Bash 3"]],
  ["waiting for a command", [1, 2, 3].map((): GivenCall => ["BashOutput", { id: "b1" }]), []],
  [
    "a subagent, apart from its session",
    [
      run,
      ["Agent", {}, "succeeded", [run, run]],
      run,
      ["Agent", {}, "succeeded", [fail, fail, fail, fail]],
    ],
    ["fails Bash 4"],
  ],
])("%s", (_, calls, hints) => {
  const found = findRepeats(callsInTurn(calls));
  expect(found.map((hint) => `${hint.kind} ${hint.tool} ${hint.calls.length}`)).toEqual([...hints]);
});

test("says it in words", () => {
  const words = [run, run, run, edit, fail, fail, fail];
  expect(findRepeats(callsInTurn(words)).map((hint) => describeHint(hint, "/"))).toEqual([
    "Bash bun test: 3 times, with nothing changed in between",
    "Bash failed 3 times in a row",
  ]);
});

test("no hint has fewer than three calls, and none of another tool", () => {
  const call = fc.constantFrom(run, fail, edit, look);
  fc.assert(
    fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
      for (const hint of findRepeats(callsInTurn(calls))) {
        expect(hint.calls.length).toBeGreaterThanOrEqual(3);
        expect(hint.calls.every(({ tool }) => tool === hint.tool)).toBe(true);
        if (hint.kind === "fails")
          expect(hint.calls.every(({ outcome }) => outcome === "failed")).toBe(true);
      }
    }),
  );
});

test.each<[ms: number, calls: number, p95Ms: number, slow: boolean]>([
  [600_000, 9, 1000, false],
  [29_000, 100, 1000, false],
  [31_000, 100, 1000, true],
  [200_000, 100, 70_000, false],
  [211_000, 100, 70_000, true],
])("after %d ms, of %d calls that took %d ms: slow is %p", (ms, calls, p95Ms, slow) => {
  expect(isSlow(ms, { calls, p95Ms })).toBe(slow);
  expect(isSlow(ms, undefined)).toBe(false);
});
