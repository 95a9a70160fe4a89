// Values as outlines, and the reports of background tasks.
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
])("the outline of %j is %j, and no text looks like another field", (value, lines) => {
  expect(Array.from(outline(value))).toEqual(lines);
});

test("a very deep value is shown as JSON from some level on", () => {
  let deep: unknown = "bottom";
  for (let depth = 0; depth < 100; depth++) deep = { in: deep, and: 1 };
  const lines = Array.from(outline(deep));
  expect(lines.length).toBeLessThan(50);
  expect(lines.join("\n")).toContain('"bottom"');
});

test.each([
  ["<task-notification><summary>Agent done</summary>", "background task reports: Agent done"],
  ["<task-notification>", "<task-notification>"],
])("the report of a background task %j is shown as %j", (prompt, words) => {
  expect(describeTaskReport(prompt)).toBe(words);
});
