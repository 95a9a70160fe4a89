// The words of a command line as the values of a command's arguments.
import { UsageError, type Argument, type Arguments, type Values } from "./command";

/**
 * Parses the words that follow a command's name. A default stands for an argument that is absent.
 *
 * @throws {UsageError} for anything that the command does not know or that has no value
 */
export function parseArguments(known: Arguments, words: readonly string[]): Values<Arguments> {
  const values = defaults(known);
  // `id` alone is what scripts run most, and loading `node:util` costs 0.5 ms (Bun 1.4.5).
  if (words.length === 0) return values as Values<Arguments>;
  const { parseArgs } = require("node:util") as typeof import("node:util");
  const { tokens } = parseArgs({
    args: [...words],
    options: optionsOf(known),
    // Its own strict mode neither suggests the right word nor points to the help.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals = Object.keys(known).filter((name) => known[name]?.type === "positional");
  const list = Object.keys(known).find((name) => known[name]?.type === "words");
  for (const token of tokens) {
    if (token.kind === "option") values[token.name] = optionValue(known, token);
    if (token.kind !== "positional") continue;
    if (list !== undefined) {
      (values[list] as string[]).push(token.value);
      continue;
    }
    const name = positionals.shift();
    if (name === undefined) throw new UsageError(`unexpected argument "${token.value}"`);
    values[name] = oneOf(known[name], name, token.value);
  }
  return values as Values<Arguments>;
}

type MutableValues = Record<string, string | boolean | string[] | undefined>;

function defaults(known: Arguments): MutableValues {
  const values: MutableValues = {};
  for (const [name, argument] of Object.entries(known)) values[name] = defaultOf(argument);
  return values;
}

function defaultOf(argument: Argument): MutableValues[string] {
  switch (argument.type) {
    case "boolean":
      return false;
    case "words":
      return [];
    default:
      return argument.default;
  }
}

function optionsOf(
  known: Arguments,
): Record<string, { type: "boolean" | "string"; short?: string }> {
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  for (const [name, argument] of Object.entries(known)) {
    if (isPositional(argument)) continue;
    const alias = aliasOf(argument);
    options[name] = {
      type: argument.type === "boolean" ? "boolean" : "string",
      ...(alias !== undefined && { short: alias }),
    };
  }
  return options;
}

/** Whether an argument is given without a dash. */
export function isPositional({ type }: Argument): boolean {
  return type === "positional" || type === "words";
}

/** All values that an argument can have, if they are few. */
export function choicesOf(argument: Argument): readonly string[] | undefined {
  return "choices" in argument ? argument.choices : undefined;
}

/** The letter that stands for an option, without its dash. */
export function aliasOf(argument: Argument): string | undefined {
  return "alias" in argument ? argument.alias : undefined;
}

interface OptionToken {
  readonly name: string;
  /** As it was written: `--name` or `-n`. */
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionValue(
  known: Arguments,
  { name, rawName, value, inlineValue }: OptionToken,
): string | boolean {
  const argument = Object.hasOwn(known, name) ? known[name] : undefined;
  if (argument === undefined || isPositional(argument))
    throw new UsageError(`unknown option ${rawName}`, {
      given: rawName,
      known: Object.keys(optionsOf(known)).map((option) => `--${option}`),
    });
  if (argument.type === "boolean") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return true;
  }
  const isNextOption = inlineValue === false && isKnownOption(known, value ?? "");
  if (value === undefined || value === "" || isNextOption)
    throw new UsageError(`${rawName} needs a value`);
  return oneOf(argument, rawName, value);
}

function oneOf(argument: Argument | undefined, name: string, value: string): string {
  const choices = argument && choicesOf(argument);
  if (choices === undefined || choices.includes(value)) return value;
  throw new UsageError(`${name}: "${value}" is not one of ${choices.join(", ")}`, {
    given: value,
    known: choices,
  });
}

function isKnownOption(known: Arguments, word: string): boolean {
  return Object.entries(optionsOf(known)).some(
    ([option, { short }]) =>
      word === `--${option}` || (short !== undefined && word === `-${short}`),
  );
}
