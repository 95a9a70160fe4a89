// What a command of `claude-session` is: its arguments, its help, and how it ends.
import type { Terminal } from "./terminal";

/** Exit statuses, as in the help: done, failed, wrong usage. */
export type ExitStatus = 0 | 1 | 2;
export const DONE: ExitStatus = 0;
export const FAILED: ExitStatus = 1;
export const WRONG_USAGE: ExitStatus = 2;

interface Described {
  /** One line of the help. */
  readonly description: string;
}

/** An argument: `--name`, `--name VALUE`, one of several values, a word without a dash, or all such words. */
export type Argument = Described &
  (
    | { readonly type: "boolean"; readonly alias?: string }
    | {
        readonly type: "string" | "positional";
        readonly alias?: string;
        /** What the help calls the value: `FILE`. Completions know by it what a value can be. */
        readonly value: string;
        readonly default?: string;
        /** All that it can be, if there are few. */
        readonly choices?: readonly string[];
      }
    | { readonly type: "words"; readonly value: string }
    | { readonly type: "choice"; readonly choices: readonly string[]; readonly default?: string }
  );

/** The arguments of a command, by name, the positional ones in their order. */
export type Arguments = Readonly<Record<string, Argument>>;

/** The values of arguments: a boolean is `false`, and a string without a default `undefined`, if absent. */
export type Values<A extends Arguments> = {
  readonly [K in keyof A]: A[K] extends { readonly type: "boolean" }
    ? boolean
    : A[K] extends { readonly type: "words" }
      ? readonly string[]
      : | (A[K] extends { readonly choices: readonly (infer Choice)[] } ? Choice : string)
        | (A[K] extends { readonly default: string } ? never : undefined);
};

/** The program that a command belongs to, for commands about the others. */
export interface Program {
  readonly name: string;
  readonly description: string;
  /** Loads every command, in the order of the help. */
  commands(): Promise<readonly (readonly [name: string, command: Command])[]>;
}

/** One command. */
export interface Command<A extends Arguments = Arguments> extends Described {
  readonly arguments: A;
  /** Command lines without the program's name, and what each does. */
  readonly examples: readonly (readonly [string, string])[];
  run(values: Values<A>, terminal: Terminal, program: Program): ExitStatus | Promise<ExitStatus>;
}

/** Types a command by its arguments. */
export function defineCommand<const A extends Arguments>(command: Command<A>): Command {
  return command as unknown as Command;
}

/** A mistake in the command line. The message says what is wrong; the program adds where to find help. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** A misspelt word, and the words that it could have been. */
    readonly misspelt?: { readonly given: string; readonly known: readonly string[] },
  ) {
    super(message);
  }
}

/** A command that could not do its work. The message is for a person and says what to do about it. */
export class CommandError extends Error {}
