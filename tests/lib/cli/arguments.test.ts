// The words of a command line as values, and the mistakes in them.
import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../lib/cli/arguments";
import { UsageError, type Arguments } from "../../../lib/cli/command";

const KNOWN: Arguments = {
  session: { type: "positional", description: "", value: "SESSION", default: "latest" },
  follow: { type: "boolean", alias: "f", description: "" },
  lines: { type: "string", alias: "n", description: "", value: "N", default: "20" },
  project: { type: "string", description: "", value: "NAME" },
  by: { type: "choice", choices: ["tool", "day"], description: "", default: "tool" },
};
const DEFAULTS = { session: "latest", follow: false, lines: "20", project: undefined, by: "tool" };

test.each([
  ["", {}, "defaults stand for what is absent"],
  ["--follow", { follow: true }, "a boolean has no value"],
  ["-f", { follow: true }, "an alias is a letter"],
  ["--lines 5", { lines: "5" }, "a value may be the next word"],
  ["--lines=5", { lines: "5" }, "a value may come after ="],
  ["-n 5", { lines: "5" }, "an alias may have a value"],
  ["-n5", { lines: "5" }, "the value of an alias may follow directly"],
  ["-fn 5", { follow: true, lines: "5" }, "aliases may be grouped"],
  ["--lines -1", { lines: "-1" }, "a value may begin with a dash"],
  ["--project --x", { project: "--x" }, "a value may look like an option that is not known"],
  ["--project=--follow", { project: "--follow" }, "a value after = may be an option"],
  ["--by day", { by: "day" }, "one of the choices"],
  ["--lines 1 --lines 2", { lines: "2" }, "the last one counts"],
  ["1111", { session: "1111" }, "a word without a dash"],
  ["1111 -f", { session: "1111", follow: true }, "options may come last"],
  ["-- --follow", { session: "--follow" }, "after -- there are no options"],
  ["-", { session: "-" }, "a dash is not an option"],
])("%j is %j: %s", (words, values) => {
  expect<unknown>(parseArguments(KNOWN, wordsOf(words))).toEqual({ ...DEFAULTS, ...values });
});

describe("a mistake is named:", () => {
  test.each([
    ["--folow", "unknown option --folow"],
    ["-x", "unknown option -x"],
    ["-fx", "unknown option -x"],
    ["--f", "unknown option --f"],
    ["--session x", "unknown option --session"],
    ["--no-follow", "unknown option --no-follow"],
    ["--__proto__", "unknown option --__proto__"],
    ["--constructor=x", "unknown option --constructor"],
    ["--follow=yes", "--follow takes no value"],
    ["--lines", "--lines needs a value"],
    ["--lines=", "--lines needs a value"],
    ["-n", "-n needs a value"],
    ["--project --follow", "--project needs a value"],
    ["--project -f", "--project needs a value"],
    ["--by", "--by needs a value"],
    ["--by hour", '--by: "hour" is not one of tool, day'],
    ["1111 2222", 'unexpected argument "2222"'],
    ["-- 1111 --follow", 'unexpected argument "--follow"'],
  ])("%j: %s", (words, message) => {
    expect(() => parseArguments(KNOWN, wordsOf(words))).toThrow(new UsageError(message));
  });

  test.each([
    ["--folow", { given: "--folow", known: ["--follow", "--lines", "--project", "--by"] }],
    ["--by hour", { given: "hour", known: ["tool", "day"] }],
    ["1111 2222", undefined],
  ])("%j could have been one of %j", (words, misspelt) => {
    try {
      parseArguments(KNOWN, wordsOf(words));
      expect.unreachable();
    } catch (error) {
      expect((error as UsageError).misspelt).toEqual(misspelt);
    }
  });
});

function wordsOf(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
