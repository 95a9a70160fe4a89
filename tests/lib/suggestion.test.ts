// The word that a misspelt one was probably meant to be.
import { expect, test } from "bun:test";
import { suggestWord } from "../../lib/suggestion";
import { observableEvents } from "../../lib/events";

const COMMANDS = [
  "install",
  "uninstall",
  "doctor",
  "list",
  "show",
  "tail",
  "stats",
  "id",
  "forward",
];
const OPTIONS = ["--follow", "--lines", "--session", "--project", "--json"];

test.each([
  ["lst", COMMANDS, "list", "a letter is missing"],
  ["ls", COMMANDS, "list", "two letters are missing"],
  ["LIST", COMMANDS, "list", "capitals do not matter"],
  ["unistal", COMMANDS, "uninstall", "two letters are missing"],
  ["f", COMMANDS, "forward", "the start of only one word"],
  ["is", COMMANDS, "id", "half of a short word may be wrong"],
  ["ps", COMMANDS, undefined, "but not all of it"],
  ["s", COMMANDS, undefined, "the start of two words"],
  ["-x", COMMANDS, undefined, "nothing is similar"],
  ["", COMMANDS, undefined, "the start of every word"],
  ["constructor", COMMANDS, undefined, "nothing is similar"],
  ["--sesion", OPTIONS, "--session", "a letter is missing"],
  ["--ful", OPTIONS, undefined, "three letters are wrong"],
  ["--follw", OPTIONS, "--follow", "a letter is missing"],
  ["PreToolUsed", observableEvents(), "PreToolUse", "a letter too many"],
  ["pretooluse", observableEvents(), "PreToolUse", "capitals do not matter"],
  ["x", [], undefined, "no word is known"],
])("%j of %j suggests %j: %s", (given, known, meant) => {
  expect(suggestWord(given, known)).toBe(meant);
});
