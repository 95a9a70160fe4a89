// The completion script for zsh: a file `_claude-session` in a folder of fpath, or text for `eval` or `source`.
import type { CommandRule, Grammar, OptionRule, Source } from "./grammar";

/** Writes the script. */
export function zshScript({ program, commands, options }: Grammar): string {
  const rows = commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`);
  return `#compdef ${program}
# Completes ${program} in zsh. It is part of claude-session-hooks, which rewrites it.

_claude-session_of_log() {
  local -a values descriptions
  local value description
  while IFS=$'\\t' read -r value description; do
    values+=("$value")
    descriptions+=("$value\${description:+  -- $description}")
  done < <("$_claude_session_program" completions --list "$1" 2>/dev/null)
  # In the order of the log: the newest first.
  compadd -V "$1" -l -d descriptions -a values
}

_claude-session() {
  local context state state_descr line _claude_session_program=\${(e)\${words[1]/#\\~/$HOME}}
  local -a commands
  typeset -A opt_args
  commands=(
${rows.join("\n")}
  )
  _arguments -C ${options.map(optionSpec).join(" ")} '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join("\n")}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _claude-session ]]; then
  _claude-session "$@"
else
  compdef _claude-session ${program}
fi
`;
}

function commandCase({ name, options, arguments: own }: CommandRule): string {
  const specs = [
    ...options.map(optionSpec),
    ...own.map(({ name: argument, value }) =>
      quote(`${value.kind === "words" ? "1" : "*"}:${escape(argument)}:${action(value)}`),
    ),
  ];
  return `        ${name}) _arguments ${specs.join(" ")} ;;`;
}

function optionSpec({ name, alias, description, value }: OptionRule): string {
  const what = `[${escape(description)}]`;
  const taken = value === undefined ? "" : `:${escape(name)}:${action(value)}`;
  if (alias === undefined)
    return quote(`--${name}${value === undefined ? "" : "="}${what}${taken}`);
  const flags = [`-${alias}`, `--${name}${value === undefined ? "" : "="}`];
  return `'(-${alias} --${name})'{${flags.join(",")}}${quote(what + taken)}`;
}

function action(source: Source): string {
  switch (source.kind) {
    case "words":
      return `(${source.words.join(" ")})`;
    case "sessions":
    case "projects":
      // After a space, it is called with its own words only.
      return ` _claude-session_of_log ${source.kind}`;
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "anything":
      return " ";
  }
}

function escape(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
