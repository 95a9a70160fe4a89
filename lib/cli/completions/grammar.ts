// The grammar of the command line: the table of commands in the form that completion scripts need.
import { aliasOf, choicesOf, isPositional } from "../arguments";
import type { Argument, Program } from "../command";
import { GENERAL_OPTIONS } from "../help";

/** What a value can be: one of a list, something of the log, something on the disk, or anything. */
export type Source =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "sessions" | "projects" | "files" | "folders" | "anything" };

/** An option with its dashes. */
export interface OptionRule {
  readonly name: string;
  /** One letter, without its dash. */
  readonly alias: string | undefined;
  readonly description: string;
  /** `undefined` for an option without a value. */
  readonly value: Source | undefined;
}

/** A command, its options, and what its arguments without a dash can be. */
export interface CommandRule {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionRule[];
  readonly arguments: readonly { readonly name: string; readonly value: Source }[];
}

/** Everything that a completion script says. */
export interface Grammar {
  readonly program: string;
  readonly commands: readonly CommandRule[];
  /** The options that stand in place of a command, such as `--version`. */
  readonly options: readonly OptionRule[];
}

// By what the help calls them, so that a new argument completes without a second table.
const BY_VALUE: Readonly<Record<string, Exclude<Source["kind"], "words">>> = {
  SESSION: "sessions",
  NAME: "projects",
  FILE: "files",
  "FILE|-": "files",
  FOLDER: "folders",
};
const HELP: OptionRule = {
  name: "help",
  alias: "h",
  description: "Show the help of this command",
  value: undefined,
};

/** Reads the table of commands. */
export async function grammarOf(program: Program): Promise<Grammar> {
  const commands = await program.commands();
  return {
    program: program.name,
    options: GENERAL_OPTIONS.map(([flags, description]) => {
      const [alias = "", name = ""] = flags.split(", ").map((flag) => flag.replace(/^-+/, ""));
      return { name, alias, description, value: undefined };
    }),
    commands: [
      ...commands.map(([name, { description, arguments: known }]): CommandRule => {
        const all = Object.entries(known);
        return {
          name,
          description,
          options: [
            ...all
              .filter(([, one]) => !isPositional(one))
              .map(([option, one]) => ({
                name: option,
                alias: aliasOf(one),
                description: one.description,
                value: one.type === "boolean" ? undefined : sourceOf(one),
              })),
            HELP,
          ],
          arguments: all
            .filter(([, one]) => isPositional(one))
            .map(([argument, one]) => ({ name: argument, value: sourceOf(one) })),
        };
      }),
      {
        name: "help",
        description: "Show the help of a command",
        options: [],
        arguments: [{ name: "command", value: words(commands.map(([name]) => name)) }],
      },
    ],
  };
}

function sourceOf(argument: Argument): Source {
  const choices = choicesOf(argument);
  if (choices !== undefined) return words(choices);
  const kind = "value" in argument ? BY_VALUE[argument.value] : undefined;
  return { kind: kind ?? "anything" };
}

function words(list: readonly string[]): Source {
  return { kind: "words", words: list };
}
