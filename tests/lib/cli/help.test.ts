// The help of every command, on screens of several widths.
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { createColors } from "picocolors";
import type { Command } from "../../../lib/cli/command";
import { renderHelp, renderOverview } from "../../../lib/cli/help";

const NAME = "claude-session";
const folder = `${import.meta.dir}/../../../lib/cli/commands`;
const commands = await Promise.all(
  readdirSync(folder).map(async (file): Promise<[string, Command]> => {
    const { default: command } = (await import(`${folder}/${file}`)) as { default: Command };
    return [file.replace(".ts", ""), command];
  }),
);

const screen = (columns: number, isColored = false) => ({
  columns,
  colors: createColors(isColored),
});

describe.each(commands)("the help of %s", (name, command) => {
  const helpAt = (columns: number, isColored = false) =>
    renderHelp(NAME, name, command, screen(columns, isColored));

  test("has its usage, options and examples", () => {
    const text = helpAt(200);
    expect(text).toStartWith(`${command.description}\n\nUsage: ${NAME} ${name}`);
    for (const option of Object.keys(command.arguments))
      expect(text.toLowerCase()).toContain(option);
    for (const [words, what] of command.examples) {
      expect(words.startsWith(name)).toBeTrue();
      expect(text).toMatch(new RegExp(`^  ${RegExp.escape(`${NAME} ${words}`)} +${what}$`, "m"));
    }
  });

  test.each([80, 100])("fits into %p columns, and color changes no text", (columns) => {
    for (const line of helpAt(columns).split("\n"))
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(Bun.stripANSI(helpAt(columns, true))).toBe(helpAt(columns));
  });

  test("has each explanation below its example on a narrow screen", () => {
    expect(helpAt(50)).toMatch(/^Examples:\n(?: {2}claude-session .*\n(?: {6}\w.*\n?)+)+$/m);
  });
});

test("the overview lists every command with its description", () => {
  const text = renderOverview(NAME, "What it does.", commands, screen(80));
  expect(text).toStartWith(`What it does.\n\nUsage: ${NAME} COMMAND [OPTIONS]\n`);
  for (const [name, { description }] of commands)
    expect(text).toMatch(new RegExp(`^  ${name} +${description}$`, "m"));
  for (const line of text.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
});
