// The completion script for fish.
import type { CommandRule, Grammar, OptionRule, Source } from "./grammar";

/** Writes the script. */
export function fishScript({ program, commands, options }: Grammar): string {
  const first = `complete -c ${program} -n __claude_session_is_first`;
  return [
    `# Completes ${program} in fish. It is part of claude-session-hooks, which rewrites it.`,
    "",
    "function __claude_session_is_first",
    "  test (count (commandline -opc)) -eq 1",
    "end",
    "",
    "function __claude_session_is",
    "  set -l words (commandline -opc)",
    '  test (count $words) -gt 1; and test "$words[2]" = $argv[1]',
    "end",
    "",
    "function __claude_session_of_log",
    "  set -l words (commandline -opc)",
    "  set -l program (string replace -r '^~' $HOME -- $words[1])",
    "  command $program completions --list $argv[1] 2>/dev/null",
    "end",
    "",
    `complete -c ${program} -f`,
    ...commands.map(
      ({ name, description }) => `${first} -a ${quote(name)} -d ${quote(description)}`,
    ),
    ...options.map((option) => `${first} ${optionWords(option)}`),
    ...commands.flatMap((command) => commandLines(program, command)),
    "",
  ].join("\n");
}

function commandLines(
  program: string,
  { name, options, arguments: own }: CommandRule,
): readonly string[] {
  const start = `complete -c ${program} -n '__claude_session_is ${name}'`;
  return [
    ...options.map((option) => `${start} ${optionWords(option)}`),
    ...own
      .filter(({ value }) => value.kind !== "anything")
      .map(({ value }) => `${start} ${sourceWords(value)}`),
  ];
}

function optionWords({ name, alias, description, value }: OptionRule): string {
  const flags = `${alias === undefined ? "" : `-s ${alias} `}-l ${name} -d ${quote(description)}`;
  if (value === undefined) return flags;
  const isPath = value.kind === "files" || value.kind === "folders";
  return `${flags} -r ${isPath || value.kind === "anything" ? "" : "-f "}${sourceWords(value)}`.trim();
}

function sourceWords(source: Source): string {
  switch (source.kind) {
    case "words":
      return `-a ${quote(source.words.join(" "))}`;
    case "sessions":
    case "projects":
      return `-k -a '(__claude_session_of_log ${source.kind})'`;
    case "files":
      return "-F";
    case "folders":
      return "-f -a '(__fish_complete_directories)'";
    case "anything":
      return "-f";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
