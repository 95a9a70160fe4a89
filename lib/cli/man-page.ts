// The man page, in the macros of man(7), from the same table of commands as the help.
import { isPositional } from "./arguments";
import type { Argument, Command, Program } from "./command";
import { explain, flagOf, GENERAL_OPTIONS, usageOf, valueOf } from "./help";

const FILES = [
  ["~/.claude/session-hooks/events/", "The log: one file of JSON lines per UTC day."],
  ["~/.claude/session-hooks/config.json", "Your configuration."],
  ["~/.claude/settings.json", "Where the hooks are registered."],
] as const;
const VARIABLES = [
  ["CLAUDE_CONFIG_DIR", "Claude Code's folder, instead of ~/.claude."],
  ["CLAUDE_SESSION_HOME", "The folder of the log and of config.json."],
  ["CLAUDE_SESSION_DIR", "The folder of the session pointers, instead of /tmp."],
  ["NO_COLOR", "Turns colors off."],
] as const;
const STATUSES = [
  ["0", "Success."],
  ["1", "Failure."],
  ["2", "Wrong usage."],
] as const;

/** Writes the page. */
export async function manPage(program: Program, version: string): Promise<string> {
  const { name, description } = program;
  const commands = await program.commands();
  return [
    `.TH ${text(name.toUpperCase())} 1 "" "claude-session-hooks ${version}" "User Commands"`,
    ".SH NAME",
    `${text(name)} \\- ${text(description.replace(/^S/, "s").replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    `.B ${text(name)}`,
    ".I COMMAND",
    "[OPTIONS]",
    ".SH DESCRIPTION",
    text("The hooks of claude-session-hooks record every Claude Code event in one private log."),
    text(`${name} shows, checks and forwards it. The hooks need no service and no network.`),
    ".SH OPTIONS",
    ...GENERAL_OPTIONS.flatMap(([flags, what]) => entry(flags, what)),
    ".SH COMMANDS",
    ...commands.flatMap(([word, command]) => section(name, word, command)),
    ".SH EXIT STATUS",
    ...STATUSES.flatMap(([status, what]) => entry(status, what)),
    ".SH ENVIRONMENT",
    ...VARIABLES.flatMap(([variable, what]) => entry(variable, what)),
    ".SH FILES",
    ...FILES.flatMap(([path, what]) => entry(path, what)),
    "",
  ].join("\n");
}

function section(name: string, word: string, command: Command): string[] {
  const { arguments: known, description, examples } = command;
  return [
    `.SS ${text(usageOf(name, word, known))}`,
    `${text(description)}.`,
    Object.entries(known).map(([option, one]) => entry(labelOf(option, one), explain(one))),
    examples.map(([line, what]) => example(`${name} ${line}`, what)),
  ].flat(2);
}

function labelOf(option: string, argument: Argument): string {
  return isPositional(argument) ? valueOf(argument) : flagOf(option, argument);
}

function entry(label: string, what: string): string[] {
  return [".TP", `.B ${text(label)}`, text(what)];
}

function example(line: string, what: string): string[] {
  return [".PP", `${text(what)}:`, ".PP", ".RS 4", ".nf", text(line), ".fi", ".RE"];
}

/** Escapes text for roff: its escape character, dashes that copy as dashes, and dots that would start a request. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll('"', String.raw`\(dq`)
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll("`", String.raw`\(ga`)
    .replaceAll("~", String.raw`\(ti`)
    .replace(/^\./, String.raw`\&.`);
}
