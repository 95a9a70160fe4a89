// The completion script for bash, 3.2 (macOS) and later.
import type { CommandRule, Grammar, OptionRule, Source } from "./grammar";

/** Writes the script. */
export function bashScript({ program, commands, options }: Grammar): string {
  const first = [...commands.map(({ name }) => name), ...options.map(({ name }) => `--${name}`)];
  return `# Completes ${program} in bash. It is part of claude-session-hooks, which rewrites it.
# shellcheck shell=bash disable=SC2207 # No word below has a space.

_claude_session_reply() {
  local line
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    [[ $line == "$1"* ]] && COMPREPLY+=("$(printf %q "$line")")
  done
}

_claude_session() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local program=\${COMP_WORDS[0]} command=\${COMP_WORDS[1]} words='' kind=words
  COMPREPLY=()
  # A tilde is not expanded yet, and bash takes --name=value for three words.
  program=\${program/#\\~/$HOME}
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${quote(first.join(" "))} -- "$current"))
    return
  fi
  case $command:$previous in
${commands.flatMap((command) => command.options.flatMap((option) => valueCase(command, option))).join("\n")}
    *)
      case $command:$current in
${commands.map(({ name, options: own }) => `        ${name}:-*) words=${quote(own.map((option) => `--${option.name}`).join(" "))} ;;`).join("\n")}
${commands.flatMap(argumentCase).join("\n")}
      esac
      ;;
  esac
  case $kind in
    words) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    sessions | projects) _claude_session_reply "$current" < <("$program" completions --list "$kind" 2>/dev/null) ;;
    files | folders)
      compopt -o filenames 2>/dev/null
      while IFS= read -r words; do COMPREPLY+=("$words"); done < <(
        if [[ $kind == folders ]]; then compgen -d -- "$current"; else compgen -f -- "$current"; fi
      )
      ;;
  esac
}

complete -F _claude_session ${program}
`;
}

function valueCase({ name }: CommandRule, { name: option, alias, value }: OptionRule): string[] {
  if (value === undefined) return [];
  const patterns = [`${name}:--${option}`, ...(alias === undefined ? [] : [`${name}:-${alias}`])];
  return [`    ${patterns.join(" | ")}) ${assign(value)} ;;`];
}

function argumentCase({ name, arguments: [argument] }: CommandRule): string[] {
  return argument === undefined ? [] : [`        ${name}:*) ${assign(argument.value)} ;;`];
}

function assign(source: Source): string {
  return source.kind === "words" ? `words=${quote(source.words.join(" "))}` : `kind=${source.kind}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
