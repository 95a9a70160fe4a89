// The difference between two versions of a file.
import { createTwoFilesPatch } from "diff";
import type { Terminal } from "../terminal";

// As `diff -u` shows them.
const CONTEXT_LINES = 3;

/** The difference as `diff -u` shows it. */
export function renderDiff(
  path: string,
  before = "",
  after = "",
  { colors }: Pick<Terminal, "colors">,
): string {
  const patch = createTwoFilesPatch(path, path, before, after, "before", "after", {
    context: CONTEXT_LINES,
  });
  return patch
    .split("\n")
    .filter((line) => !/^(===|Index: )/.test(line))
    .map((line) => line.replace(/\r$/, ""))
    .map((line) => {
      if (line.startsWith("+")) return colors.green(line);
      if (line.startsWith("-")) return colors.red(line);
      return line.startsWith("@@") ? colors.cyan(line) : line;
    })
    .join("\n")
    .trimEnd();
}
