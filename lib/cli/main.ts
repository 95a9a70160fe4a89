// `claude-session`: the table of commands, and the one place that exits.
import { reportSelfTest } from "../hook/self-test";
import { faultCode } from "../os/fault";
import { version } from "../version";
import { parseArguments } from "./arguments";
import {
  CommandError,
  DONE,
  FAILED,
  UsageError,
  WRONG_USAGE,
  type Command,
  type ExitStatus,
  type Program,
} from "./command";
import { ClosedPipe, openTerminal } from "./terminal";

const NAME = "claude-session";
const DESCRIPTION = "Shows, checks and forwards what the hooks record about Claude Code sessions.";

// Each is loaded only when it is asked for.
const COMMANDS: Readonly<Record<string, () => Promise<{ default: Command }>>> = {
  install: () => import("./commands/install"),
  uninstall: () => import("./commands/uninstall"),
  upgrade: () => import("./commands/upgrade"),
  doctor: () => import("./commands/doctor"),
  dashboard: () => import("./commands/dashboard"),
  list: () => import("./commands/list"),
  show: () => import("./commands/show"),
  tail: () => import("./commands/tail"),
  search: () => import("./commands/search"),
  stats: () => import("./commands/stats"),
  export: () => import("./commands/export"),
  id: () => import("./commands/id"),
  forward: () => import("./commands/forward"),
  prune: () => import("./commands/prune"),
  redact: () => import("./commands/redact"),
  completions: () => import("./commands/completions"),
  man: () => import("./commands/man"),
};

const PROGRAM: Program = { name: NAME, description: DESCRIPTION, commands: loadCommands };

// Those that stand in place of a command.
const OPTIONS = ["--help", "--version", "--self-test"];

// As in hooks: a first run may have any mask.
process.umask(0o077);
const terminal = openTerminal();
// Below are only functions: a constant would not have its value yet.
process.exit(await main(Bun.argv.slice(2)));

async function main(words: readonly string[]): Promise<ExitStatus> {
  try {
    return await run(words);
  } catch (error) {
    return error instanceof ClosedPipe ? DONE : await printError(error);
  } finally {
    terminal.clearProgress();
  }
}

async function run([first, ...rest]: readonly string[]): Promise<ExitStatus> {
  switch (first) {
    case undefined:
    case "--help":
    case "-h":
      terminal.print(await overview());
      return DONE;
    case "help":
      return run(rest[0] === undefined ? [] : [rest[0], "--help"]);
    case "--version":
    case "-v":
      terminal.print(`${NAME} ${version}`);
      return DONE;
    case "--self-test": {
      const { text, passed } = await reportSelfTest(NAME);
      terminal.print(text);
      return passed ? DONE : FAILED;
    }
    default:
      return runCommand(first, rest);
  }
}

async function runCommand(name: string, words: readonly string[]): Promise<ExitStatus> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const isOption = name.startsWith("-");
    const misspelt = { given: name, known: isOption ? OPTIONS : Object.keys(COMMANDS) };
    const message = isOption ? `unknown option ${name}` : `unknown command "${name}"`;
    return printUsageError(new UsageError(message, misspelt), "--help");
  }
  const { default: command } = await load();
  try {
    if (!asksForHelp(words))
      return await command.run(parseArguments(command.arguments, words), terminal, PROGRAM);
    const { renderHelp } = await import("./help");
    terminal.print(renderHelp(NAME, name, command, terminal));
    return DONE;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return printUsageError(error, `${name} --help`);
  }
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words
    .slice(0, end < 0 ? undefined : end)
    .some((word) => word === "--help" || word === "-h");
}

async function overview(): Promise<string> {
  const { renderOverview } = await import("./help");
  return renderOverview(NAME, DESCRIPTION, await loadCommands(), terminal);
}

function loadCommands(): Promise<(readonly [string, Command])[]> {
  return Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => [name, (await load()).default] as const),
  );
}

async function printUsageError(error: UsageError, help: string): Promise<ExitStatus> {
  const { message, misspelt } = error;
  const { suggestWord } = await import("../suggestion");
  const meant = misspelt && suggestWord(misspelt.given, misspelt.known);
  printMessage(meant === undefined ? message : `${message}; did you mean ${meant}?`);
  terminal.note(`Try ${NAME} ${help}`);
  return WRONG_USAGE;
}

async function printError(error: unknown): Promise<ExitStatus> {
  if (error instanceof CommandError) printMessage(error.message);
  else {
    try {
      faultCode(error);
      printMessage((error as Error).message);
    } catch {
      printMessage(`this is a bug in ${NAME}: ${Bun.inspect(error)}`);
    }
  }
  return FAILED;
}

function printMessage(message: string): void {
  terminal.note(`${NAME}: ${message}`);
}
