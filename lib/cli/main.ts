// `claude-session`: the table of verbs, and the one place that exits. Under the name of a hook, that hook.
import type { ArgDef, ArgsDef, ParsedArgs } from "citty";
import type { HookProgramName } from "../events";
import { reportSelfTest } from "../hook/self-test";
import { faultCode } from "../os/fault";
import { programName } from "../os/paths";
import { version } from "../version";
import {
  DONE,
  FAILED,
  CommandError,
  UsageError,
  WRONG_USAGE,
  type ExitCode,
  type Command,
} from "./command";
import { ClosedPipe, openTerminal } from "./terminal";

const NAME = "claude-session";
const DESCRIPTION = "Records Claude Code's sessions, lists them and tells their story";

// Each is loaded only when it is asked for.
const VERBS: Readonly<Record<string, () => Promise<{ default: Command }>>> = {
  install: () => import("./commands/install"),
  uninstall: () => import("./commands/uninstall"),
  id: () => import("./commands/id"),
  list: () => import("./commands/list"),
  show: () => import("./commands/show"),
  tail: () => import("./commands/tail"),
  stats: () => import("./commands/stats"),
  doctor: () => import("./commands/doctor"),
  prune: () => import("./commands/prune"),
  forward: () => import("./commands/forward"),
};

// What `install --link` makes of the hooks' own programs: second names of this file. See linking.ts.
const HOOKS: Readonly<Record<HookProgramName, () => Promise<unknown>>> = {
  "session-start": () => import("../../hooks/session-start"),
  "session-end": () => import("../../hooks/session-end"),
  "pre-tool-use": () => import("../../hooks/pre-tool-use"),
  "post-tool-use": () => import("../../hooks/post-tool-use"),
  "session-event": () => import("../../hooks/session-event"),
};

const calledAs = programName();
if (Object.hasOwn(HOOKS, calledAs)) await HOOKS[calledAs as HookProgramName](); // It exits.

const terminal = openTerminal();
process.exit(await main(Bun.argv.slice(2)));

async function main(words: readonly string[]): Promise<ExitCode> {
  try {
    return await run(words);
  } catch (error) {
    return error instanceof ClosedPipe ? DONE : await tell(error);
  } finally {
    terminal.clearProgress();
  }
}

async function run([first, ...rest]: readonly string[]): Promise<ExitCode> {
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
      const { text, passed } = reportSelfTest(NAME);
      terminal.print(text);
      return passed ? DONE : FAILED;
    }
    default:
      return runVerb(first, rest);
  }
}

async function runVerb(name: string, words: readonly string[]): Promise<ExitCode> {
  const load = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (load === undefined) {
    const meant = { word: name, known: Object.keys(VERBS) };
    return correct(new UsageError(`there is no verb "${name}"`, meant), await overview());
  }
  const { default: verb } = await load();
  try {
    if (!asksForHelp(words)) return await verb.run(await parse(verb.args, words), terminal);
    terminal.print(await help(name, verb));
    return DONE;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return correct(error, await help(name, verb));
  }
}

/** Reads flags and positional arguments. What the verb does not know is a mistake, not ignored. */
async function parse(args: ArgsDef, words: readonly string[]): Promise<ParsedArgs> {
  if (words.length === 0) return withoutWords(args);
  const parsed = await parseWords(args, words);
  const flags = new Map<string, string>();
  let positionals = 0;
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === "positional") positionals++;
    else
      for (const word of [name, camelCase(name), ...aliases(arg)])
        flags.set(word, arg.type ?? "boolean");
  }
  for (const [name, value] of Object.entries<unknown>(parsed)) {
    if (name === "_" || args[name]?.type === "positional") continue;
    const flag = name.length === 1 ? `-${name}` : `--${name}`;
    const type = flags.get(name);
    if (type === undefined) {
      const known = Object.keys(args).filter((word) => args[word]?.type !== "positional");
      const meant = { word: flag, known: known.map((word) => `--${word}`) };
      throw new UsageError(`there is no flag ${flag}`, meant);
    }
    if (type !== "boolean" && value === "") throw new UsageError(`${flag} needs a value`);
  }
  const surplus = parsed._[positionals];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`);
  return parsed;
}

// `id` alone is what scripts ask for, and the library to read words costs 1.1 ms (Bun 1.4.5).
function withoutWords(args: ArgsDef): ParsedArgs {
  const defaults = Object.entries(args).map(([name, { default: value }]) => [name, value]);
  return { _: [], ...Object.fromEntries(defaults) } as ParsedArgs;
}

async function parseWords(args: ArgsDef, words: readonly string[]): Promise<ParsedArgs> {
  const { parseArgs } = await import("citty");
  // The library keeps the other words under this name, and would trip over it.
  const own = words.find((word) => /^--?_(=|$)/.test(word));
  if (own !== undefined) throw new UsageError(`there is no flag ${own}`);
  try {
    return parseArgs([...words], args);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EARG")) throw error;
    const message = Bun.stripANSI(error.message);
    throw new UsageError(message[0]?.toLowerCase() + message.slice(1));
  }
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words
    .slice(0, end < 0 ? undefined : end)
    .some((word) => word === "--help" || word === "-h");
}

function aliases(arg: ArgDef): readonly string[] {
  return "alias" in arg && arg.alias !== undefined ? [arg.alias].flat() : [];
}

// So that a person may write `--dryRun`, as the parser reads it too.
function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

async function overview(): Promise<string> {
  const { renderUsage } = await import("citty");
  const subCommands: Record<string, { meta: { name: string; description: string } }> = {};
  for (const [name, load] of Object.entries(VERBS)) {
    const { description } = (await load()).default;
    subCommands[name] = { meta: { name, description } };
  }
  return plain(
    await renderUsage({ meta: { name: NAME, version, description: DESCRIPTION }, subCommands }),
  );
}

async function help(name: string, { description, args, examples }: Command): Promise<string> {
  const { renderUsage } = await import("citty");
  const usage = await renderUsage({ meta: { name, description }, args }, { meta: { name: NAME } });
  const { bold, underline, cyan } = terminal.colors;
  const widest = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(
    ([command, what]) => `  ${cyan(`${NAME} ${command.padEnd(widest)}`)}  ${what}`,
  );
  return plain(`${usage.trimEnd()}\n\n${underline(bold("EXAMPLES"))}\n\n${lines.join("\n")}`);
}

// The library colours by rules of its own, and fills its columns up.
function plain(text: string): string {
  const lines = text.replace(/ +$/gm, "");
  return terminal.colors.isColorSupported ? lines : Bun.stripANSI(lines);
}

async function correct({ message, meant }: UsageError, usage: string): Promise<ExitCode> {
  await complain(message + (meant ? await suggestion(meant) : ""));
  terminal.note(`\n${usage}`);
  return WRONG_USAGE;
}

async function suggestion({ word, known }: NonNullable<UsageError["meant"]>): Promise<string> {
  const { closest, distance } = await import("fastest-levenshtein");
  const given = word.toLowerCase();
  const begun = known.filter((name) => name.toLowerCase().startsWith(given));
  const nearest = begun.length === 1 ? (begun[0] ?? "") : closest(given, known);
  const isNear = begun.length === 1 || distance(given, nearest) <= Math.max(2, given.length / 2);
  return isNear ? `; did you mean ${nearest}?` : "";
}

async function tell(error: unknown): Promise<ExitCode> {
  if (error instanceof CommandError) await complain(error.message);
  else {
    try {
      faultCode(error);
      await complain((error as Error).message);
    } catch {
      await complain(`a bug of ours: ${Bun.inspect(error)}`);
    }
  }
  return FAILED;
}

// Words that were given, and names of files, are text from outside like any other.
async function complain(message: string): Promise<void> {
  const { escapeControls } = await import("./render/text");
  terminal.note(`${NAME}: ${message.split("\n").map(escapeControls).join("\n")}`);
}
