// What a verb of the command line is, and what it is given.
import type { ArgsDef, ParsedArgs } from "citty";
import type { Colors } from "picocolors/types";

/** Exit codes: done, not so, wrong usage. */
export type ExitCode = 0 | 1 | 2;
export const DONE: ExitCode = 0;
export const FAILED: ExitCode = 1;
export const WRONG_USAGE: ExitCode = 2;

/** Where a verb prints: the only way to stdout and stderr. */
export interface Terminal {
  /** Width in columns; 80 where nobody knows. */
  readonly columns: number;
  /** Functions that colour, or do nothing where colour is not wanted. */
  readonly colors: Colors;
  /** Writes one or more lines to stdout. */
  print(text: string): void;
  /** Writes a line to stderr, beside the data: a warning, a footnote. */
  note(text: string): void;
  /** Shows how far a long work is, from 0 to 1, if a person looks on. */
  progress(what: string, share: number): void;
  /** Takes the line of progress away. */
  clearProgress(): void;
}

/** One verb. */
export interface Command<Args extends ArgsDef = ArgsDef> {
  /** What it does, in one line of the help. */
  readonly description: string;
  readonly args: Args;
  /** Command lines without the program's name, and what each does. */
  readonly examples: readonly (readonly [string, string])[];
  run(args: ParsedArgs<Args>, terminal: Terminal): ExitCode | Promise<ExitCode>;
}

/** Types a verb by its arguments. */
export function defineCommand<const Args extends ArgsDef>(verb: Command<Args>): Command {
  return verb as unknown as Command;
}

/** A mistake of the person at the keyboard: the message says what is wrong, and the help follows. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** What was written, and what could have been meant. */
    readonly meant?: { readonly word: string; readonly known: readonly string[] },
  ) {
    super(message);
  }
}

/** Something that could not be done; the message is for a person and says what to do about it. */
export class CommandError extends Error {}
