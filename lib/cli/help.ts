// The help: one page for all commands, and one for each.
import { aliasOf, choicesOf, isPositional } from "./arguments";
import type { Argument, Arguments, Command } from "./command";
import { pad, wrap } from "./render/text";
import type { Terminal } from "./terminal";

type Screen = Pick<Terminal, "columns" | "colors">;
type Row = readonly [left: string, right: string];

const OPTIONS: readonly Row[] = [
  ["-h, --help", "Show this help, or the help of a command"],
  ["-v, --version", "Show the version"],
];
const INDENT = "  ";
const GAP = "  ";
const BELOW = "      ";
const MIN_RIGHT_COLUMNS = 24;

/** What `claude-session --help` prints. */
export function renderOverview(
  name: string,
  description: string,
  commands: readonly (readonly [string, Command])[],
  screen: Screen,
): string {
  const { bold, cyan } = screen.colors;
  const rows = commands.map(([word, command]) => [word, command.description] as const);
  return [
    description,
    "",
    `${bold("Usage:")} ${name} COMMAND [OPTIONS]`,
    ...section("Commands:", rows, screen),
    ...section("Options:", OPTIONS, screen),
    "",
    `Run ${cyan(`${name} COMMAND --help`)} for the options and examples of a command.`,
  ].join("\n");
}

/** What `claude-session COMMAND --help` prints. */
export function renderHelp(
  name: string,
  word: string,
  { description, arguments: known, examples }: Command,
  screen: Screen,
): string {
  const all = Object.entries(known);
  const positionals = all.filter(([, argument]) => isPositional(argument));
  const options = all.filter(([, argument]) => !isPositional(argument));
  return [
    description,
    "",
    `${screen.colors.bold("Usage:")} ${usageOf(name, word, known)}`,
    ...section(
      "Arguments:",
      positionals.map(([, one]) => [valueOf(one), explain(one)]),
      screen,
    ),
    ...section(
      "Options:",
      options.map(([option, one]) => [flagOf(option, one), explain(one)]),
      screen,
    ),
    ...section(
      "Examples:",
      examples.map(([line, what]) => [`${name} ${line}`, what]),
      screen,
    ),
  ].join("\n");
}

/** How a command is called: `claude-session show [OPTIONS] [SESSION]`. */
export function usageOf(name: string, word: string, known: Arguments): string {
  const all = Object.values(known);
  const positionals = all.filter(isPositional);
  return [
    name,
    word,
    ...(positionals.length < all.length ? ["[OPTIONS]"] : []),
    ...positionals.map((one) => `[${valueOf(one)}]${one.type === "words" ? "..." : ""}`),
  ].join(" ");
}

/** The options that stand in place of a command. */
export const GENERAL_OPTIONS = OPTIONS;

/** A title and two columns. The right one is below the left one on a screen too narrow for both. */
function section(title: string, rows: readonly Row[], { columns, colors }: Screen): string[] {
  if (rows.length === 0) return [];
  const widest = Math.max(...rows.map(([left]) => left.length));
  const hanging = " ".repeat(INDENT.length + widest + GAP.length);
  const isNarrow = columns - hanging.length < MIN_RIGHT_COLUMNS;
  const lines = rows.map(([left, right]) =>
    isNarrow
      ? `${INDENT}${colors.cyan(left)}\n${BELOW}${wrap(right, columns, BELOW)}`
      : `${INDENT}${pad(colors.cyan(left), widest)}${GAP}${wrap(right, columns, hanging)}`,
  );
  return ["", colors.bold(title), ...lines];
}

/** An option as the help shows it: `-n, --limit N`. */
export function flagOf(option: string, argument: Argument): string {
  const alias = aliasOf(argument);
  const value = valueOf(argument);
  return `${alias === undefined ? "" : `-${alias}, `}--${option}${value === "" ? "" : ` ${value}`}`;
}

/** What the help calls the value of an argument. */
export function valueOf(argument: Argument): string {
  const choices = choicesOf(argument);
  if (choices !== undefined) return choices.join("|");
  return "value" in argument ? argument.value : "";
}

/** What the help says about an argument. */
export function explain(argument: Argument): string {
  const byDefault = "default" in argument ? argument.default : "";
  return argument.description + (byDefault === "" ? "" : ` (default: ${byDefault})`);
}
