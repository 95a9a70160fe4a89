// Which files calls touch.
import { expect, test } from "bun:test";
import { fileOf, filesTouched } from "../../../lib/history/files-touched";
import { buildTimeline } from "../../../lib/history/timeline-builder";
import { recordedSession, SESSION } from "../../support/recorded-session";
import { callsInTurn } from "../../support/timelines";

test.each<[tool: string, parameters: unknown, file: string]>([
  ["Read", { file_path: "/a.ts" }, "read /a.ts"],
  ["Edit", { file_path: "/a.ts", old_string: "a", new_string: "b" }, "changed /a.ts"],
  ["Write", { file_path: "/a.ts", content: "" }, "changed /a.ts"],
  ["NotebookEdit", { notebook_path: "/a.ipynb" }, "changed /a.ipynb"],
  ["mcp__filesystem__write_file", { path: "/a.ts" }, "changed /a.ts"],
  ["mcp__file_system__read_text_file", { path: "/a.ts" }, "read /a.ts"],
  ["mcp__files__overwriter", { path: "/a.ts" }, "none"],
  ["mcp__db__create_issue", { title: "no path" }, "none"],
  ["Grep", { path: "/src", pattern: "x" }, "none"],
  ["Bash", { command: "rm /a.ts" }, "none"],
  ["constructor", { file_path: "/a.ts" }, "none"],
  ["Read", { file_path: 1 }, "none"],
  ["Read", { file_path: "" }, "none"],
  ["Read", undefined, "none"],
])("%s %j: %s", (tool, parameters, expected) => {
  const file = fileOf(tool, parameters);
  expect(file === undefined ? "none" : `${file.use} ${file.path}`).toBe(expected);
});

test("counts what succeeded, changed files first, calls of subagents too", () => {
  const timeline = callsInTurn([
    ["Read", { file_path: "/read-only" }],
    ["Read", { file_path: "/b" }],
    ["Edit", { file_path: "/b" }],
    ["Edit", { file_path: "/failed" }, "failed"],
    ["Write", { file_path: "/denied" }, "denied"],
    ["Write", { file_path: "/running" }, "running"],
    ["Agent", {}, "succeeded", [["Write", { file_path: "/by-agent" }]]],
    ["Read", { file_path: "/b" }],
  ]);
  expect(
    filesTouched(timeline).map(({ path, reads, changes, calls }) => [
      path,
      reads,
      changes,
      calls.length,
    ]),
  ).toEqual([
    ["/b", 2, 1, 3],
    ["/by-agent", 0, 1, 1],
    ["/read-only", 1, 0, 1],
  ]);
});

test("of a recorded session", async () => {
  const records = (await recordedSession()).filter(({ session_id }) => session_id === SESSION);
  const files = filesTouched(buildTimeline(records, Date.now(), true));
  expect(files.map(({ reads, changes }) => [reads, changes])).toEqual([[1, 0]]);
  expect(files[0]?.path).toStartWith("/home/you/shop/src/");
});
