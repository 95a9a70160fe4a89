import { expect, test } from "bun:test";
import { outline } from "../../../../lib/cli/render/outcome";
import { describeTaskReport } from "../../../../lib/history/describe";

test.each([
  ["text", ["text"]],
  [7, ["7"]],
  [null, ["null"]],
  [{ a: 1, b: { c: "x", d: "y" } }, ["a: 1", "b:", "  c: x", "  d: y"]],
  [
    ["x", { a: 1, b: 2 }],
    ["- x", "-", "  a: 1", "  b: 2"],
  ],
  [{ lines: "one\n  two" }, ["lines:", "  one", "    two"]],
  [{ path: "/a\rresponse: ok" }, ["path:", "  /a", "  response: ok"]],
  [{ "a\nb": 1 }, ["a b: 1"]],
  [{}, []],
])("%j is outlined as %j, and no text in it can look like another field", (value, lines) => {
  expect(Array.from(outline(value))).toEqual(lines);
});

test("what is very deep is JSON from there on", () => {
  let deep: unknown = "bottom";
  for (let depth = 0; depth < 100; depth++) deep = { in: deep, and: 1 };
  const lines = Array.from(outline(deep));
  expect(lines.length).toBeLessThan(50);
  expect(lines.join("\n")).toContain('"bottom"');
});

test.each([
  ["<task-notification><summary>Agent done</summary>", "a background task reports: Agent done"],
  ["<task-notification>", "<task-notification>"],
])("the report %j is %j", (prompt, words) => {
  expect(describeTaskReport(prompt)).toBe(words);
});
