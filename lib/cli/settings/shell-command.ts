// Which of our programs a hook's command starts. A person or the client may have rewritten our entries: without `args`,
// quoted, behind `exec`, `env` or a test whether the program exists, with redirections.
import { basename, resolve } from "node:path";
import type { Environment } from "../../os/paths";
import { expand, tokenize, unquote, type Token } from "./shell-words";

/** Finds one of our programs by a path or, where a command's name stands, by a bare name. */
export type FindProgram<P> = (word: string) => P | undefined;

/** A program that a command starts. It is `alone` if the rest of the command is only a wrapper around it. */
export interface CommandTarget<P> {
  readonly program: P;
  readonly alone: boolean;
}

/**
 * Finds our program in a command hook.
 *
 * @param args `undefined` for the shell form: https://code.claude.com/docs/en/hooks
 * @returns `undefined` for a command that does not name one
 */
export function commandTarget<P>(
  command: string,
  args: readonly string[] | undefined,
  env: Environment,
  find: FindProgram<P>,
): CommandTarget<P> | undefined {
  const reading = new Reading(env, find);
  if (args !== undefined) {
    reading.run([command, ...args].map((word) => expand(word, env)));
    return reading.target;
  }
  // Without a shell's quoting, an absolute path with spaces is what a person most likely meant.
  const plain = isPlainPath(command) ? find(command) : undefined;
  if (plain !== undefined) return { program: plain, alone: true };
  reading.script(command);
  return reading.target;
}

function isPlainPath(command: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/])[^"'$`;&|<>()*?\n]*$/.test(command) && !/\s-|\s\//.test(command);
}

/** Words of the shell's grammar, before which a command may begin. */
const RESERVED = /^(?:if|then|elif|else|fi|!|\{|\})$/;

/** Commands that only start another one: options that have a value, and how many operands precede the other command. */
const WRAPPERS: Readonly<Record<string, { readonly valued?: RegExp; readonly operands?: number }>> =
  {
    builtin: {},
    command: {},
    env: { valued: /^(?:-u|-C|--unset|--chdir)$/ },
    exec: { valued: /^-a$/ },
    ionice: { valued: /^-[cn]$/ },
    nice: { valued: /^(?:-n|--adjustment)$/ },
    nohup: {},
    setsid: {},
    stdbuf: { valued: /^-[ioe]$/ },
    time: { valued: /^-[fo]$/ },
    timeout: { valued: /^(?:-[ks]|--kill-after|--signal)$/, operands: 1 },
  };

/** Commands that do nothing by themselves: they test, decide about the exit status, or prepare the shell. */
const HARMLESS =
  /^(?:\[|\[\[|test|true|false|:|exit|return|cd|export|set|umask|unset|wait|hash|type|which)$/;

/** Commands that name a program without starting it. */
const NAMING =
  /^(?:basename|cat|chmod|cp|dirname|echo|file|grep|head|ls|md5sum|mv|printf|readlink|realpath|rm|sha256sum|stat|tail|touch|wc)$/;

/** What is known of a command so far. */
class Reading<P> {
  private readonly env: Record<string, string | undefined>;
  private started: P | undefined;
  private named: P | undefined;
  private runsMore = false;
  /** Where a `cd` of the command went. */
  private folder: string | undefined;

  constructor(
    env: Environment,
    private readonly find: FindProgram<P>,
  ) {
    this.env = { ...env };
  }

  get target(): CommandTarget<P> | undefined {
    if (this.started !== undefined) return { program: this.started, alone: !this.runsMore };
    return this.named === undefined ? undefined : { program: this.named, alone: false };
  }

  /** Reads a whole script. */
  script(text: string): void {
    const tokens = tokenize(text);
    if (tokens === undefined) {
      // It starts something that cannot be read, and perhaps ours.
      this.runsMore = true;
      this.mention(text);
      return;
    }
    for (const words of simpleCommands(tokens)) this.simple(words);
  }

  private simple(quoted: readonly string[]): void {
    const words = quoted.slice(assignments(quoted));
    for (const assignment of quoted.slice(0, quoted.length - words.length)) {
      const [name = "", ...value] = assignment.split("=");
      // A prefix of a command counts for that command alone, but none gives one name two meanings.
      this.env[name] = unquote(value.join("="), this.env);
    }
    this.run(words.map((word) => unquote(word, this.env)));
  }

  /** Reads one command, without its assignments and redirections. */
  run(words: readonly string[]): void {
    const at = wrapped(words);
    const [name, ...args] = words.slice(at);
    if (name === undefined) return;
    const program = this.find(this.inFolder(name));
    if (program !== undefined) {
      this.started ??= program;
      return;
    }
    const command = basename(name);
    if (command === "cd")
      this.folder = args[0] === undefined ? this.env["HOME"] : this.inFolder(args[0], true);
    const script = scriptOf(command, args);
    if (script !== undefined) this.script(script);
    // `command -v` only looks for a program, and a plain `cat` hands on its input.
    else if (HARMLESS.test(command) || (words[0] === "command" && words[1] === "-v")) return;
    else if (command === "cat" && args.every((arg) => arg === "-")) return;
    else {
      this.runsMore = true;
      if (!NAMING.test(command)) for (const word of args) this.mention(word);
    }
  }

  /** Looks for our program's path in a text of which only that much can be understood. */
  private mention(text: string): void {
    for (const word of [text, ...text.split(/[\s'"`;&|<>(){}=]+/)]) {
      const path = expand(word, this.env);
      if (/[/\\]/.test(path)) this.named ??= this.find(path);
    }
  }

  private inFolder(path: string, isFolder = false): string {
    const isRelative = isFolder
      ? !path.startsWith("/")
      : /^\.{0,2}[^/]*\//.test(path) && !path.startsWith("/");
    return isRelative && this.folder !== undefined ? resolve(this.folder, path) : path;
  }
}

/** Splits tokens into the words of each command, without redirections. */
function simpleCommands(tokens: readonly Token[]): string[][] {
  const commands: string[][] = [[]];
  for (let at = 0; at < tokens.length; at++) {
    const { text, isOperator } = tokens[at] as Token;
    const words = commands.at(-1) ?? [];
    if (!isOperator) {
      if (words.length > 0 || !RESERVED.test(text)) words.push(text);
    } else if (/[<>]/.test(text)) {
      at++; // Its file or descriptor.
    } else commands.push([]);
  }
  return commands;
}

function assignments(words: readonly string[]): number {
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return first < 0 ? words.length : first;
}

/** How many words come before the command that wrappers start in the end. */
function wrapped(words: readonly string[]): number {
  for (let at = 0; ;) {
    at += assignments(words.slice(at));
    const name = basename(words[at] ?? "");
    const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
    if (wrapper === undefined) return at;
    at++;
    for (; words[at]?.startsWith("-") === true; at++)
      if (wrapper.valued?.test(words[at] ?? "") === true) at++;
    at += wrapper.operands ?? 0;
  }
}

/** The script that a shell is given as one argument. */
function scriptOf(command: string, args: readonly string[]): string | undefined {
  if (command === "eval") return args.join(" ");
  if (!/^(?:ba|da|k|z)?sh$/.test(command)) return undefined;
  const at = args.findIndex((arg) => /^-\w*c$/.test(arg));
  return at < 0 || args.slice(0, at).some((arg) => !arg.startsWith("-")) ? undefined : args[at + 1];
}
